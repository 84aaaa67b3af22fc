"""Logs at their edges: each gives candidates and features, and says nothing where there is nothing to say."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from recs_platform.next_basket.candidates import candidates
from recs_platform.next_basket.examples import examples
from recs_platform.next_basket.features import features
from recs_platform.next_basket.holdout import last_basket
from recs_platform.next_basket.log import BasketLog, read_log
from recs_platform.next_basket.sources import Settings, sources
from recs_platform_tests.next_basket.worlds import log_of


def table_of(log: BasketLog, most: int = 150) -> pa.Table:
    chosen = Settings(candidates=most)
    as_of = None if log.basket_day is None else np.full(len(log.clients), 100)
    found = sources(log, chosen, as_of)
    return features(found, candidates(found, np.flatnonzero(log.baskets > 0), chosen))


def items(table: pa.Table) -> list[str]:
    return table["item_id"].to_pylist()


@pytest.mark.parametrize("days", [False, True])
def test_one_client_with_one_basket_of_one_item(days: bool) -> None:
    table = table_of(log_of({0: [{0}]}, days=days))
    assert items(table) == ["i00"]
    assert table["neighbours_slow_l2"].to_pylist() == [0]


def test_baskets_of_one_item() -> None:
    table = table_of(log_of({0: [{0}, {1}, {0}], 1: [{0}, {2}], 2: [{2}]}))
    assert table.num_rows == 9
    assert table.filter(pa.compute.equal(table["customer_id"], "c00"))["own_count"].to_pylist() == [2, 1, 0]


def test_nobody_has_anything_in_common() -> None:
    table = table_of(log_of({client: [{client}, {client}] for client in range(4)}))
    assert set(table["neighbours_slow_cosine"].to_pylist()) == {0}


def test_names_are_kept_as_they_are() -> None:
    long, short = "ю" * 200, "🧼"
    rows = pa.table({"customer_id": ["Ω", "Ω"], "order_id": ["1", "2"], "item_id": [long, short], "n": [1, 2]})
    table = table_of(read_log(rows, number="n"))
    assert items(table) == [long, short]
    assert table["customer_id"].to_pylist() == ["Ω", "Ω"]


def test_a_client_with_thousands_of_items_gets_no_more_than_others() -> None:
    heavy = [set(range(first, first + 500)) for first in range(0, 5000, 500)]
    log = read_log(
        pa.table(
            {
                "customer_id": ["a"] * 5000 + ["b"],
                "order_id": [str(number) for number, basket in enumerate(heavy) for _ in basket] + ["0"],
                "item_id": [f"{item:05}" for basket in heavy for item in sorted(basket)] + ["00001"],
                "n": [number for number, basket in enumerate(heavy) for _ in basket] + [0],
            }
        ),
        number="n",
    )
    assert table_of(log, 150).num_rows == 300


def test_an_empty_log() -> None:
    assert table_of(log_of({})).num_rows == 0
    assert table_of(log_of({}, days=True)).num_rows == 0


def test_nobody_has_a_second_basket() -> None:
    holdout = last_basket(log_of({0: [{0}], 1: [{1}]}))
    assert examples([holdout], {"train": np.array([0, 1])}, Settings()).num_rows == 0
