"""What a table is: its columns, its kind, its key, and what an empty slice of it means.

A table is written down once, as a class under one of the two decorators below. Types, the Pandera model that validates
it, docs, an engine's own schemas and Dagster metadata are all derived from it. Nothing here knows an engine or Dagster.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar, get_type_hints

import pyarrow as pa

from recs_platform.schemas.field import FieldDeclaration
from recs_platform.schemas.reserved_words import is_reserved

if TYPE_CHECKING:
    from pandera.api.ibis.container import DataFrameSchema

_ARROW_TYPES: dict[Any, pa.DataType] = {
    str: pa.string(),
    int: pa.int64(),
    float: pa.float64(),
    bool: pa.bool_(),
    datetime.date: pa.date32(),
    datetime.datetime: pa.timestamp("us"),
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

Columns: TypeAlias = Mapping[str, str]
"""Columns of a table and their types in GoogleSQL, for who reads queries."""

_FORMERLY = "formerly"


class Table:
    """Base of every table's declaration: its columns, each an annotation and a `Field`, and no others.

    A rule that a `Field` cannot state is a method under Pandera's own `check` or `dataframe_check`.
    """


def formerly(name: str) -> dict[str, str]:
    """Metadata of a renamed column: what is stored or fed under its former name is read under the new one.

    >>> formerly("at")
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
    unit: str = ""
    example: str = ""
    """A value as a CSV file has it."""
    choices: tuple[str, ...] = ()
    """The words that it may be, if it is one of a few."""

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
        """As Pandera has it, which is loaded for whoever judges rows."""
        from recs_platform.schemas.pandera_model import pandera_schema

        return pandera_schema(self.model, get_type_hints(self.model), self.fields)

    @cached_property
    def fields(self) -> Mapping[str, FieldDeclaration]:
        """What is said of each column, in order."""
        return _fields(self.model)

    @property
    def has_own_checks(self) -> bool:
        """Whether the model states rules that no `Field` can."""
        return any(isinstance(value, classmethod) for base in self.model.__mro__ for value in vars(base).values())

    @cached_property
    def columns(self) -> tuple[Column, ...]:
        types = get_type_hints(self.model)
        return tuple(
            Column(
                name,
                _ARROW_TYPES[types[name]],
                field.nullable,
                field.description,
                field.metadata.get(_FORMERLY),
                field.unit,
                field.example,
                tuple(map(str, field.rules.get("isin", ()))),
            )
            for name, field in self.fields.items()
        )

    @cached_property
    def sql_types(self) -> Columns:
        return {column.name: column.sql_type for column in self.columns}

    @cached_property
    def arrow_schema(self) -> pa.Schema:
        return pa.schema([pa.field(c.name, c.type, nullable=c.nullable) for c in self.columns])

    def arrow_table(self, rows: Iterable[Mapping[str, Any]]) -> pa.Table:
        """Rows that Python made, in the declared columns and types; a column that a row leaves out is NULL."""
        return pa.Table.from_pylist([dict(row) for row in rows], schema=self.arrow_schema)


def _fields(model: type[Table]) -> dict[str, FieldDeclaration]:
    """What is said of each column, in order; a TypeError names what is annotated and declares none."""
    fields = {}
    for name in get_type_hints(model):
        field = getattr(model, name, None)
        if not isinstance(field, FieldDeclaration):
            raise TypeError(f"{model.__name__}.{name} must be given a Field of recs_platform.schemas.field")
        fields[name] = field
    return fields


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
        declared = [column.name for column in spec.columns]
        missing = [c for c in (*key, spec.date_column, *personal, *([time] if time else [])) if c not in declared]
        if reserved := [column for column in declared if is_reserved(column)]:
            raise TypeError(f"{model.__name__} has a column {reserved[0]}, which is a reserved word of GoogleSQL")
        if missing:
            raise TypeError(f"{model.__name__} declares {', '.join(missing)} but has no such column")
        _SPECS[model] = spec
        return model

    return register
