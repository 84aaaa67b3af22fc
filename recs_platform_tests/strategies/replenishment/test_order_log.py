"""Order lines as baskets: what was sent back in full is in none, and the catalog's words are numbers."""

from __future__ import annotations

from datetime import date

import pyarrow as pa

from recs_platform.schemas.replenishment import OrderLines, ProductTrends
from recs_platform.strategies.replenishment.order_log import attributes_of, log_of
from recs_platform_tests.next_basket.worlds import histories_of
from recs_platform_tests.strategies.replenishment.lists import arrow

FIRST, SECOND, THIRD = date(2025, 9, 1), date(2025, 9, 5), date(2025, 9, 9)
Line = tuple[str, str, str, date, int, int]
LINES: list[Line] = [
    ("anna", "o1", "soap", FIRST, 2, 0),
    ("anna", "o1", "tea", FIRST, 3, 0),
    ("anna", "o2", "tea", SECOND, 1, 0),
    ("anna", "o2", "salt", SECOND, 1, 0),
    # All of the soap came back, in two parts; of the tea one packet.
    ("anna", "o1", "soap", SECOND, 0, 1),
    ("anna", "o1", "soap", THIRD, 0, 1),
    ("anna", "o1", "tea", THIRD, 0, 1),
    # Another client's order of the same name keeps what it has.
    ("bert", "o1", "soap", SECOND, 2, 0),
    ("carl", "o3", "rice", SECOND, 1, 1),
]


def order_lines(lines: list[Line]) -> pa.Table:
    names = ("customer_id", "order_id", "item_id", "event_date", "quantity", "returned")
    return arrow(OrderLines, [dict(zip(names, line, strict=True)) for line in lines])


def test_what_was_sent_back_in_full_is_in_no_basket() -> None:
    log = log_of(order_lines(LINES))
    names = log.items.to_pylist()
    found = {
        log.clients[client].as_py(): [{names[item] for item in basket} for basket in baskets]
        for client, baskets in histories_of(log).items()
    }
    assert found == {"anna": [{"tea"}, {"tea", "salt"}], "bert": [{"soap"}]}
    assert log.basket_day is not None
    assert log.basket_day.tolist() == [(day - date(1970, 1, 1)).days for day in (FIRST, SECOND, SECOND)]


def test_without_returns_nothing_is_looked_up() -> None:
    kept = [line for line in LINES if not line[5]]
    assert log_of(order_lines(kept)).clients.to_pylist() == ["anna", "bert"]


def test_items_of_the_catalog_are_known_before_anybody_buys_them() -> None:
    trends = arrow(
        ProductTrends,
        [
            {"item_id": "new", "group_id": "G", "brand": None, "price_band": -1},
            {"item_id": "tea", "group_id": "F", "brand": "B", "price_band": 3},
            {"item_id": "salt", "group_id": None, "brand": None, "price_band": None},
        ],
    )
    log = log_of(order_lines(LINES), trends)
    assert log.items.to_pylist() == ["new", "salt", "soap", "tea"]
    attributes = {name: numbers.tolist() for name, numbers in attributes_of(trends, log).items()}
    assert attributes == {"group": [1, -1, -1, 0], "brand": [-1, -1, -1, 0], "price_band": [0, -1, -1, 1]}


def test_without_a_catalog_there_are_no_attributes() -> None:
    trends = arrow(ProductTrends, [{"item_id": "tea", "group_id": None, "brand": None, "price_band": None}])
    assert attributes_of(trends, log_of(order_lines(LINES), trends)) == {}


def test_nothing_ordered_is_an_empty_log() -> None:
    log = log_of(order_lines([]))
    assert (len(log.clients), len(log.items), len(log.basket_client)) == (0, 0, 0)
