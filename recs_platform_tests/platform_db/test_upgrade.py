"""The platform database comes into being, once, whoever opens it first, on SQLite and PostgreSQL."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import sqlalchemy
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from filelock import FileLock
from sqlalchemy import Engine, text

from recs_platform.errors import ConfigError
from recs_platform.platform_db import engine as platform
from recs_platform.platform_db.engine import HEAD, VERSION_TABLE, alembic_config, engine, upgrade
from recs_platform.platform_db.tables import Base


def tables(opened: Engine) -> set[str]:
    return set(sqlalchemy.inspect(opened).get_table_names())


def test_a_fresh_database_gets_every_table(platform_db: Engine) -> None:
    assert tables(platform_db) == {VERSION_TABLE, *Base.metadata.tables}


def test_upgrading_twice_changes_nothing(platform_db: Engine) -> None:
    with platform_db.begin() as connection:
        connection.execute(text(f"CREATE TABLE neighbour AS SELECT version_num FROM {VERSION_TABLE}"))
    before = tables(platform_db)
    upgrade(platform_db)
    with platform_db.connect() as connection:
        assert connection.scalars(text(f"SELECT version_num FROM {VERSION_TABLE}")).all() == [HEAD]
    assert tables(platform_db) == before


def test_the_migrations_make_what_the_models_say(platform_db: Engine) -> None:
    with platform_db.connect() as connection:
        context = MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE, "compare_type": True})
        assert compare_metadata(context, Base.metadata) == []


def test_the_migrations_make_the_checks_that_the_models_say(platform_db: Engine) -> None:
    # Alembic's comparison does not look at check constraints.
    made = {
        constraint["name"]
        for table in Base.metadata.tables
        for constraint in sqlalchemy.inspect(platform_db).get_check_constraints(table)
    }
    name_of = platform_db.dialect.identifier_preparer.format_constraint
    declared = {
        name_of(constraint)
        for table in Base.metadata.tables.values()
        for constraint in table.constraints
        if isinstance(constraint, sqlalchemy.CheckConstraint)
    }
    assert made == declared


def test_head_is_the_last_migration(platform_db: Engine) -> None:
    with platform_db.connect() as connection:
        assert ScriptDirectory.from_config(alembic_config(connection)).get_heads() == [HEAD]


def test_a_round_trip_down_and_up(platform_db: Engine) -> None:
    with platform_db.connect() as connection:
        command.downgrade(alembic_config(connection), "base")
        connection.commit()
    assert tables(platform_db) == {VERSION_TABLE}
    upgrade(platform_db)
    assert tables(platform_db) == {VERSION_TABLE, *Base.metadata.tables}


def test_a_migration_that_breaks_off_leaves_nothing_behind(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = engine(database)
    migrate = platform._migrate

    def break_off(connection: sqlalchemy.Connection) -> None:
        migrate(connection)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(platform, "_migrate", break_off)
        upgrade(opened)
    assert tables(opened) == set()
    upgrade(opened)
    assert "job_log" in tables(opened)
    opened.dispose()


_UPGRADE = """
import sys, time
from pathlib import Path
from recs_platform.platform_db import engine as platform
import alembic.command

migrate = platform._migrate

def linger(connection):
    migrate(connection)
    time.sleep(0.3)

platform._migrate = linger
print("ready", flush=True)
while not Path(sys.argv[2]).exists():
    time.sleep(0.001)
platform.upgrade(platform.engine(sys.argv[1]))
"""


def test_processes_that_upgrade_at_once(database: str, tmp_path: Path) -> None:
    # Lingering before the commit makes sure that they meet.
    go = tmp_path / "go"
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", _UPGRADE, database, str(go)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    go.touch()
    for process in processes:
        _, errors = process.communicate(timeout=60)
        assert process.returncode == 0, errors
    opened = engine(database)
    assert tables(opened) == {VERSION_TABLE, *Base.metadata.tables}
    opened.dispose()


def test_a_sqlite_file_that_another_process_is_preparing_is_waited_for(tmp_path: Path) -> None:
    # SQLite refuses write-ahead logging at once, without waiting, while somebody writes.
    path = tmp_path / "platform.db"
    opened = engine(f"sqlite:///{path}")
    with ThreadPoolExecutor(1) as threads:
        with FileLock(f"{path}.lock"):
            other = sqlite3.connect(path, isolation_level=None)
            other.execute("BEGIN IMMEDIATE")
            waiting = threads.submit(upgrade, opened)
            time.sleep(0.2)
            other.execute("COMMIT")
            other.close()
        waiting.result(timeout=60)
    assert "job_log" in tables(opened)
    opened.dispose()


def test_a_start_at_head_does_not_load_alembic(platform_db: Engine) -> None:
    url = platform_db.url.render_as_string(hide_password=False)
    code = (
        "import sys; from recs_platform.platform_db.engine import engine, upgrade; "
        f"upgrade(engine({url!r})); sys.exit('alembic' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_database_newer_than_the_code_is_refused(platform_db: Engine) -> None:
    with platform_db.begin() as connection:
        connection.execute(text(f"UPDATE {VERSION_TABLE} SET version_num = '9999'"))
    with pytest.raises(ConfigError, match=r"newer recs_platform \(it is at revision 9999") as error:
        upgrade(platform_db)
    assert str(error.value).count("\n") == 0
    assert "job_log" in tables(platform_db)
