"""Runs that were killed: what is said of one, in Dagster and in the job log, so that its company goes on.

Whoever holds a company's lock knows that no other run of it lives. Not here: how others find out (looks/killed.py), and
the state of a company (overview.py).
"""

from __future__ import annotations

from datetime import UTC, datetime

import dagster as dg
from sqlalchemy import Engine

from recs_platform.automation.rerun import NEVER_AGAIN
from recs_platform.platform_db import job_log
from recs_platform.platform_db.tables import JobRun
from recs_platform.warehouse.slices import Days


def death_of(run: JobRun) -> str:
    """What to tell of a run that began, said nothing more, and does not hold its company's lock."""
    return death_in_words(run.company, Days(run.first_date, run.last_date))


def death_in_words(company: str, days: Days) -> str:
    last = f" --to {days.last}" if days.last != days.first else ""
    return (
        f"the run of {company} {days} died: it was killed, or its machine failed. "
        f"Nothing half-done was published. Run it again: recs run {company} --date {days.first}{last}"
    )


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
