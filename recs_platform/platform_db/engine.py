"""The way to the platform database: one engine for each URL and process, and tables that are up to date.

`opened_database` is for everybody: whoever asks first in a process migrates, and nobody else looks again. `engine` and
`upgrade` are its two halves, for tests and tools that want one of them.

Not here: the tables (`tables.py`) and what is written into them. A database that cannot be used is a `ConfigError`,
one whose disk, file or rights need a person a `StorageError`, one that does not answer just now an `UnavailableError`:
one sentence each, whatever the engine was asked, which shows neither the password nor the options of the URL.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

import sqlalchemy
from sqlalchemy import URL, Connection, Engine, event
from sqlalchemy.engine import ExceptionContext, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError

from recs_platform.errors import ConfigError, OutdatedError, PlatformError, TooNewError
from recs_platform.outages import may_recover, sql_state
from recs_platform.platform_db.database_errors import shown, storage_error, unusable
from recs_platform.platform_db.locks import lock
from recs_platform.platform_db.revisions import HEAD, Standing, State, oldest_after, state_of
from recs_platform.settings import settings

if TYPE_CHECKING:
    import alembic.config

SQLITE_WAIT_MS = 30_000
_POSTGRES_CONNECT_SECONDS = 10
_WHAT, _SETTINGS = "platform database", ("RECS_DATABASE_URL", "RECS_HOME")
_MISSES = frozenset({"42703", "42P01", "23502", "0A000"})
"""PostgreSQL's codes: no such column, no such table, no value where one is demanded, a statement that was prepared for
other columns."""
_SQLITE_MISSES = re.compile(r"^(no such (column|table)|table .* has no column|NOT NULL constraint failed)")
_MOST_DATABASES = 8
"""Of one process. The platform uses one; tests use many, and those that are no longer used go."""


def opened_database(url: str | None = None) -> Engine:
    """The platform database, ready to be used; `settings().database` unless another one is named."""
    return _opened(settings().database if url is None else url)


def engine(url: str | None = None) -> Engine:
    """The process's engine of a database, whether its tables are there or not."""
    return _engine(settings().database if url is None else url)


@lru_cache(maxsize=_MOST_DATABASES)
def _opened(url: str) -> Engine:
    database = _engine(url)
    upgrade(database)
    return database


@lru_cache(maxsize=_MOST_DATABASES)
def _engine(url: str) -> Engine:
    parsed = _parse(url)
    connect_args: dict[str, Any] = {}
    if _is_sqlite(parsed):
        _create_folder(parsed)
    else:
        connect_args["connect_timeout"] = _POSTGRES_CONNECT_SECONDS
    try:
        # An error text must not carry the values of a statement: they may be personal.
        opened = sqlalchemy.create_engine(parsed, connect_args=connect_args, pool_pre_ping=True, hide_parameters=True)
    except (ImportError, NoSuchModuleError) as error:
        raise ConfigError(
            f"platform database {shown(parsed)} needs a driver that is not installed ({error}); "
            "install recs-platform[postgres] or correct RECS_DATABASE_URL."
        ) from None
    if _is_sqlite(parsed):
        event.listen(opened, "connect", _prepare_sqlite)
    event.listen(opened, "handle_error", _explain)
    _engines.add(opened)
    return opened


_engines: WeakSet[Engine] = WeakSet()


def _leave_connections_to_the_parent() -> None:
    for opened in list(_engines):
        opened.dispose(close=False)


os.register_at_fork(after_in_child=_leave_connections_to_the_parent)


def upgrade(engine: Engine) -> None:
    """Bring the tables to `HEAD`, unless a newer program has moved them on and says that this one may use them. Safe
    when several processes do it at once, and quick when there is nothing to do."""
    with ExitStack() as held:
        if _is_sqlite(engine.url):
            # SQLite refuses to switch to write-ahead logging while anybody reads, without waiting.
            with _explained_paths(engine.url):
                held.enter_context(lock(engine, "opening"))
        with _explained(engine):
            if _is_sqlite(engine.url):
                _write_ahead(engine)
            with engine.connect() as connection:
                state = state_of(connection)
        if not state.is_usable:
            # One transaction, on SQLite too, so that a migration that breaks off leaves nothing half done.
            with engine.connect() as connection, lock(connection, "migration"):
                _migrate(connection)
                connection.commit()


def existing_database(url: str | None = None) -> Engine:
    """For who only looks: nothing is made or brought up to date. A ConfigError says what would have to be."""
    url = settings().database if url is None else url
    found = state_at(url)
    if found is None:
        raise ConfigError(f"platform database {file_of(url)}: there is none yet. The first run makes it.")
    if not found.is_usable:
        raise ConfigError(
            f"platform database {shown(_parse(url))} is at revision {found.revision or 'none'}, and this version "
            f"wants {HEAD}. Bring it up to date: recs migrate"
        )
    return engine(url)


def state_at(url: str) -> State | None:
    """Where a database stands, for who only looks; None where there is no file. One that is too new is refused."""
    file = file_of(url)
    if file is not None and not file.exists():
        return None
    found = state_in(engine(url))
    if found.standing is Standing.TOO_NEW:
        raise _too_new(engine(url), found)
    return found


def file_of(url: str) -> Path | None:
    """The file of a database; None of one on a server."""
    parsed = _parse(url)
    return Path(str(parsed.database)) if _is_sqlite(parsed) else None


def state_in(engine: Engine) -> State:
    """Where the tables stand, without bringing them to `HEAD`."""
    with _explained(engine), engine.connect() as connection:
        return state_of(connection)


def oldest_program() -> str:
    """The oldest program that may use a database of `HEAD`."""
    from alembic.script import ScriptDirectory

    return oldest_after(ScriptDirectory.from_config(alembic_config()), HEAD)


def alembic_config(connection: Connection | None = None) -> alembic.config.Config:
    """Alembic's configuration, made here so that an installed wheel needs no `alembic.ini`."""
    from alembic.config import Config

    config = Config()
    # Alembic reads its options with interpolation, where a bare % in a folder's name would have a meaning.
    folder = str(Path(__file__).parent / "migrations").replace("%", "%%")
    config.set_main_option("script_location", folder)
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


def _migrate(connection: Connection) -> None:
    from alembic import command
    from alembic.script import ScriptDirectory

    config = alembic_config(connection)
    state = state_of(connection)
    if state.standing is Standing.NEWER:
        return  # somebody was quicker
    revisions = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    if state.revision is not None and state.revision not in revisions:
        raise _too_new(connection.engine, state)
    command.upgrade(config, HEAD)


def _too_new(engine: Engine, state: State) -> TooNewError:
    return TooNewError(
        f"platform database {shown(engine.url)} was upgraded by a newer recs_platform (it is at revision "
        f"{state.revision}, this one knows up to {HEAD}); install that version or point RECS_DATABASE_URL elsewhere."
    )


def _write_ahead(engine: Engine) -> None:
    """Readers and one writer do not wait for each other in this mode. The file itself remembers it."""
    with engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA journal_mode = WAL")


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout = {SQLITE_WAIT_MS}")
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.close()


def _parse(url: str) -> URL:
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        # The text that cannot be understood may hold a password, so it is not repeated.
        parsed = None
    if parsed is None or parsed.get_backend_name() not in ("sqlite", "postgresql"):
        raise ConfigError(
            "RECS_DATABASE_URL is not the URL of a database that the platform can use; it begins with "
            "sqlite:/// or postgresql://."
        )
    if _is_sqlite(parsed) and parsed.database in (None, "", ":memory:"):
        raise ConfigError("RECS_DATABASE_URL names no file; write sqlite:///folder/platform.db.")
    return parsed


def _is_sqlite(url: URL) -> bool:
    return url.get_backend_name() == "sqlite"


def _place(url: URL) -> Path | None:
    return Path(str(url.database)) if _is_sqlite(url) else None


def _create_folder(url: URL) -> None:
    with _explained_paths(url):
        Path(str(url.database)).parent.mkdir(parents=True, exist_ok=True)


@contextmanager
def _explained_paths(url: URL) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise _unusable(url, error, error.strerror or str(error)) from None


@contextmanager
def _explained(engine: Engine) -> Iterator[None]:
    """The first look at a database: what goes wrong here is wrong with the file or the server, not with a query."""
    try:
        yield
    except DBAPIError as error:
        raise _unusable(engine.url, error, str(error.orig)) from None


def _explain(context: ExceptionContext) -> None:
    """A database that cannot be read or written just now, or a connection that failed, broke off or met another. A
    statement that is wrong stays as it is."""
    error = context.original_exception
    if context.engine is None or context.is_pre_ping:
        return
    url = context.engine.url
    if storage_error(error, _WHAT, _place(url)):
        # A connection that was made while nothing could be written never writes.
        context.is_disconnect = True
    if context.connection is None or context.is_disconnect or may_recover(error):
        raise _unusable(url, error, str(error)) from None
    if _misses_something(error) and (left_behind := _left_behind(context.engine)):
        raise left_behind from None


def _misses_something(error: BaseException) -> bool:
    """A table or a column that the statement names, or a value for one that it does not."""
    return sql_state(error) in _MISSES or bool(_SQLITE_MISSES.search(str(error)))


def _left_behind(engine: Engine) -> OutdatedError | None:
    """The tables were moved on since this process opened them, and not in a way that it can follow."""
    try:
        with engine.connect() as connection:
            state = state_of(connection)
    except PlatformError:
        return None
    if state.standing is not Standing.TOO_NEW:
        return None
    return OutdatedError(
        f"platform database {shown(engine.url)} was upgraded by a newer recs_platform while this one worked (it is at "
        f"revision {state.revision}, this one knows up to {HEAD}); the newer one makes what is left."
    )


def _unusable(url: URL, error: BaseException, reason: str) -> PlatformError:
    return unusable(error, reason, url, _WHAT, _SETTINGS, _place(url))
