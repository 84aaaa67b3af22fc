"""Every count of the truth, found again in the files by plain SQL that knows nothing of how the dirt was planted."""

from __future__ import annotations

from datetime import timedelta

import duckdb
import pytest

from recs_platform.schemas.table import Kind
from recs_platform_tests.simulation.worlds import FEEDS, Landed, by_day

PREFERRED, OTHER = "Ordered Product", "Consumer Website Order"

REJECTED = {
    "events": {
        "event_id is missing": "event_id IS NULL",
        "event_ts is outside its day": "CAST(event_ts AS DATE) <> day",
        "event_name is unknown": "event_name NOT IN ({names})",
        "unit_price is negative": "unit_price < 0",
        "item_id is missing": "item_id IS NULL AND event_name NOT IN ({placed})",
    },
    "treatments": {"send_id is missing": "send_id IS NULL"},
    "deliveries": {"send_id is missing": "send_id IS NULL"},
    "interactions": {
        "kind is unknown": "kind NOT IN ('VIEWED', 'CLICKED')",
        "send_id is unknown": "send_id NOT IN (SELECT send_id FROM {sent} WHERE send_id IS NOT NULL)",
    },
    "impressions": {"customer_id is missing": "customer_id IS NULL"},
    "redemptions": {
        "customer_id is missing": "customer_id IS NULL",
        "offer_id is missing": "offer_id IS NULL",
        "order_id is missing": "order_id IS NULL",
    },
    "customers": {"customer_id is missing": "customer_id IS NULL"},
    "catalog": {"item_id is missing": "item_id IS NULL", "price is negative": "price < 0"},
    "fitment": {"vehicle_year is impossible": "vehicle_year NOT BETWEEN 1885 AND 2100"},
    "order_history": {"item_id is missing": "item_id IS NULL"},
    "offers": {"ends_on is before starts_on": "ends_on < starts_on"},
    "offer_items": {"item_id is missing": "item_id IS NULL"},
}


def conditions(world: Landed, table: str) -> dict[str, str]:
    names = world.spec.event_names or {name: name for name in FEEDS.values()}
    words = {
        "names": ", ".join(f"'{raw}'" for raw in names),
        "placed": ", ".join(f"'{raw}'" for raw, name in names.items() if name == "order_placed"),
        "sent": world.files("treatments"),
    }
    return {reason: condition.format(**words) for reason, condition in REJECTED[table].items()}


def test_rows(world: Landed, duck: duckdb.DuckDBPyConnection) -> None:
    for table in world.tables():
        found = by_day(duck, f"SELECT day, count(*) FROM {world.files(table, name='part-*')} GROUP BY 1")
        assert found == world.counted("rows", table), table


def test_rejected_rows_by_reason(world: Landed, duck: duckdb.DuckDBPyConnection) -> None:
    planted = set()
    for table in world.tables():
        for reason, condition in conditions(world, table).items():
            found = by_day(duck, f"SELECT day, count(*) FROM {world.files(table)} WHERE {condition} GROUP BY 1")
            assert found == world.counted("rejected", table, reason), (table, reason)
            planted |= {(table, reason)} if found else set()
        reasons = {name for counts in world.counted("rejected", table).values() for name in counts}
        assert reasons <= set(REJECTED[table]), "no reason is left unchecked"
    assert len(planted) >= 7, "the world is dirty enough for this test to mean something"


def test_a_rejected_row_has_one_defect(world: Landed, duck: duckdb.DuckDBPyConnection) -> None:
    for table in world.tables():
        defects = " + ".join(f"CAST(coalesce({c}, false) AS INT)" for c in conditions(world, table).values())
        worst = duck.sql(f"SELECT max({defects}) FROM {world.files(table)}").fetchone()
        assert worst is not None
        assert (worst[0] or 0) <= 1, table


def test_rejected_rows_stay_below_the_default_warning(world: Landed) -> None:
    for counts in world.truth["days"].values():
        for table, reasons in counts.get("rejected", {}).items():
            assert sum(reasons.values()) <= 0.01 * counts["rows"][table], (table, counts["rows"][table])


def usable(world: Landed, table: str) -> str:
    bad = " OR ".join(f"coalesce({c}, false)" for c in conditions(world, table).values())
    return f"(SELECT * FROM {world.files(table)} WHERE NOT ({bad}))"


@pytest.mark.parametrize(
    ("table", "key"),
    [
        ("customers", "customer_id"),
        ("catalog", "item_id"),
        ("order_history", "order_line_id"),
        ("fitment", "vehicle_year, vehicle_make, vehicle_model, item_id"),
    ],
)
def test_merged_rows_of_snapshots(
    worlds: dict[str, Landed], table: str, key: str, duck: duckdb.DuckDBPyConnection
) -> None:
    world = worlds["holley"]
    rows = duck.sql(f"SELECT count(*), count(DISTINCT ({key})) FROM {usable(world, table)}").fetchone()
    assert rows is not None
    assert {world.last.isoformat(): rows[0] - rows[1]} == world.counted("merged", table)


@pytest.mark.parametrize("table", ["treatments", "deliveries", "interactions", "impressions", "redemptions", "offers"])
def test_other_tables_repeat_nothing(worlds: dict[str, Landed], table: str, duck: duckdb.DuckDBPyConnection) -> None:
    world = worlds["metro"]
    columns = "* EXCLUDE (filename)"
    rows = duck.sql(f"SELECT count(*) FROM {usable(world, table)}").fetchone()
    distinct = duck.sql(f"SELECT count(*) FROM (SELECT DISTINCT {columns} FROM {usable(world, table)})").fetchone()
    assert rows == distinct
    assert world.counted("merged", table) == {}


def test_repeated_events(world: Landed, duck: duckdb.DuckDBPyConnection) -> None:
    events = usable(world, "events")
    found = by_day(duck, f"SELECT day, count(*) - count(DISTINCT event_id) FROM {events} GROUP BY 1")
    assert found == world.counted("reported", "repeated_events")
    assert found
    differing = (
        f"SELECT event_id FROM (SELECT DISTINCT * EXCLUDE (filename) FROM {events}) GROUP BY 1 HAVING count(*) > 1"
    )
    assert duck.sql(differing).fetchall() == [], "a repeated event is an exact copy, on the same day"


def test_order_lines_in_another_feed(worlds: dict[str, Landed], duck: duckdb.DuckDBPyConnection) -> None:
    world = worlds["holley"]
    duck.sql(f"CREATE TABLE event AS SELECT DISTINCT * EXCLUDE (filename) FROM {usable(world, 'events')}")
    found = by_day(
        duck,
        f"""
        SELECT other.day, count(*)
        FROM (FROM event WHERE event_name = '{OTHER}') AS other
        JOIN (FROM event WHERE event_name = '{PREFERRED}') AS preferred USING (order_id, item_id)
        GROUP BY 1
        """,
    )
    assert found == world.counted("reported", "order_lines_in_another_feed")
    merged = world.counted("merged", "events")
    repeated = world.counted("reported", "repeated_events")
    assert merged == {day: found.get(day, 0) + repeated.get(day, 0) for day in {*found, *repeated}}

    overlap = f"""
        FROM (FROM event WHERE event_name = '{PREFERRED}') AS preferred
        FULL JOIN (FROM event WHERE event_name = '{OTHER}') AS other USING (order_id, item_id)
        """
    counted = duck.sql(
        f"""
        SELECT
          count(*) FILTER (other.day - preferred.day = 1) AS overnight,
          count(*) FILTER (other.day - preferred.day NOT IN (0, 1)) AS impossible,
          count(*) FILTER (other.event_id = preferred.event_id) AS same_id,
          count(*) FILTER (other.day IS NULL) AS only_preferred,
          count(*) FILTER (preferred.day IS NULL) AS only_other
        {overlap}
        """
    ).fetchone()
    assert counted is not None
    overnight, impossible, same_id, only_preferred, only_other = counted
    assert overnight > 0
    assert (impossible, same_id) == (0, 0)
    assert 0 < only_preferred < only_other, "the other feed is the larger one"


def test_lines_and_orders_and_revenue_counted_once(world: Landed, duck: duckdb.DuckDBPyConnection) -> None:
    names = world.spec.event_names or {name: name for name in FEEDS.values()}
    lines = ", ".join(f"'{raw}'" for raw, name in names.items() if name == "order_line")
    placed = next(raw for raw, name in names.items() if name == "order_placed")
    duck.sql(
        f"""
        CREATE TABLE line AS
        SELECT order_id, item_id, min(day) AS day, any_value(quantity) AS quantity, any_value(unit_price) AS price
        FROM {usable(world, "events")} WHERE event_name IN ({lines}) GROUP BY 1, 2
        """
    )
    counts = world.counted("events")
    assert by_day(duck, "SELECT day, count(*) FROM line GROUP BY 1") == {
        day: of["order_lines"] for day, of in counts.items() if of["order_lines"]
    }
    revenue = dict(duck.sql("SELECT strftime(day, '%Y-%m-%d'), sum(quantity * price) FROM line GROUP BY 1").fetchall())
    assert revenue == pytest.approx({day: of["revenue"] for day, of in counts.items() if of["revenue"]})
    orders = (
        f"SELECT day, count(DISTINCT order_id) FROM {usable(world, 'events')} WHERE event_name = '{placed}' GROUP BY 1"
    )
    assert by_day(duck, orders) == {day: of["orders"] for day, of in counts.items() if of["orders"]}


def test_every_order_has_one_event_at_order_level(worlds: dict[str, Landed], duck: duckdb.DuckDBPyConnection) -> None:
    events = usable(worlds["holley"], "events")
    uneven = duck.sql(
        f"""
        SELECT order_id FROM (SELECT DISTINCT * EXCLUDE (filename) FROM {events}) WHERE order_id IS NOT NULL
        GROUP BY 1 HAVING count(*) FILTER (event_name = 'Placed Order') <> 1 OR count(item_id) = 0
        """
    ).fetchall()
    assert uneven == []


def test_the_gap_day_has_no_event_and_stands_in_no_other_days_file(
    world: Landed, duck: duckdb.DuckDBPyConnection
) -> None:
    gap = world.first + timedelta(days=40)
    assert world.counted("reported", "days_without_events") == {gap.isoformat(): 1}
    silent = [day for day in world.days if not world.truth["days"][day.isoformat()]["rows"]["events"]]
    assert silent == [gap]
    wrong = duck.sql(f"SELECT count(*) FROM {usable(world, 'events')} WHERE day = DATE '{gap}'").fetchone()
    assert wrong == (0,)


def test_reported_profiles(world: Landed, duck: duckdb.DuckDBPyConnection) -> None:
    duck.sql(
        f"""
        CREATE TABLE profile AS SELECT * FROM {usable(world, "customers")}
        QUALIFY row_number() OVER (PARTITION BY customer_id ORDER BY updated_at DESC) = 1
        """
    )
    valid = r"regexp_full_match(trim(email), '[^@\s]+@[^@\s]+\.[^@\s]+')"
    counts = {
        "emails_in_upper_case": "count(*) FILTER (email <> lower(email))",
        "emails_unusable": f"count(*) - count(*) FILTER ({valid})",
        "emails_shared_by_profiles": f"count(*) FILTER ({valid}) - count(DISTINCT lower(trim(email))) FILTER ({valid})",
    }
    if world.spec.strategy == "vehicle_fitment":
        missing = "vehicle_year IS NULL OR vehicle_make IS NULL OR vehicle_model IS NULL"
        counts["customers_without_vehicle"] = f"count(*) FILTER ({missing})"
    for name, query in counts.items():
        found = duck.sql(f"SELECT {query} FROM profile").fetchone()
        assert found is not None
        assert found[0] > 0, name
        assert {world.last.isoformat(): found[0]} == world.counted("reported", name)


def test_reported_items(world: Landed, duck: duckdb.DuckDBPyConnection) -> None:
    items = usable(world, "catalog")
    duck.sql(f"CREATE TABLE item AS SELECT DISTINCT ON (item_id) * FROM {items} ORDER BY item_id, category")
    conditions = {
        "refurbished_items": "list_contains(string_split(tags, ','), 'refurbished')",
        "service_items": "item_id LIKE 'SVC-%' OR item_id LIKE 'LABOR-%' OR item_id LIKE 'GIFT-%'",
        "insecure_images": "image_url LIKE 'http://%'",
        "items_without_price": "price = 0",
        "variant_items": "regexp_matches(item_id, '[0-9][BRGP]$')",
    }
    for name, condition in conditions.items():
        found = duck.sql(f"SELECT count(*) FROM item WHERE {condition}").fetchone()
        assert found is not None
        counts = world.counted("reported", name)
        assert counts == ({world.last.isoformat(): found[0]} if found[0] else {}), name
        assert found[0] > 0 or world.spec.strategy != "vehicle_fitment", name


def test_catalog_twins_differ_in_an_unknown_category_alone(
    worlds: dict[str, Landed], duck: duckdb.DuckDBPyConnection
) -> None:
    twins = duck.sql(
        f"""
        SELECT count(*), count(category), count(DISTINCT (name, brand, price, cost, group_id, image_url))
        FROM {usable(worlds["holley"], "catalog")} GROUP BY item_id HAVING count(*) > 1
        """
    ).fetchall()
    assert twins
    assert set(twins) == {(2, 1, 1)}


def test_late_interactions_stand_with_the_day_they_happened(world: Landed, duck: duckdb.DuckDBPyConnection) -> None:
    late = f"SELECT * FROM {world.files('interactions', name='late-*')}"
    found = by_day(duck, f"SELECT day, count(*) FROM ({late}) GROUP BY 1")
    planted = world.counted("late", "interactions_that_arrive_late")
    arriving = world.counted("late", "late_interactions_arriving")
    assert found == {day: count for day, count in planted.items() if day != world.last.isoformat()}
    assert sum(arriving.values()) == sum(found.values()) > 0
    misplaced = duck.sql(
        f"""SELECT count(*) FROM ({late}) WHERE CAST(happened_at AS DATE) <> day
        OR split_part(filename, '/', -1) <> 'late-' || CAST(day + 1 AS VARCHAR) || '.parquet'"""
    ).fetchone()
    assert misplaced == (0,)


def test_logs_stand_on_the_day_they_happened(world: Landed, duck: duckdb.DuckDBPyConnection) -> None:
    times = {"treatments": "sent_at", "deliveries": "reported_at", "interactions": "happened_at"}
    times |= {"impressions": "shown_at", "redemptions": "redeemed_at"}
    for table in set(world.tables(Kind.LOG)) & set(times):
        wrong = f"SELECT count(*) FROM {world.files(table)} WHERE CAST({times[table]} AS DATE) <> day"
        assert duck.sql(wrong).fetchone() == (0,), table
