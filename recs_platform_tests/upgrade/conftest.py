"""A first day that is made once, and the three days of a company that nobody upgraded or restored."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from recs_platform_tests.cli.terminal import Terminal, small_companies
from recs_platform_tests.shared import made_once
from recs_platform_tests.slow import takes_seconds
from recs_platform_tests.upgrade.days import COMPANY, DAYS, Contents, contents, ok


@pytest.fixture(scope="session")
@takes_seconds
def first_day(tmp_path_factory: pytest.TempPathFactory) -> Path:
    def make(folder: Path) -> None:
        small_companies(folder)
        ok(Terminal(folder).recs("run", COMPANY, "--date", DAYS[0]))

    return made_once(tmp_path_factory, "first-day", make)


@pytest.fixture(scope="session")
@takes_seconds
def undisturbed(first_day: Path, tmp_path_factory: pytest.TempPathFactory) -> Contents:
    def make(folder: Path) -> None:
        shutil.copytree(first_day, folder, dirs_exist_ok=True)
        for day in DAYS[1:]:
            ok(Terminal(folder).recs("run", COMPANY, "--date", day))

    return contents(Terminal(made_once(tmp_path_factory, "undisturbed-days", make)))
