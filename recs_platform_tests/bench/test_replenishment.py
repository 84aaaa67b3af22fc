"""A week is measured as a run makes it, and its lists are those that pandas makes client by client; a difference would
be told."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pytest

from recs_platform.bench import replenishment_week
from recs_platform.bench.measure import Done
from recs_platform.bench.order_rows import OrderSize
from recs_platform_tests.bench.own_environment import own_environment

pytestmark = pytest.mark.slow

SIZE = OrderSize(clients=60, products=600)


@dataclass(frozen=True)
class Seen:
    week: Done
    plain: Done
    clients: int
    """Who have a list."""
    difference: str


def both_sides(home: Path) -> Seen:
    replenishment_week.fill_with_week_before(home, SIZE)
    week = replenishment_week.measure_week(home, SIZE)
    noted = home / "lists.parquet"
    lists = pd.read_parquet(noted)
    clients = lists["customer_id"].nunique()
    plain = replenishment_week.measure_lists_plainly(home, SIZE, clients)
    lists.loc[lists["rank"] == 1, "item_id"] = "another"
    lists.to_parquet(noted)
    try:
        replenishment_week.measure_lists_plainly(home, SIZE, clients)
    except RuntimeError as error:
        return Seen(week, plain, clients, str(error))
    return Seen(week, plain, clients, "a difference passed")


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Seen:
    with own_environment():
        return both_sides(tmp_path_factory.mktemp("bench"))


def test_pandas_makes_the_same_lists(seen: Seen) -> None:
    assert seen.clients > SIZE.clients / 2
    assert seen.difference.startswith("the two sides disagree: 9")


def test_the_whole_week_is_measured(seen: Seen) -> None:
    assert seen.week.rows == seen.plain.rows == SIZE.clients
    steps = seen.week.steps
    assert min(steps.values()) >= 0
    phases = {name: seconds for name, seconds in steps.items() if "table" not in name}
    assert {"write", "audit", "check", "publish", "serve", "Dagster"} < set(phases)
    assert sum(phases.values()) == pytest.approx(seen.week.seconds)
    tables = {name: seconds for name, seconds in steps.items() if "table" in name}
    assert len(tables) == 9
    assert sum(tables.values()) + steps["Dagster"] == pytest.approx(seen.week.seconds)
    assert seen.week.cpu.keys() == steps.keys()
