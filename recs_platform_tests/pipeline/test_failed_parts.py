"""What failed on a day and was not made since, on either database."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from datetime import UTC, date, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine

from recs_platform.pipeline.failed_parts import days_with_failed_parts, failed_parts
from recs_platform.platform_db import job_log
from recs_platform.platform_db.tables import Status
from recs_platform.strategies.catalogue import company_named, pipelines
from recs_platform.warehouse.slices import Days, Slice, TableRef
from recs_platform_tests.strategies.regulars import weekly_company, weekly_pipeline

DAY, SUNDAY = date(2025, 9, 10), date(2025, 9, 14)
NOON = datetime.datetime(2025, 9, 11, 12, tzinfo=UTC)


class Made:
    """When the day's slices were made, in minutes after noon."""

    def __init__(self, **minutes: int) -> None:
        self.minutes = minutes

    def slices(self, table: TableRef) -> list[Slice]:
        if table.name not in self.minutes:
            return []
        return [Slice(DAY, 1, NOON + timedelta(minutes=self.minutes[table.name]), None, {})]


def ran(database: Engine, minute: int, failed: Sequence[str], days: Days | None = None) -> None:
    """A run of two minutes."""
    run, days = f"run {minute}", days or Days.one(DAY)
    begun = NOON + timedelta(minutes=minute)
    job_log.started(
        database,
        run_id=run,
        job="job",
        strategy="replenishment",
        company="concord",
        first_date=days.first,
        last_date=days.last,
        started_at=begun,
    )
    status = Status.FAILED if failed else Status.SUCCEEDED
    job_log.ended(database, run, status=status, ended_at=begun + timedelta(minutes=2), failed_tables=failed)


def found(database: Engine, made: Made) -> dict[str, str]:
    concord, warehouse = company_named("concord"), made
    stored: Any = warehouse
    parts = failed_parts(concord, pipelines()["replenishment"], stored, database, DAY)
    return {table: run.run_id for table, run in parts.items()}


def test_a_table_failed_until_it_is_made_again(platform_db: Engine) -> None:
    ran(platform_db, 0, ["events", "interactions"])
    assert found(platform_db, Made()) == {"events": "run 0", "interactions": "run 0"}
    assert found(platform_db, Made(events=5)) == {"interactions": "run 0"}
    assert found(platform_db, Made(events=5, interactions=5)) == {}


def test_one_whose_check_failed_was_made_in_that_run_and_still_failed(platform_db: Engine) -> None:
    ran(platform_db, 0, ["events"])
    assert found(platform_db, Made(events=1)) == {"events": "run 0"}


def test_the_newest_failure_is_told_and_a_range_counts_for_each_of_its_days(platform_db: Engine) -> None:
    ran(platform_db, 0, ["events"], Days(DAY - timedelta(days=3), DAY + timedelta(days=1)))
    assert found(platform_db, Made()) == {"events": "run 0"}
    ran(platform_db, 10, ["events"])
    assert found(platform_db, Made(events=5)) == {"events": "run 10"}


@pytest.mark.parametrize("days", [Days.one(DAY - timedelta(days=1)), Days.one(DAY + timedelta(days=1))])
def test_runs_of_other_days_say_nothing(platform_db: Engine, days: Days) -> None:
    ran(platform_db, 0, ["events"], days)
    assert found(platform_db, Made()) == {}


def test_what_is_no_table_of_the_strategy_is_no_part(platform_db: Engine) -> None:
    ran(platform_db, 0, ["allocation_publication", "events_days_without_events"])
    assert found(platform_db, Made()) == {}


def test_the_days_of_a_range_are_those_that_one_by_one_have_failed_parts(platform_db: Engine) -> None:
    ran(platform_db, 0, ["events"], Days(DAY - timedelta(days=2), DAY))
    ran(platform_db, 10, [], Days.one(DAY + timedelta(days=1)))
    ran(platform_db, 20, ["events"], Days.one(DAY + timedelta(days=3)))
    concord, pipeline = company_named("concord"), pipelines()["replenishment"]
    stored: Any = Made(events=60)  # that of DAY was made again
    wide = Days(DAY - timedelta(days=5), DAY + timedelta(days=5))
    one_by_one = [day for day in wide if failed_parts(concord, pipeline, stored, platform_db, day)]
    assert days_with_failed_parts(concord, pipeline, stored, platform_db, wide) == one_by_one
    assert one_by_one == [DAY - timedelta(days=2), DAY - timedelta(days=1), DAY + timedelta(days=3)]
    cut = Days(DAY - timedelta(days=1), DAY + timedelta(days=2))
    assert days_with_failed_parts(concord, pipeline, stored, platform_db, cut) == [DAY - timedelta(days=1)]


def test_what_failed_on_a_day_on_which_it_was_not_due_is_not_for_a_backfill(platform_db: Engine) -> None:
    """Somebody has asked for a weekly table in the middle of the week."""
    ran(platform_db, 0, ["regulars"])
    ran(platform_db, 5, ["regulars"], Days.one(SUNDAY))
    warehouse: Any = Made()
    company, days = weekly_company(name="concord"), Days(DAY, SUNDAY)
    assert days_with_failed_parts(company, weekly_pipeline(), warehouse, platform_db, days) == [SUNDAY]
