"""Runs that say that they go on, and do not; and runs that wait for nothing."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import dagster as dg
from dagster._core.storage.dagster_run import IN_PROGRESS_RUN_STATUSES

from recs_platform.automation.dead_runs import death_of
from recs_platform.automation.doctor.examined import Examined, ok, wrong
from recs_platform.automation.doctor.home import Home
from recs_platform.automation.jobs import COMPANY_TAG
from recs_platform.automation.locks import is_running
from recs_platform.automation.run_process import is_gone
from recs_platform.platform_db import job_log
from recs_platform.plurals import counted

_WAITS = timedelta(minutes=30)


def examine(home: Home) -> Iterator[Examined]:
    died = [row for row in job_log.running(home.database) if not is_running(row.company)]
    for row in died:
        yield wrong(death_of(row), "")
    known = {row.run_id for row in died}
    working = list(home.instance.get_runs(dg.RunsFilter(statuses=list(IN_PROGRESS_RUN_STATUSES))))
    gone = [run for run in working if is_gone(run) and run.run_id not in known]
    for run in gone:
        company = run.tags.get(COMPANY_TAG, run.job_name)
        yield wrong(
            f"{company}: the run {run.run_id} says that it goes on, and its process is gone",
            "The daemon ends it (recs ui), or terminate it on its page in the UI.",
        )
    queued = dg.RunsFilter(statuses=[dg.DagsterRunStatus.QUEUED])
    oldest = home.instance.get_run_records(queued, limit=1, order_by="id", ascending=True)
    stuck = [one for one in oldest if home.now - one.create_timestamp > _WAITS and len(working) == len(gone)]
    if stuck:
        count = home.instance.get_runs_count(queued)
        yield wrong(
            f"{counted(count, 'run')} queued since {stuck[0].create_timestamp:%Y-%m-%d %H:%M} UTC, and nothing runs",
            "The daemon starts them: recs ui",
        )
    if not (died or gone or stuck):
        yield ok(f"{counted(len(working), 'run')} under way, none of them stuck")
