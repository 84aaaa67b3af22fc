"""The same spec gives the same files, whoever asks for which day, in which order, and how often."""

from __future__ import annotations

import dataclasses
import random
from datetime import date, timedelta
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from recs_platform.errors import ConfigError
from recs_platform.schemas.table import Kind
from recs_platform.simulation.world import WorldSpec, read_truth, stored_spec
from recs_platform.sources.connectors.simulated import simulated_tables
from recs_platform.strategies.catalogue import STRATEGIES
from recs_platform_tests.simulation.worlds import FEEDS, FIRST, Landed, ensure, simulate

DAYS = [FIRST + timedelta(days=age) for age in range(9)]
LAST = DAYS[-1]
STRATEGY_NAMES = list(STRATEGIES)


def spec_for(strategy: str, seed: int = 5) -> WorldSpec:
    return WorldSpec("tiny", strategy, seed, 150, FIRST, FEEDS)


def contents(landing: Path, ignore: str = "") -> dict[str, bytes]:
    """Every file that a reader sees, by its path."""
    files = (path for path in landing.rglob("*") if path.is_file() and path.suffix != ".lock")
    return {
        str(path.relative_to(landing)): path.read_bytes() for path in files if not ignore or ignore not in str(path)
    }


def table_names(spec: WorldSpec, kind: Kind) -> list[str]:
    tables = simulated_tables(STRATEGIES[spec.strategy])
    return [table.name for table in tables if table.kind is kind]


@pytest.mark.parametrize("strategy", STRATEGY_NAMES)
def test_a_second_run_changes_no_byte_and_touches_no_file(strategy: str, landing: Path) -> None:
    simulate(spec_for(strategy), landing, FIRST, LAST)
    before = {path: path.stat().st_mtime_ns for path in landing.rglob("*.parquet")}
    first = contents(landing)
    simulate(spec_for(strategy), landing, FIRST, LAST)
    assert contents(landing) == first
    assert {path: path.stat().st_mtime_ns for path in landing.rglob("*.parquet")} == before


@pytest.mark.parametrize("strategy", STRATEGY_NAMES)
def test_days_made_one_by_one_in_any_order_equal_the_range(strategy: str, tmp_path: Path) -> None:
    spec = spec_for(strategy)
    simulate(spec, tmp_path / "range", FIRST, LAST)
    wanted = [(table, day) for table in table_names(spec, Kind.LOG) for day in DAYS]
    wanted += [(table, LAST) for table in table_names(spec, Kind.SNAPSHOT)]
    for table, day in random.Random(1).sample(wanted, len(wanted)):
        ensure(spec, tmp_path / "scattered", table, day)
    assert contents(tmp_path / "scattered") == contents(tmp_path / "range")


@pytest.mark.parametrize("strategy", STRATEGY_NAMES)
def test_a_day_alone_equals_that_day_in_a_range(strategy: str, tmp_path: Path) -> None:
    spec, day = spec_for(strategy), FIRST + timedelta(days=6)
    simulate(spec, tmp_path / "range", FIRST, LAST)
    simulate(spec, tmp_path / "alone", day, day, snapshot_days=[])
    for path, content in contents(tmp_path / "alone").items():
        if path.endswith("part-0.parquet"):
            assert content == (tmp_path / "range" / path).read_bytes(), path
    counts = read_truth(tmp_path / "alone", "tiny")["days"]
    assert counts == {day.isoformat(): read_truth(tmp_path / "range", "tiny")["days"][day.isoformat()]}


def test_another_seed_gives_another_world(tmp_path: Path) -> None:
    for seed in (5, 6):
        simulate(spec_for("replenishment", seed), tmp_path / str(seed), FIRST, LAST)
    one, other = contents(tmp_path / "5"), contents(tmp_path / "6")
    filled = [path for path, content in one.items() if "/events/" in path or "/catalog/" in path if content]
    assert len(filled) > 9
    assert not [path for path in filled if one[path] == other[path]]


def test_another_spec_replaces_the_folder_as_a_whole(landing: Path, tmp_path: Path) -> None:
    simulate(spec_for("offer_ranking"), landing, FIRST, LAST)
    assert stored_spec(landing, "tiny") == spec_for("offer_ranking")
    later = dataclasses.replace(spec_for("replenishment"), customers=90)
    simulate(later, landing, LAST, LAST)
    simulate(later, tmp_path / "fresh", LAST, LAST)
    assert contents(landing) == contents(tmp_path / "fresh")
    assert stored_spec(landing, "tiny") == later


def test_the_order_of_event_names_is_part_of_the_spec(tiny: WorldSpec, landing: Path) -> None:
    turned = dataclasses.replace(tiny, event_names=dict(reversed(FEEDS.items())))
    simulate(tiny, landing, FIRST, FIRST, snapshot_days=[])
    simulate(turned, landing, FIRST, FIRST, snapshot_days=[])
    stored = stored_spec(landing, "tiny")
    assert stored is not None
    assert list(stored.event_names) == list(turned.event_names)


def test_ensure_does_not_mix_two_worlds(tiny: WorldSpec, landing: Path) -> None:
    ensure(tiny, landing, "catalog", FIRST)
    with pytest.raises(ConfigError, match=r"tiny: .* another simulated world .* `recs simulate tiny`"):
        ensure(dataclasses.replace(tiny, seed=99), landing, "catalog", FIRST)


def test_a_range_that_ends_before_it_begins_is_refused(tiny: WorldSpec, landing: Path) -> None:
    with pytest.raises(ConfigError, match="2025-09-09 is after 2025-09-01"):
        simulate(tiny, landing, LAST, FIRST)


def test_snapshots_of_the_last_day_only_unless_said_otherwise(tiny: WorldSpec, landing: Path) -> None:
    done: list[date] = []
    simulate(tiny, landing, FIRST, LAST, on_day=done.append)
    assert [path.name for path in (landing / "tiny" / "customers").iterdir()] == [LAST.isoformat()]
    assert done == DAYS
    simulate(tiny, landing, LAST, LAST, snapshot_days=[FIRST, LAST])
    assert sorted(path.name for path in (landing / "tiny" / "customers").iterdir()) == [str(FIRST), str(LAST)]


def test_every_file_has_the_canonical_columns_without_the_date(world: Landed) -> None:
    for table in simulated_tables(STRATEGIES[world.spec.strategy]):
        expected = [(c.name, c.type) for c in table.columns if c.name != table.date_column]
        for day in world.days_of(table.name):
            folder = world.landing / world.spec.company / table.name / day.isoformat()
            assert (folder / "part-0.parquet").exists()
            for path in folder.iterdir():
                schema = pq.read_schema(path)
                assert list(zip(schema.names, schema.types, strict=True)) == expected, path


def test_days_before_the_start_have_no_events_but_have_files(tiny: WorldSpec, landing: Path) -> None:
    before = FIRST - timedelta(days=1)
    simulate(tiny, landing, before, before)
    for table in ("events", "treatments", "deliveries", "interactions"):
        assert pq.read_metadata(landing / "tiny" / table / str(before) / "part-0.parquet").num_rows == 0
    assert pq.read_metadata(landing / "tiny" / "customers" / str(before) / "part-0.parquet").num_rows > 0
