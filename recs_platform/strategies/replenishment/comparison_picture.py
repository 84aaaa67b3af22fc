"""What a comparison with what is live says, and its picture: what would change for clients."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from recs_platform.publication.change_bars import CHANGES, change_bar
from recs_platform.reporting.charts import Axis, Chart, bars, picture
from recs_platform.reporting.figures import tick
from recs_platform.reporting.presentation import Presentation
from recs_platform.strategies.replenishment.publication import FATES, ComparedLists


def show_lists(rows: Sequence[Mapping[str, Any]]) -> Presentation:
    """Words and tables; a picture if there is something to compare with."""
    compared = ComparedLists(rows)
    if compared.is_first:
        return Presentation(compared.markdown())
    return Presentation(compared.markdown(), picture(_lists(compared)))


_CHANGED = {
    "customers": ("lost", "gained"),
    "repurchases": FATES[1:],
    "discoveries": FATES[1:],
    "averages": ("repurchase score", "discovery share"),
}
"""The figures that are drawn, by section. What stays as it is stands in the words."""
_NAMED = {
    "customers": "clients {}",
    "repurchases": "repurchases {}",
    "discoveries": "discoveries {}",
    "averages": "average {} moved",
}


def _lists(compared: ComparedLists) -> Chart:
    rows = [
        change_bar(_NAMED[section].format(name), compared.figure(section, name)["share"], sign=section == "averages")
        for section, names in _CHANGED.items()
        for name in names
    ]
    caption = "Shares of clients, shares of the items of clients in common, and changes of averages."
    return bars(CHANGES, caption, rows, Axis("share of clients or items; of an average, how it moved", write=tick))
