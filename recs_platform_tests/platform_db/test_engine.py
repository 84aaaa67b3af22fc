"""Opening the platform database: what it is given by default, and what it says when it cannot be used."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import IntegrityError

from recs_platform.errors import ConfigError, PlatformError, UnavailableError
from recs_platform.platform_db.engine import engine, upgrade


def refusal(url: str, kind: type[PlatformError] = ConfigError) -> str:
    with pytest.raises(kind) as error:
        upgrade(engine(url))
    message = str(error.value)
    assert "\n" not in message
    assert "RECS_DATABASE_URL" in message
    return message


def test_the_default_is_a_file_in_home_that_many_processes_can_use(own_home: Path) -> None:
    opened = engine()
    upgrade(opened)
    with opened.connect() as connection:
        assert connection.scalar(text("PRAGMA journal_mode")) == "wal"
        assert connection.scalar(text("PRAGMA busy_timeout")) == 30_000
        assert connection.scalar(text("PRAGMA foreign_keys")) == 1
    opened.dispose()
    assert (own_home / "platform.db").is_file()


@pytest.mark.parametrize(
    "url",
    ["mysql://root:secret@host/db", "jdbc:secret", "postgres://u:secret@host/db", "sqlite://", "sqlite:///:memory:"],
)
def test_a_url_of_something_else_is_refused(url: str) -> None:
    assert "secret" not in refusal(url)


def test_a_driver_that_is_not_installed() -> None:
    message = refusal("postgresql+asyncpg://u:secret@host/db")
    assert "recs-platform[postgres]" in message
    assert "secret" not in message


def test_no_server_at_that_address() -> None:
    message = refusal("postgresql://u:secret@127.0.0.1:1/db?sslpassword=hidden", UnavailableError)
    assert "127.0.0.1:1/db" in message
    assert "refused" in message
    assert "secret" not in message
    assert "hidden" not in message


def test_a_server_without_that_database(postgres_url: str) -> None:
    url = make_url(postgres_url).set(database="nowhere", password="secret")
    message = refusal(url.render_as_string(hide_password=False))
    assert 'database "nowhere" does not exist' in message
    assert "secret" not in message


def test_any_use_of_an_unreachable_database_is_explained_not_only_the_first() -> None:
    with pytest.raises(UnavailableError, match="cannot be used"):
        engine("postgresql://u:secret@127.0.0.1:1/db").connect()


def test_a_connection_that_breaks_off_in_between_is_an_outage(postgres_url: str) -> None:
    ours, others = engine(postgres_url), engine(postgres_url)
    with ours.connect() as connection, others.connect() as admin:
        process = connection.scalar(text("SELECT pg_backend_pid()"))
        admin.execute(text("SELECT pg_terminate_backend(:process)"), {"process": process})
        with pytest.raises(UnavailableError, match="cannot be used"):
            connection.execute(text("SELECT 1"))
    with ours.connect() as connection:
        assert connection.scalar(text("SELECT 1")) == 1
    ours.dispose()
    others.dispose()


def test_a_sqlite_file_that_somebody_writes_too_long_is_an_outage(tmp_path: Path) -> None:
    path = tmp_path / "platform.db"
    opened = engine(f"sqlite:///{path}")
    upgrade(opened)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with opened.connect() as connection:
        connection.exec_driver_sql("PRAGMA busy_timeout = 50")
        with pytest.raises(UnavailableError, match="database is locked"):
            connection.exec_driver_sql("BEGIN IMMEDIATE")
    other.close()
    opened.dispose()


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert "file" in refusal(f"sqlite:///{tmp_path}/file/platform.db")


def test_a_folder_where_the_file_should_be(tmp_path: Path) -> None:
    (tmp_path / "platform.db").mkdir()
    assert "unable to open database file" in refusal(f"sqlite:///{tmp_path}/platform.db")


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("not a database, but long enough to be looked at as one" * 20)
    assert "file is not a database" in refusal(f"sqlite:///{path}")
    assert path.read_text().startswith("not a database")


def test_a_home_with_unusual_characters(tmp_path: Path) -> None:
    opened = engine(f"sqlite:///{tmp_path}/50% größer/platform.db")
    upgrade(opened)
    opened.dispose()
    with sqlite3.connect(tmp_path / "50% größer" / "platform.db") as connection:
        assert connection.execute("SELECT count(*) FROM job_log").fetchone() == (0,)


def test_an_error_of_a_statement_does_not_show_its_values(database: str) -> None:
    opened = engine(database)
    with opened.begin() as connection:
        connection.execute(text("CREATE TABLE people (name VARCHAR(9) NOT NULL CHECK (name <> ''), note TEXT)"))
    with pytest.raises(IntegrityError) as error, opened.begin() as connection:
        connection.execute(text("INSERT INTO people VALUES (:name, :note)"), {"name": "", "note": "jane@example.com"})
    # PostgreSQL itself repeats the row; the statement's parameters, which SQLAlchemy would add, are left out.
    assert "[SQL parameters hidden" in str(error.value)
    opened.dispose()
