"""`recs migrate`: what it makes and moves on, what it says of it, and what it leaves alone."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import dagster as dg
import pytest
from alembic import command
from dagster._core.storage.sql import run_alembic_downgrade
from dagster_postgres.utils import pg_alembic_config
from sqlalchemy import text

from recs_platform.automation import postgres_storage
from recs_platform.automation.dagster_databases import versions_known
from recs_platform.automation.instance import instance, shipped_file
from recs_platform.automation.postgres_storage import PostgresRuns, _inside_dagsters_package
from recs_platform.platform_db.engine import alembic_config, engine
from recs_platform.platform_db.revisions import HEAD, OLDEST_TABLE, VERSION_TABLE
from recs_platform_tests.cli.terminal import Ended, Terminal
from recs_platform_tests.conftest import in_production

_OF_FILES, _OF_SERVER = "sqlite", "postgres"
_DAGSTER = versions_known()[0]
_OLDER_DAGSTER = "16e3655b4d9b"
"""Before an index of runs by their tags."""


@pytest.fixture(params=[_OF_FILES, pytest.param(_OF_SERVER, marks=pytest.mark.slow)])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Terminal]:
    """An installation to be: of files, and as in production."""
    if request.param == _OF_FILES:
        yield Terminal(tmp_path)
        return
    with in_production(tmp_path, request.getfixturevalue("postgres_url")) as variables:
        yield Terminal(tmp_path, variables)


def lines(ended: Ended, code: int = 0) -> dict[str, str]:
    assert ended.code == code, ended.told
    assert ended.err == ""
    return dict(line.split(": ", 1) for line in ended.out.splitlines())


def test_an_empty_place_is_looked_at_then_made_then_left(place: Terminal) -> None:
    before = sorted(place.folder.rglob("*"))
    looked = lines(place.recs("migrate", "--check"), 1)
    assert looked == {
        "platform database": f"none -> {HEAD} to do (for programs from 0010 on)",
        "Dagster's tables": f"none -> {_DAGSTER} to do",
    }
    assert sorted(place.folder.rglob("*")) == before
    configuration = place.folder / ".dagster" / "dagster.yaml"
    assert lines(place.recs("migrate")) == {
        "platform database": f"made, at {HEAD} (for programs from 0010 on)",
        "Dagster's tables": f"made, at {_DAGSTER}",
        "DAGSTER_HOME": f"{configuration} written",
    }
    assert configuration.read_text() == shipped_file("dagster.yaml").read_text()
    done = {
        "platform database": f"at {HEAD}, nothing to do",
        "Dagster's tables": f"at {_DAGSTER}, nothing to do",
    }
    assert lines(place.recs("migrate", "--check")) == done
    again = {**done, "DAGSTER_HOME": f"{configuration} is the shipped one, nothing to do"}
    assert lines(place.recs("migrate")) == again
    said = place.recs("migrate", "--json").json
    assert [(one["what"], one.get("to_do")) for one in said] == [
        ("platform database", False),
        ("Dagster's tables", False),
        ("DAGSTER_HOME", None),
    ]


def test_a_platform_database_of_an_older_version(place: Terminal) -> None:
    lines(place.recs("migrate"))
    with place.inside(), engine().connect() as connection:
        command.downgrade(alembic_config(connection), "0007")
        connection.commit()
    assert lines(place.recs("migrate", "--check"), 1)["platform database"].startswith(f"0007 -> {HEAD} to do")
    assert lines(place.recs("migrate", "--check"), 1)["platform database"].startswith(f"0007 -> {HEAD} to do")
    assert lines(place.recs("migrate"))["platform database"].startswith(f"0007 -> {HEAD} (")
    assert lines(place.recs("migrate"))["platform database"] == f"at {HEAD}, nothing to do"


def make_older(place: Terminal, runs: int) -> None:
    """Dagster's tables as an older Dagster has made them, with runs."""
    with place.inside(), instance() as dagster:
        for number in range(runs):
            dagster.add_run(dg.DagsterRun(job_name="toy", run_id=f"0000000{number}-0000-4000-8000-000000000000"))
    url = place.variables.get("RECS_DAGSTER_DATABASE_URL")
    if url is not None:
        with PostgresRuns(url).connect() as connection:
            run_alembic_downgrade(pg_alembic_config(_inside_dagsters_package()), connection, _OLDER_DAGSTER)
        return
    with closing(sqlite3.connect(place.folder / ".dagster" / "history" / "runs.db")) as opened, opened:
        opened.execute("DROP INDEX IF EXISTS idx_run_tags_run_id")
        opened.execute(f"UPDATE alembic_version SET version_num = '{_OLDER_DAGSTER}'")


def indices(place: Terminal) -> set[str]:
    url = place.variables.get("RECS_DAGSTER_DATABASE_URL")
    if url is not None:
        with PostgresRuns(url).connect() as connection:
            return set(connection.scalars(text("SELECT indexname FROM pg_indexes")))
    with closing(sqlite3.connect(place.folder / ".dagster" / "history" / "runs.db")) as opened:
        return {name for (name,) in opened.execute("SELECT name FROM sqlite_master WHERE type = 'index'")}


def test_dagsters_tables_of_an_older_version_keep_their_runs(place: Terminal) -> None:
    lines(place.recs("migrate"))
    make_older(place, runs=3)
    assert "idx_run_tags_run_id" not in indices(place)
    looked = lines(place.recs("migrate", "--check"), 1)
    assert looked["Dagster's tables"] == f"{_OLDER_DAGSTER} -> {_DAGSTER} to do"
    assert lines(place.recs("migrate"))["Dagster's tables"] == f"{_OLDER_DAGSTER} -> {_DAGSTER}"
    assert "idx_run_tags_run_id" in indices(place)
    assert lines(place.recs("migrate", "--check"))["Dagster's tables"] == f"at {_DAGSTER}, nothing to do"
    with place.inside(), instance() as dagster:
        assert len(dagster.get_runs()) == 3


def test_dagsters_tables_of_a_newer_version_are_left(place: Terminal) -> None:
    lines(place.recs("migrate"))
    newer = "UPDATE alembic_version SET version_num = 'ffffffffffff'"
    url = place.variables.get("RECS_DAGSTER_DATABASE_URL")
    if url is not None:
        with PostgresRuns(url).connect() as connection:
            connection.execute(text(newer))
    else:
        with closing(sqlite3.connect(place.folder / ".dagster" / "history" / "runs.db")) as opened, opened:
            opened.execute(newer)
    for line in (("migrate",), ("migrate", "--check")):
        said = lines(place.recs(*line))["Dagster's tables"]
        assert said == "at ffffffffffff (of a newer Dagster; left as they are), nothing to do"


def moved_on(place: Terminal, oldest: str) -> None:
    with place.inside(), engine().begin() as connection:
        connection.execute(text(f"UPDATE {VERSION_TABLE} SET version_num = '9000'"))
        connection.execute(text(f"UPDATE {OLDEST_TABLE} SET revision = '{oldest}'"))


def test_a_newer_database_that_this_version_may_use_lets_it_start(place: Terminal) -> None:
    lines(place.recs("migrate"))
    moved_on(place, HEAD)
    for line in (("migrate", "--check"), ("migrate",)):
        said = lines(place.recs(*line))["platform database"]
        assert said == "at 9000 (of a newer recs_platform, which this one may use), nothing to do"


def test_one_that_it_may_not_use_is_a_mistake(place: Terminal) -> None:
    lines(place.recs("migrate"))
    moved_on(place, "9000")
    for line in (("migrate", "--check"), ("migrate",)):
        ended = place.recs(*line)
        assert (ended.code, ended.out, ended.err.count("\n")) == (2, "", 1)
        assert f"it is at revision 9000, this one knows up to {HEAD}" in ended.err


@pytest.mark.parametrize("line", [("migrate",), ("migrate", "--check")])
@pytest.mark.parametrize(
    ("url", "code"),
    [("postgresql://recs:hunter22@127.0.0.1:1/recs", 1), ("mysql://recs:hunter22@host/recs", 2)],
)
def test_a_database_that_cannot_be_used_is_one_message(
    tmp_path: Path, line: tuple[str, ...], url: str, code: int
) -> None:
    ended = Terminal(tmp_path).recs(*line, RECS_DATABASE_URL=url)
    assert (ended.code, ended.out, ended.err.count("\n")) == (code, "", 1)
    assert ended.err.startswith("error: ")
    assert "hunter22" not in ended.err


def test_a_database_of_dagster_that_does_not_answer_is_one_message(
    place: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres_storage, "_WAITS", (0.01, 0.01))
    if _OF_SERVER in place.variables.get("RECS_DATABASE_URL", ""):
        ended = place.recs("migrate", RECS_DAGSTER_DATABASE_URL="postgresql://recs:hunter22@127.0.0.1:1/recs")
        assert (ended.code, ended.out, ended.err.count("\n")) == (1, "", 1)
        assert "hunter22" not in ended.err


@pytest.mark.slow
def test_several_at_once_do_it_once(place: Terminal) -> None:
    processes = [place.start("migrate") for _ in range(3)]
    said = [process.communicate(timeout=120)[0] for process in processes]
    assert [process.returncode for process in processes] == [0, 0, 0], said
    assert sorted("made" in text.splitlines()[0] for text in said) == [False, False, True], said
    assert sorted("written" in text for text in said) == [False, False, True], said
    lines(place.recs("migrate", "--check"))


def test_the_folder_of_the_instance_is_configured_where_it_is_empty(tmp_path: Path) -> None:
    """As a volume is that was mounted there."""
    volume = tmp_path / "volume"
    volume.mkdir()
    terminal = Terminal(tmp_path, {"DAGSTER_HOME": str(volume)})
    assert lines(terminal.recs("migrate"))["DAGSTER_HOME"] == f"{volume / 'dagster.yaml'} written"
    assert (volume / "history" / "runs.db").exists()


def test_a_configuration_that_an_earlier_version_has_put_there_is_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    volume = tmp_path / "volume"
    terminal = Terminal(tmp_path, {"DAGSTER_HOME": str(volume)})
    earlier = tmp_path / "earlier.yaml"
    earlier.write_text(shipped_file("dagster.yaml").read_text() + "\n# as it was\n")
    with monkeypatch.context() as patch:
        patch.setattr("recs_platform.automation.instance.shipped_file", lambda _: earlier)
        lines(terminal.recs("migrate"))
    assert (volume / "dagster.yaml").read_text() == earlier.read_text()
    said = lines(terminal.recs("migrate"))["DAGSTER_HOME"]
    assert said == f"{volume / 'dagster.yaml'} was that of an earlier version, and is the shipped one"
    assert (volume / "dagster.yaml").read_text() == shipped_file("dagster.yaml").read_text()


def test_a_configuration_that_somebody_has_changed_is_left(tmp_path: Path) -> None:
    volume = tmp_path / "volume"
    terminal = Terminal(tmp_path, {"DAGSTER_HOME": str(volume)})
    lines(terminal.recs("migrate"))
    own = (volume / "dagster.yaml").read_text() + "\n# ours\n"
    (volume / "dagster.yaml").write_text(own)
    assert lines(terminal.recs("migrate"))["DAGSTER_HOME"] == f"{volume / 'dagster.yaml'} is your own, left as it is"
    assert (volume / "dagster.yaml").read_text() == own
