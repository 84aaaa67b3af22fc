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
from recs_platform.automation.looks.killed import gone_and_silent
from recs_platform.plurals import counted

_WAITS = timedelta(minutes=30)


def examine(home: Home) -> Iterator[Examined]:
    gone, silent = gone_and_silent(home.instance, home.database, home.now)
    died = [row for row in silent if not is_running(row.company)]
    for row in died:
        yield wrong(death_of(row), "")
    working = home.instance.get_runs_count(dg.RunsFilter(statuses=list(IN_PROGRESS_RUN_STATUSES)))
    for run in gone:
        company = run.tags.get(COMPANY_TAG, run.job_name)
        yield wrong(
            f"{company}: the run {run.run_id} says that it goes on, and its process is gone",
            f"The daemon ends it ({home.daemon_command}), or terminate it on its page in the UI.",
        )
    queued = dg.RunsFilter(statuses=[dg.DagsterRunStatus.QUEUED])
    oldest = home.instance.get_run_records(queued, limit=1, order_by="id", ascending=True)
    stuck = [one for one in oldest if home.now - one.create_timestamp > _WAITS and working == len(gone)]
    if stuck:
        count = home.instance.get_runs_count(queued)
        yield wrong(
            f"{counted(count, 'run')} queued since {stuck[0].create_timestamp:%Y-%m-%d %H:%M} UTC, and nothing runs",
            f"The daemon starts them: {home.daemon_command}",
        )
    if not (died or gone or stuck):
        yield ok(f"{counted(working, 'run')} under way, none of them stuck")
