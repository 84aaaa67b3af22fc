"""What a warehouse can do, whichever engine it is, in three parts: tables, their history, and carrying slices over.

Not here: how. And nothing of Dagster: assets come to this through `io_manager.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

import pyarrow as pa

from recs_platform.schemas.table import TableSpec
from recs_platform.warehouse.point_in_time import View
from recs_platform.warehouse.query import Query
from recs_platform.warehouse.slices import Days, Slice, TableRef
from recs_platform.warehouse.values import Values

if TYPE_CHECKING:
    import ibis.expr.types as ir

Incoming: TypeAlias = Callable[[], AbstractContextManager[pa.RecordBatchReader]]
"""Rows from outside the warehouse that a query reads under a name, in the types that it expects. Opened once per run
of the query, streamed, and closed when the query has run."""


@dataclass(frozen=True)
class RuleCounts:
    """What is counted of a staged slice."""

    rows: int
    broken: tuple[int, ...]
    """The rows that break each of `rules_of`, in that order."""
    repeated_keys: int


@dataclass(frozen=True)
class DayCount:
    """What is counted of a day of a staged slice."""

    day: date
    rows: int
    filled: int
    """Those in which a column has a value."""


EXAMPLES = 5
"""Rows of a new slice that are told of it."""


class StagedSlice(Protocol):
    """A new slice that nobody reads yet, inside the engine: what audits judge."""

    @property
    def rows(self) -> ir.Table:
        """Its rows, for an audit's own questions."""

    def answer(self, question: ir.Table) -> pa.Table:
        """What a question about its rows gives."""

    def count(self, spec: TableSpec) -> RuleCounts:
        """How well they keep the rules of their table, in one scan at most."""

    def known_by_day(self, column: str) -> Sequence[DayCount] | None:
        """Of each day that has rows, in order, how many have a value in a column, where that is known without reading
        them; None where only reading tells."""


@dataclass(frozen=True)
class Audit:
    """What a new slice must pass before anybody sees it."""

    check: Callable[[StagedSlice, Subject], None]
    """Raises SliceError or SourceError."""


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
    time_limit: float | None = None
    """Seconds, for a query that a person asks: it is not the platform's own, so it runs on an engine that reaches
    nothing but its views, and ends within them."""
    company: str = ""
    """Who asks, where that is known: what it costs is booked to them."""

    def ref(self, spec: TableSpec) -> TableRef:
        """A table that it is shown."""
        return TableRef(self.dataset, spec, self.company)

    @property
    def personal_tables(self) -> tuple[str, ...]:
        """The names under which it reads personal data."""
        return tuple(view.name for view in self.views if view.spec.personal)


Rows: TypeAlias = BoundQuery | pa.RecordBatchReader
"""What a slice is made of."""


@dataclass(frozen=True)
class Written:
    """A slice that was published."""

    version: int
    rows: int
    size: int
    """Bytes that are stored."""
    empty_days: tuple[date, ...]
    seconds: Mapping[str, float]
    """Seconds by step: write, audit, publish."""
    sql: str | None
    """The statement as the engine ran it, when a query made the rows."""
    examples: tuple[Mapping[str, Any], ...] = ()
    """A few of its rows; none where its last day is empty."""
    spent: Mapping[str, Any] = field(default_factory=dict)
    """What it cost, of an engine that is paid by the query; for people."""
    carried_from: date | None = None
    """The day whose rows it took over, where it was not made."""


@dataclass(frozen=True)
class Version:
    """One state of a table, and what made it."""

    version: int
    at: datetime
    changed_rows: bool
    """False for housekeeping, which leaves the rows as they are."""
    note: dict[str, Any]
    """What the writer said of it: days, rows, run."""


@dataclass(frozen=True)
class Finding:
    """Something stored that is not what was written."""

    day: date | None
    """None of a table as a whole."""
    what: str
    """In words: where, what is wrong, and what to do."""
    acceptable: bool = False
    """Rows that are there can be taken as they are: only what is known of them differs."""


@dataclass(frozen=True)
class Inspection:
    """What was looked at of a table, every byte of it, and what is wrong."""

    days: int
    files: int
    size: int
    """Bytes that were read."""
    unknown: int
    """Files of an older version, whose checksums nobody took: they were read, and cannot be proved."""
    findings: tuple[Finding, ...]


class Tables(Protocol):
    """Rows by days: what makes tables, and what reads them."""

    def replace(
        self, subject: Subject, rows: Rows, *, audits: Sequence[Audit] = (), note: Mapping[str, Any] | None = None
    ) -> Written:
        """Write, audit, publish: these rows become the subject's days of its table, in one step or not at all."""

    def read(
        self, table: TableRef, days: Days | None = None, *, version: int | None = None
    ) -> AbstractContextManager[pa.RecordBatchReader]:
        """The rows of some days, streamed; all days when none are named. With a version, as they stood in it."""

    def run(self, query: BoundQuery) -> AbstractContextManager[pa.RecordBatchReader]:
        """The rows that a query gives, streamed."""

    def days(self, table: TableRef) -> Sequence[date]:
        """The days that have a slice, in order; a slice may be empty."""

    def slices(self, table: TableRef) -> Sequence[Slice]:
        """The same, with how many rows each has and what made it."""


class History(Protocol):
    """A table's states: what is live, and what was."""

    def versions(self, table: TableRef) -> Sequence[Version]:
        """The states of a table, newest first; those within the retention can be restored, and read."""

    def publish(self, source: TableRef, day: date, live: TableRef, note: Mapping[str, Any]) -> int:
        """Make a day's slice the whole content of a live table with the same columns, in one step; returns the live
        table's new version."""

    def slice_ids(self, table: TableRef, days: Days) -> Sequence[str]:
        """What identifies the slices of these days as they were written: one that is replaced gets an id that no slice
        had before, even when its rows are the same."""

    def fingerprint(self, table: TableRef, day: date) -> str:
        """What identifies the rows of a day's slice: the same for the same rows, in whatever order they stand."""

    def checksum(self, table: TableRef, days: Days | None = None, *, version: int | None = None) -> str:
        """What identifies the stored bytes of some days, of all when none are named, after each of them was read and
        proved; a DamageError says what is not what was written. With a version, as they stood in it."""

    def inspect(self, table: TableRef) -> Inspection:
        """Read all of a table again, and what is known of it, and say what is wrong."""

    def accept(self, table: TableRef) -> None:
        """Take a table as it is now, because a person says so: what was entered of it before does not count."""

    def restore(self, table: TableRef, version: int, note: Mapping[str, Any] | None = None) -> int:
        """Make an earlier state the newest again; returns its new version."""

    def vacuum(self, table: TableRef, *, dry_run: bool = False) -> Mapping[str, int]:
        """Delete what no version within the retention needs, and what killed writers left there: the files and their
        bytes."""

    def sweep(self, *, dry_run: bool = False) -> Mapping[str, int]:
        """Delete what killed writers and queries left outside of tables: the folders and their bytes."""


class Carrying(Protocol):
    """Slices that take over the rows of an earlier one."""

    @property
    def carries(self) -> bool:
        """Whether this engine carries slices over at all; where it does not, the rest is not asked."""

    def contents(self, table: TableRef, days: Days) -> Sequence[str] | None:
        """What identifies the rows of these days but for a snapshot's date: the same only for the same rows. None where
        nobody knows it unread."""

    def all_before(self, table: TableRef, day: date, column: str, limit: date) -> bool:
        """Whether every value of a slice's column, a date or a point in time, is surely from before a day."""

    def carry(self, subject: Subject, earlier: Slice, note: Mapping[str, Any]) -> Written | None:
        """Make the rows of an earlier slice the subject's day of its table, in one step. None, and nothing was done,
        where that slice is not there any more or is not whole."""


class Warehouse(Tables, History, Carrying, Protocol):
    """All three: what an environment has."""
