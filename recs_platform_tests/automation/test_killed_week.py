"""A weekly job that is killed or interrupted in the middle, and run again, leaves what it leaves undisturbed: the same
rows in every table, and the same lists live.

Not here: a publisher that dies between its steps (recs_platform_tests/publication).
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from recs_platform.settings import settings
from recs_platform.strategies.catalogue import company_named, pipeline_of
from recs_platform.warehouse.environment import lake_of
from recs_platform.warehouse.lake.lake import Lake
from recs_platform.warehouse.slices import TableRef
from recs_platform_tests.cli.terminal import Terminal, small_companies
from recs_platform_tests.slow import takes_seconds
from recs_platform_tests.warehouse.processes import preload, start

preload("recs_platform_tests.automation.loaded")

COMPANY = "concord"
_TO_SATURDAY = ("run", "--company", COMPANY, "--date", "2025-09-13")
_WEEK_BEFORE, _WEEKLY = (("weekly", COMPANY, "--week", week) for week in ("2025-09-10", "2025-09-17"))
_PATIENCE = 600
_INTERRUPTED = 130
_LIVE = "live_weekly_recommendations"
MOMENTS: Mapping[str, signal.Signals] = {
    "client_items": signal.SIGKILL,
    "replenishment_candidates": signal.SIGKILL,
    "replenishment_scores": signal.SIGINT,
    "weekly_recommendations": signal.SIGKILL,
    _LIVE: signal.SIGKILL,
    "experiment_results": signal.SIGINT,
}
"""The table that is about to be written or to go live, and what comes then."""
Contents = dict[str, str]


def run_until(folder: Path, table: str) -> None:
    """Make the week, and be hit when that table is about to be written."""
    replacing, publishing = Lake.replace, Lake.publish

    def replace(lake: Lake, subject: Any, *arguments: Any, **named: Any) -> Any:
        if subject.table.name == table:
            os.kill(os.getpid(), MOMENTS[table])
        return replacing(lake, subject, *arguments, **named)

    def publish(lake: Lake, source: TableRef, day: date, live: TableRef, note: Mapping[str, Any]) -> int:
        if live.name == table:
            os.kill(os.getpid(), MOMENTS[table])
        return publishing(lake, source, day, live, note)

    with patch.object(Lake, "replace", replace), patch.object(Lake, "publish", publish):
        sys.exit(Terminal(folder).recs(*_WEEKLY).code)


def contents(folder: Path, *tables: str) -> Contents:
    """Table: its days and a hash of all its rows, also of what is live; of these tables, or of all."""
    with Terminal(folder).inside():
        lake, company = lake_of(settings()), company_named(COMPANY)
        pipeline = pipeline_of(company)
        refs = [pipeline.ref(name, company) for name in pipeline.specs]
        refs += [TableRef(company.dataset, product.live) for product in pipeline.products.values()]
        wanted = [t for t in refs if not tables or t.name in tables]
        return {t.name: " ".join(f"{day}:{lake.fingerprint(t, day)}" for day in lake.days(t)) for t in wanted}


def succeeded(folder: Path, *command: str) -> None:
    ended = Terminal(folder).recs(*command)
    assert ended.code == 0, ended.told


@pytest.fixture(scope="module")
@takes_seconds
def before(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The lists of the week before are live, and all other days are made."""
    folder = tmp_path_factory.mktemp("before")
    small_companies(folder)
    succeeded(folder, *_TO_SATURDAY)
    succeeded(folder, *_WEEK_BEFORE)
    return folder


@pytest.fixture(scope="module")
@takes_seconds
def undisturbed(before: Path, tmp_path_factory: pytest.TempPathFactory) -> Contents:
    folder = shutil.copytree(before, tmp_path_factory.mktemp("undisturbed") / "of")
    succeeded(folder, *_WEEKLY)
    return contents(folder)


@pytest.mark.slow
def test_a_week_that_is_ended_in_the_middle_and_made_again_is_that_of_an_undisturbed_twin(
    tmp_path: Path, before: Path, undisturbed: Contents
) -> None:
    """Each time it begins again with what the one before it has left, until nobody ends it."""
    folder = shutil.copytree(before, tmp_path / "of")
    for table, sign in MOMENTS.items():
        ended = start(run_until, folder, table)
        ended.join(_PATIENCE)
        assert ended.exitcode == (-signal.SIGKILL if sign is signal.SIGKILL else _INTERRUPTED), table
        # What is live comes last of all.
        assert contents(folder, _LIVE) != {_LIVE: undisturbed[_LIVE]}, table
    succeeded(folder, *_WEEKLY)
    made = contents(folder)
    assert {name for name in made.keys() | undisturbed.keys() if made.get(name) != undisturbed.get(name)} == set()
