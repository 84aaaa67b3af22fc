"""What a table is: its columns, its kind, its key, and what an empty slice of it means.

A table is written down once, as a Pandera model under one of the two decorators below. Types, validation, docs, an
engine's own schemas and Dagster metadata are all derived from it. Nothing here knows an engine or Dagster.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Any, TypeVar

import pandera.ibis as pandera
import pyarrow as pa
from pandera.api.ibis.container import DataFrameSchema
from pandera.backends.ibis.register import register_ibis_backends

from recs_platform.schemas.reserved_words import is_reserved

# A model copies its checks when its class is made, so the Ibis implementations must be registered before that.
register_ibis_backends()

_ARROW_TYPES: dict[str, pa.DataType] = {
    "string": pa.string(),
    "int64": pa.int64(),
    "float64": pa.float64(),
    "boolean": pa.bool_(),
    "date": pa.date32(),
    "timestamp": pa.timestamp("us"),
    "timestamp(6)": pa.timestamp("us"),
    "array<string>": pa.list_(pa.string()),
}
_SQL_TYPES = {
    pa.string(): "STRING",
    pa.int64(): "INT64",
    pa.float64(): "FLOAT64",
    pa.bool_(): "BOOL",
    pa.date32(): "DATE",
    pa.timestamp("us"): "TIMESTAMP",
    pa.list_(pa.string()): "ARRAY<STRING>",
}


_FORMERLY = "formerly"


class Table(pandera.DataFrameModel):
    """Base of every table's model: exactly the declared columns, coerced to the declared types."""

    class Config:
        strict = True
        coerce = True


def formerly(name: str) -> dict[str, str]:
    """Metadata of a renamed column: what is stored or fed under its former name is read under the new one.

    >>> pandera.Field(metadata=formerly("at")).metadata
    {'formerly': 'at'}
    """
    return {_FORMERLY: name}


class Kind(StrEnum):
    LOG = "log"
    """Partitioned by `event_date`, the UTC day on which things happened."""
    SNAPSHOT = "snapshot"
    """Partitioned by `as_of`, the day whose state it shows."""


class Empty(StrEnum):
    """What a slice without rows means."""

    ALLOWED = "allowed"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True)
class Column:
    name: str
    type: pa.DataType
    nullable: bool
    description: str
    formerly: str | None = None
    """Its name in rows that were stored before it was renamed, and in feeds written for that name."""

    @property
    def sql_type(self) -> str:
        """The type as GoogleSQL, the language of `sql/`, calls it; for people, and for who reads queries."""
        return _SQL_TYPES[self.type]


@dataclass(frozen=True)
class TableSpec:
    """A table, without a company: `TableSpec` x company x date names a slice."""

    name: str
    model: type[Table]
    kind: Kind
    key: tuple[str, ...]
    time_column: str | None
    empty: Empty
    personal: frozenset[str]

    @property
    def date_column(self) -> str:
        return "event_date" if self.kind is Kind.LOG else "as_of"

    @property
    def description(self) -> str:
        """The first paragraph of the model's docstring."""
        return re.sub(r"\s+", " ", (self.model.__doc__ or "").strip().partition("\n\n")[0])

    @cached_property
    def schema(self) -> DataFrameSchema:
        return self.model.to_schema()

    @cached_property
    def columns(self) -> tuple[Column, ...]:
        return tuple(
            Column(
                name,
                _ARROW_TYPES[str(column.dtype)],
                column.nullable,
                column.description or "",
                (column.metadata or {}).get(_FORMERLY),
            )
            for name, column in self.schema.columns.items()
        )

    @cached_property
    def arrow_schema(self) -> pa.Schema:
        return pa.schema([pa.field(c.name, c.type, nullable=c.nullable) for c in self.columns])

    def arrow_table(self, rows: Iterable[Mapping[str, Any]]) -> pa.Table:
        """Rows that Python made, in the declared columns and types; a column that a row leaves out is NULL."""
        return pa.Table.from_pylist([dict(row) for row in rows], schema=self.arrow_schema)


_Model = TypeVar("_Model", bound=type[Table])
_SPECS: dict[type[Table], TableSpec] = {}


def spec_of(model: type[Table]) -> TableSpec:
    """The declaration of a model; a KeyError here is a model without `@log` or `@snapshot`."""
    return _SPECS[model]


def log(
    *,
    key: tuple[str, ...],
    time: str | None = None,
    empty: Empty = Empty.ALLOWED,
    personal: tuple[str, ...] = (),
    name: str | None = None,
) -> Callable[[_Model], _Model]:
    """Declare a model as a log. `time` is the timestamp whose UTC date is `event_date`."""
    return _declare(Kind.LOG, key, time, empty, personal, name)


def snapshot(
    *,
    key: tuple[str, ...],
    empty: Empty = Empty.FAIL,
    personal: tuple[str, ...] = (),
    name: str | None = None,
) -> Callable[[_Model], _Model]:
    """Declare a model as a snapshot."""
    return _declare(Kind.SNAPSHOT, key, None, empty, personal, name)


def _declare(
    kind: Kind,
    key: tuple[str, ...],
    time: str | None,
    empty: Empty,
    personal: tuple[str, ...],
    name: str | None,
) -> Callable[[_Model], _Model]:
    def register(model: _Model) -> _Model:
        spec = TableSpec(
            name or re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", model.__name__).lower(),
            model,
            kind,
            key,
            time,
            empty,
            frozenset(personal),
        )
        declared: dict[str, Any] = dict.fromkeys(spec.schema.columns)
        missing = [c for c in (*key, spec.date_column, *personal, *([time] if time else [])) if c not in declared]
        if reserved := [column for column in declared if is_reserved(column)]:
            raise TypeError(f"{model.__name__} has a column {reserved[0]}, which is a reserved word of GoogleSQL")
        if missing:
            raise TypeError(f"{model.__name__} declares {', '.join(missing)} but has no such column")
        _SPECS[model] = spec
        return model

    return register
