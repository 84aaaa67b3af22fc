"""The items of a list, whatever the strategy publishes: a row for each, or four parts side by side in one row.

Not here: how a list is stored (`serving_store/content.py`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

Item = dict[str, Any]
_PARTS = 4
"""Of a row of vehicle fitment, whose columns are a contract with retailers."""
_OF_A_PART = ("price", "score", "image", "part_type", "tier")


def items_of(rows: Sequence[Mapping[str, Any]]) -> list[Item]:
    """By rank. Of a customer with several addresses, the parts stand in each row: once is enough.

    >>> row = {"v1_make": "Ford", **{f"rec_part_{n}": f"p{n}" for n in range(1, 5)}, "rec1_price": 60.0}
    >>> items_of([row])[0]
    {'rank': 1, 'item_id': 'p1', 'price': 60.0}
    """
    if rows and "rec_part_1" in rows[0]:
        there = (number for number in range(1, 1 + _PARTS) if rows[0].get(f"rec_part_{number}") is not None)
        return [_part(rows[0], number) for number in there]
    return [dict(row) for row in rows]


def _part(row: Mapping[str, Any], number: int) -> Item:
    told = {name: row[f"rec{number}_{name}"] for name in _OF_A_PART if f"rec{number}_{name}" in row}
    return {"rank": number, "item_id": row[f"rec_part_{number}"], **told}


def id_of(item: Mapping[str, Any]) -> str:
    """What was recommended: an offer where it is one, else the item."""
    return str(item["offer_id"] if "offer_id" in item else item["item_id"])
