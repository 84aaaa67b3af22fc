"""Every feature is what a plain computation from the baskets gives."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recs_platform.next_basket.candidates import candidates
from recs_platform.next_basket.features import FEATURES, SPARSE, features
from recs_platform.next_basket.log import BasketLog
from recs_platform.next_basket.sources import Settings, sources
from recs_platform.next_basket.transitions import WEIGHTS
from recs_platform_tests.next_basket import plain, plain_features
from recs_platform_tests.next_basket.test_transitions import plain_transitions
from recs_platform_tests.next_basket.worlds import histories_of, log_of, worlds

SETTINGS = Settings(neighbours=10)
AS_OF = 75
"""Of the first client; each next one is predicted as of a day that is three days later."""


def as_of_each(clients: int) -> np.ndarray:
    return AS_OF + 3 * np.arange(clients)


def table_of(log: BasketLog, chosen: Settings = SETTINGS, **attributes: np.ndarray) -> pa.Table:
    as_of = None if log.basket_day is None else as_of_each(len(log.clients))
    found = sources(log, chosen, as_of, attributes)
    clients = np.flatnonzero(log.baskets > 0)
    return features(found, candidates(found, clients, chosen))


def rows_of(table: pa.Table) -> dict[tuple[int, int], dict[str, float]]:
    return {(int(row["customer_id"][1:]), int(row["item_id"][1:])): row for row in table.to_pylist()}


def same(row: dict[str, float], expected: dict[str, float]) -> None:
    assert {name: row[name] for name in expected} == pytest.approx(expected, rel=1e-4, abs=1e-6, nan_ok=True)


@pytest.mark.slow
@given(worlds, st.booleans())
@settings(max_examples=60, deadline=None)
def test_own_item_and_client(world: plain.Histories, days: bool) -> None:
    log = log_of(world, days=days)
    histories = histories_of(log)
    days_of_all = as_of_each(len(log.clients))
    dates = {client: [10 * number for number in range(len(of))] for client, of in histories.items()}
    for (client, item), row in rows_of(table_of(log)).items():
        baskets, as_of = histories[client], int(days_of_all[client])
        expected = plain_features.own_features(baskets, item, SETTINGS)
        expected |= plain_features.item_features(histories, dates if days else None, item, int(days_of_all.max()))
        expected |= plain_features.client_features(baskets, dates[client] if days else None, as_of)
        if days:
            expected |= plain_features.own_features_in_days(baskets, dates[client], item, as_of)
        expected["own_item_dueness"] = (expected["own_recency"] + 1) / expected["item_mean_gap"]
        same(row, expected)


@given(worlds)
@settings(max_examples=60, deadline=None)
def test_neighbours_and_transitions(world: plain.Histories) -> None:
    # Ten neighbours are everybody: which of equally near ones count is told in test_neighbours.py.
    log = log_of(world)
    histories, follows = histories_of(log), plain_transitions(histories_of(log))
    vectors = {
        name: {c: plain.tifu_vector(b, of.in_group, of.between_groups, of.group) for c, b in histories.items()}
        for name, of in (("slow", SETTINGS.slow), ("fast", SETTINGS.fast))
    }
    for (client, item), row in rows_of(table_of(log)).items():
        expected = {
            f"neighbours_{name}": plain_features.neighbour_scores(vectors[scale], client, measure, 10).get(item, 0.0)
            for name, scale, measure in (
                ("slow_l2", "slow", "l2"),
                ("slow_cosine", "slow", "cosine"),
                ("fast_cosine", "fast", "cosine"),
            )
        }
        weight: plain.Vector = defaultdict(float)
        for step, basket in enumerate(reversed(histories[client][-3:])):
            for one in basket:
                weight[one] += WEIGHTS[step]
        followed = sum(w * follows.get((one, item), 0.0) for one, w in weight.items()) / sum(weight.values())
        expected["transitions"] = followed
        for name in ("neighbours_slow_l2", "neighbours_slow_cosine", "transitions"):
            expected[f"{name}_over_popularity"] = expected[name] / (row["popularity"] + SPARSE)
        same(row, expected)


def test_taste_by_hand() -> None:
    # Client 0 bought items 0 and 1 twice, item 2 once; item 3 is known by client 1 only.
    log = log_of({0: [{0, 1}, {0, 1, 2}], 1: [{3}]})
    group = np.array([7, 7, 3, 3])
    brand = np.array([0, 1, -1, 1])
    rows = rows_of(table_of(log, group=group, brand=brand))
    assert [rows[0, item]["client_group_share"] for item in range(4)] == pytest.approx([0.8, 0.8, 0.2, 0.2])
    shares = [rows[0, item]["client_brand_share"] for item in range(4)]
    assert shares == pytest.approx([0.5, 0.5, np.nan, 0.5], nan_ok=True)
    assert np.isnan(rows[0, 0]["client_price_band_share"])


@given(worlds, st.booleans())
@settings(max_examples=20, deadline=None)
def test_columns_and_order_are_the_same_for_every_log(world: plain.Histories, days: bool) -> None:
    table = table_of(log_of(world, days=days))
    assert table.column_names == ["customer_id", "item_id", *FEATURES]
    keys = list(rows_of(table))
    assert keys == sorted(set(keys))
    assert {str(table.schema.field(name).type) for name in FEATURES} == {"float"}


def test_the_same_bits_twice_and_with_two_threads() -> None:
    rng = np.random.default_rng(4)
    world = {
        client: [{int(item) for item in rng.integers(0, 60, rng.integers(1, 6))} for _ in range(rng.integers(1, 9))]
        for client in range(300)
    }
    first, *others = (
        table_of(log_of(world, days=True), replace(SETTINGS, threads=threads)).to_pandas() for threads in (1, 1, 2)
    )
    for other in others:
        for name in first.columns:
            one, two = first[name].to_numpy(), other[name].to_numpy()
            assert one.tolist() == two.tolist() if name.endswith("_id") else one.tobytes() == two.tobytes(), name
