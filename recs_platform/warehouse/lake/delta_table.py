"""One Delta table: which files hold which days, and replacing days of it in one commit. Knows files, not rows or SQL.

Writers never lock. A commit that meets another one is tried again on the newer version, so writers of different days
both succeed, and of two writers of the same day the later one replaces the earlier whole.
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Any

import pyarrow as pa
from deltalake import DeltaTable, Schema
from deltalake._internal import DeltaFileSystemHandler
from deltalake.exceptions import CommitFailedError, DeltaError, TableNotFoundError
from deltalake.transaction import AddAction, CommitProperties, RemoveAction

from recs_platform.errors import ConflictError, StorageError, UnavailableError
from recs_platform.outages import may_recover
from recs_platform.warehouse.lake import newest
from recs_platform.warehouse.lake.newest import DataFile, Newest
from recs_platform.warehouse.ledger import State
from recs_platform.warehouse.protocol import Version
from recs_platform.warehouse.slices import Days, TableRef

_COMMIT_ATTEMPTS = 200
_COMMITS_PER_CHECKPOINT = "20"
_HOUSEKEEPING = "VACUUM"
"""How Delta's operations begin that leave the rows as they are."""


@dataclass(frozen=True)
class Commit:
    """What a commit says of itself."""

    version: int
    at: datetime
    operation: str
    note: dict[str, Any]

    @property
    def changed_rows(self) -> bool:
        return not self.operation.startswith(_HOUSEKEEPING)

    def touched(self, day: date) -> bool:
        """Whether a day's slice is what this commit made of it. A commit that names no days is about all of them."""
        if not self.changed_rows:
            return False
        first, last = self.note.get("first"), self.note.get("last")
        if self.operation != "WRITE" or first is None or last is None:
            return True
        return date.fromisoformat(first) <= day <= date.fromisoformat(last)


@dataclass(frozen=True)
class Replaced:
    """What a commit of ours did."""

    before: State
    files: Sequence[DataFile]

    @property
    def state(self) -> State:
        return State(self.before.table_id, self.before.version + 1)


@dataclass(frozen=True)
class DeltaSlices:
    """A company's table at a location of the lake."""

    ref: TableRef
    uri: str
    retention: timedelta

    def open(self, version: int | None = None) -> DeltaTable | None:
        """A version, the newest if none is named; None while nothing was ever written."""
        try:
            return DeltaTable(self.uri) if version is None else self._open_version(version)
        except TableNotFoundError:
            return None
        except (DeltaError, OSError) as error:
            raise self._failed(f"the table cannot be opened at {self.uri}", error) from error

    def _open_version(self, version: int) -> DeltaTable:
        numbers = [v.version for v in self.versions()]
        if version not in numbers:
            raise self._no_such_version(version, numbers)
        return DeltaTable(self.uri, version=version)

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
        actions = pa.table(table.get_add_actions(flatten=True))
        day = f"partition.{self.ref.spec.date_column}"
        columns = ("path", day, "num_records", "size_bytes", "modification_time")
        rows = zip(*(actions[name].to_pylist() for name in columns), strict=True)
        return tuple(sorted((DataFile(*row) for row in rows), key=lambda f: (f.day, f.path)))

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
                before = State(str(table.metadata().id), table.version())
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
                )
            except CommitFailedError as error:
                if attempt == _COMMIT_ATTEMPTS:
                    raise ConflictError(f"{self.ref}: gave up after {attempt} conflicting commits") from error
                time.sleep(random.uniform(0, 0.01 * min(attempt, 20)))  # noqa: S311  (spreads writers, decides nothing)
            except (DeltaError, OSError) as error:
                raise self._failed("the commit failed and nothing was published", error) from error
            else:
                self._see_commit(table)
                return Replaced(before, [replace(f, written=now) for f in files])
        raise AssertionError("unreachable")

    def _see_commit(self, table: DeltaTable) -> None:
        """Keep what a table has become by our own commit, which is cheaper than opening it again."""
        try:
            table.update_incremental()
            self._kept(table)
        except (DeltaError, OSError):
            # The commit stands whether we can read it just now or not. Who reads the table next will open it and say.
            return

    def versions(self) -> list[Version]:
        """Every state that the log remembers, newest first; within the retention each of them can be restored."""
        table = self.open()
        if table is None:
            return []
        return [Version(c.version, c.at, c.changed_rows, c.note) for c in self.commits(table.version())]

    def commits(self, newest: int, after: int = -1) -> Iterator[Commit]:
        """What the log says of the commits up to a version, newest first, as far back as it remembers.

        Each is read from its own file: `DeltaTable.history` numbers them wrongly when somebody commits meanwhile.
        """
        for version in range(newest, after, -1):
            entry = self._commit_info(version)
            if entry is None:
                return
            yield Commit(
                version,
                datetime.fromtimestamp(entry["timestamp"] / 1000, UTC),
                entry["operation"],
                json.loads(entry.get("recs", "{}")),
            )

    def _commit_info(self, version: int) -> dict[str, Any] | None:
        name = f"_delta_log/{version:020}.json"
        try:
            if "://" in self.uri:
                file = DeltaFileSystemHandler(self.uri).open_input_file(name)
                lines = bytes(file.read(file.size())).splitlines()
            else:
                lines = (Path(self.uri) / name).read_bytes().splitlines()
        except FileNotFoundError:
            return None
        return next((action["commitInfo"] for action in map(json.loads, lines) if "commitInfo" in action), None)

    def restore(self, version: int, note: dict[str, Any]) -> int:
        """Make an earlier state the newest one again."""
        table = self.open()
        numbers = [v.version for v in self.versions()]
        if table is None or version not in numbers:
            raise self._no_such_version(version, numbers)
        try:
            table.restore(version, commit_properties=CommitProperties(custom_metadata={"recs": json.dumps(note)}))
        except CommitFailedError as error:
            raise ConflictError(f"{self.ref}: another write came first; nothing was restored. Try again.") from error
        except DeltaError as error:
            if may_recover(error):
                raise self._failed(f"version {version} could not be restored", error) from error
            raise self.lost(version, "restored") from error
        return table.version()

    def lost(self, version: int, wanted: str) -> StorageError:
        """The error of a version whose files are gone."""
        return StorageError(
            f"{self.ref}: version {version} cannot be {wanted}, because vacuum has deleted files that it needs. "
            f"Replaced versions are kept for {self.retention.days} days."
        )

    def _no_such_version(self, version: int, numbers: Sequence[int]) -> StorageError:
        return StorageError(f"{self.ref} has no version {version}; it has {sorted(numbers)}")

    def vacuum(self, *, dry_run: bool = False) -> list[str]:
        """Delete files that no version within the retention needs, those of crashed writers included."""
        table = self.open()
        if table is None:
            return []
        hours = int(self.retention.total_seconds() // 3600)
        return table.vacuum(hours, dry_run=dry_run, enforce_retention_duration=False, full=True)

    def ensure(self) -> None:
        """Let the table exist: one that does not gets an empty first version."""
        if newest.recall(self.uri) is None:
            self._kept(self.open() or self._created())

    def _taken(self) -> DeltaTable:
        """The newest version, for a commit and nobody else."""
        return newest.take(self.uri) or self.open() or self._created()

    def _created(self) -> DeltaTable:
        retention = f"interval {self.retention.days} days"
        try:
            return DeltaTable.create(
                self.uri,
                schema=self._schema,
                mode="ignore",
                partition_by=[self.ref.spec.date_column],
                description=self.ref.spec.description,
                configuration={
                    "delta.deletedFileRetentionDuration": retention,
                    "delta.logRetentionDuration": retention,
                    "delta.checkpointInterval": _COMMITS_PER_CHECKPOINT,
                },
                # Tried again, it would be rebased on what the other writer has done to its table meanwhile.
                commit_properties=CommitProperties(max_commit_retries=0),
            )
        except CommitFailedError as error:
            # Somebody else has created it at the same moment.
            created = self.open()
            if created is None:
                raise self._failed(f"the table could not be created at {self.uri}", error) from error
            return created

    def _failed(self, what: str, error: Exception) -> StorageError | UnavailableError:
        kind = UnavailableError if may_recover(error) else StorageError
        return kind(f"{self.ref}: {what}: {error}")

    @cached_property
    def _schema(self) -> Schema:
        # Whether a column may be NULL is the Pandera model's to say, and it may change its mind without a migration.
        fields = [pa.field(column.name, column.type) for column in self.ref.spec.columns]
        return Schema.from_arrow(pa.schema(fields))


def file_name(day: date, column: str, name: str) -> str:
    """Where a file of a day stands inside its table.

    >>> file_name(date(2025, 12, 2), "as_of", "a.parquet")
    'as_of=2025-12-02/a.parquet'
    """
    return str(PurePosixPath(f"{column}={day.isoformat()}") / name)
