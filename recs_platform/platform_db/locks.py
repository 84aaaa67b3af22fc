"""One way to keep others out: a name that one process, or one thread, holds at a time.

Where it is held says for whom it counts:

- a folder: everybody on this machine, by a lock on a file there, which the system frees when its process ends;
- a database: every process that uses it. PostgreSQL keeps the lock, on any machine, as long as the holder's connection
  lives, however long that is; beside a SQLite file it is a file again;
- an open transaction: every process that uses its database, until the transaction ends. On SQLite that is the one write
  lock that a database has, taken now and not at the first write: what was read until then may have changed by then.

Who waits is served in the order of coming. A file that a killed process, or an older version, has left holds nothing.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal, TypeAlias
from urllib.parse import quote

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import OperationalError

from recs_platform.errors import LockBusyError
from recs_platform.platform_db.database_errors import storage_error

Where: TypeAlias = Path | Engine | Connection

_POLL_SECONDS = 0.02
_LOCK_NOT_AVAILABLE = "55P03"
"""PostgreSQL's code for a lock that it has not given in time."""

_KEEPALIVE = {"tcp_keepalives_idle": 30, "tcp_keepalives_interval": 10, "tcp_keepalives_count": 3}
"""Seconds, seconds and a number, for the connection of a lock."""

_held: set[tuple[int, int, str]] = set()
"""Process, thread and name of the locks that are held here."""


@contextmanager
def lock(where: Where, name: str, *, patience: float | None = None, busy: str | None = None) -> Iterator[None]:
    """Hold a name while the block runs; in a transaction, until that ends.

    `patience` is how many seconds to wait, for ever when it is None; then a LockBusyError says that it is `busy`. A
    thread that takes a lock twice would wait for itself: that is a defect, and raised at once.
    """
    holder = _holder(where, name)
    if holder in _held:
        raise RuntimeError(f"{name!r} is locked by this thread already, which would wait for itself")
    waited = "" if patience is None else f"; waited {patience:g} s"
    in_vain = LockBusyError(f"{busy or f'{name} is locked by somebody else'}{waited}. Try again.")
    with _locked(where, name, patience, in_vain):
        _held.add(holder)
        try:
            yield
        finally:
            _held.discard(holder)


def is_locked(where: Path | Engine, name: str) -> bool:
    """Whether somebody holds the name just now, this thread included."""
    if _holder(where, name) in _held:
        return True
    try:
        with lock(where, name, patience=0):
            return False
    except LockBusyError:
        return True


def _holder(where: Where, name: str) -> tuple[int, int, str]:
    place = where.absolute() if isinstance(where, Path) else where.engine.url.render_as_string()
    return os.getpid(), threading.get_ident(), f"{place} {name}"


@contextmanager
def _locked(where: Where, name: str, patience: float | None, in_vain: LockBusyError) -> Iterator[None]:
    file = f"{quote(name, safe=' ').replace(' ', '.')}.lock"
    match where:
        case Path():
            with _file_lock(where / file, patience, in_vain):
                yield
        case Engine() if where.dialect.name == "postgresql":
            with _own_connection(where) as connection:
                _advisory_lock(connection, name, patience, in_vain, scope="session")
                yield
        case Engine():
            with _file_lock(Path(f"{where.url.database}.{file}"), patience, in_vain):
                yield
        case Connection() if where.dialect.name == "postgresql":
            _advisory_lock(where, name, patience, in_vain, scope="transaction")
            yield
        case Connection():
            # It waits as long as the connection's busy_timeout says.
            where.exec_driver_sql("BEGIN IMMEDIATE")
            yield


@contextmanager
def _own_connection(database: Engine) -> Iterator[Connection]:
    """It lives as long as the lock, and takes the lock with it. In no transaction: a run may go on for hours, and a
    server may end transactions that do nothing. The server notices within a minute that a machine is gone."""
    with database.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.detach()
        for setting, value in _KEEPALIVE.items():
            connection.execute(text(f"SET {setting} = {value}"))
        yield connection


def _advisory_lock(
    connection: Connection,
    name: str,
    patience: float | None,
    in_vain: LockBusyError,
    *,
    scope: Literal["transaction", "session"],
) -> None:
    """PostgreSQL's own, until the transaction or the connection ends. Its waiters queue."""
    key = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], signed=True)
    # At most so many milliseconds; 0 would be for ever.
    limit = 0 if patience is None else max(int(patience * 1000), 1)
    local, function = ("LOCAL ", "pg_advisory_xact_lock") if scope == "transaction" else ("", "pg_advisory_lock")
    connection.execute(text(f"SET {local}lock_timeout = {limit}"))
    try:
        connection.execute(text(f"SELECT {function}(:key)"), {"key": key})
    except OperationalError as error:
        if getattr(error.orig, "sqlstate", None) != _LOCK_NOT_AVAILABLE:
            raise
        raise in_vain from None
    connection.execute(text(f"SET {local}lock_timeout = DEFAULT"))


@contextmanager
def _file_lock(path: Path, patience: float | None, in_vain: LockBusyError) -> Iterator[None]:
    with _explained(path.parent):
        path.parent.mkdir(parents=True, exist_ok=True)
    with _open_file(path) as descriptor:
        if _tickets(path) or not _flock(descriptor):
            if patience == 0:
                raise in_vain
            _wait_in_line(path, descriptor, patience, in_vain)
        yield  # to close the file is to let go


def _wait_in_line(path: Path, descriptor: int, patience: float | None, in_vain: LockBusyError) -> None:
    """The first of those who still wait is next."""
    deadline = None if patience is None else time.monotonic() + patience
    with _own_ticket(path) as ticket:
        while not (_is_first(path, ticket) and _flock(descriptor)):
            if deadline is not None and time.monotonic() >= deadline:
                raise in_vain
            time.sleep(_POLL_SECONDS)


@contextmanager
def _own_ticket(path: Path) -> Iterator[Path]:
    """A file that is named by when its owner came, and locked by it for as long as it waits."""
    while True:
        ticket = path.with_name(f"{path.name}.{time.time_ns():020}-{os.getpid()}-{threading.get_ident()}")
        with _open_file(ticket) as descriptor:
            try:
                # Before it is locked, somebody may take it for one that was left, and remove it.
                if _flock(descriptor) and ticket.exists():
                    yield ticket
                    return
            finally:
                ticket.unlink(missing_ok=True)


def _is_first(path: Path, ticket: Path) -> bool:
    for other in _tickets(path):
        if other == ticket:
            break
        if not _is_abandoned(other, remove=True):
            return False
    return True


def _tickets(path: Path) -> list[Path]:
    return sorted(Path(entry.path) for entry in os.scandir(path.parent) if entry.name.startswith(f"{path.name}."))


def abandoned_tickets(folder: Path) -> list[Path]:
    """Of all locks that are files of a folder, the tickets that nobody waits with any more. They are left there."""
    tickets = sorted(Path(entry.path) for entry in os.scandir(folder) if ".lock." in entry.name)
    return [ticket for ticket in tickets if _is_abandoned(ticket, remove=False) and ticket.exists()]


def _is_abandoned(ticket: Path, *, remove: bool) -> bool:
    """Whether whoever waited with it is gone."""
    try:
        with _open_file(ticket, create=False) as descriptor:
            if not _flock(descriptor):
                return False
            if remove:
                ticket.unlink(missing_ok=True)
    except FileNotFoundError:
        pass
    return True


@contextmanager
def _open_file(path: Path, *, create: bool = True) -> Iterator[int]:
    with _explained(path.parent):
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | (os.O_CREAT if create else 0), 0o644)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


@contextmanager
def _explained(folder: Path) -> Iterator[None]:
    """A folder in which no lock can be made."""
    try:
        yield
    except OSError as error:
        raise storage_error(error, str(folder)) or error from None


def _flock(descriptor: int) -> bool:
    """Take the lock of an open file unless somebody else has it."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
