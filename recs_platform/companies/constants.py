"""What a company's file gives for a column that its feed lacks: one value, of the type that the schema declares.

Not here: putting it into rows (sources/connectors/constants.py).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from typing import Any

import pyarrow as pa

from recs_platform.companies.problems import Problem, not_one_of, shown
from recs_platform.companies.source_config import Source
from recs_platform.schemas.field import FieldDeclaration
from recs_platform.schemas.landing import feed_columns
from recs_platform.schemas.sources import EVENT_NAMES
from recs_platform.schemas.table import Column, TableSpec

_BOUNDS: Mapping[str, tuple[Callable[[Any, Any], bool], str]] = {
    "ge": (lambda value, bound: value >= bound, "at least"),
    "gt": (lambda value, bound: value > bound, "above"),
    "le": (lambda value, bound: value <= bound, "at most"),
    "lt": (lambda value, bound: value < bound, "below"),
}


def typed_constants(spec: TableSpec, source: Source) -> dict[str, Any]:
    """The constants of a source that has been judged, as Python's values of the declared types."""
    columns = {column.name: column for column in spec.columns}
    return {name: _typed(columns[name], value) for name, value in source.constants.items()}


def constant_problems(spec: TableSpec, source: Source) -> list[Problem]:
    """What is wrong with the constants of one source, each under its key."""
    columns = {column.name: column for column in spec.columns}
    problems = []
    for name, value in source.constants.items():
        if name not in feed_columns(spec):
            sentence = not_one_of(name, f"a column of {spec.name}", feed_columns(spec))
        elif name in source.columns:
            sentence = "is named under columns, too; leave one of the two."
        else:
            sentence = _wrong(spec, columns[name], value)
        if sentence:
            problems.append(Problem((spec.name, "constants", name), sentence))
    return problems


def _wrong(spec: TableSpec, column: Column, value: object) -> str:
    try:
        typed = _typed(column, value)
    except ValueError as error:
        return f"{error}, but is {shown(value)}."
    declared: FieldDeclaration = getattr(spec.model, column.name)
    allowed = declared.rules.get("isin")
    # An event is named in the company's own words, which `event_names` translates.
    if allowed is not None and typed not in allowed and tuple(allowed) != EVENT_NAMES:
        return f"should be one of {', '.join(map(str, allowed))}, but is {shown(value)}."
    for rule, (holds, words) in _BOUNDS.items():
        if (bound := declared.rules.get(rule)) is not None and not holds(typed, bound):
            return f"should be {words} {bound}, but is {shown(value)}."
    return ""


def _typed(column: Column, value: object) -> Any:
    """A ValueError says in words that follow the key what the value should be."""
    if column.type == pa.string():
        if not isinstance(value, str):
            raise ValueError("should be a text in quotes")
        if not value.strip():
            raise ValueError("should be a text that is not blank")
        return value
    if column.type == pa.bool_():
        if not isinstance(value, bool):
            raise ValueError("should be true or false, without quotes")
        return value
    if column.type == pa.int64():
        if not isinstance(value, int) or isinstance(value, bool) or not -(2**63) <= value < 2**63:
            raise ValueError("should be a whole number, without quotes")
        return value
    if column.type == pa.float64():
        if not isinstance(value, int | float) or isinstance(value, bool) or not math.isfinite(value):
            raise ValueError("should be a number, without quotes")
        return float(value)
    return _moment(value) if column.type == pa.timestamp("us") else _day(value)


def _day(value: object) -> date:
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    if isinstance(value, str):
        try:
            return date.fromisoformat(value)
        except ValueError:
            pass
    raise ValueError("should be a day such as 2025-09-01")


def _moment(value: object) -> datetime:
    """In UTC; a day alone is its first moment."""
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            value = None
    if isinstance(value, datetime):
        return value.astimezone(UTC).replace(tzinfo=None) if value.tzinfo else value
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day)  # noqa: DTZ001  (naive means UTC everywhere)
    raise ValueError("should be a point in time such as 2025-09-01 12:00:00, in UTC")
