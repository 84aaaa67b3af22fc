"""When a company's schedule runs, and which day it makes. Not here: the schedule itself (assembly/schedules.py), and
whether it is on (switches.py).
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from recs_platform.companies.model import Company

RUNS_AT = time(6)
"""In the company's own time zone: by then yesterday's feeds are due."""
DAILY_RUN_AT = f"{RUNS_AT.minute} {RUNS_AT.hour} * * *"
"""As cron says it."""
ENDING = "_daily"


def schedule_name(company: str) -> str:
    return f"{company}{ENDING}"


def day_made_at(scheduled: datetime) -> date:
    """The day that a schedule makes at a moment: the last one that is over everywhere. Days are UTC days."""
    return scheduled.astimezone(UTC).date() - timedelta(days=1)


def scheduled_on(company: Company, morning: date) -> datetime:
    """When the schedule of a company runs on a date of its own calendar."""
    return local_moment(company, morning, RUNS_AT)


def local_moment(company: Company, day: date, at: time) -> datetime:
    """A time of the company's own clocks, in UTC."""
    return datetime.combine(day, at, ZoneInfo(company.timezone)).astimezone(UTC)


def newest_due(company: Company, now: datetime) -> date | None:
    """The newest day whose time to be made has come: its schedule has run, or should have. None before the company's
    first and after its last."""
    today = now.astimezone(ZoneInfo(company.timezone)).date()
    mornings = (scheduled_on(company, today - timedelta(days=back)) for back in range(2))
    day = day_made_at(next(morning for morning in mornings if morning <= now))
    return day if company.has_day(day) else None
