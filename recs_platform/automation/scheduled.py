"""Which companies run by themselves, and which day of one is due: what its schedule makes, and since when.

A company runs by itself when its schedule is on. It is the one switch for a company: sensors and the look for late
products go by it. Not here: the schedule itself (assembly/schedules.py).
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import dagster as dg
from dagster._core.definitions.run_request import InstigatorType
from dagster._core.scheduler.instigation import InstigatorStatus

from recs_platform.companies.model import Company

RUNS_AT = time(6)
"""In the company's own time zone: by then yesterday's feeds are due."""
DAILY_RUN_AT = f"{RUNS_AT.minute} {RUNS_AT.hour} * * *"
"""As cron says it."""
_ENDING = "_daily"


def schedule_name(company: str) -> str:
    return f"{company}{_ENDING}"


def scheduled_companies(instance: dg.DagsterInstance) -> frozenset[str]:
    """By name. Schedules are off until somebody turns them on, which Dagster remembers."""
    on = instance.all_instigator_state(
        instigator_type=InstigatorType.SCHEDULE, instigator_statuses={InstigatorStatus.RUNNING}
    )
    return frozenset(
        state.instigator_name.removesuffix(_ENDING) for state in on if state.instigator_name.endswith(_ENDING)
    )


def day_made_at(scheduled: datetime) -> date:
    """The day that a schedule makes at a moment: the last one that is over everywhere. Days are UTC days."""
    return scheduled.astimezone(UTC).date() - timedelta(days=1)


def scheduled_on(company: Company, morning: date) -> datetime:
    """When the schedule of a company runs on a date of its own calendar."""
    return datetime.combine(morning, RUNS_AT, ZoneInfo(company.timezone))


def newest_due(company: Company, now: datetime) -> date | None:
    """The newest day whose time to be made has come: its schedule has run, or should have. None before the company's
    first and after its last."""
    today = now.astimezone(ZoneInfo(company.timezone)).date()
    mornings = (scheduled_on(company, today - timedelta(days=back)) for back in range(2))
    day = day_made_at(next(morning for morning in mornings if morning <= now))
    ended = company.end_date is not None and day > company.end_date
    return None if ended or day < company.start_date else day
