"""A company's schedule: which day it asks for in the morning, and what of it."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import dagster as dg

from recs_platform.automation.jobs import COMPANY_TAG, Job
from recs_platform.automation.partitions import partition_key
from recs_platform.companies.model import Company
from recs_platform.declarations.cadence import DAILY

DAILY_RUN_AT = "0 6 * * *"
"""In the company's own time zone: by then yesterday's feeds are due."""


def company_schedule(company: Company, job: Job, logs: Sequence[dg.AssetKey]) -> dg.ScheduleDefinition:
    """Every morning, the last complete day."""

    @dg.schedule(
        name=f"{company.name}_daily",
        job=job,
        cron_schedule=DAILY_RUN_AT,
        execution_timezone=company.timezone,
        description=f"{company.name}: the last complete day, every morning at six in {company.timezone}."
        f"{_when_snapshots_are_due(company)}",
    )
    def daily(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        return run_request(company, context.scheduled_execution_time, logs)

    return daily


def run_request(company: Company, scheduled: datetime, logs: Sequence[dg.AssetKey]) -> dg.RunRequest | dg.SkipReason:
    """The run of the last day that is over everywhere: days are UTC days, whatever the company's time zone. A day on
    which the strategy makes no snapshots gets its logs."""
    day = scheduled.astimezone(ZoneInfo("UTC")).date() - timedelta(days=1)
    if day < company.start_date:
        return dg.SkipReason(f"{company.name} starts on {company.start_date}")
    if company.end_date and day > company.end_date:
        return dg.SkipReason(f"{company.name} ended on {company.end_date}")
    key = partition_key(company.name, day)
    selected = None if company.strategy.cadence.is_due(day) else logs
    return dg.RunRequest(run_key=key, partition_key=key, tags={COMPANY_TAG: company.name}, asset_selection=selected)


def _when_snapshots_are_due(company: Company) -> str:
    cadence = company.strategy.cadence
    return "" if cadence == DAILY else f" Snapshots and what is made of them: {cadence}; on other days logs alone."
