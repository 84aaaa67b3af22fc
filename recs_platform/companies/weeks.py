"""The one day of each week of which a company's weekly tables are made.

A week begins on the company's weekday. On that morning its schedule makes the last day that is over, and with it what
is weekly: on a Monday, Sunday; far in the east, where Sunday is not over in UTC, Saturday.
"""

from __future__ import annotations

from datetime import date, timedelta

from recs_platform.companies.model import Company
from recs_platform.companies.mornings import day_made_at, scheduled_on
from recs_platform.declarations.cadence import WeeklyParameters
from recs_platform.models.settings import WEEKDAYS, Weekday

WEEK = 7


def weekday_of(company: Company) -> Weekday:
    if not isinstance(company.parameters, WeeklyParameters):
        raise TypeError(f"{company.name} has no weekday: nothing of {company.strategy} is weekly")
    return company.parameters.weekly_day


def day_for_week_of(company: Company, day: date) -> date:
    """The day of which weekly tables are made for the week that a date is in."""
    begins = day - timedelta(days=(day.weekday() - WEEKDAYS.index(weekday_of(company))) % WEEK)
    return day_made_at(scheduled_on(company, begins))


def newest_weekly_day(company: Company, day: date) -> date:
    """The newest day up to this one of which weekly tables are made."""
    last = day_for_week_of(company, day + timedelta(days=2))  # a morning makes one of the two days before it
    return last if last <= day else day_for_week_of(company, day + timedelta(days=2 - WEEK))


def is_weekly_day(company: Company, day: date) -> bool:
    """Whether weekly tables are made of a day."""
    return newest_weekly_day(company, day) == day
