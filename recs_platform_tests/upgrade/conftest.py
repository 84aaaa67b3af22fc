"""Days that are made once and looked at by several tests, and this version as a process that forks for each command."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import make_url

from recs_platform_tests.cli.terminal import Terminal, small_companies
from recs_platform_tests.conftest import end_connections, in_production
from recs_platform_tests.shared import made_once
from recs_platform_tests.slow import takes_seconds
from recs_platform_tests.upgrade.days import COMPANY, DAYS, Contents, Production, contents, ok
from recs_platform_tests.upgrade.loaded import Loaded, loaded


@pytest.fixture(scope="session")
def this_version() -> Iterator[Loaded]:
    with loaded() as version:
        yield version


@pytest.fixture(scope="session")
@takes_seconds
def first_day(tmp_path_factory: pytest.TempPathFactory) -> Path:
    def make(folder: Path) -> None:
        small_companies(folder)
        ok(Terminal(folder).recs("run", COMPANY, "--date", DAYS[0]))

    return made_once(tmp_path_factory, "first-day", make)


@pytest.fixture(scope="session")
@takes_seconds
def first_day_in_production(postgres_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Production]:
    folder = tmp_path_factory.mktemp("production")
    small_companies(folder)
    with in_production(folder, postgres_url) as variables:
        ok(Terminal(folder, variables).recs("run", COMPANY, "--date", DAYS[0]))
        urls = [variables[name] for name in ("RECS_DATABASE_URL", "RECS_DAGSTER_DATABASE_URL")]
        for url in urls:
            end_connections(url)
        yield Production(folder, tuple(str(make_url(url).database) for url in urls), postgres_url)


@pytest.fixture(scope="session")
@takes_seconds
def second_day(first_day: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same installation one day later."""
    return _one_more(first_day, DAYS[1], tmp_path_factory)


@pytest.fixture(scope="session")
@takes_seconds
def two_undisturbed(second_day: Path) -> Contents:
    """Of a company that nobody upgraded or restored."""
    return contents(Terminal(second_day))


@pytest.fixture(scope="session")
@takes_seconds
def undisturbed(second_day: Path, tmp_path_factory: pytest.TempPathFactory) -> Contents:
    """The same one day later."""
    return contents(Terminal(_one_more(second_day, DAYS[2], tmp_path_factory)))


def _one_more(before: Path, day: str, factory: pytest.TempPathFactory) -> Path:
    def make(folder: Path) -> None:
        shutil.copytree(before, folder, dirs_exist_ok=True)
        ok(Terminal(folder).recs("run", COMPANY, "--date", day))

    return made_once(factory, f"days-until-{day}", make)
