"""The look that finds runs whose process is gone and reports them as failed, so that their companies go on.

It gives no observation of its own: a run that was reported has ended, and the look at ended runs tells of it in the
same tick. A run is dead

- when its process is gone, which the machine that it runs on can tell;
- when nobody holds its company's lock and nothing was heard of it for some minutes, wherever it ran.

A process that lives is never dead, though nobody may hold its lock: a database that was started again has forgotten it.

Not here: runs that live and do not get on (stuck.py).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import dagster as dg
from dagster._core.storage.dagster_run import IN_PROGRESS_RUN_STATUSES

from recs_platform.alerts.finding import PLATFORM, Observation
from recs_platform.automation.burial import bury
from recs_platform.automation.dead_runs import death_in_words, death_of
from recs_platform.automation.locks import company_lock
from recs_platform.automation.looks.look import LookContext
from recs_platform.automation.looks.run_facts import whose
from recs_platform.automation.run_process import is_gone
from recs_platform.errors import LockBusyError
from recs_platform.platform_db import job_log
from recs_platform.platform_db.tables import JobRun

HEARD_WITHIN = timedelta(minutes=10)
"""How long a run of another machine, which holds no lock, is given: the machine may be there, and the network not."""


def killed(context: LookContext) -> Iterator[Observation]:
    wanted = dg.RunsFilter(statuses=IN_PROGRESS_RUN_STATUSES)
    in_progress = {run.run_id: run for run in context.instance.get_runs(wanted)}
    for run in in_progress.values():
        if is_gone(run):
            bury(context.database, context.instance, run.run_id, _death(run))
    for row in job_log.running(context.database):
        unfinished = in_progress.get(row.run_id)
        if unfinished is None or (is_gone(unfinished) is None and not _was_heard(context, row)):
            _bury_unless_held(context, row)
    yield from ()


def _was_heard(context: LookContext, row: JobRun) -> bool:
    heard = last_heard(context.instance, row.run_id) or row.started_at
    return context.now - heard < HEARD_WITHIN


def _bury_unless_held(context: LookContext, row: JobRun) -> None:
    with suppress(LockBusyError), company_lock(row.company, patience=0):
        # It may have ended since it was read; then it holds no lock either.
        if any(still.run_id == row.run_id for still in job_log.running(context.database, row.company)):
            bury(context.database, context.instance, row.run_id, death_of(row))


def last_heard(instance: dg.DagsterInstance, run_id: str) -> datetime | None:
    """When a run said something last."""
    newest = instance.event_log_storage.get_logs_for_run(run_id, limit=1, ascending=False)
    return datetime.fromtimestamp(newest[0].timestamp, UTC) if newest else None


def _death(run: dg.DagsterRun) -> str:
    company, days = whose(run)
    if company == PLATFORM or days is None:
        return f"the run of {run.job_name} died: it was killed, or its machine failed."
    return death_in_words(company, days)
