"""What a warehouse can do, whichever engine it is. The lake implements it; BigQuery will.

Not here: how. And nothing of Dagster: assets come to this through `io_manager.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Protocol, TypeAlias

import ibis.expr.types as ir
import pyarrow as pa

from recs_platform.warehouse.compile import Values
from recs_platform.warehouse.delta_table import Version
from recs_platform.warehouse.point_in_time import View
from recs_platform.warehouse.query import Query
from recs_platform.warehouse.slices import Days, TableRef


@dataclass(frozen=True)
class Incoming:
    """Rows from outside the warehouse that a query reads under a name: what a connector gives."""

    open: Callable[[], AbstractContextManager[pa.RecordBatchReader]]
    """Opened once per run of the query, streamed, and closed when the query has run."""
    projection: Callable[[pa.Schema], Sequence[str]]
    """Select expressions over the stream's columns."""


@dataclass(frozen=True)
class Audit:
    """What a new slice must pass before anybody sees it."""

    check: Callable[[ir.Table, Subject], None]
    """Raises SliceError or SourceError; is given the staged rows, inside the engine."""


@dataclass(frozen=True)
class Subject:
    """What a message is about: the asset, whose it is and which days."""

    asset: str
    company: str
    table: TableRef
    days: Days

    def __str__(self) -> str:
        return f"{self.asset}, {self.company} {self.days}"


@dataclass(frozen=True)
class BoundQuery:
    """A query with everything it needs to run: values, the days of each table it is shown, whose tables."""

    query: Query
    dataset: str
    values: Values
    views: tuple[View, ...]
    incoming: Mapping[str, Incoming] = field(default_factory=dict)
    audits: tuple[Audit, ...] = ()


Rows: TypeAlias = BoundQuery | pa.RecordBatchReader
"""What a slice is made of."""


@dataclass(frozen=True)
class Written:
    """A slice that was published."""

    version: int
    rows: int
    size: int
    """Bytes on disk."""
    empty_days: tuple[date, ...]
    seconds: Mapping[str, float]
    """Seconds by step: write, audit, publish."""
    sql: str | None
    """The statement as the engine ran it, when a query made the rows."""


class Warehouse(Protocol):
    def replace(
        self, subject: Subject, rows: Rows, *, audits: Sequence[Audit] = (), note: Mapping[str, Any] | None = None
    ) -> Written:
        """Write, audit, publish: these rows become the subject's days of its table, in one step or not at all."""

    def read(self, table: TableRef, days: Days | None = None) -> AbstractContextManager[pa.RecordBatchReader]:
        """The rows of some days, streamed. All days when none are named."""

    def run(self, query: BoundQuery) -> AbstractContextManager[pa.RecordBatchReader]:
        """The rows that a query gives, streamed."""

    def days(self, table: TableRef) -> Sequence[date]:
        """The days that have a slice, in order; a slice may be empty."""

    def versions(self, table: TableRef) -> Sequence[Version]:
        """The states of a table, newest first; those within the retention can be restored."""

    def publish(self, source: TableRef, day: date, live: TableRef, note: Mapping[str, Any]) -> int:
        """Make a day's slice the whole content of a live table with the same columns, in one step; returns the live
        table's new version."""

    def slice_ids(self, table: TableRef, days: Days) -> Sequence[str]:
        """What identifies the slices of these days as they were written: one that is replaced gets an id that no slice
        had before, even when its rows are the same."""

    def fingerprint(self, table: TableRef, day: date) -> str:
        """What identifies the rows of a day's slice: the same for the same rows, in whatever order they stand."""

    def restore(self, table: TableRef, version: int, note: Mapping[str, Any] | None = None) -> int:
        """Make an earlier state the newest again; returns its new version."""

    def vacuum(self, table: TableRef, *, dry_run: bool = False) -> Sequence[str]:
        """Delete the files that no version within the retention needs."""
