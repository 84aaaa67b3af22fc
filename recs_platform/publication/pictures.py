"""A comparison as a picture: what changes per customer, at each position, and by how much prices move.

Not here: how pictures look in general (`reporting/pictures.py`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

from recs_platform.companies.model import Company
from recs_platform.publication.comparison import PLACES, Compared
from recs_platform.reporting.pictures import COLOURS, draw, horizontal_grid, label_bars
from recs_platform.reporting.presentation import Presentation

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def show_comparison(company: Company, day: date, rows: Sequence[Mapping[str, Any]]) -> Presentation:  # noqa: ARG001
    """Words and tables; a picture if there is something to compare with."""
    compared = Compared(rows)
    if compared.is_first:
        return Presentation(compared.markdown())
    return Presentation(compared.markdown(), draw("What would change for customers", lambda a: _changes(a, compared)))


def _changes(axes: Axes, compared: Compared) -> None:
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
