"""The example as a user gets it; each of its companies is run once, and tests look at what came of it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from recs_platform.settings import settings
from recs_platform_tests.real.figures import markdown
from recs_platform_tests.real.judged import Quarter, quarter
from recs_platform_tests.real.walk import LAST, recs, run, walk
from recs_platform_tests.shared import made_once
from recs_platform_tests.slow import takes_seconds

_ROOT = Path(__file__).parents[2]
MEASURED = _ROOT / "build" / "real-data.md"
"""What this run measured, for docs/real-data.md to quote."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.real)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if MEASURED.exists() and terminalreporter.stats.get("passed"):
        terminalreporter.section("real data")
        terminalreporter.write_line(MEASURED.read_text())


@pytest.fixture(scope="session")
def example(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the example in it, to be copied."""
    return made_once(tmp_path_factory, "example", lambda folder: recs(folder, "example", "completejourney"))


@pytest.fixture(scope="session")
@takes_seconds
def journey(example: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the example in it, and a home in which its offers company has walked through the quarter."""
    folder = shutil.copytree(example, tmp_path_factory.mktemp("real") / "journey")
    walk(folder)
    return folder


@pytest.fixture(scope="session")
@takes_seconds
def baskets(example: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of its own, so that it is made beside the other; the baskets company has made its last day."""
    folder = shutil.copytree(example, tmp_path_factory.mktemp("real") / "baskets")
    run(folder, "journey_baskets", LAST)
    return folder


@pytest.fixture(scope="session")
def judged(journey: Path) -> Quarter:
    with home_of(journey):
        measured = quarter()
    MEASURED.parent.mkdir(exist_ok=True)
    MEASURED.write_text(markdown(measured))
    return measured


@contextmanager
def home_of(folder: Path) -> Iterator[None]:
    """The platform, in this process, on the home that the commands made."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RECS_HOME", str(folder / "home"))
        patch.setenv("RECS_COMPANIES_DIR", str(folder / "completejourney"))
        settings.cache_clear()
        yield
    settings.cache_clear()
