"""What a query's parameters may be given. Not here: how a value is written in SQL (`compile.py`)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import TypeAlias

Value: TypeAlias = str | int | float | bool | date | tuple[str, ...] | None
Values: TypeAlias = Mapping[str, Value]
