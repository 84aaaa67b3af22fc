"""What is planted in the vehicle-fitment world can be found in its feeds, within chance."""

from __future__ import annotations

from datetime import date, timedelta

import duckdb
import pyarrow as pa
import pytest

from recs_platform.simulation import vehicle_world
from recs_platform.simulation.world import WorldSpec
from recs_platform_tests.simulation.worlds import FEEDS, FIRST, Landed

ELIGIBLE = """price >= 50 AND coalesce(tags, '') NOT LIKE '%refurbished%' AND image_url LIKE 'https://%'
    AND NOT regexp_matches(item_id, '^(SVC|LABOR|GIFT)-') AND NOT list_contains($excluded, category)"""


@pytest.fixture(scope="module")
def large() -> WorldSpec:
    return WorldSpec("large", "vehicle_fitment", 21, 40_000, FIRST, FEEDS)


@pytest.fixture(scope="module")
def past(large: WorldSpec) -> dict[str, pa.Table]:
    """A year of orders of many owners, with the snapshots that belong to them."""
    tables = ("order_history", "customers", "catalog", "fitment")
    return {table: vehicle_world.feed(large, table, FIRST).table for table in tables}


@pytest.fixture
def shop(past: dict[str, pa.Table], duck: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
    for name, table in past.items():
        duck.register(f"{name}_feed", table)
    duck.sql("CREATE TABLE history AS SELECT DISTINCT * FROM order_history_feed WHERE item_id IS NOT NULL")
    duck.sql(
        """
        CREATE TABLE owner AS
        SELECT * FROM customers_feed WHERE customer_id IS NOT NULL
        QUALIFY row_number() OVER (PARTITION BY customer_id ORDER BY updated_at DESC) = 1
        """
    )
    duck.sql("CREATE TABLE fit AS SELECT DISTINCT * FROM fitment_feed WHERE vehicle_year BETWEEN 1885 AND 2100")
    duck.sql(
        """CREATE TABLE item AS SELECT DISTINCT ON (item_id) * FROM catalog_feed
        WHERE item_id IS NOT NULL AND price >= 0 ORDER BY item_id, category NULLS LAST"""
    )
    return duck


def one(duck: duckdb.DuckDBPyConnection, query: str, **values: object) -> float:
    row = duck.execute(query, values).fetchone()
    assert row is not None
    return float(row[0])


def test_owners_of_the_model_buy_its_console_latch_six_times_as_often(
    shop: duckdb.DuckDBPyConnection, large: WorldSpec
) -> None:
    latch = vehicle_world.truth(large)["console_latch"]
    share = """
        SELECT avg(CAST(item_id = $item AS INT)) FROM history JOIN owner USING (customer_id)
        WHERE vehicle_make = $make AND vehicle_model = $model AND item_id IN (SELECT item_id FROM fit)
        """
    rates = []
    for make, model in (latch["model"], latch["also_fits"]):
        assert one(shop, f"SELECT count(*) FROM fit WHERE item_id = '{latch['item_id']}' AND vehicle_model = '{model}'")
        rates.append(one(shop, share, item=latch["item_id"], make=make, model=model))
    assert rates[0] == pytest.approx(latch["share_of_fitting_purchases_of_its_owners"], rel=0.1)
    assert rates[0] / rates[1] == pytest.approx(latch["lift_over_owners_of_that_model"], rel=0.3)
    headlight = vehicle_world.truth(large)["universal"]["headlight"]
    make, model = latch["model"]
    assert rates[0] > 6 * one(shop, share, item=headlight, make=make, model=model)


def test_the_headlight_leads_everything_and_owners_hardly_buy_it(
    shop: duckdb.DuckDBPyConnection, large: WorldSpec
) -> None:
    headlight = vehicle_world.truth(large)["universal"]["headlight"]
    counts = shop.sql("SELECT item_id, count(*) FROM history GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 2").fetchall()
    assert counts[0][0] == headlight
    assert counts[0][1] > 3 * counts[1][1]
    by_owners = """SELECT avg(CAST(item_id = $item AS INT)) FROM history JOIN owner USING (customer_id)
        WHERE vehicle_make IS NOT NULL AND vehicle_model IS NOT NULL AND vehicle_year > 1955"""
    assert one(shop, by_owners, item=headlight) < 0.003
    vehicles = "SELECT count(DISTINCT (vehicle_year, vehicle_model)) FROM fit"
    assert one(shop, f"{vehicles} WHERE item_id = $item", item=headlight) > 0.9 * one(shop, vehicles)


def test_two_purchases_in_three_are_outside_the_fitment_data(
    shop: duckdb.DuckDBPyConnection, worlds: dict[str, Landed]
) -> None:
    outside = "avg(CAST(item_id NOT IN (SELECT item_id FROM fit) AS INT))"
    planted = worlds["holley"].truth["share_of_purchases_outside_fitment"]
    assert planted == 0.65
    assert one(shop, f"SELECT {outside} FROM history") == pytest.approx(planted, abs=0.01)
    assert one(shop, f"SELECT {outside} FROM history WHERE customer_id IS NOT NULL") == pytest.approx(planted, abs=0.01)
    world = worlds["holley"]
    lines = f"""SELECT avg(CAST(item_id NOT IN (SELECT item_id FROM {world.files("fitment")}) AS INT)) FROM (
        SELECT DISTINCT order_id, item_id FROM {world.files("events")}
        WHERE event_name LIKE '%Order%' AND item_id IS NOT NULL)"""
    assert one(shop, lines) == pytest.approx(planted, abs=0.06)


def test_most_owners_have_a_vehicle_with_evidence_of_its_own_and_some_have_not(
    shop: duckdb.DuckDBPyConnection, large: WorldSpec
) -> None:
    excluded = vehicle_world.truth(large)["excluded_part_types"]
    vehicle = "vehicle_year, vehicle_make, vehicle_model"
    shop.execute(
        f"CREATE TABLE eligible AS SELECT {vehicle}, item_id FROM fit JOIN item USING (item_id) WHERE {ELIGIBLE}",
        {"excluded": excluded},
    )
    shop.sql(
        f"""
        CREATE TABLE evidence AS
        SELECT {vehicle}, count(*) AS orders, count(DISTINCT item_id) AS parts
        FROM history JOIN owner USING (customer_id) JOIN eligible USING ({vehicle}, item_id) GROUP BY ALL
        """
    )
    shop.sql(
        f"""CREATE TABLE known_owner AS SELECT owner.* FROM owner
        JOIN (SELECT DISTINCT {vehicle} FROM fit) USING ({vehicle})"""
    )
    ample = f"""SELECT avg(CAST(coalesce(parts, 0) >= 4 AND coalesce(orders, 0) >= 10 AS INT))
        FROM known_owner LEFT JOIN evidence USING ({vehicle})"""
    assert 0.87 < one(shop, ample) < 1
    few = f"""
        SELECT count(*) FROM (SELECT DISTINCT {vehicle} FROM fit)
        LEFT JOIN (SELECT {vehicle}, count(*) AS parts FROM eligible GROUP BY ALL) USING ({vehicle})
        WHERE coalesce(parts, 0) < 4
        """
    vehicles = one(shop, f"SELECT count(DISTINCT ({vehicle})) FROM fit")
    assert 0 < one(shop, few) < 0.1 * vehicles


def test_what_owners_of_the_vehicle_bought_foretells_ten_times_what_the_world_bought(
    shop: duckdb.DuckDBPyConnection, large: WorldSpec
) -> None:
    """Four parts per vehicle, by history alone, against the order lines of the first weeks."""
    excluded = vehicle_world.truth(large)["excluded_part_types"]
    vehicle = "vehicle_year, vehicle_make, vehicle_model"
    lines = [vehicle_world._clean_events(large, FIRST + timedelta(days=age)) for age in range(21)]
    ids = vehicle_world.people(large).ids
    skus = vehicle_world.event_skus(large)
    bought = [
        (ids[customer].as_py(), skus[item].as_py())
        for events in lines
        for customer, item, kind in zip(events["customer"], events["item"], events["kind"], strict=True)
        if kind == 2 and customer >= 0
    ]
    shop.register("bought_feed", pa.Table.from_pylist([{"customer_id": c, "item_id": i} for c, i in bought]))
    counted = {
        "segment": f"SELECT {vehicle}, item_id, count(*) AS n FROM history JOIN owner USING (customer_id) GROUP BY ALL",
        "global": "SELECT item_id, count(*) AS n FROM history GROUP BY ALL",
    }
    matched = {}
    for kind, popularity in counted.items():
        keys = f"{vehicle}, item_id" if kind == "segment" else "item_id"
        matched[kind] = shop.execute(
            f"""
            WITH popular AS ({popularity}),
            part AS (
              SELECT {vehicle}, item_id, coalesce(n, 0) AS n FROM fit JOIN item USING (item_id)
              LEFT JOIN popular USING ({keys}) WHERE {ELIGIBLE}
              QUALIFY row_number() OVER (PARTITION BY {vehicle}, category ORDER BY n DESC, item_id) <= 2
            ),
            four AS (FROM part QUALIFY row_number() OVER (PARTITION BY {vehicle} ORDER BY n DESC, item_id) <= 4)
            SELECT count(*) FROM bought_feed JOIN owner USING (customer_id) JOIN four USING ({vehicle}, item_id)
            """,
            {"excluded": excluded},
        ).fetchone()[0]
    assert matched["segment"] > 0.08 * len(bought)
    assert matched["segment"] > 10 * matched["global"]


def test_intent_comes_before_purchase(worlds: dict[str, Landed], duck: duckdb.DuckDBPyConnection) -> None:
    world = worlds["holley"]
    events = f"""(SELECT customer_id, item_id, event_name, min(event_ts) AS ts FROM {world.files("events")}
        WHERE CAST(event_ts AS DATE) = day GROUP BY ALL)"""
    viewed = one(
        duck,
        f"""SELECT avg(CAST(viewed.ts < bought.ts AS INT)) FROM {events} AS bought LEFT JOIN {events} AS viewed
        ON viewed.customer_id = bought.customer_id AND viewed.item_id = bought.item_id
        AND viewed.event_name = 'Viewed Product'
        WHERE bought.event_name = 'Ordered Product' AND bought.customer_id IS NOT NULL
          AND bought.ts > DATE '{world.first + timedelta(days=7)}' AND viewed.ts IS NOT NULL""",
    )
    assert viewed > 0.99
    seen_at_all = one(
        duck,
        f"""SELECT avg(CAST(EXISTS (FROM {events} AS viewed WHERE viewed.customer_id = bought.customer_id
          AND viewed.item_id = bought.item_id AND viewed.event_name = 'Viewed Product') AS INT))
        FROM {events} AS bought WHERE bought.event_name = 'Ordered Product' AND bought.customer_id IS NOT NULL
          AND bought.ts > DATE '{world.first + timedelta(days=7)}'""",
    )
    assert seen_at_all > 0.8


def test_hardly_any_owner_is_cold(large: WorldSpec) -> None:
    seen: set[int] = set()
    for age in range(93):
        if age != 40:
            seen |= set(vehicle_world._clean_events(large, FIRST + timedelta(days=age))["customer"].tolist())
    there = vehicle_world.people(large).present(FIRST).sum()
    cold = 1 - len(seen - {-1}) / vehicle_world.people(large).present(FIRST + timedelta(days=92)).sum()
    assert there > 0
    assert 0.004 < cold < 0.025


def test_variants_stand_in_families_and_some_only_in_events(
    worlds: dict[str, Landed], duck: duckdb.DuckDBPyConnection
) -> None:
    world = worlds["holley"]
    duck.sql(f"CREATE TABLE sku AS SELECT DISTINCT item_id FROM {world.files('catalog')} WHERE item_id NOT LIKE 'ZZ%'")
    variant = "regexp_matches(item_id, '[0-9][BRGP]$')"
    base = "regexp_replace(item_id, '[BRGP]$', '')"
    with_base = f"SELECT count(*) FROM sku WHERE {variant} AND {base} IN (SELECT item_id FROM sku)"
    assert one(duck, with_base) > 0
    assert one(duck, f"SELECT count(*) FROM sku WHERE {variant}") > one(duck, with_base), "some families lack a base"
    unlisted = duck.sql(
        f"SELECT DISTINCT item_id FROM {world.files('events')} WHERE item_id NOT IN (SELECT item_id FROM sku)"
    ).fetchall()
    assert unlisted
    assert all(sku.endswith("G") for (sku,) in unlisted)
    resolved = f"SELECT count(*) FROM sku WHERE item_id IN ({', '.join(repr(sku[:-1]) for (sku,) in unlisted)})"
    assert one(duck, resolved) == len(unlisted)


def test_prices_have_both_ends_and_an_edge(shop: duckdb.DuckDBPyConnection) -> None:
    shares = shop.sql(
        "SELECT avg(CAST(price < 50 AS INT)), avg(CAST(price > 500 AS INT)), count(*) FILTER (price = 49.99), "
        "count(*) FILTER (price = 50) FROM item WHERE item_id IN (SELECT item_id FROM fit)"
    ).fetchone()
    assert shares is not None
    assert shares[0] > 0.15
    assert shares[1] > 0.12
    assert shares[2] > 0
    assert shares[3] > 0


def test_customers_and_prices_change_from_day_to_day(large: WorldSpec) -> None:
    def profiles(day: date) -> dict[str, tuple[object, ...]]:
        table = vehicle_world.feed(large, "customers", day).table.to_pylist()
        rows = sorted((row for row in table if row["customer_id"]), key=lambda row: row["updated_at"])
        return {row["customer_id"]: (row["vehicle_model"], row["vehicle_year"], row["email"]) for row in rows}

    early, late = profiles(FIRST), profiles(FIRST + timedelta(days=60))
    assert set(early) < set(late)
    changed = sum(early[who][:2] != late[who][:2] for who in early) / len(early)
    assert 0 < changed < 0.02
    assert 0 < sum(early[who][2] is not None and late[who][2] is None for who in early) / len(early) < 0.01
    assert (vehicle_world.prices(large, FIRST) != vehicle_world.prices(large, FIRST + timedelta(days=60))).mean() > 0
