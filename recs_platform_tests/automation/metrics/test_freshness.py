"""Up to which day tables are whole, for every strategy."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from recs_platform.automation.metrics.freshness import newest_day_due, newest_whole_day
from recs_platform.pipeline.due import is_due, newest_due
from recs_platform.strategies.catalogue import pipeline_of
from recs_platform_tests.companies.of_each_strategy import companies_of_each_strategy

SUNDAY = date(2025, 12, 7)
COMPANIES = companies_of_each_strategy()


@pytest.mark.parametrize("strategy", COMPANIES)
def test_one_table_that_lags_behind_is_enough(strategy: str) -> None:
    company = COMPANIES[strategy]
    pipeline = pipeline_of(company)
    due = {name: newest_due(pipeline, company, name, SUNDAY) for name in pipeline.tables}
    assert newest_whole_day(company, pipeline, due) == SUNDAY
    for name in pipeline.tables:
        lagging = newest_whole_day(company, pipeline, {**due, name: due[name] - timedelta(days=1)})
        assert lagging == due[name] - timedelta(days=1), name
        never = {table: day for table, day in due.items() if table != name}
        days = (company.start_date + timedelta(days=n) for n in range(7))
        first = next(day for day in days if is_due(pipeline, company, name, day))
        assert newest_whole_day(company, pipeline, never) == first - timedelta(days=1), name


def test_a_day_is_due_six_hours_after_the_schedule_runs() -> None:
    company = COMPANIES["vehicle_fitment"].model_copy(update={"end_date": None, "timezone": "Europe/Berlin"})
    noon = datetime(2025, 12, 8, 12, 0, tzinfo=ZoneInfo("Europe/Berlin"))
    assert newest_day_due(company, noon) == SUNDAY
    assert newest_day_due(company, noon - timedelta(seconds=1)) == SUNDAY - timedelta(days=1)


def test_of_a_company_that_has_ended_nothing_is_due() -> None:
    company = COMPANIES["vehicle_fitment"].model_copy(update={"end_date": SUNDAY, "timezone": "UTC"})
    assert newest_day_due(company, datetime(2025, 12, 8, 12, 0, tzinfo=UTC)) == SUNDAY
    assert newest_day_due(company, datetime(2025, 12, 9, 12, 0, tzinfo=UTC)) is None
