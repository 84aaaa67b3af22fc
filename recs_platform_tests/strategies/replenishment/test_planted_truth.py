"""The lists find what was planted in the simulated world: what trends, what falls due, what clients will try.

Asserted are clear margins over chance, on one world whose seed is fixed.
"""

from __future__ import annotations

from datetime import timedelta

import pyarrow as pa
import pytest

from recs_platform.schemas.replenishment import DISCOVERY, REPURCHASE
from recs_platform_tests.slow import takes_seconds
from recs_platform_tests.strategies.replenishment.worlds import DAY, SPEC, Concord, days, due_pairs, order_events

GONE = 40
"""Items that were listed most, and that nobody sells any more."""


@pytest.fixture(scope="module")
@takes_seconds
def events() -> pa.Table:
    return order_events(SPEC, days(SPEC.start, DAY))


@pytest.fixture(scope="module")
@takes_seconds
def concord(events: pa.Table) -> Concord:
    return Concord(events)


def pairs(concord: Concord, kind: str, places: int = 25) -> list[tuple[str, str]]:
    """Client and item of the first places of a kind."""
    listed = concord.rows(
        f"""SELECT customer_id, item_id FROM weekly_recommendations WHERE kind = '{kind}'
        QUALIFY row_number() OVER (PARTITION BY customer_id ORDER BY rank) <= {places}"""
    )
    return [(client, item) for client, item in listed]


def test_trending_products_are_found_among_few_others(concord: Concord) -> None:
    (planted,) = [set(t["item_ids"]) for t in concord.truth["trending"] if t["last"] == DAY.isoformat()]
    found = {item for (item,) in concord.rows("SELECT item_id FROM product_trends WHERE is_trending")}
    ((ordered,),) = concord.rows("SELECT count(*) FROM product_trends WHERE orders > 0")
    assert planted <= found
    assert len(found - planted) < 0.01 * ordered


def test_what_falls_due_stands_at_the_top(concord: Concord) -> None:
    """Of a client's repurchases the first five fall due in the next week far more often than what it ever bought."""
    due = due_pairs(DAY, 7)
    bought = concord.rows("SELECT customer_id, item_id FROM client_items WHERE orders > 0")
    by_chance = sum(pair in due for pair in bought) / len(bought)
    rates = {}
    for places in (5, 10, 20):
        listed = pairs(concord, REPURCHASE, places)
        rates[places] = sum(pair in due for pair in listed) / len(listed)
    assert rates[5] > rates[10] > rates[20] > by_chance
    assert rates[5] > 1.5 * by_chance


def test_discoveries_are_bought_far_more_often_than_by_chance(concord: Concord) -> None:
    """In the four weeks after, by clients who never bought them before."""
    after = order_events(SPEC, days(DAY + timedelta(days=1), DAY + timedelta(days=28))).to_pylist()
    known = set(concord.rows("SELECT customer_id, item_id FROM client_items"))
    ordered = {(row["customer_id"], row["item_id"]) for row in after if row["event_name"] == "order_line"}
    discovered = pairs(concord, DISCOVERY)
    clients = {client for client, _ in discovered}
    new = {(client, item) for client, item in ordered - known if client in clients}
    by_chance = len(new) / (len(clients) * concord.truth["products"])
    assert not known & set(discovered)
    assert sum(pair in new for pair in discovered) / len(discovered) > 20 * by_chance


def test_what_is_discontinued_is_in_no_list_and_its_places_are_filled(events: pa.Table, concord: Concord) -> None:
    most = concord.rows(
        f"SELECT item_id FROM weekly_recommendations GROUP BY item_id ORDER BY count(*) DESC, item_id LIMIT {GONE}"
    )
    gone = frozenset(item for (item,) in most)
    without = Concord(events, discontinued=gone)
    listed = without.rows("SELECT item_id, count(*) FROM weekly_recommendations GROUP BY item_id")
    assert not gone & {item for item, _ in listed}
    assert sum(count for _, count in listed) == len(pairs(concord, REPURCHASE)) + len(pairs(concord, DISCOVERY))


def test_every_list_is_whole(concord: Concord) -> None:
    """Nobody in this world has so few products that a place stays empty."""
    lengths = concord.rows("SELECT count(*) FROM weekly_recommendations GROUP BY customer_id")
    assert {length for (length,) in lengths} == {25}
    ((active,),) = concord.rows("SELECT count(*) FROM client_profiles WHERE is_active")
    assert len(lengths) == active


def test_the_same_day_gives_the_same_lists_with_one_thread_and_two(events: pa.Table, concord: Concord) -> None:
    again = Concord(events, threads=1)
    text = "SELECT * FROM weekly_recommendations ORDER BY customer_id, rank"
    assert again.rows(text) == concord.rows(text)
