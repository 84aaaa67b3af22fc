"""The doctor on databases that are down, damaged, or of another version. Nothing is migrated."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from recs_platform.automation.doctor.examined import State
from recs_platform_tests.automation.doctor.patient import Patient, typed

DAGSTERS = ("history/runs.db", "history/runs/index.db", "schedules/schedules.db")


def at_revision(path: Path, table: str, revision: str) -> None:
    with closing(sqlite3.connect(path)) as opened, opened:
        opened.execute(f"UPDATE {table} SET version_num = ?", (revision,))


def revision(path: Path, table: str) -> str:
    with closing(sqlite3.connect(path)) as opened:
        return str(opened.execute(f"SELECT version_num FROM {table}").fetchone()[0])


def damage(path: Path) -> None:
    """Its middle is overwritten: it opens, and is no whole database."""
    for other in path.parent.glob(f"{path.name}-*"):
        other.unlink()
    with path.open("r+b") as file:
        for page in range(2, 30):
            file.seek(page * 4096)
            file.write(b"\xff" * 4096)


@pytest.mark.parametrize(
    "breaks", [lambda path: path.write_bytes(b"no database at all" * 500), damage], ids=["garbage", "pages"]
)
def test_a_platform_database_that_is_damaged(patient: Patient, breaks) -> None:  # type: ignore[no-untyped-def]
    path = patient.home / "platform.db"
    breaks(path)
    wrong = patient.wrong()
    assert "platform.db" in wrong["databases"]
    assert "Restore it from a backup" in wrong["databases"]
    assert "Traceback" not in str(wrong)


@pytest.mark.parametrize("name", DAGSTERS)
def test_a_database_of_dagster_that_is_damaged(patient: Patient, name: str) -> None:
    for left in (patient.dagster / name).parent.glob("*.db-*"):
        left.unlink()
    (patient.dagster / name).write_bytes(b"no database at all" * 500)
    wrong = patient.wrong()
    assert set(wrong) == {"databases"}
    assert "Dagster" in wrong["databases"]
    assert "Move it away" in wrong["databases"]


def test_a_platform_database_of_an_older_version_is_left_so(patient: Patient) -> None:
    path = patient.home / "platform.db"
    at_revision(path, "recs_schema_version", "0003")
    (told,) = patient.of("databases")
    assert "of an older version (revision 0003" in told
    assert revision(path, "recs_schema_version") == "0003"
    assert patient.of("runs", State.SKIPPED) == ["not looked at: the platform database cannot be used"]


def test_a_platform_database_of_a_newer_version(patient: Patient) -> None:
    path = patient.home / "platform.db"
    at_revision(path, "recs_schema_version", "9999")
    assert patient.wrong() == {}
    assert "was upgraded by a newer recs_platform (revision 9999" in " ".join(patient.of("databases", State.WARNING))
    with closing(sqlite3.connect(path)) as opened, opened:
        opened.execute("UPDATE recs_oldest_program SET revision = '9999'")
    assert "was upgraded by a newer recs_platform (revision 9999" in patient.wrong()["databases"]


def test_a_database_of_dagster_of_another_version_and_what_brings_it_up_to_date(patient: Patient) -> None:
    path = patient.dagster / "schedules" / "schedules.db"
    newest = revision(path, "alembic_version")
    at_revision(path, "alembic_version", "ffffffffffff")
    assert "that this Dagster does not know" in patient.wrong()["databases"]
    at_revision(path, "alembic_version", newest)
    assert patient.wrong() == {}


@pytest.mark.parametrize(
    "url", ["postgresql://recs:hunter22@127.0.0.1:1/recs", "mysql://recs:hunter22@host/recs", "hunter22"]
)
def test_a_server_that_does_not_answer_is_told_without_its_password(patient: Patient, url: str) -> None:
    patient.variables["RECS_DATABASE_URL"] = url
    found = patient.examined()
    assert [one.part for one in found if one.examined.state is State.WRONG] == ["databases"]
    assert "hunter22" not in str(found)


@pytest.mark.slow
def test_on_postgresql_all_is_well_too(patient: Patient, database: str, platform_db: object) -> None:
    patient.variables["RECS_DATABASE_URL"] = database
    assert patient.wrong() == {}
    assert "platform database: reachable, at revision" in " ".join(patient.of("databases", State.OK))


def test_a_dagster_home_without_our_configuration_is_told(patient: Patient) -> None:
    typed("mv .dagster/dagster.yaml .dagster/other.yaml", patient.folder)
    assert "there is no Dagster instance yet" in patient.wrong()["databases"]
