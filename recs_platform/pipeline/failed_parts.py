"""What failed on a company's day and was not made since: by the job log, which says what failed, and by the ledger,
which says what was made afterwards."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from sqlalchemy import Engine

from recs_platform.companies.model import Company
from recs_platform.pipeline.due import parts_due
from recs_platform.pipeline.pipeline import Pipeline
from recs_platform.platform_db import job_log
from recs_platform.platform_db.tables import JobRun
from recs_platform.warehouse.protocol import Tables
from recs_platform.warehouse.slices import Days


def failed_parts(
    company: Company, pipeline: Pipeline, warehouse: Tables, database: Engine, day: date
) -> Mapping[str, JobRun]:
    """The tables of a day that failed, or whose check did, and the run in which it happened: the newest, if several."""
    failed: dict[str, JobRun] = {}
    for run in job_log.covering(database, company.name, day, day):
        for table in run.failed_tables:
            if (
                table in pipeline.tables
                and table not in failed
                and not _made_since(run, table, company, pipeline, warehouse, day)
            ):
                failed[table] = run
    return failed


def days_with_failed_parts(
    company: Company, pipeline: Pipeline, warehouse: Tables, database: Engine, days: Days
) -> list[date]:
    """Those of a range on which something that was due failed and was not made since. The log is asked once for all,
    and then for the days of runs that failed."""
    failed = [run for run in job_log.covering(database, company.name, days.first, days.last) if run.failed_tables]
    seen = {day for run in failed for day in Days(max(run.first_date, days.first), min(run.last_date, days.last))}
    return [
        day
        for day in sorted(seen)
        if not parts_due(pipeline, company, day).isdisjoint(failed_parts(company, pipeline, warehouse, database, day))
    ]


def _made_since(run: JobRun, table: str, company: Company, pipeline: Pipeline, warehouse: Tables, day: date) -> bool:
    ended = run.ended_at or run.started_at
    return any(one.day == day and one.made_at > ended for one in warehouse.slices(pipeline.ref(table, company)))
