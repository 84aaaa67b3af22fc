"""What a comparison with what is live says, and its picture: what would change for customers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from recs_platform.publication.change_bars import CHANGES, change_bar
from recs_platform.reporting.charts import Axis, Chart, bars, picture
from recs_platform.reporting.figures import tick
from recs_platform.reporting.presentation import Presentation
from recs_platform.strategies.offer_ranking.publication import ComparedOffers


def show_offers(rows: Sequence[Mapping[str, Any]]) -> Presentation:
    """Words and tables; a picture if there is something to compare with."""
    compared = ComparedOffers(rows)
    if compared.is_first:
        return Presentation(compared.markdown())
    return Presentation(compared.markdown(), picture(_lists(compared)))


_LISTS = {
    "customers": ("lost", "gained"),
    "lists": ("replaced", "withdrawn", "ended", "added"),
    "averages": ("chance", "expected margin", "discount"),
}
"""The figures that are drawn, by section. What stays as it is stands in the words."""
_NAMED = {"customers": "customers {}", "lists": "offers {}", "averages": "average {} moved"}


def _lists(compared: ComparedOffers) -> Chart:
    rows = [
        change_bar(_NAMED[section].format(name), compared.figure(section, name)["share"], sign=section == "averages")
        for section, names in _LISTS.items()
        for name in names
    ]
    caption = "Shares of customers, shares of the offers of customers in common, and changes of averages."
    return bars(CHANGES, caption, rows, Axis("share of customers or offers; of an average, how it moved", write=tick))
