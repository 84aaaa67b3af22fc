"""What counts of a run that was broken off, and what is left of its step."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import date
from pathlib import Path

import pytest

from recs_platform.automation.broken_off import Progress, left_of, progress
from recs_platform.automation.plan import Step
from recs_platform.warehouse.slices import Days
from recs_platform_tests.automation.housekeeping.test_dagster_history import instance_in, run

DAY, OTHER = date(2025, 9, 2), date(2025, 9, 3)
STEP = Step("acme", "shop", Days(DAY, OTHER), history=True, tables=frozenset({"events", "orders"}))


def told(**made: set[date]) -> Progress:
    checks = {("events", "whole"), ("orders", "has_orders")}
    return Progress({"r1"}, {"events", "orders"}, checks, dict(made), {("events", "whole")})


@pytest.mark.slow
def test_a_table_is_made_when_the_page_says_so_though_the_run_did_not_come_to_it(tmp_path: Path) -> None:
    """A kill between two files: the page's is written first."""
    with instance_in(tmp_path) as instance:
        run(instance, 2)
        (killed,) = instance.get_runs()
        shard = tmp_path / "history" / "runs" / f"{killed.run_id}.db"
        with closing(sqlite3.connect(shard)) as connection, connection:
            connection.execute("DELETE FROM event_logs WHERE dagster_event_type LIKE 'ASSET_MATERIALIZATION'")
        counted = progress(instance, [killed])
    assert counted.made == {"orders": {DAY}}
    assert counted.tables == {"orders"}
    assert counted.judged == {("orders", "has_orders")}


def test_what_is_made_of_every_day_is_left_out_and_its_checks_are_not() -> None:
    stored = {"events": {DAY: "r1", OTHER: "r1"}, "orders": {DAY: "r1", OTHER: "r1"}}
    left = left_of(STEP, told(events={DAY, OTHER}), stored)
    assert left is not None
    assert (left.tables, left.checks) == ({"orders"}, {("orders", "has_orders")})
    left = left_of(STEP, told(events={DAY, OTHER}, orders={DAY, OTHER}), stored)
    assert left is not None
    assert (left.tables, left.checks) == (frozenset(), {("orders", "has_orders")})


@pytest.mark.parametrize(
    ("made", "stored_by"),
    [({DAY}, {DAY: "r1", OTHER: "r1"}), ({DAY, OTHER}, {DAY: "r1", OTHER: "r9"}), ({DAY, OTHER}, {DAY: "r1"})],
    ids=["a day is missing", "somebody made a day again", "a day is gone"],
)
def test_what_is_not_whole_or_not_its_own_is_made_again(made: set[date], stored_by: dict[date, str]) -> None:
    assert left_of(STEP, told(events=made), {"events": stored_by}) is STEP
