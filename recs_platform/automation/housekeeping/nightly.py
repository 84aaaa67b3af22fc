"""Housekeeping as Dagster knows it: a job, and the schedule that runs it every night.

It is on from the start. Nobody turns on what they do not miss until the disk is full, and what it deletes nobody can
get at any more, or has had for as long as the settings say.
"""

from collections.abc import Mapping
from typing import Any

import dagster as dg

from recs_platform.automation.failures import guarded_step
from recs_platform.automation.housekeeping.freed import Freed
from recs_platform.automation.housekeeping.sweeping import Swept
from recs_platform.automation.jobs import HOUSEKEEPING_JOB, Job
from recs_platform.companies.model import Company
from recs_platform.pipeline.pipeline import Pipeline
from recs_platform.plurals import counted, in_units

AT_NIGHT = "30 3 * * *"
"""UTC: before any company's morning in Europe, and no run of a company is due in America."""


def housekeeping_job(companies: Mapping[str, Company], pipelines: Mapping[str, Pipeline]) -> Job:
    @dg.op(name="sweep", required_resource_keys={"warehouse", "journal"}, out=dg.Out(dg.Nothing))
    @guarded_step
    def sweep(context: dg.OpExecutionContext) -> None:
        swept = Swept.as_set(companies, pipelines, context.resources.warehouse, context.instance)
        all_freed = []
        for freed in swept.sweep():
            (context.log.warning if freed.problem else context.log.info)(str(freed))
            all_freed.append(freed)
        failed = [freed for freed in all_freed if freed.problem and not freed.busy]
        if failed:
            raise dg.Failure(
                f"{counted(len(failed), 'thing')} could not be swept: {'; '.join(map(str, failed))}",
                metadata=_metadata(all_freed),
                allow_retries=False,
            )
        context.add_output_metadata(_metadata(all_freed))

    @dg.job(
        name=HOUSEKEEPING_JOB,
        executor_def=dg.in_process_executor,
        description="Deletes what nobody needs any more: files that no live or restorable version of a table needs, "
        "leftovers of killed runs, and runs, logs and reports older than the settings say. `recs housekeeping` does "
        "the same.",
    )
    def housekeeping() -> None:
        sweep()

    return housekeeping


def housekeeping_schedule(job: Job) -> dg.ScheduleDefinition:
    return dg.ScheduleDefinition(
        name=f"{HOUSEKEEPING_JOB}_nightly",
        job=job,
        cron_schedule=AT_NIGHT,
        execution_timezone="UTC",
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description="Every night, for all companies. On unless somebody turns it off.",
    )


def _metadata(all_freed: list[Freed]) -> dict[str, Any]:
    lines = [
        f"| {freed.what} | {freed.files:,} | {freed.rows:,} | {in_units(freed.size)} | {freed.problem} |"
        for freed in all_freed
    ]
    table = "\n".join(["| | files | rows | bytes | |", "| --- | --- | --- | --- | --- |", *lines])
    return {
        "freed bytes": sum(freed.size for freed in all_freed),
        "freed files": sum(freed.files for freed in all_freed),
        "freed rows": sum(freed.rows for freed in all_freed),
        "freed": dg.MetadataValue.md(table),
    }
