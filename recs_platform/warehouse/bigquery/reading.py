"""A query of a company's feed, which only reads: what it would give and cost, and its rows as Arrow.

Values are days, which BigQuery is handed beside the text. Not here: which query (sources/connectors/bigquery.py), and
the warehouse's own work, which has a bill and limits of a run (jobs.py).
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from google.cloud.bigquery import QueryJobConfig, ScalarQueryParameter

from recs_platform.warehouse.bigquery.client import patience, rows_client

if TYPE_CHECKING:
    import pyarrow as pa
    from google.cloud.bigquery import Client, SchemaField

_REQUEST_SECONDS = 60


@dataclass(frozen=True)
class Plan:
    """What BigQuery says of a query without running it, which costs nothing."""

    columns: dict[str, str]
    """Name: type, as GoogleSQL calls it; of a list `ARRAY`."""
    size: int
    """Bytes that it would read."""
    reads: bool
    """Whether it is a query, and nothing that writes."""


def plan(client: Client, sql: str, days: Mapping[str, date]) -> Plan:
    config = _config(days)
    config.dry_run, config.use_query_cache = True, False
    job = client.query(sql, config, retry=patience(), job_retry=None, timeout=_REQUEST_SECONDS)
    return Plan(columns_of(job.schema or []), job.total_bytes_processed or 0, job.statement_type == "SELECT")


def table_columns(client: Client, table: str) -> dict[str, str]:
    """As in a plan. Of a table that wants a filter on its partitions nothing else can be asked without one."""
    return columns_of(client.get_table(table, retry=patience(), timeout=_REQUEST_SECONDS).schema)


def columns_of(fields: list[SchemaField]) -> dict[str, str]:
    return {field.name: "ARRAY" if field.mode == "REPEATED" else field.field_type for field in fields}


def batches(client: Client, sql: str, days: Mapping[str, date], limit: int) -> Generator[pa.RecordBatch]:
    """The rows; the query fails before it runs if it would read more bytes than the limit."""
    config = _config(days)
    config.maximum_bytes_billed = limit
    # A job that failed of what may pass is run again by whoever asked: Google's client would do so for ten minutes.
    job = client.query(sql, config, retry=patience(), job_retry=None, timeout=_REQUEST_SECONDS)
    rows = job.result(retry=patience(), job_retry=None)
    with rows_client() as fast:
        yield from rows.to_arrow_iterable(fast)


def _config(days: Mapping[str, date]) -> QueryJobConfig:
    return QueryJobConfig(query_parameters=[ScalarQueryParameter(name, "DATE", day) for name, day in days.items()])
