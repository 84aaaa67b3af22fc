"""Small worlds, simulated once per run, and a plain DuckDB over their landing files."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import duckdb
import pytest

from recs_platform.simulation.world import WorldSpec
from recs_platform_tests.shared import made_once
from recs_platform_tests.simulation.worlds import DAYS, FIRST, SPECS, Landed, simulate


@pytest.fixture(scope="session")
def worlds(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Landed]:
    """Every kind of world, from its start past its gap day. Tests only look at them."""
    last = {name: FIRST + timedelta(days=DAYS[name] - 1) for name in SPECS}

    def make(landing: Path) -> None:
        for name, spec in SPECS.items():
            simulate(spec, landing, FIRST, last[name])

    landing = made_once(tmp_path_factory, "worlds", make)
    return {name: Landed(spec, landing, FIRST, last[name]) for name, spec in SPECS.items()}


@pytest.fixture(params=list(SPECS))
def world(request: pytest.FixtureRequest, worlds: dict[str, Landed]) -> Landed:
    return worlds[request.param]


@pytest.fixture
def duck() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        yield connection


@pytest.fixture
def landing(tmp_path: Path) -> Path:
    return tmp_path / "landing"


@pytest.fixture
def tiny() -> WorldSpec:
    return WorldSpec("tiny", "vehicle_fitment", 5, 120, date(2025, 9, 1), SPECS["holley"].event_names)
