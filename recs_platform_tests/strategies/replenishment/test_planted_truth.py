"""The lists find what was planted in the simulated world: what trends, what falls due, what clients will try.

Asserted are clear margins over chance, on one world whose seed is fixed.
"""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pyarrow as pa
import pytest

from recs_platform.schemas.replenishment import DISCOVERY, REPURCHASE, Version
from recs_platform_tests.slow import takes_seconds
from recs_platform_tests.strategies.replenishment.worlds import DAY, SPEC, Concord, days, due_pairs, order_events

GONE = 40
"""Items that were listed most, and that nobody sells any more."""


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


def test_new_products_are_found_by_what_they_are_like(concord: Concord) -> None:
    """One a client, of a group that it orders from: none of them was in the catalog four weeks before."""
    launched = {item: date.fromisoformat(day) for item, day in concord.truth["new_products"].items()}
    planted = {item for item, day in launched.items() if DAY - timedelta(days=28) < day <= DAY}
    found = {item for (item,) in concord.rows("SELECT item_id FROM product_trends WHERE is_new")}
    assert len(found & planted) > 0.9 * len(planted)
    assert len(found - planted) < 0.1 * len(planted)
    listed = concord.rows(
        "SELECT customer_id, item_id, group_id FROM weekly_recommendations WHERE starts_with(reason, 'new in ')"
    )
    assert len(listed) == len({client for client, *_ in listed}) > 20
    assert {item for _, item, _ in listed} <= found
    of_groups = concord.rows(
        """SELECT DISTINCT customer_id, group_id FROM client_items JOIN product_trends USING (item_id)
        WHERE client_items.orders > 0"""
    )
    assert {(client, group) for client, _, group in listed} <= set(of_groups)


def test_what_was_never_ordered_by_anybody_is_discovered_only_as_new(concord: Concord) -> None:
    listed = concord.rows(
        """SELECT DISTINCT starts_with(reason, 'new in ') FROM weekly_recommendations
        JOIN product_trends USING (item_id) WHERE clients = 0"""
    )
    assert listed == [(True,)]


@pytest.mark.slow
@pytest.mark.parametrize("version", ["v31", "v32"])
def test_rows_in_another_order_and_one_thread_give_the_same_lists(version: Version, events: pa.Table) -> None:
    shuffled = events.take(pa.array(np.random.default_rng(1).permutation(len(events))))
    tables = (Concord(events, version=version), Concord(shuffled, threads=1, version=version))
    one, other = (made.rows("SELECT * FROM weekly_recommendations ORDER BY customer_id, rank") for made in tables)
    assert one == other
    assert {row[9] for row in one} == {version}
