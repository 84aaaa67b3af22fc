"""The lake: Delta tables read and written through DuckDB. Many readers and writers, no lock, no server.

Layout: `<root>/<dataset>/<table>/<date column>=<day>/<file>.parquet` and the Delta log. A slice is written to
`<root>/.staging`, audited there, moved beside the others and made visible by one commit. Until that commit no reader
knows the files; what a killed writer leaves behind is taken by `sweep` and `vacuum`.
"""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from recs_platform.clock import Laps, shown
from recs_platform.errors import MissingSliceError
from recs_platform.timings import Phase
from recs_platform.warehouse.audit import SCHEMA_AUDIT
from recs_platform.warehouse.lake.bookkeeping import accept, check_log, company_of, enter, slices_now, state_now
from recs_platform.warehouse.lake.bucket_files import sweep_copies
from recs_platform.warehouse.lake.carried import all_before, contents_of, redated, whole_files
from recs_platform.warehouse.lake.checksums import combined, name_with
from recs_platform.warehouse.lake.confined import confined_connection
from recs_platform.warehouse.lake.delta_table import DeltaSlices
from recs_platform.warehouse.lake.engine import Engine
from recs_platform.warehouse.lake.evidence import AUDITED, Evidence
from recs_platform.warehouse.lake.files import TableFiles, files_of, staging_folder, sweep
from recs_platform.warehouse.lake.inspection import check_files, check_writable, inspect
from recs_platform.warehouse.lake.newest import DataFile, file_name
from recs_platform.warehouse.lake.refusals import refused_queries
from recs_platform.warehouse.lake.relations import read_files, read_new_files, show_query
from recs_platform.warehouse.lake.staged import StagedView
from recs_platform.warehouse.lake.staging import stage
from recs_platform.warehouse.lake.storage_errors import explained
from recs_platform.warehouse.lake.whole_numbers import with_whole_numbers
from recs_platform.warehouse.ledger import MemoryLedger, SliceLedger
from recs_platform.warehouse.proof.declared import rules_fingerprint
from recs_platform.warehouse.protocol import EXAMPLES, Audit, BoundQuery, Inspection, Rows, Subject, Version, Written
from recs_platform.warehouse.slices import CONTENTS, Days, Slice, TableRef

_BATCH_ROWS = 100_000
_ABANDONED = timedelta(days=1)
"""No slice takes so long to be written, and no query to run."""
_UNREAD = timedelta(days=7)
"""After which a copy of a file in a bucket is not worth its place."""


@dataclass(frozen=True)
class Lake:
    root: str
    engine: Engine
    retention: timedelta
    scratch: Path
    """A local folder for what is not yet, or not in, the lake."""
    ledger: SliceLedger = field(default_factory=MemoryLedger)
    """Its own, unless it is shared with others."""
    proofs: bool = True
    """Whether a rule that is proved goes without a scan."""

    def replace(
        self, subject: Subject, rows: Rows, *, audits: Sequence[Audit] = (), note: Mapping[str, Any] | None = None
    ) -> Written:
        table, files = self._table(subject.table), self._files(subject.table)
        folder = staging_folder(self.root, self.scratch) / uuid.uuid4().hex
        laps = Laps()
        try:
            with explained(str(subject)), self.engine.connect() as connection, ExitStack() as opened:
                staged = stage(connection, self, subject, rows, folder, opened)
                laps.mark(Phase.WRITE)
                relation = read_new_files(subject.table.spec, [str(folder / f.path) for f in staged.files])
                connection.execute(f"CREATE TEMP VIEW staged AS {relation}")
                evidence = Evidence(subject.table.spec, staged.statistics, staged.query) if self.proofs else None
                view = StagedView(connection, "staged", evidence)
                with files.sealed([folder / f.path for f in staged.files]) as seals:
                    audits = (*audits, *(rows.audits if isinstance(rows, BoundQuery) else ()))
                    for audit in audits:
                        audit.check(view, subject)
                examples = view.examples(subject)
            laps.mark(Phase.AUDIT)
            with explained(str(subject)):
                names = {f.path: name_with(f.path, seal.result()) for f, seal in zip(staged.files, seals, strict=True)}
                audited = {AUDITED: rules_fingerprint(subject.table.spec)} if SCHEMA_AUDIT in audits else {}
                version = self._move_in(table, files, subject, folder, staged.files, names, {**(note or {}), **audited})
            laps.mark(Phase.PUBLISH)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        empty = tuple(f.day for f in staged.files if f.rows == 0)
        size = sum(f.size for f in staged.files)
        return Written(version, sum(f.rows for f in staged.files), size, empty, laps.seconds, staged.sql, examples)

    def _move_in(
        self,
        table: DeltaSlices,
        files: TableFiles,
        subject: Subject,
        folder: Path,
        staged: Sequence[DataFile],
        names: Mapping[str, str],
        note: Mapping[str, Any],
    ) -> int:
        days, rows = subject.days, sum(f.rows for f in staged)
        check_writable(table, self.ledger)
        table.ensure()
        files.add(folder, names)
        of_days = {"company": subject.company, "first": str(days.first), "last": str(days.last), "rows": rows}
        added = [replace(f, path=names[f.path]) for f in staged]
        return self._commit(table, files, days, added, {**of_days, **note})

    def _commit(
        self, table: DeltaSlices, files: TableFiles, days: Days | None, added: Sequence[DataFile], note: dict[str, Any]
    ) -> int:
        """Make added files the only ones of these days; those that are not committed do not stay."""
        paths = [f.path for f in added]
        try:
            done = table.replace(days, added, note)
        except BaseException:
            # An error may follow a commit that stands (a checkpoint that could not be written): then they stay.
            if not {f.path for f in table.files(days)} & set(paths):
                files.remove(paths)
            raise
        enter(table, self.ledger, days, done, note)
        return done.state.version

    def publish(self, source: TableRef, day: date, live: TableRef, note: Mapping[str, Any]) -> int:
        """The slice's files are copied as they are: no row is read, and every byte is proved."""
        given = self._proved(source, Days.one(day))
        shown(source.name, given)
        if not given:
            raise MissingSliceError(f"{source} has no slice for {day}. Materialize {source.name} for that day first.")
        table, files = self._table(live), self._files(live)
        column = live.spec.date_column
        with explained(str(live)):
            check_writable(table, self.ledger)
            table.ensure()
            copies = {}
            for f in given:
                checksum = f.checksum or self._files(source).checksums([f.path])[0]
                name = file_name(day, column, name_with(f"{uuid.uuid4().hex}.parquet", checksum))
                copies[f.path] = DataFile(name, day, f.rows, f.size)
            files.copy(self._location(source), {path: copy.path for path, copy in copies.items()})
            return self._commit(table, files, None, list(copies.values()), dict(note))

    @property
    def carries(self) -> bool:
        return True

    def contents(self, table: TableRef, days: Days) -> Sequence[str] | None:
        return contents_of(self.slices(table), days)

    def all_before(self, table: TableRef, day: date, column: str, limit: date) -> bool:
        files, folder = self._proved(table, Days.one(day)), self._files(table).folder
        return all_before([folder / f.path for f in files], column, limit)

    def carry(self, subject: Subject, earlier: Slice, note: Mapping[str, Any]) -> Written | None:
        table, files = self._table(subject.table), self._files(subject.table)
        folder = staging_folder(self.root, self.scratch) / uuid.uuid4().hex
        laps = Laps()
        try:
            given = whole_files(table, files, self.ledger, earlier)
            if given is None or (contents := contents_of([earlier], Days.one(earlier.day))) is None:
                return None
            shown(subject.table.name, given)
            with explained(str(subject)), self.engine.connect() as connection:
                staged = redated(connection, subject, given, files.folder, folder)
                paths = [folder / f.path for f in staged]
                with files.sealed(paths) as seals:
                    relation = read_new_files(subject.table.spec, [str(path) for path in paths])
                    examples = connection.execute(f"{relation} LIMIT {EXAMPLES}").to_arrow_table().to_pylist()
                names = {f.path: name_with(f.path, seal.result()) for f, seal in zip(staged, seals, strict=True)}
            laps.mark(Phase.WRITE)
            with explained(str(subject)):
                audited = {name: said for name, said in earlier.note.items() if name == AUDITED}
                noted = {**note, **audited, CONTENTS: list(contents)}
                version = self._move_in(table, files, subject, folder, staged, names, noted)
            laps.mark(Phase.PUBLISH)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        rows, size = sum(f.rows for f in staged), sum(f.size for f in staged)
        empty = () if rows else tuple(subject.days)
        return Written(version, rows, size, empty, laps.seconds, None, tuple(examples), carried_from=earlier.day)

    def slice_ids(self, table: TableRef, days: Days) -> Sequence[str]:
        """A file is written once, under a name of its own."""
        return [f.path for f in self._table(table).files(days)]

    def fingerprint(self, table: TableRef, day: date) -> str:
        with self.engine.connect() as connection:
            slice_ = self.relation(table, Days.one(day))
            rows, mixed = connection.execute(f"SELECT count(*), sum(hash(r)) FROM ({slice_}) AS r").fetchall()[0]
        return f"{rows}-{mixed or 0:x}"

    def checksum(self, table: TableRef, days: Days | None = None, *, version: int | None = None) -> str:
        files = self._proved(table, days, version)
        shown(table.name, files)
        named = [f.checksum for f in files]
        # A name that says no checksum is older than they are.
        return combined(
            [c for c in named if c] if all(named) else self._files(table).checksums([f.path for f in files])
        )

    @contextmanager
    def read(
        self, table: TableRef, days: Days | None = None, *, version: int | None = None
    ) -> Iterator[pa.RecordBatchReader]:
        with self.engine.connect() as connection:
            relation = self.relation(table, days, version)
            with explained(str(table)):
                reader = connection.execute(relation).to_arrow_reader(_BATCH_ROWS)
            yield reader

    @contextmanager
    def run(self, query: BoundQuery) -> Iterator[pa.RecordBatchReader]:
        with refused_queries(query, self.engine), self._connection(query) as connection, ExitStack() as opened:
            sql = show_query(connection, self, query, opened)
            with explained(query.query.path), refused_queries(query, self.engine):
                reader = connection.execute(sql).to_arrow_reader(_BATCH_ROWS)
            yield with_whole_numbers(reader, query.query.path)

    def _connection(self, query: BoundQuery) -> AbstractContextManager[duckdb.DuckDBPyConnection]:
        if query.time_limit is None:
            return self.engine.connect()
        folders = [str(self._files(query.ref(view.spec)).folder) for view in query.views]
        return confined_connection(self.engine, folders, query.time_limit)

    def relation(self, table: TableRef, days: Days | None, version: int | None = None) -> str:
        """A SELECT over one consistent version of some days of a table; the newest, if none is named."""
        files, folder = self._proved(table, days, version), self._files(table).folder
        shown(table.name, files)
        return read_files(table.spec, [str(folder / f.path) for f in files])

    def _proved(self, table: TableRef, days: Days | None, version: int | None = None) -> Sequence[DataFile]:
        """The files of some days, as they were written; a DamageError says which is not."""
        delta, of_table = self._table(table), self._files(table)
        slices: tuple[Slice, ...] = ()
        if version is not None:
            files: Sequence[DataFile] = delta.files(days, version)
            if not of_table.there([f.path for f in files]):
                raise delta.lost(version, "read")
        else:
            now, slices = state_now(delta, self.ledger)
            if now is None:
                return ()
            check_log(delta, now, slices, days)
            files = [f for f in now.files if days is None or f.day in days]
        if files:
            check_files(delta, of_table, files, slices)
        return files

    def days(self, table: TableRef) -> Sequence[date]:
        return [slice_.day for slice_ in self.slices(table)]

    def slices(self, table: TableRef) -> Sequence[Slice]:
        return slices_now(self._table(table), self.ledger)

    def inspect(self, table: TableRef) -> Inspection:
        return inspect(self._table(table), self._files(table), self.ledger)

    def accept(self, table: TableRef) -> None:
        delta, files = self._table(table), self._files(table)
        unnamed = [f.path for f in delta.files() if f.checksum is None and files.there([f.path])]
        accept(delta, self.ledger, dict(zip(unnamed, files.checksums(unnamed), strict=True)))

    def versions(self, table: TableRef) -> Sequence[Version]:
        return self._table(table).versions()

    def restore(self, table: TableRef, version: int, note: Mapping[str, Any] | None = None) -> int:
        restored = self._table(table).restore(version, dict(note or {}))
        self.slices(table)  # enters what came back
        return restored

    def vacuum(self, table: TableRef, *, dry_run: bool = False) -> Mapping[str, int]:
        files, sizes = self._files(table), dict[str, int]()
        self._table(table).vacuum(lambda planned: sizes.update(files.sizes(planned)), dry_run=dry_run)
        self.slices(table)  # a version of its own, with the same slices
        return sizes

    def sweep(self, *, dry_run: bool = False) -> Mapping[str, int]:
        folders = (staging_folder(self.root, self.scratch), self.engine.spill)
        left = {path: size for folder in folders for path, size in sweep(folder, _ABANDONED, dry_run=dry_run).items()}
        return left | sweep_copies(self.scratch, _UNREAD, dry_run=dry_run)

    def _location(self, table: TableRef) -> str:
        return f"{self.root.rstrip('/')}/{table.dataset}/{table.name}"

    def _table(self, table: TableRef) -> DeltaSlices:
        return DeltaSlices(table, self._location(table), self.retention, partial(company_of, table, self.ledger))

    def _files(self, table: TableRef) -> TableFiles:
        return files_of(self.root, self._location(table), self.scratch)
