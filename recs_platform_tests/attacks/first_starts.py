"""Processes that begin at the same moment where nothing is yet, and what they leave."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from recs_platform.automation.instance import instance
from recs_platform.platform_db.engine import opened_database
from recs_platform.platform_db.revisions import VERSION_TABLE
from recs_platform.platform_db.tables import Base
from recs_platform.settings import settings
from recs_platform_tests.warehouse.processes import PATIENCE, preload

preload(__name__)

DAGSTER_DATABASES = ("history/runs.db", "history/runs/index.db", "schedules/schedules.db")


def enter(home: Path) -> None:
    """This process is one that somebody started for that home."""
    os.environ["RECS_HOME"] = str(home)
    os.environ.pop("DAGSTER_HOME", None)
    os.environ.pop("RECS_DATABASE_URL", None)
    settings.cache_clear()


def start_at_once(home: Path, gate: Any, answers: Any) -> None:
    enter(home)
    gate.wait(PATIENCE)
    try:
        with instance() as dagster:
            answers.put(f"{dagster.get_runs_count()} runs")
    except Exception as error:
        answers.put(f"{type(error).__name__}: {error}")


def versions(path: Path, table: str = "alembic_version") -> list[str]:
    with closing(sqlite3.connect(path)) as opened:
        return [version for (version,) in opened.execute(f"SELECT version_num FROM {table}")]


def damage(home: Path) -> list[str]:
    """What is wrong with what first starts have made."""
    dagster = home.parent / ".dagster"
    found = [f"{name}: {versions(dagster / name)}" for name in DAGSTER_DATABASES if len(versions(dagster / name)) != 1]
    if len(versions(home / "platform.db", VERSION_TABLE)) != 1:
        found.append("platform.db")
    with opened_database(f"sqlite:///{home / 'platform.db'}").connect() as connection:
        missing = set(Base.metadata.tables) - set(connection.dialect.get_table_names(connection))
    opened_database(f"sqlite:///{home / 'platform.db'}").dispose()
    beside = [path.name for path in dagster.iterdir() if path.name.startswith(".")]
    return [*found, *sorted(missing), *beside]
