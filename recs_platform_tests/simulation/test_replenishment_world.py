"""What is planted in the replenishment world can be found in its feeds, within chance."""

from __future__ import annotations

from datetime import date, timedelta

import duckdb
import pytest

from recs_platform.simulation import replenishment_goods, replenishment_world
from recs_platform_tests.simulation.worlds import Landed


@pytest.fixture
def concord(worlds: dict[str, Landed], duck: duckdb.DuckDBPyConnection) -> Landed:
    landed = worlds["concord"]
    duck.sql(
        f"""CREATE TABLE line AS SELECT DISTINCT customer_id, item_id, order_id, day, quantity
        FROM {landed.files("events")} WHERE event_name = 'order_line' AND event_id IS NOT NULL AND unit_price >= 0"""
    )
    return landed


def test_clients_re_order_after_their_cycle(concord: Landed, duck: duckdb.DuckDBPyConnection) -> None:
    habits = replenishment_goods.habits(concord.spec)
    ids = replenishment_world.people(concord.spec).ids
    skus = replenishment_goods.products(concord.spec).ids
    gaps: dict[tuple[str, str], list[int]] = {}
    query = """SELECT customer_id, item_id, day - lag(day) OVER (PARTITION BY customer_id, item_id ORDER BY day) AS gap
        FROM line QUALIFY gap IS NOT NULL"""
    for customer, item, gap in duck.sql(query).fetchall():
        gaps.setdefault((customer, item), []).append(gap)
    near = total = 0
    for client, product, cycle in zip(habits.client, habits.product, habits.cycle, strict=True):
        for gap in gaps.get((ids[client].as_py(), skus[product].as_py()), []):
            total += 1
            near += abs(gap - cycle) <= 0.3 * cycle + 14
    assert total > 2000
    assert near / total > 0.9


def test_segments_order_at_their_own_pace(concord: Landed, duck: duckdb.DuckDBPyConnection) -> None:
    segments = replenishment_goods.clients(concord.spec).segment
    ids = replenishment_world.people(concord.spec).ids.to_pylist()
    days = dict(duck.sql("SELECT customer_id, count(DISTINCT day) FROM line GROUP BY 1").fetchall())
    means = []
    for segment in range(3):
        of_segment = [days.get(ids[client], 0) for client in (segments == segment).nonzero()[0]]
        means.append(sum(of_segment) / len(of_segment))
    assert 2 < means[0] < means[1] < means[2]


def test_clients_of_a_cluster_share_products(concord: Landed, duck: duckdb.DuckDBPyConnection) -> None:
    cluster = replenishment_goods.clients(concord.spec).cluster
    ids = replenishment_world.people(concord.spec).ids.to_pylist()
    baskets: dict[str, set[str]] = {}
    for customer, item in duck.sql("SELECT DISTINCT customer_id, item_id FROM line").fetchall():
        baskets.setdefault(customer, set()).add(item)
    inside, across = [], []
    for one in range(0, 200):
        for other in range(one + 1, 200):
            a, b = baskets.get(ids[one], set()), baskets.get(ids[other], set())
            if len(a) > 4 and len(b) > 4:
                (inside if cluster[one] == cluster[other] else across).append(len(a & b) / len(a | b))
    assert sum(inside) / len(inside) > 4 * sum(across) / len(across)


def test_trending_products_grow_by_half_at_least(concord: Landed, duck: duckdb.DuckDBPyConnection) -> None:
    """The first block that the simulated days cover together with the four weeks before it."""
    trend = concord.truth["trending"][1]
    first, last = date.fromisoformat(trend["first"]), date.fromisoformat(trend["last"])
    assert (last - first).days == 27
    growth = duck.execute(
        """
        SELECT count(*) FILTER (day BETWEEN $first AND $last),
          count(*) FILTER (day >= $before AND day < $first)
        FROM line WHERE list_contains($items, item_id) GROUP BY item_id
        """,
        {"first": first, "last": last, "before": first - timedelta(days=28), "items": trend["item_ids"]},
    ).fetchall()
    assert len(growth) == 5
    assert all(now >= 1.5 * before and now > 20 for now, before in growth)


def test_new_products_are_neither_listed_nor_ordered_before_their_launch(
    concord: Landed, duck: duckdb.DuckDBPyConnection
) -> None:
    launches = {item: date.fromisoformat(day) for item, day in concord.truth["new_products"].items()}
    assert launches
    ordered = duck.sql("SELECT item_id, min(day) FROM line GROUP BY 1").fetchall()
    assert not [item for item, day in ordered if item in launches and day < launches[item]]
    assert [item for item, _ in ordered if item in launches], "some new products are bought"
    listed = {item for (item,) in duck.sql(f"SELECT item_id FROM {concord.files('catalog')}").fetchall()}
    launched = {item for item, day in launches.items() if day <= concord.last}
    assert launched <= listed
    assert not listed & (set(launches) - launched)


def test_seasonal_products_are_ordered_in_their_season_alone(concord: Landed, duck: duckdb.DuckDBPyConnection) -> None:
    for season, months in concord.truth["season_months"].items():
        seasonal = concord.truth["seasonal_products"][season]
        found = duck.execute(
            "SELECT DISTINCT month(day) FROM line WHERE list_contains($items, item_id)", {"items": seasonal}
        ).fetchall()
        assert {month for (month,) in found} <= set(months), season
    assert duck.execute(
        "SELECT count(*) > 0 FROM line WHERE list_contains($items, item_id)",
        {"items": concord.truth["seasonal_products"]["winter"]},
    ).fetchone() == (True,)


def test_every_product_stands_in_a_group(concord: Landed, duck: duckdb.DuckDBPyConnection) -> None:
    groups = duck.sql(
        f"SELECT count(*) FILTER (group_id IS NULL), count(DISTINCT group_id) FROM {concord.files('catalog')}"
    ).fetchone()
    assert groups is not None
    assert groups[0] == 0
    assert groups[1] == concord.truth["product_groups"]
