"""Comparisons as pictures: what changes for customers, and how the traffic moves between treatments.

Not here: how pictures look in general (`reporting/pictures.py`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

from recs_platform.companies.model import Company
from recs_platform.publication.allocation import ComparedAllocation
from recs_platform.publication.recommendations import PLACES, ComparedRecommendations
from recs_platform.reporting.pictures import COLOURS, draw, horizontal_grid, label_bars
from recs_platform.reporting.presentation import Presentation

if TYPE_CHECKING:
    from matplotlib.axes import Axes


_TREATMENTS_SHOWN = 12


def show_recommendations(company: Company, day: date, rows: Sequence[Mapping[str, Any]]) -> Presentation:  # noqa: ARG001
    """Words and tables; a picture if there is something to compare with."""
    compared = ComparedRecommendations(rows)
    if compared.is_first:
        return Presentation(compared.markdown())
    return Presentation(compared.markdown(), draw("What would change for customers", lambda a: _changes(a, compared)))


def show_allocation(company: Company, day: date, rows: Sequence[Mapping[str, Any]]) -> Presentation:  # noqa: ARG001
    """The same of an allocation."""
    compared = ComparedAllocation(rows)
    if compared.is_first or not compared.section("shares"):
        return Presentation(compared.markdown())
    return Presentation(compared.markdown(), draw("How the traffic would move", lambda a: _shares(a, compared)))


def _changes(axes: Axes, compared: ComparedRecommendations) -> None:
    """Three groups of bars, all in per cent. Customers for whom nothing changes stand in the words: they would dwarf
    the others."""
    groups = {
        "recommendations changed, % of customers": [
            compared.figure("changed_per_customer", n)["share"] for n in PLACES
        ],
        "changed at position, % of customers": [compared.figure("changed_at_position", n)["share"] for n in PLACES],
        "price at position, % moved": list(compared.price_moves.values()),
    }
    ticks: list[float] = []
    for number, (name, shares) in enumerate(groups.items()):
        x = [number * (len(PLACES) + 1) + place for place in range(len(PLACES))]
        values = [100 * (share or 0.0) for share in shares]
        axes.bar(x, values, width=0.8, color=COLOURS[number], label=name)
        signed = "+.1f" if name.startswith("price") else ".1f"
        label_bars(axes, x, [max(value, 0.0) for value in values], [f"{value:{signed}}" for value in values])
        ticks += x
    axes.axhline(0, color="#555555", linewidth=0.8)
    axes.set_xticks(ticks, list(PLACES) * len(groups))
    axes.set_ylabel("%")
    axes.margins(y=0.2)
    axes.legend(frameon=False, fontsize=8, ncols=len(groups), loc="upper center", bbox_to_anchor=(0.5, -0.08))
    horizontal_grid(axes)


def _shares(axes: Axes, compared: ComparedAllocation) -> None:
    """Two bars a treatment, in per cent of the traffic of customers of an unlisted segment; the largest ones."""
    shown = compared.section("shares")[:_TREATMENTS_SHOWN]
    for number, version in enumerate(("before", "after")):
        x = [place + 0.4 * number for place in range(len(shown))]
        values = [100 * (row[version] or 0.0) for row in shown]
        axes.bar(x, values, width=0.4, color=COLOURS[number], label={"before": "live", "after": "new"}[version])
    axes.set_xticks(
        [place + 0.2 for place in range(len(shown))], [row["name"] for row in shown], rotation=30, ha="right"
    )
    axes.set_ylabel("% of the traffic")
    axes.legend(frameon=False, fontsize=8)
    horizontal_grid(axes)
