"""A company's schedule: which days it asks for in the morning, and what of them. It catches up: days before that are
missing, or that failed, are asked for again, in order, and the queue lets one run of a company go at a time."""

from collections.abc import Collection, Sequence
from datetime import datetime

import dagster as dg

from recs_platform.automation.failures import guarded_tick
from recs_platform.automation.jobs import Job
from recs_platform.automation.plan import plan
from recs_platform.automation.requests import run_request, under_way
from recs_platform.automation.scheduled import DAILY_RUN_AT, schedule_name
from recs_platform.companies.model import Company
from recs_platform.companies.mornings import day_made_at
from recs_platform.companies.weeks import weekday_of
from recs_platform.pipeline.pipeline import Pipeline
from recs_platform.warehouse.protocol import Warehouse
from recs_platform.warehouse.slices import Days


def company_schedule(
    company: Company, pipeline: Pipeline, job: Job, logs: Sequence[dg.AssetKey]
) -> dg.ScheduleDefinition:
    """Every morning, the last complete day, and before it the days that are missing."""

    @dg.schedule(
        name=schedule_name(company.name),
        job=job,
        cron_schedule=DAILY_RUN_AT,
        execution_timezone=company.timezone,
        required_resource_keys={"warehouse"},
        description=f"{company.name}: the last complete day, every morning at six in {company.timezone}, and before it "
        f"the days that are missing.{_what_is_weekly(company, pipeline)}",
    )
    @guarded_tick
    def daily(context: dg.ScheduleEvaluationContext) -> list[dg.RunRequest] | dg.SkipReason:
        busy = under_way(context.instance, company.name).get(company.name, frozenset())
        warehouse: Warehouse = context.resources.warehouse
        return run_requests(company, pipeline, warehouse, context.scheduled_execution_time, logs, busy)

    return daily


def run_requests(
    company: Company,
    pipeline: Pipeline,
    warehouse: Warehouse,
    scheduled: datetime,
    logs: Sequence[dg.AssetKey],
    busy: Collection[str] = (),
) -> list[dg.RunRequest] | dg.SkipReason:
    """The runs up to the last day that is over everywhere: days are UTC days, whatever the company's time zone.
    `busy` are the partitions of runs that have not ended."""
    day = day_made_at(scheduled)
    if not company.has_day(day):
        before = day < company.start_date
        when = f"starts on {company.start_date}" if before else f"ended on {company.end_date}"
        return dg.SkipReason(f"{company.name} {when}")
    planned = plan(company, pipeline, warehouse, Days.one(day), newest=day)
    wanted = [run_request(step, logs) for step in planned.steps]
    left = [request for request in wanted if request.run_key not in busy]
    return left or dg.SkipReason(f"{company.name}: all that is missing up to {day} is under way")


def _what_is_weekly(company: Company, pipeline: Pipeline) -> str:
    return f" With it, on {weekday_of(company).capitalize()}s, what is weekly." if pipeline.weekly else ""
