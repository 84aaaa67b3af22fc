"""A history load that is killed before its end: the next run finds what is missing, and makes it."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from recs_platform.settings import settings
from recs_platform.strategies.catalogue import company_named, pipeline_of
from recs_platform.warehouse.environment import lake_of
from recs_platform.warehouse.lake.lake import Lake
from recs_platform_tests.cli.terminal import Terminal, small_companies
from recs_platform_tests.warehouse.processes import start

pytestmark = pytest.mark.slow

COMPANY, DAY = "concord", "2025-09-06"
_RUN = ("run", "--company", COMPANY, "--date", DAY)
_PATIENCE = 300


def run_and_die_at(folder: Path, table: str) -> None:
    """Run the day, and be killed when that table of the history is about to be written."""
    replacing = Lake.replace

    def killed(lake: Lake, subject: Any, *arguments: Any, **named: Any) -> Any:
        if subject.table.name == table:
            os.kill(os.getpid(), signal.SIGKILL)
        return replacing(lake, subject, *arguments, **named)

    with patch.object(Lake, "replace", killed):
        Terminal(folder).recs(*_RUN)


def contents(terminal: Terminal) -> dict[str, str]:
    """Table: its days and a hash of all its rows."""
    with terminal.inside():
        lake, company = lake_of(settings()), company_named(COMPANY)
        pipeline, found = pipeline_of(company), {}
        for name in pipeline.specs:
            ref = pipeline.ref(name, company)
            found[name] = " ".join(f"{day}:{lake.fingerprint(ref, day)}" for day in lake.days(ref))
    return found


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("undisturbed")
    small_companies(folder)
    ended = Terminal(folder).recs(*_RUN)
    assert ended.code == 0, ended.told
    return contents(Terminal(folder))


@pytest.mark.parametrize("table", ["source_counts", "interactions"])
def test_a_day_after_a_killed_history_is_that_of_an_undisturbed_twin(
    tmp_path: Path, undisturbed: dict[str, str], table: str
) -> None:
    small_companies(tmp_path)
    terminal = Terminal(tmp_path)
    killed = start(run_and_die_at, tmp_path, table)
    killed.join(_PATIENCE)
    assert killed.exitcode == -signal.SIGKILL
    ended = terminal.recs(*_RUN)
    assert ended.code == 0, ended.told
    made = contents(terminal)
    assert {name for name in made if made[name] != undisturbed[name]} == set()
