"""Where the tables of a platform database stand, and which programs may use them.

A revision moves the tables on. From 0010 on each one states the oldest program that can use the tables after it, by the
newest revision which that program knows (`OLDEST_PROGRAM`). One that only adds leaves it as it was; one that renames,
removes or demands something states itself. The database keeps the answer, since an older program does not have the
newer one's files. So a program goes on with the tables of a newer one that says so: what is running ends well while a
new version starts, and the program can be taken back after a migration.

Not here: how the tables are moved (engine.py), and the revisions (`migrations/versions`).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

import sqlalchemy
from sqlalchemy import Connection, text

if TYPE_CHECKING:
    from alembic.script import ScriptDirectory

HEAD = "0010"
"""The newest revision in `migrations/versions`, stated so that a start at the newest revision need not load Alembic."""

VERSION_TABLE = "recs_schema_version"
"""Not Alembic's usual name: Dagster keeps its own version under that one, perhaps in the same PostgreSQL database."""

OLDEST_TABLE = "recs_oldest_program"


class Standing(StrEnum):
    """Of a database, as this program sees it."""

    EMPTY = "empty"
    OLDER = "older"
    CURRENT = "current"
    NEWER = "newer"
    """Of a newer program, and this one may use it."""
    TOO_NEW = "too new"


@dataclass(frozen=True)
class State:
    revision: str | None = None
    oldest: str | None = None
    """The oldest program that may use it; known of a newer database alone."""

    @property
    def standing(self) -> Standing:
        """Revisions are numbers of four digits, in their order.

        >>> State(None).standing, State("0003").standing, State("9000", oldest="0010").standing, State("9000").standing
        (<Standing.EMPTY: 'empty'>, <Standing.OLDER: 'older'>, <Standing.NEWER: 'newer'>, <Standing.TOO_NEW: 'too new'>)
        """
        if self.revision is None:
            return Standing.EMPTY
        if self.revision <= HEAD:
            return Standing.CURRENT if self.revision == HEAD else Standing.OLDER
        return Standing.NEWER if self.oldest is not None and self.oldest <= HEAD else Standing.TOO_NEW

    @property
    def is_usable(self) -> bool:
        return self.standing in (Standing.CURRENT, Standing.NEWER)


def state_of(connection: Connection) -> State:
    if not sqlalchemy.inspect(connection).has_table(VERSION_TABLE):
        return State()
    revision = connection.scalar(text(f"SELECT version_num FROM {VERSION_TABLE}"))
    if revision is None or str(revision) <= HEAD:
        return State(revision and str(revision))
    return State(str(revision), stated_oldest(connection))


def stated_oldest(connection: Connection) -> str | None:
    """The oldest program that may use these tables, as whoever moved them has stated it."""
    if not sqlalchemy.inspect(connection).has_table(OLDEST_TABLE):
        return None
    stated = connection.scalar(text(f"SELECT revision FROM {OLDEST_TABLE}"))
    return None if stated is None else str(stated)


def state_oldest(connection: Connection, scripts: ScriptDirectory) -> None:
    """After a migration, in its transaction."""
    if not sqlalchemy.inspect(connection).has_table(OLDEST_TABLE):
        return
    revision = connection.scalar(text(f"SELECT version_num FROM {VERSION_TABLE}"))
    oldest = oldest_after(scripts, str(revision))
    connection.execute(text(f"DELETE FROM {OLDEST_TABLE}"))
    connection.execute(text(f"INSERT INTO {OLDEST_TABLE} (revision) VALUES (:oldest)"), {"oldest": oldest})


def oldest_after(scripts: ScriptDirectory, revision: str) -> str:
    """What the revisions up to this one state: the newest of it counts."""
    applied = scripts.iterate_revisions(revision, "base")
    return max(str(getattr(one.module, "OLDEST_PROGRAM", one.revision)) for one in applied)
