"""The look that finds runs whose process is gone and reports them as failed, so that their companies go on.

It gives no observation of its own: a run that was reported has ended, and the look at ended runs tells of it in the
same tick. A run is dead

- when its process is gone, which the machine that it runs on can tell;
- when nobody holds its company's lock and nothing was heard of it for some minutes, wherever it ran.

A process that lives is never dead, though nobody may hold its lock: a database that was started again has forgotten it.

Not here: runs that live and do not get on (stuck.py).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import dagster as dg
from dagster._core.storage.dagster_run import IN_PROGRESS_RUN_STATUSES
from sqlalchemy import Engine

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
    gone, silent = gone_and_silent(context.instance, context.database, context.now)
    for run in gone:
        bury(context.database, context.instance, run.run_id, _death(run))
    for row in silent:
        _bury_unless_held(context, row)
    yield from ()


def gone_and_silent(
    instance: dg.DagsterInstance, database: Engine, now: datetime
) -> tuple[Sequence[dg.DagsterRun], Sequence[JobRun]]:
    """The runs whose process is gone; and those that say nothing, which are dead unless their company's lock is
    held. Nothing is changed."""
    wanted = dg.RunsFilter(statuses=IN_PROGRESS_RUN_STATUSES)
    in_progress = {run.run_id: (run, is_gone(run)) for run in instance.get_runs(wanted)}
    silent = []
    for row in job_log.running(database):
        unfinished, gone = in_progress.get(row.run_id, (None, None))
        if unfinished is None or (gone is None and not _was_heard(instance, row, now)):
            silent.append(row)
    return [run for run, gone in in_progress.values() if gone], silent


def _was_heard(instance: dg.DagsterInstance, row: JobRun, now: datetime) -> bool:
    return now - (last_heard(instance, row.run_id) or row.started_at) < HEARD_WITHIN


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
