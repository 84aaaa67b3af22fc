"""The `sql` connector: a query on any database that SQLAlchemy reaches, streamed in chunks.

Not here: which queries are accepted (companies/source_query.py), opening the database for reading only (sql_engine.py),
and what becomes of values (sql_values.py).
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import date
from typing import Any

import pyarrow as pa
from sqlalchemy import Connection, Date, Engine, bindparam, text
from sqlalchemy.exc import SQLAlchemyError

from recs_platform.companies.source_config import SqlSource
from recs_platform.errors import AnySourceError, SourceError
from recs_platform.outages import may_recover
from recs_platform.sources.connectors.request import (
    SOURCE_DAY_FIELD,
    SourceRequest,
    Stream,
    check_renames,
    dated,
    pick_columns,
)
from recs_platform.sources.connectors.sql_engine import plain_text, reading_engine
from recs_platform.sources.connectors.sql_values import NotScalarError, column_type, to_array

# SQLite keeps a value as it was written, whatever type its column declares.
_UNDECLARED = {"sqlite"}


@dataclass(frozen=True)
class _Chunk:
    day: date | None
    names: list[str]
    rows: Sequence[Sequence[Any]]

    def column(self, name: str) -> list[Any]:
        position = self.names.index(name)
        return [row[position] for row in self.rows]


def read_sql(request: SourceRequest, source: SqlSource) -> Stream:
    """Every row of the query: run once per day when it uses `:as_of`, otherwise once."""
    engine = reading_engine(request, source)
    chunks = _chunks(request, source, engine)
    try:
        return _opened(request, chunks, declared=engine.dialect.name not in _UNDECLARED)
    except AnySourceError:
        chunks.close()
        raise


def count_sql(request: SourceRequest, source: SqlSource) -> int:
    """How many rows the query gives for the days of a request, counted by the database."""
    engine = reading_engine(request, source)
    counting = text(f"SELECT COUNT(*) FROM ({plain_text(source.query).text}) counted")
    if source.dated:
        counting = counting.bindparams(bindparam("as_of", type_=Date()))
    days: Sequence[date | None] = request.days if source.dated else [None]
    try:
        with engine.connect() as connection:
            return sum(connection.execute(counting, {"as_of": day} if day else {}).scalar_one() for day in days)
    except SQLAlchemyError as error:
        failed = request.outage if may_recover(error) else request.error
        remedy = f"Check the database, and sources.{request.spec.name}.query."
        raise failed(f"its rows cannot be counted: {_reason(error, engine)}", remedy=remedy) from None


def _opened(request: SourceRequest, chunks: Generator[_Chunk], *, declared: bool) -> Stream:
    """Up to the first rows nothing is lazy: the database's complaints come now, and types can be seen."""
    first = next(chunks)
    picked = pick_columns(request, first.names, "the query's result")
    check_renames(request, picked, first.names, "the query's result")
    while not first.rows and (following := next(chunks, None)):
        first = following
    fields = []
    for column in request.spec.columns:
        if column.name in picked:
            try:
                kind = column_type(column, first.column(picked[column.name]), declared=declared)
            except NotScalarError as error:
                raise _not_scalar(request, column.name, error) from None
            fields.append(pa.field(column.name, kind))
    schema = pa.schema([*fields, SOURCE_DAY_FIELD])
    return Stream(schema, _batches(request, picked, first, chunks, schema))


def _chunks(request: SourceRequest, source: SqlSource, engine: Engine) -> Generator[_Chunk]:
    """The rows in chunks; of the first day at least one chunk, also when it is empty, for the names of the columns."""
    remedy = f"Check the database and the URL in {source.url_env}."
    try:
        connection = engine.connect()
    except SQLAlchemyError as error:
        reason = _reason(error, engine)
        failed = request.outage if may_recover(error) else request.error
        raise failed(f"the database cannot be reached: {reason}", remedy=remedy) from None
    with connection:
        days: Sequence[date | None] = request.days if source.dated else [None]
        for day in days:
            try:
                yield from _chunks_of_day(connection, source, day, always=day == days[0])
            except SQLAlchemyError as error:
                on = f" for {day}" if day else ""
                if may_recover(error):
                    raise request.outage(f"the query broke off{on}: {_reason(error, engine)}", remedy=remedy) from None
                raise request.error(
                    f"the query failed{on}: {_reason(error, engine)}",
                    remedy=f"Correct sources.{request.spec.name}.query in the company file.",
                ) from None


def _chunks_of_day(connection: Connection, source: SqlSource, day: date | None, *, always: bool) -> Generator[_Chunk]:
    query = plain_text(source.query)
    if day:
        query = query.bindparams(bindparam("as_of", day, Date()))
    options = {"max_row_buffer": source.chunk_rows}
    with connection.execute(query, execution_options=options) as result:
        names = list(result.keys())
        rows = result.fetchmany(source.chunk_rows)
        if always or rows:
            yield _Chunk(day, names, rows)
        while rows := result.fetchmany(source.chunk_rows):
            yield _Chunk(day, names, rows)


def _batches(
    request: SourceRequest, picked: dict[str, str], first: _Chunk, rest: Generator[_Chunk], schema: pa.Schema
) -> Generator[pa.RecordBatch]:
    chunk: _Chunk | None = first
    with closing(rest):
        while chunk:
            columns = [
                _array(request, field, chunk.column(picked[field.name]))
                for field in schema
                if field.name != SOURCE_DAY_FIELD.name
            ]
            yield dated(columns, schema, chunk.day, len(chunk.rows))
            chunk = next(rest, None)


def _array(request: SourceRequest, field: pa.Field[Any], values: list[Any]) -> pa.Array[Any]:
    try:
        return to_array(values, field.type)
    except NotScalarError as error:
        raise _not_scalar(request, field.name, error) from None
    except (pa.ArrowException, OverflowError, ValueError, TypeError):
        raise request.error(
            f"begins as {field.type} and has values of another type further on",
            column=field.name,
            remedy=f"Convert it in the query: CAST({field.name} AS ...).",
        ) from None


def _not_scalar(request: SourceRequest, column: str, error: NotScalarError) -> SourceError:
    return request.error(
        f"holds a value of the type {error}, where one readable value per row is expected",
        column=column,
        remedy="Take it apart, or convert it to text, in the query.",
    )


def _reason(error: SQLAlchemyError, engine: Engine) -> str:
    """The driver's own first line: what follows it quotes the statement and its values."""
    lines = str(getattr(error, "orig", None) or error).strip().splitlines()
    reason = lines[0].strip().rstrip(".") if lines else "the driver gives no reason"
    password = engine.url.password
    return reason.replace(str(password), "***") if password else reason
