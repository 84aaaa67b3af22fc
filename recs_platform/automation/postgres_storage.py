"""Dagster's runs, events and ticks on PostgreSQL, with connections that stay open and a batch of events in one
transaction.

Dagster's own storages for PostgreSQL open a connection for each statement and write events one by one: a day's hundreds
of events took longer than its queries. Here the storages of a process share a few connections. The tables are those of
Dagster, and are made in one transaction, so that a first start that is killed leaves none.

Not here: who chooses this storage (dagster_storage.py), and the one on SQLite (event_log.py). Like that one it leans on
how Dagster's storages open their database, so Dagster is held below its next minor version, and a test compares what
they answer.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import lru_cache
from typing import Any
from weakref import WeakSet

import sqlalchemy
from dagster._core.events.log import EventLogEntry
from dagster._core.storage.event_log import SqlEventLogStorageMetadata, SqlEventLogStorageTable
from dagster._core.storage.runs import RunStorageSqlMetadata
from dagster._core.storage.schedules.schema import ScheduleStorageSqlMetadata
from dagster._core.storage.sql import stamp_alembic_rev
from dagster_postgres import PostgresEventLogStorage, PostgresRunStorage, PostgresScheduleStorage
from dagster_postgres.utils import pg_alembic_config
from sqlalchemy import Connection, Engine, event, insert
from sqlalchemy.engine import ExceptionContext, make_url
from sqlalchemy.exc import ArgumentError

from recs_platform.automation.run_events import (
    EventsOfRun,
    Numbered,
    is_of_a_check,
    is_of_an_asset,
    last_of_each_asset,
)
from recs_platform.errors import ConfigError, UnavailableError
from recs_platform.outages import may_recover
from recs_platform.platform_db.database_errors import storage_error, unusable

_DRIVER = "postgresql+psycopg2"
"""What Dagster's storages are written for: of another driver they would not know the errors, and would close its
connections."""
_CONNECT_SECONDS = 10
_RECYCLE_SECONDS = 3_600
_KEPT, _MOST_BESIDE = 1, 20
"""Connections of a process: kept, and as many more as its threads need at once."""
_WAITS = (0.2, 0.5, 1.0, 2.0, 4.0)
"""Seconds between the tries to connect: a server that is started again is back after some."""
_WHAT, _SETTING = "Dagster's database", "RECS_DAGSTER_DATABASE_URL"
_ALL_TABLES = (RunStorageSqlMetadata, SqlEventLogStorageMetadata, ScheduleStorageSqlMetadata)


class _SharedConnections:
    """For a storage of Dagster's, which would open connections of its own."""

    postgres_url: str
    _engine: Engine

    def __init__(self, url: str) -> None:
        super().__init__(dagster_url(url), should_autocreate_tables=False)  # type: ignore[call-arg]
        self._engine = _database(self.postgres_url)

    def connect(self, run_id: str | None = None) -> AbstractContextManager[Connection]:  # noqa: ARG002  (Dagster's)
        return _connected(self._engine)

    def optimize_for_webserver(self, statement_timeout: int, pool_recycle: int, max_overflow: int) -> None:  # noqa: ARG002
        self._engine = _database(self.postgres_url, statement_timeout)


class PostgresRuns(_SharedConnections, PostgresRunStorage):
    """Runs, snapshots of jobs, backfills and the daemon's signs of life."""


class PostgresTicks(_SharedConnections, PostgresScheduleStorage):
    """What schedules and sensors did."""


class BatchedPostgresEventLog(EventsOfRun, _SharedConnections, PostgresEventLogStorage):
    def __init__(self, url: str) -> None:
        super().__init__(url)
        self._tables: set[str] = set()

    def connect(self, run_id: str | None = None) -> AbstractContextManager[Connection]:
        self.write_held()
        return super().connect(run_id)

    def dispose(self) -> None:
        self.write_held()
        super().dispose()

    def write_events(self, events: Sequence[EventLogEntry]) -> Numbered:
        if not any(is_of_an_asset(event) or is_of_a_check(event) for event in events):
            # One statement is one transaction.
            with self._connect() as connection:
                self._insert(connection, events)
            return []
        with _transaction(self._engine) as connection:
            numbered = list(zip(self._insert(connection, events), events, strict=True))
            for number, one in numbered:
                if is_of_a_check(one):
                    self.store_asset_check_event(one, number)
            of_assets = [(number, one) for number, one in numbered if is_of_an_asset(one)]
            self._store_asset_event_tags(connection, [one for _, one in of_assets], [number for number, _ in of_assets])
            for number, one in last_of_each_asset(of_assets):
                self._store_asset_event(connection, one, number)
        return of_assets

    def _insert(self, connection: Connection, events: Sequence[EventLogEntry]) -> list[int]:
        table = SqlEventLogStorageTable
        statement = insert(table).returning(table.c.id, sort_by_parameter_order=True)
        return list(connection.execute(statement, [self._event_to_row(one) for one in events]).scalars())

    def has_table(self, table_name: str) -> bool:
        # Asked for nearly every event of an asset. A table that is there stays.
        if table_name not in self._tables and super().has_table(table_name):
            self._tables.add(table_name)
        return table_name in self._tables

    def _connect(self) -> AbstractContextManager[Connection]:
        return self.connect()


def dagster_url(url: str) -> str:
    """The URL of Dagster's database as its storages need it, whatever driver it names."""
    try:
        return make_url(url).set(drivername=_DRIVER).render_as_string(hide_password=False)
    except (ArgumentError, ValueError):
        # It is not repeated: it may hold a password.
        raise ConfigError(f"{_SETTING} does not hold the URL of a database.") from None


def has_tables(url: str) -> bool:
    """Whether Dagster has its tables in a database, of whatever version. Where they are, they stay."""
    database = _database(dagster_url(url))
    if database not in _made:
        with _connected(database) as connection:
            if not sqlalchemy.inspect(connection).has_table("runs"):
                return False
        _made.add(database)
    return True


def make_tables(url: str) -> None:
    """All of Dagster's tables, or none. Whoever calls holds the lock of the first start."""
    if has_tables(url):
        return
    with _transaction(_database(dagster_url(url))) as connection:
        for metadata in _ALL_TABLES:
            metadata.create_all(connection)
        stamp_alembic_rev(pg_alembic_config(_inside_dagsters_package()), connection)
        # New tables need none of the migrations of data, and say so.
        runs, events, ticks = PostgresRuns(url), BatchedPostgresEventLog(url), PostgresTicks(url)
        runs.migrate()
        runs.optimize()
        events.reindex_events()
        events.reindex_assets()
        ticks.migrate()
        ticks.optimize()


def upgrade_tables(url: str) -> None:
    """To the version of this Dagster, as it does it: in steps, of which each looks first whether it is done. Some of
    them make an index while others write, which no transaction can. Whoever calls holds the lock of the first start."""
    runs, events, ticks = PostgresRuns(url), BatchedPostgresEventLog(url), PostgresTicks(url)
    runs.upgrade()
    runs.migrate()
    events.upgrade()
    events.reindex_assets()
    ticks.upgrade()
    ticks.migrate()


def _inside_dagsters_package() -> str:
    """Where Dagster looks for its migrations from."""
    import dagster_postgres.run_storage.run_storage as any_storage

    return str(any_storage.__file__)


_opened: WeakSet[Engine] = WeakSet()
_made: set[Engine] = set()
"""Databases that have Dagster's tables."""
_open = threading.local()
"""The connection whose transaction this thread is in."""


@lru_cache(maxsize=8)
def _database(url: str, statement_timeout: int | None = None) -> Engine:
    options: dict[str, Any] = {"connect_timeout": _CONNECT_SECONDS}
    opened = sqlalchemy.create_engine(
        url,
        connect_args=options,
        isolation_level="AUTOCOMMIT",
        pool_size=_KEPT,
        max_overflow=_MOST_BESIDE,
        pool_recycle=_RECYCLE_SECONDS,
        pool_pre_ping=True,
        # An error text must not carry the values of a statement: they may be personal.
        hide_parameters=True,
    )
    _opened.add(opened)
    event.listen(opened, "handle_error", _explain)
    if statement_timeout is not None:

        @event.listens_for(opened, "connect")
        def _stop_long_statements(connection: Any, _: object) -> None:
            with connection.cursor() as cursor:
                cursor.execute(f"SET statement_timeout = {int(statement_timeout)}")

    return opened


def _leave_connections_to_the_parent() -> None:
    for opened in list(_opened):
        opened.dispose(close=False)


os.register_at_fork(after_in_child=_leave_connections_to_the_parent)


@contextmanager
def _connected(database: Engine) -> Iterator[Connection]:
    current: Connection | None = getattr(_open, "connection", None)
    if current is not None and current.engine.url == database.url:
        yield current
        return
    with _patiently(database) as connection:
        yield connection


@contextmanager
def _transaction(database: Engine) -> Iterator[Connection]:
    """All that this thread asks of the database inside."""
    with _patiently(database) as opened:
        connection = opened.execution_options(isolation_level="READ COMMITTED")
        with connection.begin():
            _open.connection = connection
            try:
                yield connection
            finally:
                _open.connection = None


def _patiently(database: Engine) -> Connection:
    for seconds in _WAITS:
        try:
            return database.connect()
        except UnavailableError:
            time.sleep(seconds)
    return database.connect()


def _explain(context: ExceptionContext) -> None:
    """A server that cannot be used is one sentence, without the password. A statement that is wrong stays as it is."""
    error = context.original_exception
    if context.engine is None or context.is_pre_ping:
        return
    of_the_server = context.connection is None or context.is_disconnect or may_recover(error)
    if of_the_server or storage_error(error, _WHAT):
        raise unusable(error, str(error), context.engine.url, _WHAT, (_SETTING,)) from None
