"""New rows on their way: into a table of their own, in the types that are declared, before anybody judges them.

A query's rows never leave BigQuery. Rows that Python made pass through a Parquet file, in the same words and with the
same refusals as on the lake. Not here: what becomes of them (`warehouse.py`).
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pyarrow as pa

from recs_platform.schemas.table import Column, Kind
from recs_platform.warehouse.bigquery.bill import Bill
from recs_platform.warehouse.bigquery.jobs import Jobs
from recs_platform.warehouse.bigquery.tables import schema_of, schema_of_rows
from recs_platform.warehouse.bigquery.text import between, cast_expression, quoted
from recs_platform.warehouse.lake.passing_file import write_rows, write_slice
from recs_platform.warehouse.misfits import require_declared
from recs_platform.warehouse.protocol import Subject

LASTS = timedelta(days=1)
"""What is on its way goes by itself after this; no slice takes so long."""


@dataclass(frozen=True)
class Question:
    """A statement as BigQuery runs it, with its parameters."""

    sql: str
    parameters: list[object]


def stage_query(
    jobs: Jobs, question: Question, subject: Subject, into: str, labels: Mapping[str, str], bill: Bill
) -> None:
    """Put what a query gives into a table, in declared types. Only its own days are a log's result: its query may read
    days before them for their context."""
    spec = subject.table.spec
    estimate = jobs.estimate(question.sql, question.parameters)
    require_declared(estimate.columns, subject)
    jobs.limits.admit(str(subject), estimate.reads)
    selected = ", ".join(_cast(column, estimate.columns[column.name]) for column in spec.columns)
    rows = f"SELECT {selected} FROM (\n{question.sql}\n) AS made"
    if spec.kind is Kind.LOG:
        day = quoted(spec.date_column)
        rows = f"SELECT * FROM ({rows}) AS cast_rows WHERE {between(spec.date_column, subject.days)} OR {day} IS NULL"
    columns = ", ".join(quoted(column.name) for column in spec.columns)
    insert = f"INSERT INTO {quoted(into)} ({columns})\n{rows}"
    jobs.change(insert, question.parameters, labels=labels, bill=bill)


def stage_rows(
    jobs: Jobs,
    rows: pa.RecordBatchReader,
    subject: Subject,
    into: str,
    scratch: Path,
    labels: Mapping[str, str],
    bill: Bill,
) -> None:
    """Put rows from Python into a table, streamed through a file."""
    with _passing_file(scratch) as file:
        if write_slice(rows, subject, file):
            jobs.load(file, into, schema_of(subject.table.spec), labels=labels, bill=bill)


def load_incoming(
    jobs: Jobs, rows: pa.RecordBatchReader, into: str, scratch: Path, labels: Mapping[str, str], bill: Bill
) -> None:
    """Put rows that a query reads under a name into a table of their own."""
    with _passing_file(scratch) as file:
        if write_rows(rows, file):
            jobs.load(file, into, schema_of_rows(rows.schema), labels=labels, bill=bill)


@contextmanager
def _passing_file(scratch: Path) -> Iterator[Path]:
    folder = scratch / "staging"
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{uuid.uuid4().hex}.parquet"
    try:
        yield file
    finally:
        file.unlink(missing_ok=True)


def _cast(column: Column, given: str) -> str:
    name = quoted(column.name)
    return name if given == column.sql_type else f"{cast_expression(column.name, given, column)} AS {name}"
