"""Comparisons as pictures: what changes for customers, and how the traffic moves between treatments.

Not here: how charts look in general (`reporting/charts.py`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from recs_platform.companies.model import Company
from recs_platform.publication.allocation import ComparedAllocation
from recs_platform.publication.offers import ComparedOffers
from recs_platform.publication.recommendations import PLACES, ComparedRecommendations
from recs_platform.reporting.charts import Axis, Bar, Chart, bars, picture
from recs_platform.reporting.figures import percent, tick
from recs_platform.reporting.presentation import Presentation

_TREATMENTS_SHOWN = 12
_TITLE = "What would change for customers"


def show_recommendations(company: Company, day: date, rows: Sequence[Mapping[str, Any]]) -> Presentation:  # noqa: ARG001
    """Words and tables; a picture if there is something to compare with."""
    compared = ComparedRecommendations(rows)
    if compared.is_first:
        return Presentation(compared.markdown())
    return Presentation(compared.markdown(), picture(_changes(compared)))


def show_offers(company: Company, day: date, rows: Sequence[Mapping[str, Any]]) -> Presentation:  # noqa: ARG001
    """The same of lists of offers."""
    compared = ComparedOffers(rows)
    if compared.is_first:
        return Presentation(compared.markdown())
    return Presentation(compared.markdown(), picture(_lists(compared)))


def show_allocation(company: Company, day: date, rows: Sequence[Mapping[str, Any]]) -> Presentation:  # noqa: ARG001
    """The same of an allocation."""
    compared = ComparedAllocation(rows)
    if compared.is_first or not compared.section("shares"):
        return Presentation(compared.markdown())
    return Presentation(compared.markdown(), picture(_shares(compared)))


def _changes(compared: ComparedRecommendations) -> Chart:
    """Customers for whom nothing changes stand in the words: they would dwarf the others."""

    def found() -> Iterator[Bar]:
        for number in PLACES:
            yield _bar(f"{number} of their parts changed", compared.figure("changed_per_customer", number)["share"])
        for place in PLACES:
            yield _bar(f"part at position {place} changed", compared.figure("changed_at_position", place)["share"])
        for place, moved in compared.price_moves.items():
            yield _bar(f"average price at position {place} moved", moved, sign=True)

    said = "Shares of the customers in common, and by how much average prices move."
    return bars(_TITLE, said, list(found()), Axis("share of customers; of an average price, how it moved", write=tick))


_LISTS = {
    "customers": ("lost", "gained"),
    "lists": ("replaced", "withdrawn", "ended", "added"),
    "averages": ("chance", "expected margin", "discount"),
}
"""The figures that are drawn, by section. What stays as it is stands in the words."""
_NAMED = {"customers": "customers {}", "lists": "offers {}", "averages": "average {} moved"}


def _lists(compared: ComparedOffers) -> Chart:
    rows = [
        _bar(_NAMED[section].format(name), compared.figure(section, name)["share"], sign=section == "averages")
        for section, names in _LISTS.items()
        for name in names
    ]
    said = "Shares of customers, of the offers of customers in common, and by how much averages move."
    return bars(_TITLE, said, rows, Axis("share of customers or offers; of an average, how it moved", write=tick))


def _shares(compared: ComparedAllocation) -> Chart:
    """Of the traffic of customers of an unlisted segment; the largest treatments."""
    rows = [
        _bar(f"{row['name']}: {said}", row[version])
        for row in compared.section("shares")[:_TREATMENTS_SHOWN]
        for version, said in (("before", "live"), ("after", "new"))
    ]
    title = "How the traffic would move"
    return bars(title, "Shares of the traffic of each treatment, live and new.", rows, Axis("share", write=tick))


def _bar(label: str, share: float | None, *, sign: bool = False) -> Bar:
    return Bar(label, share or 0.0, percent(share or 0.0, sign=sign))
