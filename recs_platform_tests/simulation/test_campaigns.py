"""What was sent, delivered, opened and clicked is in the files as the truth counts it, at the planted rates."""

from __future__ import annotations

import duckdb
import pytest

from recs_platform_tests.simulation.worlds import Landed


@pytest.fixture
def sends(world: Landed, duck: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
    """A table of sends, each with what people did with it until the last simulated day, and one of people's steps.

    People take a minute at least, which is how one tells them from machines.
    """
    duck.sql(f"CREATE TABLE report AS SELECT * FROM {world.files('deliveries')} WHERE send_id IS NOT NULL")
    duck.sql(
        f"""
        CREATE TABLE step AS
        SELECT send_id, min(seen.happened_at) FILTER (kind = 'VIEWED') AS opened_at,
          min(seen.happened_at) FILTER (kind = 'CLICKED') AS clicked_at, any_value(status) AS status,
          any_value(report.reported_at) AS reported_at
        FROM {world.files("interactions")} AS seen JOIN report USING (send_id)
        WHERE kind IN ('VIEWED', 'CLICKED') AND seen.happened_at >= report.reported_at + INTERVAL 1 MINUTE GROUP BY 1
        """
    )
    duck.sql(
        f"""
        CREATE TABLE send AS
        SELECT sent.*, report.status, failure_reason, report.reported_at AS reported_at,
          step.opened_at IS NOT NULL AS opened, step.clicked_at IS NOT NULL AS clicked
        FROM (SELECT * FROM {world.files("treatments")} WHERE send_id IS NOT NULL) AS sent
        LEFT JOIN report USING (send_id) LEFT JOIN step USING (send_id)
        """
    )
    return duck


def test_the_funnel_per_day_arm_and_treatment(world: Landed, sends: duckdb.DuckDBPyConnection) -> None:
    found = sends.sql(
        """
        SELECT day, arm || '/' || treatment_id, count(*), count(*) FILTER (status = 'delivered'),
          count(*) FILTER (status = 'failed'), count(*) FILTER (opened), count(*) FILTER (clicked)
        FROM send WHERE day <= (SELECT max(day) - 3 FROM send) GROUP BY 1, 2
        """
    ).fetchall()
    planted = world.counted("campaign")
    assert len(found) > 50
    for day, cell, *counts in found:
        of_cell = planted[day.isoformat()][cell]
        assert counts == [of_cell[name] for name in ("sends", "delivered", "failed", "opened", "clicked")], (day, cell)


def test_nothing_is_delivered_in_the_holdout_arm(sends: duckdb.DuckDBPyConnection) -> None:
    arms = dict(sends.sql("SELECT arm, count(status) > 0 FROM send GROUP BY 1").fetchall())
    assert arms == {"personalised": True, "random": True, "holdout": False}


def test_sends_go_to_customers_with_an_address_on_campaign_days(
    world: Landed, sends: duckdb.DuckDBPyConnection
) -> None:
    days = sends.sql("SELECT DISTINCT isodow(day) - 1 FROM send ORDER BY 1").fetchall()
    assert [day for (day,) in days] == world.truth["campaigns"]["weekdays"]
    without = sends.sql(
        f"""SELECT count(*) FROM send JOIN {world.files("customers")} AS profile USING (customer_id)
        WHERE send.day = (SELECT max(day) FROM send) AND email IS NULL AND profile.day = send.day"""
    ).fetchone()
    assert without == (0,)


def test_messages_do_not_repeat_a_customer_within_a_day(sends: duckdb.DuckDBPyConnection) -> None:
    assert sends.sql("SELECT 1 FROM send GROUP BY customer_id, day HAVING count(*) > 1").fetchall() == []


def test_rates_are_the_planted_ones(worlds: dict[str, Landed], duck: duckdb.DuckDBPyConnection) -> None:
    world = worlds["holley"]
    planted = world.truth["campaigns"]
    total = {"sends": 0, "delivered": 0, "failed": 0, "opened": 0, "clicked": 0}
    expected_opens = expected_clicks = 0.0
    for day, cells in world.counted("campaign").items():
        since = "_after_release" if day >= planted["release_date"] else ""
        for cell, counts in cells.items():
            arm, treatment = cell.split("/")
            if arm != "holdout":
                total = {name: total[name] + counts[name] for name in total}
                expected_opens += counts["delivered"] * planted["treatments"][treatment]["open_rate" + since]
                expected_clicks += counts["opened"] * planted["treatments"][treatment]["click_per_open" + since]
    assert total["delivered"] / total["sends"] == pytest.approx(planted["delivered_rate"], abs=0.01)
    unreported = 1 - total["failed"] / (total["sends"] - total["delivered"])
    assert unreported == pytest.approx(planted["unreported_share_of_undelivered"], abs=0.06)
    assert total["opened"] == pytest.approx(expected_opens, rel=0.15)
    assert total["clicked"] == pytest.approx(expected_clicks, rel=0.35)


def test_a_send_carries_the_chance_of_its_treatment_unless_it_was_held_out(
    world: Landed, sends: duckdb.DuckDBPyConnection
) -> None:
    planted = world.truth["campaigns"]["treatments"]
    found = sends.sql("SELECT arm, treatment_id, propensity, count(*) FROM send GROUP BY ALL").fetchall()
    for arm, treatment, propensity, _ in found:
        assert propensity == (None if arm == "holdout" else planted[treatment]["propensity"]), (arm, treatment)
    assert sum(of["propensity"] for of in planted.values()) == pytest.approx(1)
    assert min(of["propensity"] for of in planted.values()) > 0.005
    total = sum(count for *_, propensity, count in found if propensity is not None)
    for _, treatment, propensity, count in found:
        if propensity is not None:
            deviation = (total * propensity * (1 - propensity)) ** 0.5
            assert abs(count - total * propensity) < 5 * deviation, treatment


def test_failures_have_a_reason_and_deliveries_have_none(sends: duckdb.DuckDBPyConnection) -> None:
    reasons = sends.sql("SELECT status, failure_reason, count(*) FROM send WHERE status IS NOT NULL GROUP BY 1, 2")
    assert {(status, reason) for status, reason, _ in reasons.fetchall()} <= {
        ("delivered", None),
        ("failed", "rate_limit"),
        ("failed", "api_error"),
        ("failed", "bounce"),
    }


def test_a_click_follows_an_open_and_an_open_a_delivery(sends: duckdb.DuckDBPyConnection) -> None:
    wrong = "opened_at IS NULL OR clicked_at < opened_at OR status <> 'delivered' OR opened_at < reported_at"
    steps = sends.sql(f"SELECT count(*) > 0, count(*) FILTER ({wrong}) FROM step").fetchone()
    assert steps == (True, 0)
