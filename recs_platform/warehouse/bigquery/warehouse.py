"""The warehouse in BigQuery: a dataset for each company, a table for each of its tables.

A slice is written to a table of its own, audited there by BigQuery, and put in the place of the old one by a single
transaction, which writes the books too. Until that transaction nobody sees it; what a killed writer leaves behind goes
by itself after a day.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cache, partial
from pathlib import Path
from typing import Any

import pyarrow as pa
from google.api_core.exceptions import GoogleAPIError
from google.cloud.bigquery import SchemaField
from google.cloud.bigquery.table import RowIterator

from recs_platform.clock import Laps, billed
from recs_platform.errors import MissingSliceError, StorageError
from recs_platform.schemas.table import Column
from recs_platform.timings import Phase
from recs_platform.warehouse.bigquery.bill import Bill
from recs_platform.warehouse.bigquery.books import Books, Change, Commit
from recs_platform.warehouse.bigquery.inspection import accept, inspect
from recs_platform.warehouse.bigquery.jobs import Jobs
from recs_platform.warehouse.bigquery.proof import as_published, fingerprint_of, still_known, undeclared
from recs_platform.warehouse.bigquery.refusals import explained, refused_queries
from recs_platform.warehouse.bigquery.staged import StagedTable, as_declared
from recs_platform.warehouse.bigquery.staging import LASTS, Question, load_incoming, stage_query, stage_rows
from recs_platform.warehouse.bigquery.tables import OURS, DatasetTables, arrow_of, labels_of, schema_of, schema_of_rows
from recs_platform.warehouse.bigquery.text import parameters, quoted, view_of_days, with_views
from recs_platform.warehouse.ledger import MemoryLedger, SliceLedger
from recs_platform.warehouse.misfits import outside
from recs_platform.warehouse.protocol import EXAMPLES, Audit, BoundQuery, Inspection, Rows, Subject, Version, Written
from recs_platform.warehouse.shown_days import days_shown
from recs_platform.warehouse.slices import Days, Slice, TableRef

_log = logging.getLogger(__name__)
"""What each slice and query cost, and its jobs: Dagster takes it into the log of a run (dagster.yaml)."""
_STAGING, _INCOMING, _KEPT = "_staging", "_incoming", "_kept"


@dataclass(frozen=True)
class BigQueryWarehouse:
    jobs: Jobs
    retention: timedelta
    scratch: Path
    """A local folder for rows from Python on their way."""
    ledger: SliceLedger = field(default_factory=MemoryLedger)
    prefix: str = ""
    tables: DatasetTables = field(init=False)
    books: Books = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "tables", DatasetTables(self.jobs, self.prefix))
        object.__setattr__(self, "books", Books(self.tables, self.ledger))

    def replace(
        self, subject: Subject, rows: Rows, *, audits: Sequence[Audit] = (), note: Mapping[str, Any] | None = None
    ) -> Written:
        table, days = subject.table, subject.days
        noted = {"company": subject.company, "first": str(days.first), "last": str(days.last), **(note or {})}
        labels = {**labels_of(table), "company": subject.company}
        bill, laps, sql = Bill(), Laps(), None
        with (
            explained(str(subject)),
            self._passing(table.dataset, _STAGING, schema_of(table.spec)) as path,
            ExitStack() as opened,
        ):
            if isinstance(rows, BoundQuery):
                question = self._question(rows, opened, labels, bill)
                sql = question.sql
                with refused_queries(rows):
                    stage_query(self.jobs, question, subject, path, labels, bill)
            else:
                stage_rows(self.jobs, rows, subject, path, self.scratch, labels, bill)
            laps.mark(Phase.WRITE)
            staged = StagedTable(self.jobs, path, table.spec, labels, bill)
            by_day = staged.by_day()
            _require_days(by_day, subject)
            for audit in (*audits, *(rows.audits if isinstance(rows, BoundQuery) else ())):
                audit.check(staged, subject)
            laps.mark(Phase.AUDIT)
            of_days = {day: by_day.get(day, 0) for day in days}
            size = self.jobs.bytes_of(path)
            examples = self.jobs.first(path, schema_of(table.spec), EXAMPLES) if of_days[days.last] else ()
            self._ensure(table, bill)
            count = sum(of_days.values())
            made = f"SELECT {_names(table)} FROM {quoted(path)}"
            version = self.books.commit(table, Change(days, of_days, made, {**noted, "rows": count}), labels, bill)
            laps.mark(Phase.PUBLISH)
        _log.info("%s: %s", subject, bill)
        billed(bill.read)
        empty = tuple(day for day, n in of_days.items() if n == 0)
        return Written(version, count, size, empty, laps.seconds, sql, tuple(examples), bill.told())

    @contextmanager
    def read(
        self, table: TableRef, days: Days | None = None, *, version: int | None = None
    ) -> Iterator[pa.RecordBatchReader]:
        schema = pa.schema([pa.field(column.name, column.type) for column in table.spec.columns])
        with explained(str(table)):
            rows = self._ask(self._relation(table, days, version), labels_of(table))
        # What whoever reads the rows meets is theirs: only what the stream meets is told as BigQuery's.
        yield pa.RecordBatchReader.from_batches(schema, self._stream(rows, schema, explained(str(table))))

    @contextmanager
    def run(self, query: BoundQuery) -> Iterator[pa.RecordBatchReader]:
        company, bill = query.company or query.dataset, Bill()
        what, labels = f"{query.query.path}, {company}", {"company": company, "asset": query.query.name}
        with ExitStack() as opened:
            with explained(what), refused_queries(query):
                question = self._question(query, opened, labels, bill)
                reads = self.jobs.estimate(question.sql, question.parameters).reads
                self.jobs.limits.admit(what, reads)
                rows = self.jobs.ask(
                    question.sql, question.parameters, labels=labels, bill=bill, seconds=query.time_limit
                )
                _log.info("%s: %s", what, bill)
                billed(bill.read)
                schema = arrow_of(rows.schema)
            stream = self._stream(rows, schema, explained(what), refused_queries(query))
            yield pa.RecordBatchReader.from_batches(schema, stream)

    def _stream(
        self, rows: RowIterator, schema: pa.Schema, *translations: AbstractContextManager[None]
    ) -> Iterator[pa.RecordBatch]:
        with ExitStack() as translated:
            for translation in translations:
                translated.enter_context(translation)
            for batch in self.jobs.batches(rows):
                yield as_declared(batch, schema)

    def days(self, table: TableRef) -> Sequence[date]:
        return [slice_.day for slice_ in self.slices(table)]

    def slices(self, table: TableRef) -> Sequence[Slice]:
        with explained(str(table)):
            return self.books.slices(table)

    def slice_ids(self, table: TableRef, days: Days) -> Sequence[str]:
        """A slice is named by the commit that made it."""
        return [f"{name} {s.day}" for s in self.slices(table) if s.day in days for name in s.files or ()]

    @property
    def carries(self) -> bool:
        return False

    def contents(self, table: TableRef, days: Days) -> None:
        """Google keeps the bytes, and does not tell of them."""

    def all_before(self, table: TableRef, day: date, column: str, limit: date) -> bool:  # noqa: ARG002  (protocol)
        return False

    def carry(self, subject: Subject, earlier: Slice, note: Mapping[str, Any]) -> None:
        """Every slice is made."""

    def fingerprint(self, table: TableRef, day: date) -> str:
        with explained(str(table)):
            return self._fingerprint(table, self._relation(table, Days.one(day), None), table.spec.columns)

    def checksum(self, table: TableRef, days: Days | None = None, *, version: int | None = None) -> str:
        """Google proves the bytes; what the rows are is proved by their fingerprint."""
        with explained(str(table)):
            newest = self._newest(table)
            if version is None or version == newest:
                kept_as, path = self._kept_as(table, newest), self.tables.path(table)
                if kept_as is None:
                    return self._fingerprint(table, self._relation(table, days, None), table.spec.columns)
                stored = self.jobs.columns_of(path)
                published = self.jobs.columns(kept_as) or still_known(table.spec, stored)
            else:
                commit, published = self._copy(table, version)
                path, stored = str(commit.kept_as), published
            columns = as_published(table.spec, published)
            return self._fingerprint(table, view_of_days(path, table.spec, stored, days, columns), columns)

    def _kept_as(self, table: TableRef, version: int | None) -> str | None:
        """The copy that was made of a version, which may have expired; None of what was not published."""
        commits = self.books.commits(table, after=version - 1) if version else []
        return next((commit.kept_as for commit in commits if commit.version == version), None)

    def _fingerprint(self, table: TableRef, relation: str, columns: Sequence[Column]) -> str:
        (row,) = self._ask(fingerprint_of(relation, columns), labels_of(table))
        return f"{row.row_count}-{(row.mixed or 0) & (2**64 - 1):x}-{(row.summed or 0) & (2**64 - 1):x}"

    def versions(self, table: TableRef) -> Sequence[Version]:
        with explained(str(table)):
            commits = self.books.commits(table) if self.books.state(table) else []
        return [Version(c.version, c.at, c.changed_rows, dict(c.note)) for c in reversed(commits)]

    def publish(self, source: TableRef, day: date, live: TableRef, note: Mapping[str, Any]) -> int:
        if day not in self.days(source):
            raise MissingSliceError(f"{source} has no slice for {day}. Materialize {source.name} for that day first.")
        labels, bill = labels_of(live), Bill()
        with explained(str(live)):
            kept = self.tables.passing(live.dataset, f"{_KEPT}_{live.name}", schema_of(live.spec), self.retention)
            rows = f"SELECT {_names(live)} FROM ({self._relation(source, Days.one(day), None)}) AS of_day"
            count = self.jobs.change(f"INSERT INTO {quoted(kept)} ({_names(live)}) {rows}", labels=labels, bill=bill)
            self._ensure(live, bill)
            copied = f"SELECT {_names(live)} FROM {quoted(kept)}"
            change = Change(None, {day: count}, copied, note, kept_as=kept, kept_for=self.retention)
            return self.books.commit(live, change, labels, bill)

    def restore(self, table: TableRef, version: int, note: Mapping[str, Any] | None = None) -> int:
        labels, bill = labels_of(table), Bill()
        with explained(str(table)):
            commit, copied = self._copy(table, version)
            kept = str(commit.kept_as)
            self.jobs.keep(kept, self.retention)
            self._ensure(table, bill)
            # What newer code has published comes back whole under older code, too.
            besides = undeclared(table.spec, copied, self.jobs.columns_of(self.tables.path(table)))
            rows = view_of_days(kept, table.spec, copied, None, (*table.spec.columns, *besides))
            names = tuple(column.name for column in besides)
            change = Change(None, commit.rows, rows, note or {}, kept, self.retention, names)
            return self.books.commit(table, change, labels, bill)

    def _copy(self, table: TableRef, version: int) -> tuple[Commit, Mapping[str, str]]:
        """What made a version, and the columns of its copy; a StorageError where there is none, or none any more."""
        commits = self.books.commits(table) if self.books.state(table) else []
        commit = next((commit for commit in commits if commit.version == version), None)
        if commit is None:
            raise StorageError(f"{table} has no version {version}")
        if commit.kept_as is None:
            raise StorageError(f"{table}: of version {version} no copy is kept; only what was published has one")
        columns = self.jobs.columns(commit.kept_as)
        if columns is None:
            raise StorageError(f"{table}: version {version} was kept until {commit.kept_until:%Y-%m-%d %H:%M} UTC")
        return commit, columns

    def inspect(self, table: TableRef) -> Inspection:
        with explained(str(table)):
            return inspect(self.books, table)

    def accept(self, table: TableRef) -> None:
        with explained(str(table)):
            accept(self.books, table)

    def vacuum(self, table: TableRef, *, dry_run: bool = False) -> Mapping[str, int]:
        """Copies of published versions go by themselves when their time is over. What is left are those whose commit
        never came."""
        with explained(str(table)):
            listed = self.jobs.tables(self.tables.dataset(table.dataset), f"{_KEPT}_{table.name}_")
            if not listed:
                return {}
            now = datetime.now(UTC)
            needed = {c.kept_as for c in self.books.commits(table) if c.kept_until and c.kept_until > now}
            left = {self.tables.beside(table, name): made for name, made in listed.items()}
            return self._dropped(
                [path for path, made in left.items() if path not in needed and made < now - LASTS], dry_run=dry_run
            )

    def sweep(self, *, dry_run: bool = False) -> Mapping[str, int]:
        oldest, project = datetime.now(UTC) - LASTS, self.jobs.client.project
        with explained("BigQuery"):
            left = [
                f"{project}.{dataset}.{name}"
                for dataset in self.jobs.datasets(OURS, "company")
                if dataset.startswith(self.prefix)
                for kind in (_STAGING, _INCOMING)
                for name, made in self.jobs.tables(dataset, kind).items()
                if made < oldest
            ]
            return self._dropped(left, dry_run=dry_run)

    def _dropped(self, paths: Sequence[str], *, dry_run: bool) -> Mapping[str, int]:
        sizes = {path: self.jobs.bytes_of(path) for path in paths}
        if not dry_run:
            for path in paths:
                self.jobs.drop(path)
        return sizes

    def _question(self, query: BoundQuery, opened: ExitStack, labels: Mapping[str, str], bill: Bill) -> Question:
        """A query with its views. What came in for it goes when `opened` is closed."""
        shown = {view.name: (query.ref(view.spec), view) for view in query.views}
        # Asked for once, and only where a view needs to know what was made.
        states = cache(partial(self.books.states, query.dataset))

        def made_days(ref: TableRef) -> list[date]:
            return [slice_.day for slice_ in self.books.slices(ref, states())]

        views = {
            name: self._relation(ref, days_shown(made_days, ref, view, query), None)
            for name, (ref, view) in shown.items()
        }
        for name, open_rows in query.incoming.items():
            with self.jobs.at_work():
                rows = opened.enter_context(open_rows())
            path = opened.enter_context(self._passing(query.dataset, _INCOMING, schema_of_rows(rows.schema)))
            load_incoming(self.jobs, rows, path, self.scratch, labels, bill)
            views[name] = f"SELECT * FROM {quoted(path)}"
        return Question(with_views(query.query, views, query.values), [*parameters(query.query, query.values)])

    @contextmanager
    def _passing(self, dataset: str, kind: str, schema: Sequence[SchemaField]) -> Iterator[str]:
        """A table that goes when its work is done; that of a killed process goes by itself."""
        path = self.tables.passing(dataset, kind, schema, LASTS)
        try:
            yield path
        finally:
            with suppress(GoogleAPIError, OSError):
                self.jobs.drop(path)

    def _relation(self, table: TableRef, days: Days | None, version: int | None) -> str:
        if version is not None and version != self._newest(table):
            commit, copied = self._copy(table, version)
            return view_of_days(str(commit.kept_as), table.spec, copied, days)
        columns = self.tables.columns(table)
        if columns is None:
            self.books.require_no_rows(table)
        return view_of_days(self.tables.path(table), table.spec, columns, days)

    def _ensure(self, table: TableRef, bill: Bill) -> None:
        """A table that can hold what is declared of it."""
        columns = self.tables.columns(table)
        if columns is not None:
            self.tables.grow(table, columns, bill)
            return
        self.books.require_no_rows(table)
        self.tables.make(table)

    def _newest(self, table: TableRef) -> int | None:
        state = self.books.state(table)
        return state.version if state else None

    def _ask(self, sql: str, labels: Mapping[str, str]) -> Any:
        return self.jobs.ask(sql, labels=labels, bill=Bill())


def _names(table: TableRef) -> str:
    return ", ".join(quoted(column.name) for column in table.spec.columns)


def _require_days(by_day: Mapping[date | None, int], subject: Subject) -> None:
    for day, rows in by_day.items():
        if day not in subject.days:
            raise outside(subject, rows, day)
