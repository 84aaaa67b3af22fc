"""What a query's parameters may be given. Not here: how a value is written in SQL (`compile.py`)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import TypeAlias

Value: TypeAlias = str | int | float | bool | date | tuple[str, ...] | None
Values: TypeAlias = Mapping[str, Value]
STRINGS = "ARRAY<STRING>"
"""The one type of lists."""


def placeholder(name: str, type_: str) -> Value:
    """A value that shows where a parameter of a GoogleSQL type goes.

    >>> placeholder("customer", "STRING"), placeholder("items", STRINGS), placeholder("year", "INT64")
    ('<customer>', ('<items>',), 0)
    """
    values: Mapping[str, Value] = {
        "INT64": 0,
        "FLOAT64": 0.0,
        "BOOL": False,
        "DATE": date(1970, 1, 1),
        STRINGS: (f"<{name}>",),
    }
    return values.get(type_, f"<{name}>")
