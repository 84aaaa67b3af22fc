"""Dagster's event log on SQLite, with the events of a batch in one transaction.

A run over a range of days reports one materialization for each table and day: a new company's history is thousands of
events. Dagster hands them over in batches (DAGSTER_EVENT_BATCH_SIZE), but its SQLite storage writes each one with
connections and commits of its own, which takes longer than the work. Here the events of a batch share them.

This leans on how `SqliteEventLogStorage` opens its databases, so Dagster is held below its next minor version, and a
test compares what the two storages return. PostgreSQL (in production) has no need of it.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any

from dagster._core.events.log import EventLogEntry
from dagster._core.storage.event_log import SqliteEventLogStorage
from dagster._core.storage.event_log.sqlite.sqlite_event_log import INDEX_SHARD_NAME
from dagster._serdes import ConfigurableClassData
from sqlalchemy import Connection, Engine, create_engine

BATCH_SIZE = 1_000
_BUSY_SECONDS = 100


class BatchedSqliteEventLog(SqliteEventLogStorage):
    def __init__(self, base_dir: str, inst_data: ConfigurableClassData | None = None) -> None:
        self._batch = threading.local()
        super().__init__(base_dir, inst_data)
        # A batch holds the lock while it opens its second database.
        self._db_lock: Any = threading.RLock()

    @classmethod
    def from_config_value(cls, inst_data: ConfigurableClassData | None, config_value: Any) -> BatchedSqliteEventLog:
        """`base_dir` is the instance's folder; the databases stand where Dagster's own storage keeps them."""
        return cls(str(Path(config_value["base_dir"]) / "history" / "runs"), inst_data)

    def store_event_batch(self, events: Sequence[EventLogEntry]) -> None:
        with ExitStack() as opened:
            self._batch.opened, self._batch.connections = opened, {}
            try:
                for event in events:
                    self.store_event(event)
            finally:
                self._batch.connections = None

    @contextmanager
    def _connect(self, shard: str) -> Iterator[Connection]:
        connections: dict[str, Connection] | None = getattr(self._batch, "connections", None)
        if connections is None:
            with self._open(shard) as connection:
                yield connection
            return
        if shard not in connections:
            connections[shard] = self._batch.opened.enter_context(self._open(shard))
        yield connections[shard]

    @contextmanager
    def _open(self, shard: str) -> Iterator[Connection]:
        if shard == INDEX_SHARD_NAME and shard in self._initialized_dbs:
            with self._db_lock, self._index.begin() as connection:
                yield connection
            return
        with super()._connect(shard) as connection:
            yield connection

    @cached_property
    def _index(self) -> Engine:
        # Kept open: nearly every event is written here too. A run's own database is not, because the UI waits for its
        # file to change.
        return create_engine(self.conn_string_for_shard(INDEX_SHARD_NAME), connect_args={"timeout": _BUSY_SECONDS})
