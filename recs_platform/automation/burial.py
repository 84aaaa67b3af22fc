"""Runs that were killed are entered as failed, in Dagster and in the job log, so that their companies go on.

Whoever holds a company's lock knows that no other run of it lives. Not here: how others find out (looks/killed.py), and
what is said (dead_runs.py).
"""

from __future__ import annotations

from datetime import UTC, datetime

import dagster as dg
from sqlalchemy import Engine

from recs_platform.automation.dead_runs import death_of
from recs_platform.automation.rerun import NEVER_AGAIN
from recs_platform.platform_db import job_log


def bury_others(database: Engine, instance: dg.DagsterInstance, company: str, run_id: str) -> None:
    """For the holder of the company's lock: of those that are said to be running none is, but its own run. They are not
    started again: whoever asked for this run has seen what they left undone."""
    for dead in job_log.running(database, company):
        if dead.run_id != run_id:
            bury(database, instance, dead.run_id, death_of(dead), again=False)


def bury(database: Engine, instance: dg.DagsterInstance, run_id: str, message: str, *, again: bool = True) -> None:
    """Say of a run that it failed, and whether Dagster may start it again. One that has ended since stays as it
    ended."""
    known = instance.get_run_by_id(run_id)
    # Dagster first: its queue waits for a run that never ends.
    if known is not None and not known.is_finished:
        if not again:
            instance.add_run_tags(run_id, NEVER_AGAIN)
        instance.report_run_failed(known, message)
    job_log.died(database, run_id, found_at=datetime.now(UTC), message=message)
