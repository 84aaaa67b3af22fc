"""From a database driver's Python values to Arrow columns. Not here: running queries."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa

from recs_platform.schemas.table import Column

_NOT_SCALAR = (list, tuple, set, dict, bytes, bytearray, memoryview)


class NotScalarError(Exception):
    """A value is a list, a document or bytes; a column holds one readable value per row."""


def column_type(column: Column, values: Sequence[Any], *, declared: bool) -> pa.DataType:
    """The type of a column for the whole stream, decided by the first rows.

    Text is the way out that loses nothing, as in CSV: for a column that is text in the table anyway, for one that is
    NULL so far, and for a database that does not hold its columns to their declared types (`declared` is False).
    """
    kinds = {type(value) for value in values if value is not None}
    if bad := [kind for kind in kinds if issubclass(kind, _NOT_SCALAR)]:
        raise NotScalarError(bad[0].__name__)
    if not declared or not kinds or column.type == pa.string():
        return pa.string()
    if all(issubclass(kind, bool) for kind in kinds):
        return pa.bool_()
    if all(issubclass(kind, int | float | Decimal) and kind is not bool for kind in kinds):
        if column.type == pa.float64() or float in kinds:
            return pa.float64()
        # A NUMERIC that the table wants as a whole number may exceed what a float holds exactly.
        return pa.string() if Decimal in kinds else pa.int64()
    if all(issubclass(kind, datetime) for kind in kinds):
        return pa.timestamp("us")
    if all(issubclass(kind, date) and not issubclass(kind, datetime) for kind in kinds):
        return pa.date32()
    return pa.string()


def to_array(values: Sequence[Any], kind: pa.DataType) -> pa.Array[Any]:
    """One chunk of a column. Points in time with a zone become naive UTC."""
    if kind == pa.string():
        return pa.array([_text(value) for value in values], pa.string())
    if kind == pa.timestamp("us"):
        return pa.array([_naive_utc(value) for value in values], kind)
    if kind == pa.float64():
        return pa.array([None if value is None else float(value) for value in values], kind)
    return pa.array(values, kind)


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, _NOT_SCALAR):
        raise NotScalarError(type(value).__name__)
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(_naive_utc(value) if isinstance(value, datetime) else value)


def _naive_utc(value: datetime | None) -> datetime | None:
    # Not left to PyArrow: Pandera sets PYARROW_IGNORE_TIMEZONE, after which PyArrow keeps the wall clock.
    return value if value is None or value.tzinfo is None else value.astimezone(UTC).replace(tzinfo=None)
