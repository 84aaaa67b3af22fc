"""The platform database comes into being, once, whoever opens it first, on SQLite and PostgreSQL."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from recs_platform.errors import ConfigError
from recs_platform.platform_db import engine as platform
from recs_platform.platform_db.engine import alembic_config, engine, upgrade
from recs_platform.platform_db.locks import lock
from recs_platform.platform_db.revisions import HEAD, OLDEST_TABLE, VERSION_TABLE
from recs_platform.platform_db.tables import Base, Publication
from recs_platform_tests.platform_db.jobs import upgrade_slowly
from recs_platform_tests.warehouse.processes import FORKING, PATIENCE, start


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


_OLD = (
    "INSERT INTO publications (company, strategy, version, as_of, customers, rows, generated_at, status, kind, "
    "published_at, published_by, approved, note) VALUES (:company, 'toy', :version, '2025-09-10', 10, 12, "
    "'2025-09-10 00:00:00', :status, 'publish', '2025-09-11 06:00:00', 'ann', :approved, 'as it was')"
)
_NEW = "INSERT INTO publications (product, company, strategy, version, as_of, rows, generated_at, status, kind, " + (
    "published_at, published_by, approved, note) SELECT :product, company, strategy, :version, as_of, rows, "
    "generated_at, :status, kind, published_at, published_by, approved, note FROM publications WHERE version = 1 "
    "AND company = 'shop'"
)


@pytest.fixture
def before_products(database: str) -> Iterator[Engine]:
    """A database of the revision before there were products, with publications of two companies."""
    opened = engine(database)
    with opened.connect() as connection:
        command.upgrade(alembic_config(connection), "0002")
        connection.commit()
    with opened.begin() as connection:
        for company, version, status in (("shop", 1, "backup"), ("shop", 2, "live"), ("other", 1, "live")):
            row = {"company": company, "version": version, "status": status, "approved": version == 2}
            connection.execute(text(_OLD), row)
    yield opened
    opened.dispose()


def test_what_was_published_before_there_were_products_are_recommendations(before_products: Engine) -> None:
    upgrade(before_products)
    with Session(before_products) as session:
        rows = session.scalars(select(Publication).order_by(Publication.id)).all()
    assert [(r.company, r.version, str(r.status), r.approved) for r in rows] == [
        ("shop", 1, "backup", False),
        ("shop", 2, "live", True),
        ("other", 1, "live", False),
    ]
    assert {(r.product, r.customers, r.rows, r.note) for r in rows} == {("recommendations", 10, 12, "as it was")}
    assert {r.generated_at for r in rows} == {datetime(2025, 9, 10, tzinfo=UTC)}


def test_each_product_has_its_own_versions_and_one_that_is_live(before_products: Engine) -> None:
    upgrade(before_products)

    def add(product: str, version: int, status: str) -> None:
        with before_products.begin() as connection:
            connection.execute(text(_NEW), {"product": product, "version": version, "status": status})

    add("allocation", 2, "live")
    add("allocation", 1, "backup")
    with pytest.raises(IntegrityError):
        add("recommendations", 2, "backup")
    with pytest.raises(IntegrityError):
        add("recommendations", 3, "live")
    with pytest.raises(IntegrityError):
        add("allocation", 3, "live")
    with pytest.raises(IntegrityError):
        add("allocation", 3, "thrown away")
    with pytest.raises(IntegrityError), before_products.begin() as connection:
        connection.execute(text(_OLD), {"company": "new", "version": 1, "status": "live", "approved": False})


def test_a_database_taken_back_before_products_keeps_its_recommendations(before_products: Engine) -> None:
    upgrade(before_products)
    with before_products.begin() as connection:
        connection.execute(text(_NEW), {"product": "allocation", "version": 9, "status": "live"})
    with before_products.connect() as connection:
        command.downgrade(alembic_config(connection), "0002")
        connection.commit()
    with before_products.begin() as connection:
        kept = connection.execute(text("SELECT company, version, customers FROM publications ORDER BY id")).all()
        assert kept == [("shop", 1, 10), ("shop", 2, 10), ("other", 1, 10)]
    with pytest.raises(IntegrityError), before_products.begin() as connection:
        connection.execute(text(_OLD), {"company": "shop", "version": 3, "status": "live", "approved": False})
    upgrade(before_products)


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


@pytest.mark.slow
def test_processes_that_upgrade_at_once(database: str) -> None:
    gate = FORKING.Barrier(2)
    processes = [start(upgrade_slowly, database, gate) for _ in range(2)]
    for process in processes:
        process.join(PATIENCE)
    assert [process.exitcode for process in processes] == [0, 0]
    opened = engine(database)
    assert tables(opened) == {VERSION_TABLE, *Base.metadata.tables}
    opened.dispose()


def test_a_sqlite_file_that_another_process_is_preparing_is_waited_for(tmp_path: Path) -> None:
    # SQLite refuses write-ahead logging at once, without waiting, while somebody writes.
    path = tmp_path / "platform.db"
    opened = engine(f"sqlite:///{path}")
    with ThreadPoolExecutor(1) as threads:
        with lock(opened, "opening"):
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
        connection.execute(text(f"UPDATE {OLDEST_TABLE} SET revision = '9998'"))
    with pytest.raises(ConfigError, match=r"newer recs_platform \(it is at revision 9999") as error:
        upgrade(platform_db)
    assert str(error.value).count("\n") == 0
    assert "job_log" in tables(platform_db)
