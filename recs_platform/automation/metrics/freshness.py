"""Up to which day a company's tables are whole, from the newest day of each. Pure.

Not here: holes before that day, which `recs status` names (pipeline/coverage.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta

from recs_platform.automation.scheduled import newest_due
from recs_platform.companies.model import Company
from recs_platform.companies.weeks import newest_weekly_day
from recs_platform.pipeline.pipeline import Pipeline

_A_DAY = timedelta(days=1)
_TO_MAKE_IT = timedelta(hours=6)
"""From the time at which the company's schedule runs."""


def newest_whole_day(company: Company, pipeline: Pipeline, newest: Mapping[str, date]) -> date:
    """The last day up to which each table that is due was made; the day before the company's first when one never was.
    Weekly tables that were never made, none of them, wait for their first week."""
    before = company.start_date - _A_DAY
    day = min((newest.get(name, before) for name in pipeline.tables if name not in pipeline.weekly), default=before)
    weekly = pipeline.weekly & pipeline.tables.keys()
    if not weekly & newest.keys():
        return day
    of_week = min(newest.get(name, before) for name in weekly)
    while day >= company.start_date and newest_weekly_day(company, day) > of_week:
        day = newest_weekly_day(company, day) - _A_DAY
    return max(day, before)


def newest_day_due(company: Company, now: datetime) -> date | None:
    """The newest day that should be there by now; None of a company that has ended, whose tables nobody waits for."""
    return newest_due(company, now - _TO_MAKE_IT)


def end_of(day: date) -> float:
    """Days are UTC days.

    >>> end_of(date(1970, 1, 1))
    86400.0
    """
    return datetime.combine(day + _A_DAY, time(), UTC).timestamp()
