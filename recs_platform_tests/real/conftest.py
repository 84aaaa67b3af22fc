"""The example as a user gets it, run once: every test of this folder looks at what came of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from recs_platform.settings import settings
from recs_platform_tests.real.figures import markdown
from recs_platform_tests.real.judged import Quarter, quarter
from recs_platform_tests.real.walk import LAST, recs, run, walk

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
def journey(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the example in it, and a home in which its offers company has walked through the quarter."""
    folder = tmp_path_factory.mktemp("journey")
    recs(folder, "example", "completejourney")
    walk(folder)
    return folder


@pytest.fixture(scope="session")
def baskets(journey: Path) -> Path:
    """The same folder; the baskets company has made its last day."""
    run(journey, "journey_baskets", LAST)
    return journey


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
