"""Dagster's databases on this machine: made whole or not at all, mended, and their errors in one sentence.

Dagster makes a database where it will stand, in several steps. A process that is killed in between, or a second one
that begins at the same moment, leaves one that says of itself that it is of two versions, or of none. So they are made
in a folder beside, and moved to their place when they are complete. Whoever calls holds the lock of the first start
(instance.py).

Not here: the log of each run (event_log.py), and the same on PostgreSQL (postgres_storage.py).
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from dagster._core.storage.event_log import SqliteEventLogStorage
from dagster._core.storage.runs import SqliteRunStorage
from dagster._core.storage.schedules import SqliteScheduleStorage
from sqlalchemy import Dialect, Engine, event
from sqlalchemy.engine import ExceptionContext

from recs_platform.errors import PlatformError, StorageError
from recs_platform.platform_db.database_errors import storage_error
from recs_platform.platform_db.engine import SQLITE_WAIT_MS

_MADE_BY: Mapping[str, Callable[[str], Any]] = {
    "history/runs.db": SqliteRunStorage.from_local,
    "history/runs/index.db": SqliteEventLogStorage,
    "schedules/schedules.db": SqliteScheduleStorage.from_local,
}
_UNFINISHED = ".new-"
_homes: set[Path] = set()


def make_databases(home: Path) -> None:
    """Those of an instance that are missing; those that are there are mended, and what a killed process had begun
    goes."""
    for name in _MADE_BY:
        mend(home / name)
    for left in home.glob(f"{_UNFINISHED}*"):
        shutil.rmtree(left)
    for name in (name for name in _MADE_BY if not (home / name).exists()):
        with TemporaryDirectory(prefix=_UNFINISHED, dir=home) as folder:
            made, place = Path(folder) / name, home / name
            _MADE_BY[name](str(made.parent))
            place.parent.mkdir(parents=True, exist_ok=True)
            made.replace(place)


def are_complete(home: Path) -> bool:
    """Whether all of an instance are there."""
    return len(databases_in(home)) == len(_MADE_BY)


def databases_in(home: Path) -> list[Path]:
    """Those of an instance that are there, but for the ones of single runs."""
    return [path for path in (home / name for name in _MADE_BY) if path.exists()]


def mend(path: Path) -> None:
    """Two processes that made this database at once have left two versions in it: the newer one is right, since
    Dagster makes the tables of its newest version and of no other."""
    if not path.exists():
        return
    versions = _versions(path)
    if len(versions) < 2:
        return
    newest = next((version for version in versions_known() if version in versions), None)
    if newest is None:
        raise StorageError(
            f"Dagster's database {path} says that it is of {len(versions)} versions ({', '.join(versions)}), none of "
            "which this Dagster knows. Install the Dagster that made it, or move the database away: runs and their "
            "logs are lost, tables are not."
        )
    with closing(sqlite3.connect(path)) as opened, opened:
        opened.execute("DELETE FROM alembic_version WHERE version_num <> ?", (newest,))


def says_its_version(path: Path) -> bool:
    """Whether a database is there and whole: Dagster writes its version last."""
    return path.exists() and bool(_versions(path))


def watch(home: Path) -> None:
    """From now on a full disk, a missing right or a damaged file of this instance's databases is one sentence, and
    whoever meets another writer waits as long as the platform's own database does."""
    if not _homes:
        event.listen(Engine, "handle_error", _explain)
        event.listen(Engine, "do_connect", _be_patient)
    _homes.add(home.absolute())


def _be_patient(dialect: Dialect, _record: Any, address: Sequence[Any], options: dict[str, Any]) -> None:
    """SQLite's driver waits 5 seconds by itself, which is short while several companies run."""
    if dialect.name == "sqlite" and address and _is_watched(str(address[0])):
        options.setdefault("timeout", SQLITE_WAIT_MS / 1000)


def _is_watched(database: str) -> bool:
    return any(home in Path(os.path.abspath(database)).parents for home in _homes)  # noqa: PTH100


def _explain(context: ExceptionContext) -> None:
    database = context.engine.url.database if context.engine else None
    if not database or not _is_watched(database):
        return
    if explained := _explained(Path(database), context.original_exception):
        raise explained from None


def _explained(path: Path, error: BaseException) -> PlatformError | None:
    return storage_error(error, f"Dagster's database {path} (DAGSTER_HOME)", path)


def _versions(path: Path) -> list[str]:
    try:
        with closing(sqlite3.connect(path)) as opened:
            return sorted(str(version) for (version,) in opened.execute("SELECT version_num FROM alembic_version"))
    except sqlite3.DatabaseError as error:
        if explained := _explained(path, error):
            raise explained from None
        return []  # it has no such table


def versions_known() -> list[str]:
    """The versions of its databases that this Dagster can bring up to date, the newest first."""
    import dagster._core.storage.runs.sqlite.sqlite_run_storage as any_storage
    from alembic.script import ScriptDirectory
    from dagster._core.storage.sql import ALEMBIC_SCRIPTS_LOCATION, get_alembic_config

    config = get_alembic_config(any_storage.__file__, script_location=ALEMBIC_SCRIPTS_LOCATION)
    return [script.revision for script in ScriptDirectory.from_config(config).walk_revisions()]
