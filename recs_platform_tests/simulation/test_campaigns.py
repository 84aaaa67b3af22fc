"""What was sent, delivered, opened and clicked is in the files as the truth counts it, at the planted rates."""

from __future__ import annotations

import duckdb
import pytest

from recs_platform_tests.simulation.worlds import Landed


@pytest.fixture
def sends(world: Landed, duck: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
    """A table of sends, each with what became of it until the last simulated day."""
    duck.sql(
        f"""
        CREATE TABLE send AS
        SELECT sent.*, status, failure_reason,
          send_id IN (SELECT send_id FROM {world.files("interactions")} WHERE kind = 'VIEWED') AS opened,
          send_id IN (SELECT send_id FROM {world.files("interactions")} WHERE kind = 'CLICKED') AS clicked
        FROM (SELECT * FROM {world.files("treatments")} WHERE send_id IS NOT NULL) AS sent
        LEFT JOIN {world.files("deliveries")} AS delivery USING (send_id)
        """
    )
    return duck


def test_the_funnel_per_day_arm_and_treatment(world: Landed, sends: duckdb.DuckDBPyConnection) -> None:
    found = sends.sql(
        """
        SELECT day, arm || '/' || treatment_id, count(*), count(*) FILTER (status = 'delivered'),
          count(*) FILTER (opened), count(*) FILTER (clicked)
        FROM send WHERE day <= (SELECT max(day) - 3 FROM send) GROUP BY 1, 2
        """
    ).fetchall()
    planted = world.counted("campaign")
    assert len(found) > 50
    for day, cell, *counts in found:
        of_cell = planted[day.isoformat()][cell]
        assert counts == [of_cell[name] for name in ("sends", "delivered", "opened", "clicked")], (day, cell)


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


def test_rates_are_the_planted_ones(worlds: dict[str, Landed], duck: duckdb.DuckDBPyConnection) -> None:
    world = worlds["holley"]
    planted = world.truth["campaigns"]
    total = {"sends": 0, "delivered": 0, "opened": 0, "clicked": 0}
    expected_opens = expected_clicks = 0.0
    for cells in world.counted("campaign").values():
        for cell, counts in cells.items():
            arm, treatment = cell.split("/")
            if arm != "holdout":
                total = {name: total[name] + counts[name] for name in total}
                expected_opens += counts["delivered"] * planted["treatments"][treatment]["open_rate"]
                expected_clicks += counts["opened"] * planted["treatments"][treatment]["click_per_open"]
    assert total["delivered"] / total["sends"] == pytest.approx(planted["delivered_rate"], abs=0.01)
    assert total["opened"] == pytest.approx(expected_opens, rel=0.15)
    assert total["clicked"] == pytest.approx(expected_clicks, rel=0.35)


def test_failures_have_a_reason_and_deliveries_have_none(sends: duckdb.DuckDBPyConnection) -> None:
    reasons = sends.sql("SELECT status, failure_reason, count(*) FROM send WHERE status IS NOT NULL GROUP BY 1, 2")
    assert {(status, reason) for status, reason, _ in reasons.fetchall()} <= {
        ("delivered", None),
        ("failed", "rate_limit"),
        ("failed", "api_error"),
        ("failed", "bounce"),
    }


def test_a_click_follows_an_open_and_an_open_a_delivery(world: Landed, sends: duckdb.DuckDBPyConnection) -> None:
    wrong = sends.sql(
        f"""
        WITH step AS (
          SELECT send_id, min("at") FILTER (kind = 'VIEWED') AS opened, min("at") FILTER (kind = 'CLICKED') AS clicked
          FROM {world.files("interactions")} GROUP BY 1
        )
        SELECT count(*) FROM step LEFT JOIN {world.files("deliveries")} AS delivery USING (send_id)
        WHERE opened IS NULL OR clicked < opened OR status IS DISTINCT FROM 'delivered' OR opened < delivery."at"
        """
    ).fetchone()
    assert wrong == (0,)
