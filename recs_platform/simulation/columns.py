"""Tables in the making: columns of numbers while a world is computed, an Arrow table when it is landed.

Inside a world, customers and items are positions, instants are microseconds since 1970 in UTC, and -1 is "none".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute

from recs_platform.schemas.table import Table, spec_of
from recs_platform.simulation.randomness import BoolArray, IntArray

Columns = dict[str, npt.NDArray[Any]]

# pyarrow's stubs know no array without a parameter and no compute function that mixes arrays with plain strings.
Arrow = Any
pc: Any = pyarrow.compute

SECOND = 1_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR
_EPOCH = date(1970, 1, 1).toordinal()


@dataclass(frozen=True)
class Feed:
    """One table of one day as it lands, with the counts that go into the day's truth."""

    table: pa.Table
    truth: dict[str, Any] = field(default_factory=dict)
    late: pa.Table | None = None
    """Rows of the day before that arrive only now."""


def midnight(day: date) -> int:
    """The instant at which a day begins."""
    return (day.toordinal() - _EPOCH) * DAY


def rows(columns: Columns) -> int:
    return len(next(iter(columns.values())))


def pick(columns: Columns, index: IntArray | BoolArray | slice) -> Columns:
    return {name: values[index] for name, values in columns.items()}


def stack(parts: Sequence[Columns]) -> Columns:
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def within(columns: Columns, time: str, day: date) -> Columns:
    """The rows whose instant lies in the day."""
    begin = midnight(day)
    return pick(columns, (columns[time] >= begin) & (columns[time] < begin + DAY))


def labels(names: Arrow, index: IntArray) -> Arrow:
    """Names of positions; -1 becomes NULL.

    >>> labels(pa.array(["a", "b"]), np.array([1, -1])).to_pylist()
    ['b', None]
    """
    return pc.take(names, pa.array(index, pa.int64(), mask=index < 0))


def numbered(prefix: str, numbers: IntArray, digits: int = 0) -> Arrow:
    """Identifiers made of a prefix and a number; a negative number becomes NULL.

    >>> numbered("C", np.array([7, 12, -1]), digits=3).to_pylist()
    ['C007', 'C012', None]
    """
    texts = pc.cast(pa.array(numbers, pa.int64(), mask=numbers < 0), pa.string())
    return pc.binary_join_element_wise(prefix, pc.utf8_lpad(texts, digits, "0"), "")


def known(values: npt.NDArray[Any]) -> Arrow:
    """Numbers with negative ones as NULL."""
    return pa.array(values, mask=values < 0)


def instants(microseconds: IntArray) -> Arrow:
    return pa.array(microseconds, pa.timestamp("us"), mask=microseconds == -1)


def days(ordinals: IntArray) -> Arrow:
    """Dates from proleptic ordinals."""
    return pa.array((ordinals - _EPOCH).astype(np.int32), pa.int32()).cast(pa.date32())


def landing_schema(model: type[Table]) -> pa.Schema:
    """The canonical columns without the date, which the folder's name says; all nullable, as feeds are."""
    spec = spec_of(model)
    return pa.schema([pa.field(c.name, c.type) for c in spec.columns if c.name != spec.date_column])


def landing_table(model: type[Table], columns: Mapping[str, Any]) -> pa.Table:
    """A landed table; columns that the world does not fill are NULL."""
    schema = landing_schema(model)
    unknown = set(columns) - set(schema.names)
    if unknown:
        raise KeyError(f"{model.__name__} has no column {', '.join(sorted(unknown))}")
    length = len(next(iter(columns.values())))
    arrays = [
        _as_type(columns[field.name], field.type) if field.name in columns else pa.nulls(length, field.type)
        for field in schema
    ]
    return pa.Table.from_arrays(arrays, schema=schema)


def _as_type(values: Any, kind: pa.DataType) -> Any:
    array = values if isinstance(values, pa.Array | pa.ChunkedArray) else pa.array(values)
    return array if array.type == kind else array.cast(kind)
