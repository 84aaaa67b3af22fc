"""A log is the same whatever the order of its rows, and keeps every name as it is."""

from __future__ import annotations

import datetime as dt
import random

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recs_platform.next_basket.log import _pairs, read_log

ROWS = [
    # client, order, item, number, day: an order's number is its client's, and orders of a day are in order by number.
    ("Zoë", "7", "чай", 2, dt.date(2026, 3, 2)),
    ("Zoë", "7", "bread", 2, dt.date(2026, 3, 2)),
    ("Zoë", "9", "bread", 1, dt.date(2026, 3, 2)),
    ("Zoë", "9", "bread", 1, dt.date(2026, 3, 2)),
    ("Abe", "7", "x" * 200, 1, dt.date(2026, 3, 1)),
]


def table(rows: list[tuple[str, str, str, int, dt.date]]) -> pa.Table:
    names = ("customer_id", "order_id", "item_id", "number", "day")
    return pa.table({name: [row[place] for row in rows] for place, name in enumerate(names)})


def test_baskets_by_client_and_time_lines_by_item() -> None:
    log = read_log(table(ROWS), number="number", day="day")
    assert log.clients.to_pylist() == ["Abe", "Zoë"]
    assert log.items.to_pylist() == ["bread", "x" * 200, "чай"]
    assert log.basket_client.tolist() == [0, 1, 1]
    assert [log.lines_of(basket).tolist() for basket in range(3)] == [[1], [0], [0, 2]]
    assert log.basket_day is not None
    assert log.basket_day.tolist() == [20513, 20514, 20514]
    assert (log.number.tolist(), log.age.tolist(), log.baskets.tolist()) == ([0, 0, 1], [0, 1, 0], [1, 2])


@pytest.mark.parametrize("seed", range(5))
def test_the_order_of_rows_does_not_matter(seed: int) -> None:
    shuffled = random.Random(seed).sample(ROWS, len(ROWS))
    one, other = (read_log(table(rows), number="number") for rows in (ROWS, shuffled))
    assert one.basket_day is None
    for name in ("basket_client", "line_basket", "line_item"):
        assert getattr(one, name).tolist() == getattr(other, name).tolist()


def test_the_first_line_of_an_order_dates_it() -> None:
    days = {("1", "w"): 9, ("1", "x"): 1, ("1", "y"): 9, ("2", "z"): 5}
    rows = [("a", order, item, 0, dt.date(2026, 1, day)) for (order, item), day in days.items()]
    log = read_log(table(rows), day="day")
    assert [log.lines_of(basket).tolist() for basket in range(2)] == [[0, 1, 2], [3]]


def test_times_of_a_day_order_its_baskets() -> None:
    rows = pa.table(
        {
            "customer_id": ["a", "a"],
            "order_id": ["1", "2"],
            "item_id": ["x", "y"],
            "at": [dt.datetime(2026, 1, 1, 18), dt.datetime(2026, 1, 1, 9)],
        }
    )
    log = read_log(rows, day="at")
    assert log.line_item.tolist() == [1, 0]
    assert log.basket_day is not None
    assert len(set(log.basket_day.tolist())) == 1


def test_clients_and_items_without_a_line_are_known() -> None:
    log = read_log(table(ROWS[-1:]), number="number", clients=["Bo", "Abe"], items=["new"])
    assert (log.clients.to_pylist(), log.items.to_pylist()) == (["Abe", "Bo"], ["new", "x" * 200])
    assert (log.baskets.tolist(), log.line_item.tolist()) == ([1, 0], [1])


def test_an_empty_log_is_a_log() -> None:
    log = read_log(table(ROWS).slice(0, 0), number="number", day="day")
    assert (len(log.clients), len(log.items), len(log.basket_client), log.baskets.tolist()) == (0, 0, 0, [])


def test_what_is_missing_is_named() -> None:
    with pytest.raises(ValueError, match="column of their day or of their number"):
        read_log(table(ROWS))
    holed = table(ROWS).set_column(2, "item_id", pa.array(["a", None, "b", "c", "d"]))
    with pytest.raises(ValueError, match="item_id"):
        read_log(holed, number="number")


def test_keeping_baskets_keeps_names() -> None:
    log = read_log(table(ROWS), number="number")
    kept = log.keep(log.age == 0)
    assert (kept.basket_client.tolist(), kept.line_basket.tolist(), kept.line_item.tolist()) == (
        [0, 1],
        [0, 1, 1],
        [1, 0, 2],
    )
    assert kept.items is log.items


lines = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 5)), max_size=12)


@given(lines, st.booleans())
def test_an_order_number_that_nobody_shares_is_as_one_that_two_may(of: list[tuple[int, int]], is_shared: bool) -> None:
    clients, numbers = np.array(of, dtype=np.int64).reshape(-1, 2).T
    of_order = np.unique(numbers if is_shared else numbers * 4 + clients, return_inverse=True)[1]
    orders = int(of_order.max(initial=-1)) + 1
    pair, place = _pairs(clients, of_order, orders)
    expected = np.unique(clients * orders + of_order, return_inverse=True)
    assert (pair.tolist(), place.tolist()) == (expected[0].tolist(), expected[1].tolist())
