"""The job log: one row per run of a job, written when it starts and again when it ends.

Not here: what happened inside a run (Dagster's event log knows) and what was published (`publications`). Times come
from the caller, who knows the run.
"""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Engine, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from recs_platform.masking import mask_text
from recs_platform.platform_db.tables import JobRun, Status, shortened


def started(
    engine: Engine,
    *,
    run_id: str,
    job: str,
    strategy: str,
    company: str,
    first_date: datetime.date,
    last_date: datetime.date,
    started_at: datetime.datetime,
) -> None:
    """Log that a run began. A run that begins again (a retry) takes its row back to the beginning."""
    row: dict[str, Any] = {
        "run_id": run_id,
        "job": job,
        "strategy": strategy,
        "company": company,
        "first_date": first_date,
        "last_date": last_date,
        "started_at": started_at,
        "ended_at": None,
        "status": Status.RUNNING,
        "assets": None,
        "rows": None,
        "checks_passed": None,
        "checks_warned": None,
        "checks_failed": None,
        "seconds": None,
        "message": "",
        "failed": None,
    }
    # Both dialects write `ON CONFLICT DO UPDATE` the same way, but SQLAlchemy keeps one `insert` for each.
    insert = postgresql.insert if engine.dialect.name == "postgresql" else sqlite.insert
    statement = insert(JobRun).values(row)
    with engine.begin() as connection:
        connection.execute(statement.on_conflict_do_update(index_elements=["run_id"], set_=row))


def ended(
    engine: Engine,
    run_id: str,
    *,
    status: Status,
    ended_at: datetime.datetime,
    assets: int = 0,
    rows: int = 0,
    checks_passed: int = 0,
    checks_warned: int = 0,
    checks_failed: int = 0,
    message: str = "",
    failed_tables: Sequence[str] = (),
) -> None:
    """Log how a run ended. The message is masked and shortened here, whoever wrote it."""
    if status is Status.RUNNING:
        raise ValueError("a run does not end by running")
    with Session(engine) as session, session.begin():
        run = session.scalars(select(JobRun).where(JobRun.run_id == run_id).with_for_update()).one_or_none()
        if run is None:
            raise LookupError(f"run {run_id} ends, but the job log does not know that it started")
        run.status = status
        run.ended_at = ended_at
        run.seconds = (ended_at - run.started_at).total_seconds()
        run.assets = assets
        run.rows = rows
        run.checks_passed = checks_passed
        run.checks_warned = checks_warned
        run.checks_failed = checks_failed
        run.message = shortened(mask_text(message))
        run.failed = ",".join(failed_tables)


def running(engine: Engine, company: str | None = None) -> Sequence[JobRun]:
    """The runs that have begun and said nothing since, oldest first; of one company if it is named."""
    query = select(JobRun).where(JobRun.status == Status.RUNNING).order_by(JobRun.id)
    if company is not None:
        query = query.where(JobRun.company == company)
    with Session(engine) as session:
        return session.scalars(query).all()


def died(engine: Engine, run_id: str, *, found_at: datetime.datetime, message: str) -> None:
    """Log that a run was killed. When, and what it had done until then, nobody can say."""
    row = {"status": Status.FAILED, "ended_at": found_at, "message": shortened(mask_text(message))}
    with engine.begin() as connection:
        connection.execute(update(JobRun).where(JobRun.run_id == run_id, JobRun.status == Status.RUNNING).values(row))


def covering(engine: Engine, company: str, first: datetime.date, last: datetime.date) -> Sequence[JobRun]:
    """The runs of a company that made any day of a range, newest first."""
    query = (
        select(JobRun)
        .where(JobRun.company == company, JobRun.first_date <= last, JobRun.last_date >= first)
        .order_by(JobRun.started_at.desc(), JobRun.id.desc())
    )
    with Session(engine) as session:
        return session.scalars(query).all()


def ended_well(engine: Engine, company: str, day: datetime.date) -> bool:
    """Whether the newest run that made a day succeeded, or none was ever begun."""
    runs = covering(engine, company, day, day)
    return not runs or runs[0].status is Status.SUCCEEDED


def recent(engine: Engine, company: str | None = None, limit: int = 20) -> Sequence[JobRun]:
    """The latest runs, newest first; of one company if it is named."""
    query = select(JobRun).order_by(JobRun.started_at.desc(), JobRun.id.desc()).limit(limit)
    if company is not None:
        query = query.where(JobRun.company == company)
    with Session(engine) as session:
        return session.scalars(query).all()
