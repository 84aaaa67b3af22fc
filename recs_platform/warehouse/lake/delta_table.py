"""One Delta table: which files hold which days, and replacing days of it in one commit. Knows files, not rows or SQL.

Writers never lock. A commit that meets another one is tried again on the newer version, so writers of different days
both succeed, and of two writers of the same day the later one replaces the earlier whole.
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

import pyarrow as pa
from deltalake import DeltaTable, Schema
from deltalake.exceptions import CommitFailedError, DeltaError, TableNotFoundError
from deltalake.transaction import AddAction, CommitProperties, PostCommitHookProperties, RemoveAction

from recs_platform.errors import ConflictError, StorageError, UnavailableError
from recs_platform.file_store.bucket import delta_options, is_bucket
from recs_platform.outages import may_recover
from recs_platform.warehouse.lake import delta_log, newest
from recs_platform.warehouse.lake.delta_log import Commit
from recs_platform.warehouse.lake.durable import commit_on_disk
from recs_platform.warehouse.lake.newest import DataFile, Newest
from recs_platform.warehouse.lake.table_errors import TableErrors
from recs_platform.warehouse.ledger import TableVersion
from recs_platform.warehouse.protocol import Version
from recs_platform.warehouse.slices import Days, TableRef

_COMMIT_ATTEMPTS = 200
_COMMITS_PER_CHECKPOINT = "20"
_CLEANS_LOG = "delta.enableExpiredLogCleanup"
_KEEP_LOG = PostCommitHookProperties(create_checkpoint=True, cleanup_expired_logs=False)
"""Delta would forget a commit by its age alone, were it what is live now. What is forgotten is ours to say
(`delta_log.py`)."""


@dataclass(frozen=True)
class Replaced:
    """What a commit of ours did."""

    before: TableVersion
    files: Sequence[DataFile]

    @property
    def state(self) -> TableVersion:
        return TableVersion(self.before.table_id, self.before.version + 1)


@dataclass(frozen=True)
class DeltaSlices:
    """A company's table at a location of the lake."""

    ref: TableRef
    uri: str
    retention: timedelta
    owner: Callable[[], str]
    """The company, as messages name it."""

    @property
    def _errors(self) -> TableErrors:
        return TableErrors(self.ref, self.uri, self.owner)

    def open(self, version: int | None = None) -> DeltaTable | None:
        """A version, the newest if none is named; None while nothing was ever written."""
        try:
            return self._opened() if version is None else self._open_version(version)
        except TableNotFoundError:
            return None
        except (DeltaError, OSError) as error:
            if may_recover(error) or self._errors.mistake(error) or "permission denied" in str(error).lower():
                raise self._errors.failed(f"the table cannot be opened at {self.uri}", error) from error
            raise self._errors.damaged(error) from error

    def _open_version(self, version: int) -> DeltaTable:
        numbers = [v.version for v in self.versions()]
        if version not in numbers:
            raise self._errors.no_such_version(version, numbers)
        return self._opened(version)

    def _opened(self, version: int | None = None) -> DeltaTable:
        return DeltaTable(self.uri, version=version, storage_options=delta_options(self.uri))

    def newest(self) -> Newest | None:
        """The newest version; None while nothing was ever written."""
        kept = newest.recall(self.uri)
        if kept is not None:
            return kept
        table = self.open()
        return None if table is None else self._kept(table)

    def files(self, days: Days | None = None, version: int | None = None) -> list[DataFile]:
        """The files of these days (of all, when none are named) in one consistent version, by day and path."""
        if version is None:
            now = self.newest()
            files = now.files if now else ()
        else:
            files = self._files_of(self.open(version))
        return [f for f in files if days is None or f.day in days]

    def _kept(self, table: DeltaTable) -> Newest:
        """A version that is the newest just now."""
        return newest.keep(self.uri, table, self._files_of(table))

    def _files_of(self, table: DeltaTable | None) -> Sequence[DataFile]:
        if table is None:
            return ()
        day = f"partition.{self.ref.spec.date_column}"
        columns = ("path", day, "num_records", "size_bytes", "modification_time")
        try:
            # `pa.table` would load pandas, to see whether it is given a frame.
            actions = pa.RecordBatchReader.from_stream(table.get_add_actions(flatten=True)).read_all()
            rows = zip(*(actions[name].to_pylist() for name in columns), strict=True)
            return tuple(sorted((DataFile(*row) for row in rows), key=lambda f: (f.day, f.path)))
        except (DeltaError, pa.ArrowException, KeyError, TypeError, ValueError) as error:
            raise self._errors.damaged(error) from error

    def replace(self, days: Days | None, files: Sequence[DataFile], note: dict[str, Any]) -> Replaced:
        """Let these files, already in the table's folder, be the only ones of these days (of all, when none are
        named)."""
        column = self.ref.spec.date_column
        now = int(time.time() * 1000)
        actions: list[AddAction | RemoveAction] = [
            AddAction(f.path, f.size, {column: f.day.isoformat()}, now, True, json.dumps({"numRecords": f.rows}))
            for f in files
        ]
        filters = [(column, ">=", days.first.isoformat()), (column, "<=", days.last.isoformat())] if days else None
        for attempt in range(1, _COMMIT_ATTEMPTS + 1):
            table = self._taken()
            try:
                # Without retries of its own the commit stands on exactly the version that was opened, or not at all.
                before = TableVersion(str(table.metadata().id), table.version())
                table.create_write_transaction(
                    actions,
                    mode="overwrite",
                    schema=self._schema,
                    partition_by=[column],
                    partition_filters=filters,
                    commit_properties=CommitProperties(
                        custom_metadata={"recs": json.dumps(note)},
                        # A first slice removes no file, so delta-rs sees no conflict between two writers of it and
                        # keeps both. So each conflict comes back here.
                        max_commit_retries=0,
                    ),
                    post_commithook_properties=_KEEP_LOG,
                )
            except (DeltaError, OSError) as error:
                if not self._stands(before.version + 1, files):
                    if not isinstance(error, CommitFailedError):
                        raise self._errors.unpublished("the commit failed and nothing was published", error) from error
                    if attempt == _COMMIT_ATTEMPTS:
                        raise ConflictError(f"{self.ref}: gave up after {attempt} conflicting commits") from error
                    time.sleep(random.uniform(0, 0.01 * min(attempt, 20)))  # noqa: S311  (spreads writers, no more)
                    continue
            self._see_commit(table)
            self._wait_for_disk(before.version + 1)
            return Replaced(before, [replace(f, written=now) for f in files])
        raise AssertionError("unreachable")

    def _stands(self, version: int, files: Sequence[DataFile]) -> bool:
        """Whether a commit that seems to have failed is in the bucket all the same. An answer that is lost makes the
        client try again, and the commit is then in its own way. Nobody else names these files."""
        if not is_bucket(self.uri):
            return False
        content = delta_log.commit_content(self.uri, version)
        return content is not None and Path(files[0].path).name.encode() in content

    def _see_commit(self, table: DeltaTable) -> None:
        """Keep what a table has become by our own commit, which is cheaper than opening it again."""
        try:
            table.update_incremental()
            self._kept(table)
        except (DeltaError, OSError, UnavailableError):
            # The commit stands whether we can read it just now or not. Who reads the table next will open it and say.
            return

    def _wait_for_disk(self, version: int) -> None:
        """Until a commit of ours can be lost no more; nobody is told of it before."""
        if is_bucket(self.uri):
            return
        try:
            commit_on_disk(Path(self.uri), version)
        except OSError as error:
            raise self._errors.failed(
                f"version {version} is committed, but the disk has not confirmed that it is stored", error
            ) from error

    def versions(self) -> list[Version]:
        """Every state that the log remembers, newest first; within the retention each of them can be restored."""
        table = self.open()
        if table is None:
            return []
        return [Version(c.version, c.at, c.changed_rows, c.note) for c in self.commits(table.version())]

    def commits(self, newest: int, after: int = -1) -> Iterator[Commit]:
        """What the log says of the commits up to a version, newest first, as far back as it remembers."""
        try:
            yield from delta_log.commits(self.uri, newest, after)
        except ValueError as error:
            raise self._errors.damaged(error) from error

    def restore(self, version: int, note: dict[str, Any]) -> int:
        """Make an earlier state the newest one again."""
        table = self.open()
        numbers = [v.version for v in self.versions()]
        if table is None or version not in numbers:
            raise self._errors.no_such_version(version, numbers)
        try:
            noted = CommitProperties(custom_metadata={"recs": json.dumps(note)})
            table.restore(version, commit_properties=noted, post_commithook_properties=_KEEP_LOG)
        except CommitFailedError as error:
            raise ConflictError(f"{self.ref}: another write came first; nothing was restored. Try again.") from error
        except DeltaError as error:
            if may_recover(error):
                raise self._errors.failed(f"version {version} could not be restored", error) from error
            raise self.lost(version, "restored") from error
        self._wait_for_disk(table.version())
        return table.version()

    def lost(self, version: int, wanted: str) -> StorageError:
        """The error of a version whose files are gone."""
        return self._errors.lost(version, wanted, self.retention)

    def vacuum(self, look: Callable[[list[str]], None], *, dry_run: bool = False) -> None:
        """Delete files that no version within the retention needs, those of crashed writers included. `look` is shown
        which, before."""
        table = self.open()
        if table is None:
            return
        try:
            planned = self._vacuumed(table, dry_run=True)
            look(planned)
            if dry_run:
                return
            if planned:
                self._let_log_stay(table)
                # Without anything to delete it would commit all the same, and make the log longer every day.
                self._vacuumed(table, dry_run=False)
                self._wait_for_disk(table.version())
        except (DeltaError, OSError) as error:
            raise self._errors.failed("what nobody needs could not be deleted", error) from error
        delta_log.forget(self.uri, table.version(), datetime.now(UTC) - self.retention)

    def _vacuumed(self, table: DeltaTable, *, dry_run: bool) -> list[str]:
        hours = int(self.retention.total_seconds() // 3600)
        return table.vacuum(
            hours, dry_run=dry_run, enforce_retention_duration=False, full=True, post_commithook_properties=_KEEP_LOG
        )

    @staticmethod
    def _let_log_stay(table: DeltaTable) -> None:
        """A table of an older version does not say yet that its log is ours to clean; and Delta's vacuum asks it."""
        if table.metadata().configuration.get(_CLEANS_LOG) != "false":
            table.alter.set_table_properties({_CLEANS_LOG: "false"}, post_commithook_properties=_KEEP_LOG)

    def ensure(self) -> None:
        """Let the table exist: one that does not gets an empty first version."""
        if not newest.is_kept(self.uri):
            self._kept(self.open() or self._created())

    def _taken(self) -> DeltaTable:
        """The newest version, for a commit and nobody else."""
        return newest.take(self.uri) or self.open() or self._created()

    def _created(self) -> DeltaTable:
        retention = f"interval {self.retention.days} days"
        try:
            created = DeltaTable.create(
                self.uri,
                storage_options=delta_options(self.uri),
                schema=self._schema,
                mode="ignore",
                partition_by=[self.ref.spec.date_column],
                description=self.ref.spec.description,
                configuration={
                    "delta.deletedFileRetentionDuration": retention,
                    "delta.logRetentionDuration": retention,
                    _CLEANS_LOG: "false",
                    "delta.checkpointInterval": _COMMITS_PER_CHECKPOINT,
                },
                # Tried again, it would be rebased on what the other writer has done to its table meanwhile.
                commit_properties=CommitProperties(max_commit_retries=0),
                post_commithook_properties=_KEEP_LOG,
            )
        except CommitFailedError as error:
            # Somebody else has created it at the same moment.
            there = self.open()
            if there is None:
                raise self._errors.unpublished(f"the table could not be created at {self.uri}", error) from error
            return there
        except OSError as error:
            mistake = self._errors.mistake(error)
            if mistake is None:
                raise
            raise mistake from error
        self._wait_for_disk(0)
        return created

    @cached_property
    def _schema(self) -> Schema:
        # Whether a column may be NULL is the Pandera model's to say, and it may change its mind without a migration.
        fields = [pa.field(column.name, column.type) for column in self.ref.spec.columns]
        return Schema.from_arrow(pa.schema(fields))
