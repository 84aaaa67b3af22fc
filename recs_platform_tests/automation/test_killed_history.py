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
from recs_platform_tests.warehouse.processes import preload, start

preload("recs_platform_tests.automation.loaded")

pytestmark = pytest.mark.slow

COMPANY, DAY = "concord", "2025-09-06"
_RUN = ("run", "--company", COMPANY, "--date", DAY)
_PATIENCE = 600


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


def test_a_day_after_a_killed_history_is_that_of_an_undisturbed_twin(tmp_path: Path) -> None:
    undisturbed, killed = (Terminal(tmp_path / name) for name in ("undisturbed", "killed"))
    for terminal in (undisturbed, killed):
        small_companies(terminal.folder)
    for table in ("source_counts", "interactions"):
        ended = start(run_and_die_at, killed.folder, table)
        ended.join(_PATIENCE)
        assert ended.exitcode == -signal.SIGKILL, table
    for terminal in (undisturbed, killed):
        done = terminal.recs(*_RUN)
        assert done.code == 0, done.told
    expected, made = contents(undisturbed), contents(killed)
    assert {name for name in made.keys() | expected.keys() if made.get(name) != expected.get(name)} == set()
