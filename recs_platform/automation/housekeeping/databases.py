"""SQLite keeps the room of deleted rows for rows to come; where that is much, the file is written anew without it.

A server's database does this by itself. A database that somebody writes to just now is left as it is: the next night
comes, and nothing depends on it. SQLite does it whole or not at all, also when it is killed.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from sqlalchemy import Engine

from recs_platform.automation.dagster_databases import databases_in
from recs_platform.automation.housekeeping.freed import Freed

_MUCH, _SHARE = 1_000_000, 0.2
"""Bytes that are free, and what part of the file they are: less is not worth writing a file for."""
_WAIT_SECONDS = 5.0


def sweep_databases(databases: Iterator[Path], *, dry_run: bool = False) -> Freed:
    size, busy, problems = 0, list[str](), list[str]()
    for path in databases:
        try:
            size += _compacted(path, dry_run=dry_run)
        except sqlite3.Error as error:
            (busy if _is_busy(error) else problems).append(f"{path.name} was left as it is ({error})")
    told = "; ".join([*problems, *busy])
    return Freed("room in databases", size=size, problem=told, busy=bool(busy) and not problems)


def sqlite_databases(platform: Engine, dagster_home: Path) -> Iterator[Path]:
    """The platform's own, and those of its Dagster instance: what of them is SQLite."""
    if platform.dialect.name == "sqlite":
        yield Path(str(platform.url.database))
    yield from databases_in(dagster_home)


def _is_busy(error: sqlite3.Error) -> bool:
    """Whether somebody else uses it; a disk that is full, or a damaged file, is no such thing."""
    # The lower byte is the kind, the others its details.
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


def _compacted(path: Path, *, dry_run: bool) -> int:
    """The bytes that it gave back, or would."""
    before = _size(path)
    # In its own transactions: SQLite compacts outside of any.
    with closing(sqlite3.connect(path, timeout=_WAIT_SECONDS, isolation_level=None)) as connection:
        pages, size = (connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("freelist_count", "page_size"))
        free = int(pages * size)
        much = free >= max(_MUCH, _SHARE * before)
        if dry_run:
            return free if much else 0
        if much:
            connection.execute("VACUUM")
        # What was written beside the file is moved into it.
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return max(0, before - _size(path))


def _size(path: Path) -> int:
    """With what is written beside it and moved into it from time to time."""
    beside = path.with_name(f"{path.name}-wal")
    return path.stat().st_size + (beside.stat().st_size if beside.exists() else 0)
