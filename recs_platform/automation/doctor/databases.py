"""The platform database and Dagster's: there, whole, and of this version."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import dagster as dg

from recs_platform.automation.dagster_databases import databases_in, versions_known
from recs_platform.automation.doctor.examined import Examined, ok, warning, wrong
from recs_platform.automation.doctor.home import Home, is_there
from recs_platform.automation.instance import NoInstanceError
from recs_platform.errors import PlatformError
from recs_platform.platform_db.engine import engine, state_in
from recs_platform.platform_db.revisions import HEAD, Standing, State

_MOST_BYTES = 200 * 2**20
"""Of a SQLite file that is looked through."""
_RESTORE = "Restore it from a backup. Tables stand in the lake: what the database knows of them is found again."
_MOVE_AWAY = "Move it away: runs and their logs are lost, tables are not."


def examine(home: Home) -> Iterator[Examined]:
    _ = home.settings
    yield from _platform(home)
    yield from _dagster(home)


def _platform(home: Home) -> Iterator[Examined]:
    if problem := home.problem_of(lambda one: one.database_file):
        yield wrong(str(problem), "See docs/settings.md.")
        return
    file = home.database_file
    if not home.has_database:
        yield warning(f"there is no platform database yet ({file})", "The first run makes it.")
        return
    try:
        found = state_in(engine(home.settings.database))
    except Exception as error:
        yield wrong(str(error), _RESTORE if file else "See that the server runs, and docs/settings.md.")
        return
    if file and (damage := _damage(file)):
        yield wrong(f"the platform database {file} is damaged ({damage})", _RESTORE)
    else:
        yield _of_revision(found)


def _of_revision(found: State) -> Examined:
    newer = f"the platform database was upgraded by a newer recs_platform (revision {found.revision}, this one knows"
    match found.standing:
        case Standing.EMPTY:
            return warning("the platform database has no tables yet", "Make them: recs migrate")
        case Standing.OLDER:
            return warning(
                f"the platform database is of an older version (revision {found.revision}, this one wants {HEAD})",
                "Bring it up to date: recs migrate",
            )
        case Standing.CURRENT:
            return ok(f"platform database: reachable, at revision {found.revision}")
        case Standing.NEWER:
            return warning(f"{newer} {HEAD}), and this one may use it", "Install that version when it can be.")
        case Standing.TOO_NEW:
            return wrong(f"{newer} {HEAD})", "Install that version, or point RECS_DATABASE_URL elsewhere.")


def _dagster(home: Home) -> Iterator[Examined]:
    folder = home.dagster_home
    if home.settings.dagster_database_url is not None:
        yield from _dagster_on_a_server(home)
        return
    if not is_there(folder):
        yield warning(f"there is no Dagster instance yet ({folder})", "The first run makes it.")
        return
    if problem := home.problem_of(lambda one: one.instance):
        yield wrong(f"Dagster's instance {folder} cannot be used ({problem})", _MOVE_AWAY)
        return
    try:
        problems = list(_of_instance(home.instance, folder))
    except PlatformError as error:
        problems = [wrong(str(error), _MOVE_AWAY)]
    yield from problems
    if not problems:
        yield ok(f"Dagster's databases in {folder}: reachable, of this version")


def _dagster_on_a_server(home: Home) -> Iterator[Examined]:
    if problem := home.problem_of(lambda one: one.instance):
        if isinstance(problem, NoInstanceError):
            yield warning(str(problem), "")
        else:
            yield wrong(f"Dagster's database cannot be used ({problem})", "See that the server runs.")
        return
    problems = list(_versions(home.instance, "Bring it up to date: recs migrate"))
    yield from problems
    if not problems:
        yield ok("Dagster's database on PostgreSQL: reachable, of this version")


def _of_instance(instance: dg.DagsterInstance, folder: Path) -> Iterator[Examined]:
    for path in databases_in(folder):
        if damage := _damage(path):
            yield wrong(f"Dagster's database {path} is damaged ({damage})", _MOVE_AWAY)
    yield from _versions(instance, f"Bring it up to date: DAGSTER_HOME={folder} recs migrate")


def _versions(instance: dg.DagsterInstance, migrate: str) -> Iterator[Examined]:
    storages = {
        "runs": instance.run_storage,
        "events": instance.event_log_storage,
        "schedules": instance.schedule_storage,
    }
    for what, storage in storages.items():
        found = storage.alembic_version() if storage is not None else None
        if found is None or found[0] == found[1]:
            continue
        now, head = found
        if now in versions_known():
            yield wrong(
                f"Dagster's database of {what} is of an older version ({now})",
                migrate,
            )
        else:
            yield wrong(
                f"Dagster's database of {what} is of a version that this Dagster does not know ({now}; {head})",
                f"Install the Dagster that made it. {_MOVE_AWAY}",
            )


def _damage(path: Path) -> str:
    """What SQLite finds wrong with a file; empty when nothing, or when looking would take long."""
    try:
        if path.stat().st_size > _MOST_BYTES:
            return ""
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=5)) as opened:
            (found,) = opened.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.OperationalError:
        return ""  # busy, or told by who opens it
    except (OSError, sqlite3.DatabaseError) as error:
        return str(error)
    return "" if found == "ok" else str(found)
