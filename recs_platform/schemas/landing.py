"""The two forms of a source table before it is canonical, derived from its canonical model and never written down.

- `source_<table>`: what a connector gives, typed. Never stored; one landing query reads it.
- `landed_<table>`: the same rows, each with the reason why it cannot be used, if there is one. Stored.
"""

from __future__ import annotations

import datetime
from functools import cache

import pyarrow as pa

from recs_platform.schemas.field import Field
from recs_platform.schemas.table import Kind, Table, TableSpec, formerly, log, snapshot, spec_of

SOURCE_DAY = "source_day"
UNREADABLE = "unreadable"
REJECTION = "rejection"

_ANNOTATIONS: dict[pa.DataType, type] = {
    pa.string(): str,
    pa.int64(): int,
    pa.float64(): float,
    pa.bool_(): bool,
    pa.date32(): datetime.date,
    pa.timestamp("us"): datetime.datetime,
}


def landed(model: type[Table]) -> type[Table]:
    """The model of `landed_<table>`: the canonical columns, any of them NULL, no rule, and `rejection`."""
    return _landed(spec_of(model))


def source(model: type[Table]) -> type[Table]:
    """The model of `source_<table>`: the columns that a feed has, and the two that reading it adds."""
    return _source(spec_of(model))


@cache
def _landed(spec: TableSpec) -> type[Table]:
    return _derive(
        spec,
        f"landed_{spec.name}",
        f"One row per row of the company's {spec.name} feed, with the reason why it cannot be used, if there is one.",
        {REJECTION: (str, "Why the row cannot be used; NULL when it can.")},
    )


@cache
def _source(spec: TableSpec) -> type[Table]:
    return _derive(
        spec,
        f"source_{spec.name}",
        f"One row per row that the connector of {spec.name} gives.",
        {
            SOURCE_DAY: (datetime.date, "The day of the file or query the row came with; NULL for an undated source."),
            UNREADABLE: (str, "Which value is not of its declared type, in words."),
        },
    )


def feed_columns(spec: TableSpec) -> tuple[str, ...]:
    """The columns that a company's feed has: the canonical ones, without the partition's date."""
    return tuple(column.name for column in spec.columns if column.name != spec.date_column)


def _derive(spec: TableSpec, name: str, description: str, added: dict[str, tuple[type, str]]) -> type[Table]:
    given = {c.name: (_ANNOTATIONS[c.type], c.description) for c in spec.columns} | added
    renamed = {c.name: formerly(c.formerly) for c in spec.columns if c.formerly}
    fields = {
        column: Field(nullable=column != spec.date_column, description=description, metadata=renamed.get(column))
        for column, (_, description) in given.items()
    }
    annotations = {column: annotation for column, (annotation, _) in given.items()}
    model = type(name, (Table,), {"__doc__": description, "__annotations__": annotations, **fields})
    declare = log if spec.kind is Kind.LOG else snapshot
    return declare(key=(), empty=spec.empty, personal=tuple(spec.personal), name=name)(model)
