"""What a source's types must be so that its values can become the declared ones, and its rows in those types.

Types only. How a value is converted is said in `warehouse/lake/conversion.py`, for every warehouse alike; which rows
are usable otherwise, by the landing queries in `sql/sources/`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

import pyarrow as pa

from recs_platform.errors import SourceError
from recs_platform.schemas.landing import feed_columns
from recs_platform.schemas.table import TableSpec
from recs_platform.sources.connectors.base import SourceRequest, open_source
from recs_platform.warehouse.lake.conversion import Unconverted, converted
from recs_platform.warehouse.protocol import Incoming


def incoming_feed(request: SourceRequest) -> Incoming:
    """The rows of a source as `source_<table>` declares them, for a query that lands them."""
    return Unconverted(request.spec, request.timezone, partial(_open_checked, request))


@contextmanager
def _open_checked(request: SourceRequest) -> Iterator[pa.RecordBatchReader]:
    """In the source's own types, each of which can become the declared one."""
    with open_source(request) as source:
        check_types(request.spec, source.schema, company=request.company.name)
        yield source


@contextmanager
def open_typed(request: SourceRequest) -> Iterator[pa.RecordBatchReader]:
    """The same rows, streamed."""
    with open_feed(request) as (_, typed):
        yield typed


@contextmanager
def open_feed(
    request: SourceRequest, *, most_rows: int | None = None
) -> Iterator[tuple[tuple[str, ...], pa.RecordBatchReader]]:
    """The same, and before it the names of the columns that the source gives. Who wants the first rows alone says so
    here: a stream that an engine converts is read to its end, or broken off while the engine still reads."""
    with _open_checked(request) as source:
        stream = source
        if most_rows is not None:
            stream = pa.RecordBatchReader.from_batches(source.schema, _first_rows(source, most_rows))
        with converted(stream, request.spec, timezone=request.timezone) as typed:
            yield tuple(stream.schema.names), typed


def _first_rows(stream: pa.RecordBatchReader, most_rows: int) -> Iterator[pa.RecordBatch]:
    rows = 0
    while rows < most_rows:
        try:
            batch = stream.read_next_batch()
        except StopIteration:
            return
        yield batch.slice(0, most_rows - rows)
        rows += batch.num_rows


def check_types(spec: TableSpec, schema: pa.Schema, *, company: str) -> None:
    """Refuse a source whose columns can never hold what is declared, before anything is read."""
    for column in spec.columns:
        if column.name not in schema.names or column.name not in feed_columns(spec):
            continue
        given = schema.field(column.name).type
        if not _fits(given, column.type):
            raise SourceError(
                company,
                spec.name,
                f"is of type {given}, which cannot be converted to {column.sql_type}",
                column=column.name,
                remedy="Convert it in the source, or rename the right column to it under `columns:`.",
            )


def _fits(given: pa.DataType, wanted: pa.DataType) -> bool:
    if pa.types.is_dictionary(given):
        return _fits(given.value_type, wanted)
    if pa.types.is_string(given) or pa.types.is_large_string(given) or pa.types.is_null(given):
        return True
    number = pa.types.is_integer(given) or pa.types.is_floating(given) or _is_decimal(given)
    moment = pa.types.is_timestamp(given) or pa.types.is_date(given)
    if pa.types.is_string(wanted):
        return number or moment or pa.types.is_boolean(given)
    if pa.types.is_integer(wanted) or pa.types.is_floating(wanted):
        return number
    if pa.types.is_boolean(wanted):
        return pa.types.is_boolean(given) or pa.types.is_integer(given)
    return moment


def _is_decimal(given: pa.DataType) -> bool:
    # What converts values has no decimals of more than 38 digits.
    return pa.types.is_decimal(given) and not pa.types.is_decimal256(given)
