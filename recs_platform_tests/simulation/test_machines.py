"""Machines open and click within seconds, as many times as the truth counts; people never that fast."""

from __future__ import annotations

from datetime import timedelta

import duckdb
import pytest

from recs_platform.simulation.machines import behind_machines
from recs_platform_tests.simulation.worlds import Landed, by_day


@pytest.fixture
def reactions(world: Landed, duck: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
    """Opens and clicks of delivered messages, with the seconds since the report of the delivery."""
    duck.sql(
        f"""
        CREATE TABLE reaction AS
        SELECT send_id, kind, seen.happened_at AS instant, epoch(seen.happened_at - report.reported_at) AS seconds,
          sent.day AS sent_on
        FROM {world.files("interactions")} AS seen
        JOIN {world.files("deliveries")} AS report USING (send_id)
        JOIN {world.files("treatments")} AS sent USING (send_id)
        WHERE kind IN ('VIEWED', 'CLICKED') AND status = 'delivered'
        """
    )
    return duck


def test_machine_opens_and_scanner_clicks_per_day(world: Landed, reactions: duckdb.DuckDBPyConnection) -> None:
    known = world.last - timedelta(days=3)  # the later ones have people's reactions still to come
    for kind, total, sends in (
        ("VIEWED", "machine_opens", "sends_opened_by_machine"),
        ("CLICKED", "scanner_clicks", "sends_clicked_by_scanner"),
    ):
        of_machines = f"FROM reaction WHERE kind = '{kind}' AND seconds < 60 AND sent_on <= DATE '{known}'"
        nobody_else = f"send_id NOT IN (SELECT send_id FROM reaction WHERE kind = '{kind}' AND seconds >= 60)"
        counted = {
            total: f"SELECT sent_on, count(*) {of_machines} GROUP BY 1",
            sends: f"SELECT sent_on, count(DISTINCT send_id) {of_machines} GROUP BY 1",
            f"{sends}_only": f"SELECT sent_on, count(DISTINCT send_id) {of_machines} AND {nobody_else} GROUP BY 1",
        }
        for name, query in counted.items():
            planted = world.counted("campaign_machine", name)
            assert by_day(reactions, query) == {day: n for day, n in planted.items() if day <= str(known)}, name
            assert planted, name


def test_machines_take_seconds_and_people_a_minute(world: Landed, reactions: duckdb.DuckDBPyConnection) -> None:
    planted = world.truth["campaigns"]["machines"]
    ranges = {
        kind: (first, last)
        for kind, first, last in reactions.sql(
            "SELECT kind, min(seconds), max(seconds) FROM reaction WHERE seconds < 60 GROUP BY 1"
        ).fetchall()
    }
    for kind, name in (("VIEWED", "seconds_to_machine_open"), ("CLICKED", "seconds_to_scanner_click")):
        assert planted[name][0] <= ranges[kind][0] < ranges[kind][1] <= planted[name][1]
    assert planted["seconds_to_machine_open"][1] < planted["seconds_to_scanner_click"][1] < 60


def test_a_scanner_clicks_in_bursts_and_people_do_not(world: Landed, reactions: duckdb.DuckDBPyConnection) -> None:
    bursts = reactions.sql(
        """
        SELECT scanner, min(clicks), max(clicks), max(width) FROM (
          SELECT seconds < 60 AS scanner, count(*) AS clicks, max(seconds) - min(seconds) AS width
          FROM reaction WHERE kind = 'CLICKED' GROUP BY send_id, scanner
        ) GROUP BY 1
        """
    ).fetchall()
    of = {scanner: rest for scanner, *rest in bursts}
    assert of[True][:2] == world.truth["campaigns"]["machines"]["scanner_clicks_per_send"] == [3, 6]
    assert 0 < of[True][2] < world.truth["campaigns"]["machines"]["seconds_of_a_burst"]
    assert of[False] == [1, 1, 0]


def test_no_two_of_a_send_have_the_same_instant(reactions: duckdb.DuckDBPyConnection) -> None:
    twice = reactions.sql("SELECT 1 FROM reaction GROUP BY send_id, kind, instant HAVING count(*) > 1").fetchall()
    assert twice == []


def test_the_same_customers_every_time(world: Landed, reactions: duckdb.DuckDBPyConnection) -> None:
    """Every delivered message of theirs is touched at once, and none of anybody else's."""
    prefetched, scanned = behind_machines(world.spec)
    for kind, mask, name in (("VIEWED", prefetched, "prefetched"), ("CLICKED", scanned, "scanned")):
        touched = reactions.sql(
            f"""
            SELECT customer_id, send_id IN (SELECT send_id FROM reaction WHERE kind = '{kind}' AND seconds < 60)
            FROM {world.files("deliveries")} AS report JOIN {world.files("treatments")} USING (send_id)
            WHERE status = 'delivered' AND report.day < DATE '{world.last}'
            """
        ).fetchall()
        assert {customer for customer, _ in touched}
        assert all(at_once == mask[int(customer[1:]) - 1] for customer, at_once in touched), name
        planted = world.truth["campaigns"]["machines"][f"share_of_customers_{name}"]
        assert mask.mean() == pytest.approx(planted, abs=0.05)
