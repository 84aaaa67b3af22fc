"""Nothing of a target is known before it: neither by the client's own history nor by a neighbour's."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

from recs_platform.next_basket.examples import BOUGHT, SPLIT, TARGET, WEIGHT, examples
from recs_platform.next_basket.features import FEATURES
from recs_platform.next_basket.holdout import last_basket, newest_weeks
from recs_platform.next_basket.log import read_log
from recs_platform.next_basket.sources import Settings
from recs_platform_tests.next_basket.worlds import log_of

SETTINGS = Settings(neighbours=5)
OLD, HABIT, FASHION = 0, 1, 2
WORLD = {client: [{OLD, HABIT}, {HABIT, 3 + client}, {HABIT, FASHION}] for client in range(6)}
"""In its last basket everybody buys what nobody ever bought before."""
EVERYBODY = {"train": np.array([0, 1, 2, 3]), "validation": np.array([4])}


def frame(table: pa.Table) -> dict[tuple[str, str], dict[str, object]]:
    return {(row["customer_id"], row["item_id"]): row for row in table.to_pylist()}


def test_labels_splits_and_weights() -> None:
    rows = frame(examples([last_basket(log_of(WORLD))], EVERYBODY, SETTINGS))
    assert {client for client, _ in rows} == {"c00", "c01", "c02", "c03", "c04"}
    assert rows["c00", "i01"][BOUGHT] and not rows["c00", "i00"][BOUGHT]
    assert {row[SPLIT] for (client, _), row in rows.items() if client == "c04"} == {"validation"}
    assert {row[WEIGHT] for row in rows.values()} == {0.5}
    assert {row[TARGET] for row in rows.values()} == {0}


def test_no_target_is_known_to_anybody() -> None:
    holdout = last_basket(log_of(WORLD))
    rows = frame(examples([holdout], EVERYBODY, SETTINGS))
    assert not [item for _, item in rows if item == "i02"]
    # The trap: neighbours whose last baskets are known tell the fashion.
    leaking = replace(holdout, history=log_of({c: b if c == 5 else b[:-1] for c, b in WORLD.items()}))
    leaked = frame(examples([leaking], EVERYBODY, SETTINGS))
    assert float(leaked["c00", "i02"]["neighbours_slow_cosine"]) > 0  # type: ignore[arg-type]
    assert leaked["c00", "i02"][BOUGHT]


def test_a_client_does_not_learn_from_itself() -> None:
    alone = {0: [{1, 2}, {1, 2}, {1}], 1: [{5, 6}, {5}, {6}]}
    rows = frame(examples([last_basket(log_of(alone))], {"train": np.array([0, 1])}, SETTINGS))
    for item in ("i01", "i02"):
        assert rows["c00", item]["neighbours_slow_cosine"] == 0
        assert rows["c00", item]["neighbours_slow_l2"] == 0


def test_several_targets_are_several_times() -> None:
    log = log_of(WORLD)
    table = examples([last_basket(log), last_basket(log, back=2)], EVERYBODY, SETTINGS)
    earlier = frame(table.filter(pa.compute.equal(table[TARGET], 1)))
    assert earlier["c00", "i00"]["own_recency"] == 0
    assert earlier["c00", "i01"]["client_baskets"] == 1
    assert table.column_names == ["customer_id", "item_id", *FEATURES, BOUGHT, WEIGHT, SPLIT, TARGET]


def test_each_target_is_predicted_as_of_its_own_day_from_what_was_before_it() -> None:
    bought = [(1, "a"), (5, "b"), (15, "c"), (22, "d")]
    rows = pa.table(
        {
            "customer_id": ["anna"] * len(bought),
            "order_id": [item for _, item in bought],
            "item_id": [item for _, item in bought],
            "day": pa.array([day for day, _ in bought], pa.int32()).cast(pa.date32()),
        }
    )
    weeks = newest_weeks(read_log(rows, day="day"), 2)
    table = examples(weeks, {"train": np.array([0])}, SETTINGS).select([TARGET, "client_days_since", "client_baskets"])
    # The weeks begin on the 9th and on the 16th.
    assert {tuple(row.values()) for row in table.to_pylist()} == {(0, 9 - 5, 2), (1, 16 - 15, 3)}


def test_a_client_of_two_splits_is_refused() -> None:
    with pytest.raises(ValueError, match="in another split"):
        examples([last_basket(log_of(WORLD))], {"train": np.array([0, 1]), "validation": np.array([1])}, SETTINGS)


def test_of_too_many_clients_some_are_taken() -> None:
    table = examples([last_basket(log_of(WORLD))], EVERYBODY, SETTINGS, most_clients=2)
    assert {client for client, _ in frame(table)} == {"c00", "c02", "c04"}
