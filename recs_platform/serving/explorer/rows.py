"""What the rows of a list say of all of it. Pure; not here: its items (serving/items.py)."""

from __future__ import annotations

from collections.abc import Sequence

from recs_platform.serving.explorer.facts import Row

_VEHICLE = ("v1_year", "v1_make", "v1_model")


def about(rows: Sequence[Row]) -> str | None:
    """What the list is made for, where its rows say that.

    >>> about([{"v1_year": 2014, "v1_make": "Ford", "v1_model": "Mustang"}])
    '2014 Ford Mustang'
    """
    said = [str(row[name]) for row in rows[:1] for name in _VEHICLE if row.get(name) is not None]
    return " ".join(said) or None
