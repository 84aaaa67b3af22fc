"""One publisher of a company's product at a time, whoever and wherever. A killed one lets go by itself.

With PostgreSQL the database keeps the lock, for publishers on any machine; with SQLite a file beside the database does.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from filelock import FileLock, Timeout
from sqlalchemy import Engine, text
from sqlalchemy.exc import OperationalError

from recs_platform.errors import UserError
from recs_platform.platform_db.engine import advisory_key

PATIENCE_SECONDS = 120.0
"""Longer than a publication takes; a run that waits for it in vain fails, and can be run again."""


@contextmanager
def only_publisher(database: Engine, name: str, patience: float = PATIENCE_SECONDS) -> Iterator[None]:
    """To be held while the live table of that name (a company's product) and its inventory change. Not to be taken
    twice by one process."""
    hold = _postgres_lock if database.dialect.name == "postgresql" else _file_lock
    with hold(database, name, patience):
        yield


@contextmanager
def _file_lock(database: Engine, name: str, patience: float) -> Iterator[None]:
    lock = FileLock(f"{database.url.database}.{name.replace(' ', '.')}.publishing.lock")
    try:
        lock.acquire(timeout=patience)
    except Timeout:
        raise _busy(name, patience) from None
    try:
        yield
    finally:
        lock.release()


@contextmanager
def _postgres_lock(database: Engine, name: str, patience: float) -> Iterator[None]:
    with database.connect() as connection, connection.begin():
        connection.execute(text(f"SET LOCAL lock_timeout = {max(int(patience * 1000), 1)}"))
        try:
            # Held until the transaction ends, and so no longer than its connection lives.
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": advisory_key(f"publishing {name}")})
        except OperationalError:
            raise _busy(name, patience) from None
        yield


def _busy(name: str, patience: float) -> UserError:
    return UserError(f"{name} is being published by somebody else; waited {patience:g} s. Try again.")
