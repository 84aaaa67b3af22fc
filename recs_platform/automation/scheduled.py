"""What a company's schedule is called, and which day it has come to. Not here: the schedule itself
(assembly/schedules.py), which day it makes on a morning (companies/mornings.py), and whether it is on (switches.py).
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from recs_platform.companies.model import Company
from recs_platform.companies.mornings import RUNS_AT, day_made_at, scheduled_on

DAILY_RUN_AT = f"{RUNS_AT.minute} {RUNS_AT.hour} * * *"
"""As cron says it."""
ENDING = "_daily"


def schedule_name(company: str) -> str:
    return f"{company}{ENDING}"


def newest_due(company: Company, now: datetime) -> date | None:
    """The newest day whose time to be made has come: its schedule has run, or should have. None before the company's
    first and after its last."""
    today = now.astimezone(ZoneInfo(company.timezone)).date()
    mornings = (scheduled_on(company, today - timedelta(days=back)) for back in range(2))
    day = day_made_at(next(morning for morning in mornings if morning <= now))
    return day if company.has_day(day) else None
