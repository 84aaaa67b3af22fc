"""Dagster's event log on SQLite, with connections that stay open and the events of a batch in one transaction.

Dagster's SQLite storage opens a database for each event, waits for the disk and closes it again: a day's hundreds of
events took a quarter of its time. Here the databases that a run writes to stay open while it goes on, and a commit does
not wait for the disk. A process that is killed loses no step by that; when the power fails, a run that it ends may lose
its last events, and is made again anyway. What the lake holds does not depend on them.

A run over a range of days reports one materialization for each table and day: a new company's history is thousands of
events. Dagster hands them over in batches (DAGSTER_EVENT_BATCH_SIZE); they share a transaction, and an asset's row in
the index is written once for all of them. So do the events of a step (run_events.py).

This leans on how `SqliteEventLogStorage` opens its databases, so Dagster is held below its next minor version, and a
test compares what the two storages return. Not here: the same on PostgreSQL (postgres_storage.py).
"""

from __future__ import annotations

import io
import os
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, redirect_stderr
from pathlib import Path
from typing import Any, TextIO

from dagster import DagsterInstance, Field, StringSource
from dagster._config.config_schema import UserConfigSchema
from dagster._core.events.log import EventLogEntry
from dagster._core.storage.event_log import AssetKeyTable, SqlEventLogStorageTable, SqliteEventLogStorage
from dagster._core.storage.event_log.sqlite.sqlite_event_log import INDEX_SHARD_NAME
from dagster._serdes import ConfigurableClassData
from sqlalchemy import Connection, Engine, create_engine
from sqlalchemy import event as sqlalchemy_event

from recs_platform.automation.dagster_databases import mend, says_its_version
from recs_platform.automation.run_events import (
    EventsOfRun,
    Numbered,
    ends_a_run,
    is_of_a_check,
    is_of_an_asset,
    last_of_each_asset,
    tells_a_status,
)
from recs_platform.platform_db.locks import lock

BATCH_SIZE = 1_000
_BUSY_SECONDS = 100


class BatchedSqliteEventLog(EventsOfRun, SqliteEventLogStorage):
    def __init__(self, base_dir: str | None = None, inst_data: ConfigurableClassData | None = None) -> None:
        """Without a folder it stands in that of its instance, where Dagster's own storage stands."""
        self._inst_data = inst_data
        if base_dir is not None:
            self._open_in(base_dir)

    def _open_in(self, base_dir: str) -> None:
        self._batch = threading.local()
        self._kept: dict[str, Engine] = {}
        """The databases that stay open: the index, and that of the run which was written to last."""
        self._tables: set[str] = set()
        self._columns: set[str] = set()
        super().__init__(base_dir, self._inst_data)
        # Whoever reads writes first, and whoever writes opens a second database: two locks would wait for each other.
        self._db_lock: Any = self._writing

    @classmethod
    def from_config_value(cls, inst_data: ConfigurableClassData | None, config_value: Any) -> BatchedSqliteEventLog:
        """Of a dagster.yaml that names this log by itself."""
        folder = config_value.get("base_dir")
        return cls(None if folder is None else _place(folder), inst_data)

    @classmethod
    def config_type(cls) -> UserConfigSchema:
        return {
            "base_dir": Field(StringSource, is_required=False, description="An instance's folder other than its own.")
        }

    def register_instance(self, instance: DagsterInstance) -> None:
        if not hasattr(self, "_base_dir"):
            self._open_in(_place(instance.root_directory))
        super().register_instance(instance)

    def write_events(self, events: Sequence[EventLogEntry]) -> Numbered:
        with ExitStack() as opened:
            self._batch.opened, self._batch.connections = opened, {}
            try:
                numbered = self._insert(events)
            finally:
                self._batch.connections = None
        for run_id in dict.fromkeys(event.run_id for event in events):
            # The UI waits for this file to change, and a commit changes the log beside it.
            os.utime(self.path_for_shard(run_id))
        if any(ends_a_run(event) for event in events):
            self._close_run()
        return numbered

    def _insert(self, events: Sequence[EventLogEntry]) -> Numbered:
        """Into the run's own database, and what is asked of all runs into the index as well."""
        insert, rows = SqlEventLogStorageTable.insert(), [self._event_to_row(event) for event in events]
        for run_id in dict.fromkeys(event.run_id for event in events):
            with self.run_connection(run_id) as connection:
                connection.execute(insert, [row for row in rows if row["run_id"] == run_id])
        of_index = [
            (event, row)
            for event, row in zip(events, rows, strict=True)
            if is_of_an_asset(event) or is_of_a_check(event) or tells_a_status(event)
        ]
        if not of_index:
            return []
        with self.index_connection() as index:
            numbering = insert.returning(SqlEventLogStorageTable.c.id, sort_by_parameter_order=True)
            numbers = index.execute(numbering, [row for _, row in of_index]).scalars().all()
        of_assets = []
        for number, (event, _) in zip(numbers, of_index, strict=True):
            if is_of_a_check(event):
                self.store_asset_check_event(event, number)
            elif is_of_an_asset(event):
                of_assets.append((number, event))
        if of_assets:
            with self.index_connection() as index:
                self._store_asset_event_tags(index, [one for _, one in of_assets], [number for number, _ in of_assets])
                for number, one in last_of_each_asset(of_assets):
                    self._store_asset_event(index, one, number)
        return of_assets

    def _store_asset_event(self, conn: Connection, event: EventLogEntry, event_id: int) -> None:
        """Dagster tries to insert an asset's row each time, and takes the error of one that is there."""
        key, has_columns = event.get_dagster_event().asset_key, self._has_asset_key_index_cols_on_connection(conn)
        values = self._get_asset_entry_values(event, event_id, has_columns)
        if key is None or not values:
            return
        here = AssetKeyTable.c.asset_key == key.to_string()
        if conn.execute(AssetKeyTable.update().values(**values).where(here)).rowcount == 0:
            conn.execute(AssetKeyTable.insert().values(asset_key=key.to_string(), **values))

    def _initdb(self, engine: Engine, for_index_shard: bool = False) -> None:
        # The UI may open a run's database while the run makes it.
        with lock(Path(self._base_dir), "new database"):
            path = Path(str(engine.url.database))
            mend(path)
            if not says_its_version(path):
                # Else Dagster reads all of its migrations to find nothing to do.
                super()._initdb(engine, for_index_shard)

    def has_table(self, table_name: str) -> bool:
        # Asked for nearly every event of an asset. A table that is there stays.
        if table_name not in self._tables and super().has_table(table_name):
            self._tables.add(table_name)
        return table_name in self._tables

    def _has_asset_key_col_on_connection(self, conn: Connection, column_name: str) -> bool:
        # Asked for every event of an asset, and answered by reading the database's schema. A column stays, too.
        if column_name not in self._columns and super()._has_asset_key_col_on_connection(conn, column_name):
            self._columns.add(column_name)
        return column_name in self._columns

    def dispose(self) -> None:
        self.write_held()
        with self._db_lock:
            while self._kept:
                self._kept.popitem()[1].dispose()
        super().dispose()

    @contextmanager
    def _connect(self, shard: str) -> Iterator[Connection]:
        connections: dict[str, Connection] | None = getattr(self._batch, "connections", None)
        if connections is None:
            self.write_held()
            with self._open(shard) as connection:
                yield connection
            return
        if shard not in connections:
            self._keep_open(shard)
            connections[shard] = self._batch.opened.enter_context(self._open(shard))
        yield connections[shard]

    @contextmanager
    def _open(self, shard: str) -> Iterator[Connection]:
        kept = self._kept.get(shard)
        if kept is None:
            with super()._connect(shard) as connection:
                yield connection
            return
        with self._db_lock, kept.begin() as connection:
            yield connection

    def _keep_open(self, shard: str) -> None:
        with self._db_lock:
            if shard in self._kept:
                return
            with super()._connect(shard):
                """Makes the database, if this is a new run's."""
            if shard != INDEX_SHARD_NAME:
                self._close_run()
            self._kept[shard] = _database(self.conn_string_for_shard(shard))

    def _close_run(self) -> None:
        with self._db_lock:
            for shard in self._kept.keys() - {INDEX_SHARD_NAME}:
                self._kept.pop(shard).dispose()


class _WithoutNotes(io.TextIOBase):
    """Standard error without what Dagster writes there when it cannot store an event, or not in its batch: the error
    follows and is told, or the event was stored after all."""

    def __init__(self, out: TextIO) -> None:
        self.out = out

    def write(self, text: str) -> int:
        return len(text) if text.startswith(_NOTES) else self.out.write(text)

    def flush(self) -> None:
        self.out.flush()

    def isatty(self) -> bool:
        return self.out.isatty()

    def fileno(self) -> int:
        return self.out.fileno()


_NOTES = (
    "Exception while storing event batch",
    "Falling back to storing multiple single-event",
    "Exception while writing logger call to event log",
)


def without_notes() -> AbstractContextManager[Any]:
    """While a run goes on in this process."""
    return redirect_stderr(_WithoutNotes(sys.stderr))


def _place(folder: str) -> str:
    """Where Dagster's own storage keeps these databases."""
    return str(Path(folder) / "history" / "runs")


def _database(url: str) -> Engine:
    database = create_engine(url, connect_args={"timeout": _BUSY_SECONDS})

    @sqlalchemy_event.listens_for(database, "connect")
    def do_not_wait_for_the_disk(connection: Any, _: object) -> None:
        connection.execute("PRAGMA synchronous = NORMAL")

    return database
