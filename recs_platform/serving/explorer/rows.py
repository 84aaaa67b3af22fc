"""The rows of a list, an item each, whatever shape a strategy publishes them in. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from recs_platform.serving.explorer.facts import Row

_ITEM_COLUMNS = ("offer_id", "item_id")
"""The first that rows have names what is recommended."""
_PART, _OF_PART = re.compile(r"rec_part_(\d+)"), re.compile(r"rec(\d+)_(\w+)")
_VEHICLE = ("v1_year", "v1_make", "v1_model")


def item_of(row: Row) -> str:
    return str(next((row[name] for name in _ITEM_COLUMNS if row.get(name) is not None), ""))


def an_item_each(rows: Sequence[Row]) -> list[Row]:
    """A row that holds several parts, as the retailer's contract for vehicles has it, becomes a row for each.

    >>> an_item_each([{"rec_part_1": "A", "rec1_price": 3.0, "rec_part_2": "B", "rec2_price": 4.0}])
    [{'rank': 1, 'item_id': 'A', 'price': 3.0}, {'rank': 2, 'item_id': 'B', 'price': 4.0}]
    >>> an_item_each([{"rank": 1, "item_id": "A"}])
    [{'rank': 1, 'item_id': 'A'}]
    """
    return [item for row in rows for item in (_parts(row) or [row])]


def _parts(row: Row) -> list[Row]:
    found: dict[int, dict[str, Any]] = {}
    for name, value in row.items():
        if part := _PART.fullmatch(name):
            number = int(part[1])
            found[number] = {"rank": number, "item_id": value, **found.get(number, {})}
        elif part := _OF_PART.fullmatch(name):
            found.setdefault(int(part[1]), {})[part[2]] = value
    return [found[number] for number in sorted(found) if found[number].get("item_id") is not None]


def about(rows: Sequence[Row]) -> str | None:
    """What the list is made for, where its rows say that.

    >>> about([{"v1_year": 2014, "v1_make": "Ford", "v1_model": "Mustang"}])
    '2014 Ford Mustang'
    """
    said = [str(row[name]) for row in rows[:1] for name in _VEHICLE if row.get(name) is not None]
    return " ".join(said) or None
