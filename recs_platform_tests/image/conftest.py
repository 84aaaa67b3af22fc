"""The image, built once for all its tests, and the figures that `make image` prints at the end."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from recs_platform_tests.image.build import FOLDER, Built, build
from recs_platform_tests.image.engine import USER, Engine, needed_programs
from recs_platform_tests.slow import takes_seconds

_FIGURES = pytest.StashKey[dict[str, str]]()


@pytest.fixture(scope="session")
def engine() -> Iterator[Engine]:
    needed_programs()
    engine = Engine(FOLDER)
    engine.clear()
    yield engine
    engine.clear()


@pytest.fixture(scope="session")
def figures(pytestconfig: pytest.Config) -> dict[str, str]:
    return pytestconfig.stash.setdefault(_FIGURES, {})


@pytest.fixture(scope="session")
@takes_seconds
def image(engine: Engine, figures: dict[str, str]) -> Built:
    built = build(engine)
    figures.update({f"time of {part}": f"{seconds:.0f} s" for part, seconds in built.seconds.items()})
    return built


@pytest.fixture(scope="module")
def volume(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a container may write to: empty at first, and the user's."""
    folder = tmp_path_factory.mktemp("volume")
    os.chown(folder, USER, USER)
    return folder


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    figures = terminalreporter.config.stash.get(_FIGURES, {})
    if figures:
        terminalreporter.section("the image on this machine")
        for what, figure in figures.items():
            terminalreporter.write_line(f"{what:42} {figure}")
