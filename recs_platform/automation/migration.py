"""`recs migrate`: the databases of this version, before anything of it starts.

Who starts without it makes and migrates the platform database as well, and Dagster's tables where there are none; but
tables that an older Dagster has made are moved on here alone. One lock is around all of it (instance.py), so several
may migrate at once. A process that is killed leaves the platform database as it was; of Dagster's tables some are moved
on, and the others follow when it is run again.

Not here: how the platform database is moved (`platform_db/engine.py`).
"""

from __future__ import annotations

import io
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from recs_platform.automation.dagster_databases import are_complete, versions_known
from recs_platform.automation.instance import (
    Configuration,
    NoInstanceError,
    alone_at,
    configuration_of,
    existing_instance,
    home_of_instance,
    is_in_files,
    prepare,
)
from recs_platform.platform_db.engine import engine, oldest_program, state_at, upgrade
from recs_platform.platform_db.revisions import HEAD, Standing
from recs_platform.settings import settings

PLATFORM, DAGSTER, FOLDER = "platform database", "Dagster's tables", "DAGSTER_HOME"


@dataclass(frozen=True)
class Part:
    """Of an installation: where it stood, and where this version wants it."""

    what: str
    was: str | None
    """None where there was none."""
    wanted: str
    note: str = ""

    @property
    def is_done(self) -> bool:
        return self.was == self.wanted

    def told(self, *, done: bool) -> str:
        if self.is_done:
            return f"at {self.wanted}{self._noted}, nothing to do"
        moved = f"{self.was} -> {self.wanted}" if self.was else f"made, at {self.wanted}"
        if not done:
            moved = f"{self.was or 'none'} -> {self.wanted} to do"
        return f"{moved}{self._noted}"

    @property
    def _noted(self) -> str:
        return f" ({self.note})" if self.note else ""

    def to_json(self) -> dict[str, Any]:
        return {"what": self.what, "was": self.was, "wanted": self.wanted, "note": self.note, "to_do": not self.is_done}


def look() -> list[Part]:
    """What would be done. Nothing is made or changed."""
    return [_platform(), _dagster(home_of_instance())]


def migrate() -> tuple[list[Part], str]:
    """Do it; what was done, and what became of the configuration."""
    home = home_of_instance()
    with alone_at(home):
        was, configuration = _platform(), configuration_of(home)
        dagster = _dagster(home)
        upgrade(engine())
        prepare(home)
        present = _dagster(home)
        if not present.is_done:
            dagster = present
            _move_dagster_on()
    return [was, dagster], _of_configuration(configuration, home)


def _platform() -> Part:
    found = state_at(settings().database)
    if found is not None and found.is_usable:
        note = "of a newer recs_platform, which this one may use" if found.standing is Standing.NEWER else ""
        return Part(PLATFORM, found.revision, str(found.revision), note)
    return Part(PLATFORM, found.revision if found else None, HEAD, f"for programs from {oldest_program()} on")


def _dagster(home: Path) -> Part:
    newest = versions_known()[0]
    try:
        # To open files that are missing would make them.
        is_made = are_complete(home) or not is_in_files(home)
        versions = _versions() if is_made else set()
    except NoInstanceError:
        versions = set()
    if not versions:
        return Part(DAGSTER, None, newest)
    older = [version for version in versions_known()[1:] if version in versions]
    if older:
        return Part(DAGSTER, older[-1], newest)
    unknown = sorted(versions - {newest})
    if unknown:
        return Part(DAGSTER, unknown[0], unknown[0], "of a newer Dagster; left as they are")
    return Part(DAGSTER, newest, newest)


def _versions() -> set[str]:
    """Of the databases of an instance that is there."""
    with existing_instance() as dagster:
        storages: tuple[Any, ...] = (dagster.run_storage, dagster.event_log_storage, dagster.schedule_storage)
        found = [storage.alembic_version() for storage in storages if storage is not None]
    return {str(one[0]) for one in found if one is not None}


def _move_dagster_on() -> None:
    url = settings().dagster_database_url
    if url is not None:
        from recs_platform.automation.postgres_storage import upgrade_tables

        upgrade_tables(url.get_secret_value())
        return
    # Dagster tells of each run's database as it goes.
    with existing_instance() as dagster, redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
        dagster.upgrade()


def _of_configuration(was: Configuration, home: Path) -> str:
    file = home / "dagster.yaml"
    match was:
        case Configuration.SHIPPED:
            return f"{file} is the shipped one, nothing to do"
        case Configuration.EARLIER:
            return f"{file} was that of an earlier version, and is the shipped one"
        case Configuration.NONE:
            return f"{file} written"
        case Configuration.OWN if configuration_of(home) is Configuration.SHIPPED:
            return f"{file} was another one, and is the shipped one; name a folder of your own by DAGSTER_HOME"
        case Configuration.OWN:
            return f"{file} is your own, left as it is"
