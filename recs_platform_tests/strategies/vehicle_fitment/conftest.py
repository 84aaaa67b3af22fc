"""One small world for all tests of what looks back on it, and the command line in it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from recs_platform.cli import main
from recs_platform.settings import settings
from recs_platform_tests.slow import takes_seconds
from recs_platform_tests.strategies.vehicle_fitment.small_world import World, small_world


@pytest.fixture(scope="session")
@takes_seconds
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    home = tmp_path_factory.mktemp("fitment")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RECS_HOME", str(home))
        settings.cache_clear()
        made = small_world(home, settings())
    settings.cache_clear()
    return made


Recs = Callable[..., tuple[int, str, str]]


@pytest.fixture
def recs(world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Recs:
    """Runs `recs` in the world: exit code, standard output, standard error."""
    monkeypatch.setenv("RECS_HOME", str(world.home))
    settings.cache_clear()

    def run(*arguments: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as left:
            main(list(arguments))
        said = capsys.readouterr()
        return int(left.value.code or 0), said.out, said.err

    return run


def parsed(output: str) -> Any:
    return json.loads(output)
