"""What a comparison with what is live says, and its picture: what would change for customers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from recs_platform.publication.change_bars import CHANGES, change_bar
from recs_platform.reporting.charts import Axis, Bar, Chart, bars, picture
from recs_platform.reporting.figures import tick
from recs_platform.reporting.presentation import Presentation
from recs_platform.strategies.vehicle_fitment.publication import PLACES, ComparedRecommendations


def show_recommendations(rows: Sequence[Mapping[str, Any]]) -> Presentation:
    """Words and tables; a picture if there is something to compare with."""
    compared = ComparedRecommendations(rows)
    if compared.is_first:
        return Presentation(compared.markdown())
    return Presentation(compared.markdown(), picture(_changes(compared)))


def _changes(compared: ComparedRecommendations) -> Chart:
    """Customers for whom nothing changes stand in the words: they would dwarf the others."""

    def change_bars() -> Iterator[Bar]:
        for number in PLACES:
            yield change_bar(
                f"{number} of their parts changed", compared.figure("changed_per_customer", number)["share"]
            )
        for place in PLACES:
            yield change_bar(
                f"part at position {place} changed", compared.figure("changed_at_position", place)["share"]
            )
        for place, moved in compared.price_moves.items():
            yield change_bar(f"average price at position {place} moved", moved, sign=True)

    caption = "Shares of the customers in common, and changes of average prices."
    return bars(
        CHANGES, caption, list(change_bars()), Axis("share of customers; of an average price, how it moved", write=tick)
    )
