"""A company's schedule: which days it asks for in the morning, and what of them. It catches up: days before that are
missing, or that failed, are asked for again, in order, and the queue lets one run of a company go at a time."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import dagster as dg

from recs_platform.automation.failures import guarded_tick
from recs_platform.automation.jobs import COMPANY_TAG, Job
from recs_platform.automation.journal import RANGE_END, RANGE_START, asked_partitions
from recs_platform.automation.partitions import partition_key
from recs_platform.automation.plan import Step, plan
from recs_platform.companies.model import Company
from recs_platform.declarations.cadence import DAILY
from recs_platform.pipeline.pipeline import Pipeline
from recs_platform.warehouse.protocol import Warehouse
from recs_platform.warehouse.slices import Days

DAILY_RUN_AT = "0 6 * * *"
"""In the company's own time zone: by then yesterday's feeds are due."""
_UNDER_WAY = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
]


def company_schedule(
    company: Company, pipeline: Pipeline, job: Job, logs: Sequence[dg.AssetKey]
) -> dg.ScheduleDefinition:
    """Every morning, the last complete day, and before it the days that are missing."""

    @dg.schedule(
        name=f"{company.name}_daily",
        job=job,
        cron_schedule=DAILY_RUN_AT,
        execution_timezone=company.timezone,
        required_resource_keys={"warehouse"},
        description=f"{company.name}: the last complete day, every morning at six in {company.timezone}, and before it "
        f"the days that are missing.{_when_snapshots_are_due(company)}",
    )
    @guarded_tick
    def daily(context: dg.ScheduleEvaluationContext) -> list[dg.RunRequest] | dg.SkipReason:
        under_way = _under_way(context.instance, company)
        warehouse: Warehouse = context.resources.warehouse
        return run_requests(company, pipeline, warehouse, context.scheduled_execution_time, logs, under_way)

    return daily


def run_requests(
    company: Company,
    pipeline: Pipeline,
    warehouse: Warehouse,
    scheduled: datetime,
    logs: Sequence[dg.AssetKey],
    under_way: Collection[str] = (),
) -> list[dg.RunRequest] | dg.SkipReason:
    """The runs up to the last day that is over everywhere: days are UTC days, whatever the company's time zone. A day
    on which the strategy makes no snapshots gets its logs. `under_way` are the keys of runs that have not ended."""
    day = scheduled.astimezone(ZoneInfo("UTC")).date() - timedelta(days=1)
    if day < company.start_date:
        return dg.SkipReason(f"{company.name} starts on {company.start_date}")
    if company.end_date and day > company.end_date:
        return dg.SkipReason(f"{company.name} ended on {company.end_date}")
    planned = plan(company, pipeline, warehouse, Days.one(day), newest=day)
    wanted = [_request(step, logs) for step in planned.steps]
    left = [request for request in wanted if request.run_key not in under_way]
    return left or dg.SkipReason(f"{company.name}: all that is missing up to {day} is under way")


def _request(step: Step, logs: Sequence[dg.AssetKey]) -> dg.RunRequest:
    """Of a day, everything; of a range, its logs."""
    first, last = (partition_key(step.company, day) for day in (step.days.first, step.days.last))
    whose = {COMPANY_TAG: step.company}
    if not step.history:
        return dg.RunRequest(run_key=last, partition_key=last, tags=whose)
    tags = {**whose, RANGE_START: first, RANGE_END: last}
    return dg.RunRequest(run_key=_run_key([first, last]), tags=tags, asset_selection=logs)


def _run_key(partitions: Sequence[str]) -> str:
    return " to ".join(partitions)


def _under_way(instance: dg.DagsterInstance, company: Company) -> set[str]:
    """The keys of the requests whose runs have not ended."""
    runs = instance.get_runs(dg.RunsFilter(tags={COMPANY_TAG: company.name}, statuses=_UNDER_WAY))
    return {_run_key(asked_partitions(run)) for run in runs}


def _when_snapshots_are_due(company: Company) -> str:
    cadence = company.strategy.cadence
    return "" if cadence == DAILY else f" Snapshots and what is made of them: {cadence}; on other days logs alone."
