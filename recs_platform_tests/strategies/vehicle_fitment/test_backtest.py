"""The backtest's arithmetic, by hand and against plain resampling, and what it finds where a truth is planted."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recs_platform.schemas.reporting import CONTENDERS, Backtest, BacktestPurchases
from recs_platform.schemas.table import spec_of
from recs_platform.strategies.vehicle_fitment import backtest as module
from recs_platform.strategies.vehicle_fitment.backtest import CELLS, Counts, backtest, count, rates, resample, rows_of
from recs_platform.warehouse.slices import Days
from recs_platform_tests.strategies.vehicle_fitment.small_world import THEN, TODAY, World

PURCHASES = spec_of(BacktestPurchases).arrow_schema
Row = dict[str, Any]


def bought(customer: str, event: str, **places: tuple[int, str]) -> list[Row]:
    """An order line as each contender sees it; `places` says where it stands in whose list."""
    line = {"as_of": TODAY, "recommended_on": THEN, "event_id": event, "ordered_on": TODAY, "customer_id": customer}
    return [
        {**line, "item_id": "A", "contender": name, "position": None, "tier": None}
        | ({"position": places[name][0], "tier": places[name][1]} if name in places else {})
        for name in CONTENDERS
    ]


BOUGHT = [
    *bought("c1", "e1", recommended=(1, "vehicle"), segment=(2, "vehicle"), **{"global": (4, "model")}),
    *bought("c1", "e2", recommended=(1, "vehicle")),
    *bought("c1", "e3", segment=(3, "model")),
    *bought("c2", "e4", segment=(3, "vehicle")),
    *bought("c3", "e5"),
]


def rows(purchases: list[Row]) -> dict[tuple[str, str, str], Row]:
    table = backtest.function(Days.one(TODAY), pa.Table.from_pylist(purchases, schema=PURCHASES))
    assert table.schema == spec_of(Backtest).arrow_schema
    return {(row["contender"], row["section"], row["value"]): row for row in table.to_pylist()}


def figures(row: Row, *names: str) -> list[Any]:
    return [row[name] for name in names]


def test_rates_of_a_hand_counted_case() -> None:
    found = rows(BOUGHT)
    assert set(found) == set(CELLS)
    names = ("purchases", "matched", "match_rate", "customers", "customers_hit", "hit_rate")
    assert figures(found["recommended", "all", "all"], *names) == [5, 2, 0.4, 3, 1, pytest.approx(1 / 3)]
    assert figures(found["segment", "all", "all"], *names) == [5, 3, 0.6, 3, 2, pytest.approx(2 / 3)]
    assert figures(found["random", "all", "all"], *names) == [5, 0, 0.0, 3, 0, 0.0]
    assert figures(found["segment", "position", "3"], *names) == [5, 2, 0.4, 3, 2, pytest.approx(2 / 3)]
    assert figures(found["segment", "tier", "model"], *names) == [5, 1, 0.2, 3, 1, pytest.approx(1 / 3)]
    assert found["segment", "all", "all"]["over_global"] == pytest.approx(3)
    assert found["recommended", "all", "all"]["over_global"] == pytest.approx(2)
    assert found["global", "all", "all"]["over_global"] is None
    assert found["segment", "tier", "model"]["over_global"] is None
    assert {row["recommended_on"] for row in found.values()} == {THEN}


def test_positions_and_tiers_add_up_to_all() -> None:
    found = rows(BOUGHT)
    for contender in CONTENDERS:
        for section in ("position", "tier"):
            parts = [row["matched"] for key, row in found.items() if key[:2] == (contender, section)]
            assert len(parts) == 4
            assert sum(parts) == found[contender, "all", "all"]["matched"]


def test_nothing_to_test_is_no_rows() -> None:
    assert rows([]) == {}


def test_a_ratio_to_nothing_is_none() -> None:
    found = rows(bought("c1", "e1", segment=(1, "vehicle")))
    assert found["segment", "all", "all"]["over_global"] is None
    assert found["segment", "all", "all"]["over_global_high"] is None
    assert found["segment", "all", "all"]["match_rate_low"] == 1.0


def test_a_ratio_may_have_no_upper_bound() -> None:
    """In a third of the samples of two customers the only match of `global` is not drawn."""
    lines = bought("c1", "e1", segment=(1, "vehicle"), **{"global": (1, "global")})
    found = rows([*lines, *bought("c2", "e2", segment=(1, "vehicle"))])["segment", "all", "all"]
    assert found["over_global"] == 2.0
    assert found["over_global_low"] == 1.0
    assert found["over_global_high"] is None


def test_the_order_of_purchases_changes_nothing() -> None:
    assert rows(BOUGHT) == rows(BOUGHT[::-1])


@settings(max_examples=15)
@given(
    st.lists(
        st.tuples(st.integers(1, 6), st.integers(0, 6)).map(lambda pair: (pair[0], min(pair))), min_size=2, max_size=60
    )
)
def test_kinds_of_customers_resample_as_customers_do(customers: list[tuple[int, int]]) -> None:
    """Against drawing customers one by one: the same mean and spread of the match rate, within what chance allows."""
    bought_, hit = (np.array(column, dtype=np.int64) for column in zip(*customers, strict=True))
    matched = np.zeros((len(bought_), len(CELLS)), dtype=np.int64)
    matched[:, 0] = hit
    ours = resample(Counts(bought_, matched)).match[:, 0]
    drawn = np.random.default_rng(1).integers(0, len(bought_), size=(4_000, len(bought_)))
    plain = hit[drawn].sum(axis=1) / bought_[drawn].sum(axis=1)
    spread = plain.std()
    assert len(ours) == module.RESAMPLES
    assert abs(ours.mean() - plain.mean()) <= 6 * spread / np.sqrt(module.RESAMPLES) + 1e-9
    assert abs(ours.std() - spread) <= 0.25 * spread + 1e-9


def test_an_interval_holds_the_truth_about_as_often_as_it_says() -> None:
    """Two hundred samples of 150 customers with a known rate of 20%: about 95% of the intervals hold it."""
    generator = np.random.default_rng(7)
    held = 0
    for _ in range(200):
        matched = np.zeros((150, len(CELLS)), dtype=np.int64)
        matched[:, 0] = generator.random(150) < 0.2
        low, high = module.interval(resample(Counts(np.ones(150, dtype=np.int64), matched)).match)[:, 0]
        held += low <= 0.2 <= high
    assert 0.90 <= held / 200 <= 0.99


def test_counting_again_gives_the_measured_rate() -> None:
    counts = count(BOUGHT)
    once = rates(counts, np.ones((1, len(counts.purchases)), dtype=np.int64))
    assert [row["match_rate"] for row in rows_of(counts)] == once.match[0].tolist()


def test_the_planted_truth_is_found(world: World) -> None:
    """Owners of a model buy its favourites: ranking by segment finds them, by everybody's orders not."""
    whole = {row["contender"]: row for row in world.rows("backtest", TODAY) if row["section"] == "all"}
    assert {row["recommended_on"] for row in whole.values()} == {THEN}
    assert whole["segment"]["match_rate_low"] > whole["global"]["match_rate_high"]
    assert whole["segment"]["match_rate_low"] > whole["random"]["match_rate_high"]
    assert whole["recommended"]["match_rate"] > whole["random"]["match_rate_high"]
    recommended = {row["customer_id"] for row in world.rows("recommendations", THEN)}
    bought_ = {row["customer_id"] for row in world.rows("backtest_purchases", TODAY)}
    assert bought_ <= recommended


def test_a_first_day_has_no_past(world: World) -> None:
    assert world.rows("backtest_purchases", THEN) == []
    assert world.rows("backtest", THEN) == []
