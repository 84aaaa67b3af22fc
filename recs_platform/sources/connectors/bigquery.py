"""The `bigquery` connector: a table or a query on BigQuery. Only the days that are asked for are read, and only the
columns that the platform's table has.

Each query is planned first, which costs nothing: that tells the columns, that it only reads, and how much it would
read. Not here: which queries are accepted (companies/source_query.py), and asking BigQuery (warehouse/bigquery/).
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from recs_platform.companies.problems import did_you_mean
from recs_platform.companies.source_config import BigQuerySource
from recs_platform.errors import ConfigError
from recs_platform.plurals import in_units
from recs_platform.settings import settings
from recs_platform.settings_values import bytes_of
from recs_platform.sources.connectors.request import (
    SOURCE_DAY_FIELD,
    SourceRequest,
    Stream,
    check_renames,
    pick_columns,
)
from recs_platform.warehouse.bigquery.client import open_client

if TYPE_CHECKING:
    from google.cloud.bigquery import ScalarQueryParameter

    from recs_platform.warehouse.bigquery.jobs import Jobs

_RESULT = "the query's result"
_PSEUDO = {"_PARTITIONDATE": "DATE", "_PARTITIONTIME": "TIMESTAMP"}
"""What a table that is partitioned by when its rows came has beside its columns."""
_RANGES = {
    "DATE": "{day} BETWEEN @first AND @last",
    "DATETIME": "{day} >= DATETIME(@first) AND {day} < DATETIME(DATE_ADD(@last, INTERVAL 1 DAY))",
    "TIMESTAMP": "{day} >= TIMESTAMP(@first) AND {day} < TIMESTAMP(DATE_ADD(@last, INTERVAL 1 DAY))",
}
"""By the type of the day's column, in the form by which BigQuery leaves out partitions."""


@dataclass(frozen=True)
class _Read:
    """What is asked of BigQuery: one query, with the days that it is run for."""

    jobs: Jobs
    sql: str
    days: Sequence[tuple[date | None, Mapping[str, date]]]
    """The day that all rows of a turn are of, where that is known, and the values of the query."""
    columns: dict[str, str]
    """Canonical name: type."""


def read_bigquery(request: SourceRequest, source: BigQuerySource) -> Stream:
    """Every row of the days: a query with `@as_of` is run once for each of them, any other once."""
    with _explained(request, source):
        read = _read(request, source)
        _check_size(request, read)
    fields = [pa.field(name, _ARROW[kind]) for name, kind in read.columns.items()]
    schema = pa.schema([*fields, SOURCE_DAY_FIELD])
    return Stream(schema, _batches(request, source, read, schema))


def count_bigquery(request: SourceRequest, source: BigQuerySource) -> int:
    """How many rows there are for the days of a request, counted by BigQuery."""
    with _explained(request, source):
        read = _read(request, source)
        sql = f"SELECT COUNT(*) AS counted FROM ({read.sql})"
        counts: list[Any] = []
        for _, values in read.days:
            for batch in _rows(request, read.jobs, sql, values):
                counts += batch.column(0).to_pylist()
    return int(sum(counts))


def bytes_to_read(request: SourceRequest, source: BigQuerySource) -> int:
    """What BigQuery would read, and bill, for the days of a request."""
    with _explained(request, source):
        return _size(_read(request, source))


def _read(request: SourceRequest, source: BigQuerySource) -> _Read:
    from recs_platform.warehouse.bigquery.bill import Limits
    from recs_platform.warehouse.bigquery.jobs import jobs_of_feed

    client = open_client(_project(request, source), None)
    jobs = jobs_of_feed(client, Limits(_limit()))
    whole = {"first": request.first, "last": request.last}
    if source.table is not None:
        path = source.table if source.table.count(".") > 1 else f"{client.project}.{source.table}"
        # Of a table that wants a filter on its partitions nothing else can be asked without one.
        there = _kinds(jobs.columns_of(path))
        picked = _picked(request, there, f"the table {source.table}")
        day_type = _day_type(request, source, there)
        wanted, where = _select(picked, there), ""
        if source.day is not None and day_type is not None:
            day = f"`{source.day}`"
            wanted = f"{wanted}, DATE({day}) AS {SOURCE_DAY_FIELD.name}"
            where = f" WHERE {_RANGES[day_type].format(day=day)}"
        sql = f"SELECT {wanted} FROM `{source.table}`{where}"
        days: list[tuple[date | None, Mapping[str, date]]] = [(None, whole if where else {})]
    else:
        query = str(source.query).rstrip().rstrip(";")
        if source.by_day:
            days = [(day, {"as_of": day}) for day in request.days]
        else:
            days = [(None, whole if source.dated else {})]
        planned = jobs.estimate(query, _parameters(days[0][1]))
        if not planned.selects:
            raise request.error(
                f"sources.{request.spec.name}.query must only read", remedy="Correct it in the company file."
            )
        there = _kinds(planned.columns)
        picked = _picked(request, there, _RESULT)
        sql = f"SELECT {_select(picked, there)} FROM ({query})"
    return _Read(jobs, sql, days, {name: there[own] for name, own in picked.items()})


def _project(request: SourceRequest, source: BigQuerySource) -> str:
    project = source.project or settings().gcp_project
    if project is None:
        raise request.error(
            "no project says where the query is run",
            remedy=f"Write sources.{request.spec.name}.project in the company file, or set RECS_GCP_PROJECT.",
        )
    return project


def _picked(request: SourceRequest, there: Mapping[str, str], where: str) -> dict[str, str]:
    picked = pick_columns(request, list(there), where)
    check_renames(request, picked, there, where)
    if not picked:
        raise request.error(f"{where} has no column of the table", remedy="Name its columns under `columns:`.")
    for name, own in picked.items():
        if there[own] not in _ARROW:
            raise request.error(
                f"holds values of the type {there[own]}, where one readable value per row is expected",
                column=name,
                remedy="Take it apart, or convert it to text, in a query.",
            )
    return picked


def _select(picked: Mapping[str, str], there: Mapping[str, str]) -> str:
    return ", ".join(
        # Decimals of more than 38 digits are converted by nobody else without loss.
        f"CAST(`{own}` AS STRING) AS `{name}`" if there[own] == "BIGNUMERIC" else f"`{own}` AS `{name}`"
        for name, own in picked.items()
    )


def _day_type(request: SourceRequest, source: BigQuerySource, there: Mapping[str, str]) -> str | None:
    if source.day is None:
        return None
    kinds = {**_PSEUDO, **there}
    key = f"sources.{request.spec.name}.day"
    if source.day not in kinds:
        raise request.error(
            f"the table {source.table} has no column {source.day}; it has {', '.join(there)}",
            remedy=f"Correct {key} in the company file.{did_you_mean(source.day, list(there))}",
        )
    if kinds[source.day] not in _RANGES:
        raise request.error(
            f"the column {source.day} of {source.table} is of the type {kinds[source.day]}, and no day",
            remedy=f"Name a column of days or points in time as {key}, or use a query.",
        )
    return kinds[source.day]


_ARROW: Mapping[str, pa.DataType] = {
    "STRING": pa.string(),
    "INT64": pa.int64(),
    "FLOAT64": pa.float64(),
    "NUMERIC": pa.decimal128(38, 9),
    "BIGNUMERIC": pa.string(),
    "BOOL": pa.bool_(),
    "DATE": pa.date32(),
    "DATETIME": pa.timestamp("us"),
    # A point in time, which is UTC everywhere here.
    "TIMESTAMP": pa.timestamp("us"),
    "JSON": pa.string(),
    "GEOGRAPHY": pa.string(),
}
"""What is read of BigQuery's types, and as what."""


def _limit() -> int:
    return int(bytes_of(settings().bigquery_query_bytes))


def _size(read: _Read) -> int:
    return sum(read.jobs.estimate(read.sql, _parameters(values)).reads for _, values in read.days)


def _check_size(request: SourceRequest, read: _Read) -> None:
    size = read.jobs.estimate(read.sql, _parameters(read.days[0][1])).reads
    if size > _limit():
        raise request.error(
            f"its query would read {in_units(size)}, and RECS_BIGQUERY_QUERY_BYTES allows "
            f"{settings().bigquery_query_bytes}",
            remedy="Read fewer days or columns: name the column of the table's partitions as "
            f"sources.{request.spec.name}.day, or filter by it in the query. Or raise the limit.",
        )
    if read.jobs.limits.run is not None:
        read.jobs.limits.admit("its query", size)
        for _, values in read.days[1:]:
            read.jobs.limits.admit("its query", read.jobs.estimate(read.sql, _parameters(values)).reads)


def _batches(
    request: SourceRequest, source: BigQuerySource, read: _Read, schema: pa.Schema
) -> Generator[pa.RecordBatch]:
    with _explained(request, source):
        for day, values in read.days:
            for batch in _rows(request, read.jobs, read.sql, values):
                yield _as_declared(batch, schema, day)


def _rows(request: SourceRequest, jobs: Jobs, sql: str, days: Mapping[str, date]) -> Iterator[pa.RecordBatch]:
    from recs_platform.warehouse.bigquery.bill import Bill

    labels = {"company": request.company.name, "feed": request.spec.name}
    return jobs.batches(jobs.ask(sql, _parameters(days), labels=labels, bill=Bill()))


def _parameters(days: Mapping[str, date]) -> list[ScalarQueryParameter]:
    """Values are days, which BigQuery is handed beside the text."""
    from google.cloud.bigquery import ScalarQueryParameter

    return [ScalarQueryParameter(name, "DATE", day) for name, day in days.items()]


def _kinds(types: Mapping[str, str]) -> dict[str, str]:
    """What a list is of says nothing here: none is read."""
    return {name: kind.partition("<")[0] for name, kind in types.items()}


def _as_declared(batch: pa.RecordBatch, schema: pa.Schema, day: date | None) -> pa.RecordBatch:
    """In the types of the stream: points in time without their zone, and days as the source's own."""
    columns: list[pa.Array[Any]] = []
    for field in schema:
        if field.name == SOURCE_DAY_FIELD.name and field.name not in batch.schema.names:
            columns.append(pa.repeat(pa.scalar(day, field.type), batch.num_rows))
        else:
            column = batch.column(field.name)
            columns.append(column if column.type == field.type else column.cast(field.type))
    return pa.RecordBatch.from_arrays(columns, schema=schema)


@contextmanager
def _explained(request: SourceRequest, source: BigQuerySource) -> Iterator[None]:
    """What BigQuery refuses, in a sentence about the feed."""
    try:
        from google.api_core.exceptions import GoogleAPIError
        from google.auth.exceptions import GoogleAuthError
        from requests.exceptions import RequestException

        from recs_platform.warehouse.bigquery.refusals import passes
    except ImportError as error:
        raise request.error(
            f"BigQuery needs packages that are not installed ({error.name})",
            remedy="Install them: pip install 'recs-platform[gcp]'.",
        ) from None
    key = f"sources.{request.spec.name}.{'table' if source.table else 'query'}"
    try:
        yield
    except ConfigError as error:
        raise request.error(str(error).rstrip("."), remedy=f"Then {key} can be read.") from None
    except (GoogleAPIError, GoogleAuthError, RequestException) as error:
        # Of what was tried again in vain, the last failure.
        last = getattr(error, "cause", None) or error
        if passes(error) or isinstance(last, RequestException):
            raise request.outage(f"BigQuery does not answer just now: {_told(last)}", remedy="Run it again.") from None
        raise request.error(
            f"BigQuery refuses: {_told(last)}",
            remedy=f"Correct {key} in the company file, or have the platform's account given access or quota.",
        ) from None


def _told(error: BaseException) -> str:
    from requests.exceptions import ConnectionError as ConnectionFailed

    from recs_platform.warehouse.bigquery.refusals import first_line

    return "the connection failed" if isinstance(error, ConnectionFailed) else first_line(error).rstrip("!")
