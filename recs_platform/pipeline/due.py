"""Which tables are due on which day of a company: a daily one on each day, a weekly one on one day of each week.

Everybody asks here. What is not due is neither missing, nor stale, nor late. Made on demand, it is there all the same.
Not here: which day of a week that is (companies/weeks.py), and what was made (coverage.py).
"""

from __future__ import annotations

from datetime import date

from recs_platform.companies.model import Company
from recs_platform.companies.weeks import WEEK, is_weekly_day, newest_weekly_day
from recs_platform.pipeline.pipeline import Pipeline


def is_due(pipeline: Pipeline, company: Company, table: str, day: date) -> bool:
    """Whether a table is made of a day; or an asset that publishes."""
    return table not in pipeline.weekly or is_weekly_day(company, day)


def newest_due(pipeline: Pipeline, company: Company, table: str, day: date) -> date:
    """The newest day up to this one of which a table is made."""
    return newest_weekly_day(company, day) if table in pipeline.weekly else day


def days_between(pipeline: Pipeline, table: str) -> int:
    """From one day of which a table is made to the next."""
    return WEEK if table in pipeline.weekly else 1


def parts_due(pipeline: Pipeline, company: Company, day: date) -> frozenset[str]:
    """The tables that are made of a day, and the assets that publish them."""
    parts = frozenset(pipeline.stage_names)
    return parts if not pipeline.weekly or is_weekly_day(company, day) else parts - pipeline.weekly


def command_to_make(pipeline: Pipeline, company: Company, table: str, day: date | None = None) -> str:
    """What makes a table of a day, or of any; of a day on which a weekly table is not due, that of its week."""
    if table in pipeline.weekly and (day is None or not is_due(pipeline, company, table, day)):
        return f"recs weekly {company.name} --week {day or 'DAY'}"
    return f"recs run {company.name} --date {day or 'DAY'}"
