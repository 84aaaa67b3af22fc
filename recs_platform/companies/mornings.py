"""When a company's schedule runs, and which day it makes then: the last one that is over. Days are UTC days.

Not here: the schedule itself (assembly/schedules.py), and which day is the newest by now (automation/scheduled.py).
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from recs_platform.companies.model import Company

RUNS_AT = time(6)
"""In the company's own time zone: by then yesterday's feeds are due."""


def day_made_at(scheduled: datetime) -> date:
    """The day that a schedule makes at a moment: the last one that is over everywhere. Days are UTC days."""
    return scheduled.astimezone(UTC).date() - timedelta(days=1)


def scheduled_on(company: Company, morning: date) -> datetime:
    """When the schedule of a company runs on a date of its own calendar."""
    return local_moment(company, morning, RUNS_AT)


def local_moment(company: Company, day: date, at: time) -> datetime:
    """A time of the company's own clocks, in UTC."""
    return datetime.combine(day, at, ZoneInfo(company.timezone)).astimezone(UTC)
