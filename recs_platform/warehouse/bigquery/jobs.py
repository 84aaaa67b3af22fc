"""BigQuery, as the platform uses it: every call that is made of it stands here.

Each is tried again while what went wrong may pass, for a minute, and never a whole job: steps and runs have retries of
their own. A job that changes something has a name
that we give it, so that a request which was heard but not answered is not carried out twice. Not here: what is asked
(`text.py`), what it may cost (`bill.py`), and what errors mean (`refusals.py`).
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from errno import ECONNRESET
from pathlib import Path
from typing import Any, TypeVar

import pyarrow as pa
from google.api_core.exceptions import Conflict, NotFound
from google.cloud import bigquery

from recs_platform.warehouse.bigquery.bill import Bill, Limits
from recs_platform.warehouse.bigquery.client import patience, rows_client
from recs_platform.warehouse.bigquery.refusals import passes

_LABEL = re.compile(r"[^a-z0-9_-]")
_LONGEST_LABEL = 63
_REQUEST_SECONDS = 60.0
"""For an answer, which may be that a job goes on."""
_STREAMED_FROM = 50_000
"""Rows. Fewer come with the answer; more are read by the Storage API, where there is one."""

_Answer = TypeVar("_Answer")


@dataclass(frozen=True)
class Estimate:
    columns: Mapping[str, str]
    """Name: type, as GoogleSQL calls it."""
    reads: int
    """Bytes."""
    selects: bool
    """Whether it is a query, and nothing that writes."""


@dataclass(frozen=True)
class Jobs:
    client: bigquery.Client
    limits: Limits = field(default_factory=Limits)
    run: str | None = None
    """Whose work this is; every job says it."""

    def estimate(self, sql: str, parameters: Sequence[Any] = ()) -> Estimate:
        """What a query would give and read. Free."""
        config = bigquery.QueryJobConfig(dry_run=True, use_query_cache=False, query_parameters=list(parameters))
        job = _patiently(self.client.query, sql, job_config=config, job_retry=None)
        columns = {column.name: _type(column) for column in job.schema or ()}
        return Estimate(columns, job.total_bytes_processed or 0, job.statement_type == "SELECT")

    def ask(
        self,
        sql: str,
        parameters: Sequence[Any] = (),
        *,
        labels: Mapping[str, str],
        bill: Bill,
        seconds: float | None = None,
    ) -> bigquery.table.RowIterator:
        """The rows of a query that changes nothing. A short answer takes one call."""
        config = self._config(parameters, labels)
        # None is what is meant for "never again", whatever the signature says.
        patient: dict[str, Any] = {"retry": patience(), "job_retry": None, "api_timeout": _REQUEST_SECONDS}
        if seconds is not None:
            config.job_timeout_ms = int(seconds * 1_000)
            patient["wait_timeout"] = seconds
        rows = self.client.query_and_wait(sql, job_config=config, **patient)
        bill.add(str(rows.job_id), rows.total_bytes_processed)
        return rows

    def change(self, sql: str, parameters: Sequence[Any] = (), *, labels: Mapping[str, str], bill: Bill) -> int:
        """Run one statement that changes rows, once; how many it changed."""
        job = _patiently(self.client.query, sql, job_config=self._config(parameters, labels), job_retry=None)
        job.result(retry=patience(), job_retry=None)
        bill.add(str(job.job_id), job.total_bytes_processed)
        return job.num_dml_affected_rows or 0

    def script(self, sql: str, name: str, *, labels: Mapping[str, str], bill: Bill) -> Sequence[bigquery.Row]:
        """Run statements that change something, once: a job of this name is not begun a second time, and one whose
        answer was lost is waited for. Gives the rows of the last one."""
        config = bigquery.QueryJobConfig(labels=self._labels(labels))
        try:
            job = _patiently(self.client.query, sql, job_config=config, job_id=name, job_retry=None)
            rows = list(job.result(retry=patience(), job_retry=None))
        except Exception as error:
            job = self._begun(name, error)
            rows = list(job.result(retry=patience(), job_retry=None))
        bill.add(name, job.total_bytes_processed)
        return rows

    def _begun(self, name: str, error: Exception) -> Any:
        """The job of this name, where an error leaves it open whether there is one; else the error is raised."""
        if not (isinstance(error, Conflict) or passes(error)):
            raise error
        try:
            return _patiently(self.client.get_job, name)
        except NotFound:
            raise error from None

    def _config(self, parameters: Sequence[Any], labels: Mapping[str, str]) -> bigquery.QueryJobConfig:
        config = bigquery.QueryJobConfig(query_parameters=list(parameters), labels=self._labels(labels))
        if self.limits.query is not None:
            config.maximum_bytes_billed = self.limits.query
        return config

    def load(
        self,
        file: Path,
        table: str,
        schema: Sequence[bigquery.SchemaField],
        *,
        labels: Mapping[str, str],
        bill: Bill,
    ) -> None:
        """Load a Parquet file into a table that exists, and has these columns."""
        config = bigquery.LoadJobConfig(
            source_format=bigquery.SourceFormat.PARQUET,
            write_disposition=bigquery.WriteDisposition.WRITE_APPEND,
            schema=list(schema),
            labels=self._labels(labels),
        )
        name = new_name("recs_load")
        try:
            with file.open("rb") as source:
                job = self.client.load_table_from_file(source, table, job_id=name, job_config=config)
        except NotFound as error:
            # What is said to who sends the end of an upload again that was complete.
            job = self._begun(name, ConnectionResetError(ECONNRESET, f"the answer to an upload was lost: {error}"))
        except Exception as error:
            job = self._begun(name, error)
        job.result(retry=patience())
        bill.add(name, None)

    def columns(self, table: str) -> Mapping[str, str] | None:
        """Those that a table has, by name, and the type of each; None when there is no table."""
        try:
            return self.columns_of(table)
        except NotFound:
            return None

    def columns_of(self, table: str) -> Mapping[str, str]:
        """The same of a table that must be there."""
        return _columns(_patiently(self.client.get_table, table))

    def bytes_of(self, table: str) -> int:
        return _patiently(self.client.get_table, table).num_bytes or 0

    def create(self, table: bigquery.Table) -> Mapping[str, str]:
        """Make a table, if somebody else has not; returns its columns."""
        return _columns(_patiently(self.client.create_table, table, exists_ok=True))

    def create_dataset(self, name: str, labels: Mapping[str, str]) -> None:
        dataset = bigquery.Dataset(f"{self.client.project}.{name}")
        dataset.labels = _written(labels)
        if self.client.location:
            dataset.location = self.client.location
        _patiently(self.client.create_dataset, dataset, exists_ok=True)

    def drop_dataset(self, name: str) -> None:
        """With all that is in it."""
        _patiently(self.client.delete_dataset, name, delete_contents=True, not_found_ok=True)

    def describe(self, name: str, described: bigquery.Table) -> None:
        """Give a table the columns and descriptions of a declaration of it; others that it has stay."""
        table = _patiently(self.client.get_table, name)
        there = {column.name: column for column in table.schema}
        table.schema = list({**there, **{column.name: column for column in described.schema}}.values())
        table.description = described.description
        _patiently(self.client.update_table, table, ["schema", "description"])

    def keep(self, table: str, lasts: timedelta) -> None:
        """Let a table that goes by itself stay so long from now on."""
        kept = _patiently(self.client.get_table, table)
        kept.expires = datetime.now(UTC) + lasts
        _patiently(self.client.update_table, kept, ["expires"])

    def drop(self, table: str) -> None:
        _patiently(self.client.delete_table, table, not_found_ok=True)

    def tables(self, dataset: str, beginning: str) -> Mapping[str, datetime]:
        """The tables of a dataset whose names begin so, and when each was made."""
        try:
            listed = [one for one in _patiently(self.client.list_tables, dataset) if one.table_id.startswith(beginning)]
        except NotFound:
            return {}
        return {one.table_id: one.created or datetime.now(UTC) for one in listed}

    def datasets(self, label: str, value: str) -> Sequence[str]:
        """Those that bear a label."""
        listed = _patiently(self.client.list_datasets)
        return sorted(one.dataset_id for one in listed if (one.labels or {}).get(label) == value)

    def rows(self, table: str, columns: Sequence[bigquery.SchemaField]) -> Sequence[Mapping[str, Any]]:
        """All rows of a small table, which costs nothing; none when there is no table."""
        try:
            return [dict(row.items()) for row in _patiently(self.client.list_rows, table, selected_fields=columns)]
        except NotFound:
            return []

    def first(self, table: str, columns: Sequence[bigquery.SchemaField], count: int) -> Sequence[Mapping[str, Any]]:
        """A few rows of a table, which costs nothing."""
        listed = _patiently(self.client.list_rows, table, selected_fields=columns, max_results=count)
        return [dict(row.items()) for row in listed]

    def batches(self, rows: bigquery.table.RowIterator) -> Iterator[pa.RecordBatch]:
        """An answer in Arrow, streamed."""
        many = rows.total_rows is None or rows.total_rows >= _STREAMED_FROM
        with rows_client() if many else nullcontext() as storage:
            yield from rows.to_arrow_iterable(bqstorage_client=storage)

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """Meanwhile, feeds that are opened are part of this work, if they come from BigQuery too."""
        before = _AT_WORK.set(self)
        try:
            yield
        finally:
            _AT_WORK.reset(before)

    def _labels(self, labels: Mapping[str, str]) -> dict[str, str]:
        return _written({**labels, "run": self.run or ""})


_AT_WORK: ContextVar[Jobs | None] = ContextVar("_AT_WORK", default=None)


def jobs_of_feed(client: bigquery.Client, limits: Limits) -> Jobs:
    """In another project perhaps, and on the bill of the run that reads the feed; with these limits if none does."""
    work = _AT_WORK.get()
    return Jobs(client, limits) if work is None else Jobs(client, work.limits, work.run)


def _patiently(call: Callable[..., _Answer], *given: Any, **options: Any) -> _Answer:
    """A request that is tried again while what went wrong may pass."""
    return call(*given, **options, retry=patience(), timeout=_REQUEST_SECONDS)


def passing_table(name: str, schema: Sequence[bigquery.SchemaField], lasts: timedelta) -> bigquery.Table:
    """A table that goes by itself when nobody needs it any more."""
    table = bigquery.Table(name, schema=list(schema))
    table.expires = datetime.now(UTC) + lasts
    return table


def new_name(kind: str) -> str:
    return f"{kind}_{uuid.uuid4().hex}"


def _written(labels: Mapping[str, str]) -> dict[str, str]:
    """As Google lets them be written."""
    return {name: _LABEL.sub("_", value.lower())[:_LONGEST_LABEL] for name, value in labels.items() if value}


_LEGACY = {"INTEGER": "INT64", "FLOAT": "FLOAT64", "BOOLEAN": "BOOL"}


def _columns(table: bigquery.Table) -> Mapping[str, str]:
    return {column.name: _type(column) for column in table.schema}


def _type(column: bigquery.SchemaField) -> str:
    name = _LEGACY.get(column.field_type, column.field_type)
    return f"ARRAY<{name}>" if column.mode == "REPEATED" else str(name)
