"""A rectangle of companies x days: what of it is missing is made, and what was broken off goes on where it stopped.

Which days are there the slice ledger says. What a killed run had made of its step Dagster's history says
(broken_off.py). A backfill that makes everything again is marked so, with when it began, and the next call goes on with
it until all of it is made.

Not here: which runs a company's days need (plan.py), and carrying them out (launch.py, sequence.py).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import dagster as dg
from sqlalchemy import Engine

from recs_platform.automation.broken_off import left_of, progress
from recs_platform.automation.journal import RANGE_START, asked_partitions
from recs_platform.automation.locks import is_running
from recs_platform.automation.partitions import company_and_days
from recs_platform.automation.plan import Step, last_day_that_is_over, plan_backfill
from recs_platform.companies.model import Company
from recs_platform.pipeline.coverage import coverage
from recs_platform.pipeline.failed_parts import days_with_failed_parts
from recs_platform.plurals import counted
from recs_platform.strategies.catalogue import pipeline_of
from recs_platform.warehouse.protocol import Warehouse
from recs_platform.warehouse.slices import Days

ASKED_TAG, BEGAN_TAG, STEP_TAG = "recs/backfill", "recs/backfill_began", "recs/backfill_step"
AGAIN_TAG = "recs/backfill_again"
_FRESH = timedelta(days=1)
"""What a killed run had made counts for so long. After that feeds may be others, and its step is made whole."""


@dataclass(frozen=True)
class Backfill:
    """The runs that a rectangle needs, and how many of its days need none."""

    steps: Sequence[Step]
    skipped: Mapping[str, int]
    """By company."""


@dataclass(frozen=True)
class _Attempt:
    """A backfill that somebody began, and its runs."""

    began: str
    again: bool
    runs: Mapping[str, Sequence[dg.RunRecord]] = field(default_factory=dict)
    """By the name of their step, the newest first."""

    def of(self, step: Step) -> Sequence[dg.RunRecord]:
        return self.runs.get(step.tags[STEP_TAG], ())

    def finished(self, step: Step) -> bool:
        return any(one.dagster_run.status is dg.DagsterRunStatus.SUCCESS for one in self.of(step))


def backfill(
    companies: Sequence[Company],
    days: Days,
    instance: dg.DagsterInstance,
    warehouse: Warehouse,
    database: Engine,
    *,
    again: bool = False,
) -> Backfill:
    """What is missing of the rectangle, or of an `again` that was broken off; with `again`, all of it."""
    asked = f"{','.join(sorted(company.name for company in companies))} {days}"
    attempt, steps = _Attempt(datetime.now(UTC).isoformat(), again), list[Step]()
    last = None if again else _last_attempt(instance, asked)
    if last and last.again:
        steps = [step for step in _planned(companies, days, warehouse, database, again=True) if not last.finished(step)]
    if last and (steps or not last.again):
        attempt = last
    if not steps:
        steps = _planned(companies, days, warehouse, database, again=again)
    by_name = {company.name: company for company in companies}
    lefts = [_left(step, by_name[step.company], attempt, instance, warehouse) for step in steps]
    wanted = [*_unjudged(attempt, steps, by_name, instance, warehouse), *(left for left in lefts if left is not None)]
    tags = {ASKED_TAG: asked, BEGAN_TAG: attempt.began, **({AGAIN_TAG: "yes"} if attempt.again else {})}
    touched = {(step.company, day) for step in wanted for day in step.days}
    return Backfill(
        [step.tagged({**step.tags, **tags}) for step in wanted],
        {company.name: sum((company.name, day) not in touched for day in days) for company in companies},
    )


def _planned(
    companies: Sequence[Company], days: Days, warehouse: Warehouse, database: Engine, *, again: bool
) -> list[Step]:
    newest, steps = last_day_that_is_over(), list[Step]()
    for company in companies:
        there = coverage(company, pipeline_of(company), warehouse)
        failed = [] if again else days_with_failed_parts(company, there.pipeline, warehouse, database, days)
        steps += plan_backfill(there, days, newest=newest, again=again, failed=failed)
    return [step.tagged({STEP_TAG: _name(step)}) for step in steps]


def _name(step: Step) -> str:
    """What a step is recognized by: of the same days a company has one of its logs and one of the rest."""
    return f"{step}, {counted(len(step.tables or ()), 'table')}"


def _last_attempt(instance: dg.DagsterInstance, asked: str) -> _Attempt | None:
    newest = instance.get_runs(dg.RunsFilter(tags={ASKED_TAG: asked}), limit=1)
    if not newest:
        return None
    began, again = newest[0].tags[BEGAN_TAG], AGAIN_TAG in newest[0].tags
    runs: dict[str, list[dg.RunRecord]] = defaultdict(list)
    for record in instance.get_run_records(dg.RunsFilter(tags={ASKED_TAG: asked, BEGAN_TAG: began})):
        runs[record.dagster_run.tags[STEP_TAG]].append(record)
    return _Attempt(began, again, runs)


def _left(
    step: Step, company: Company, attempt: _Attempt, instance: dg.DagsterInstance, warehouse: Warehouse
) -> Step | None:
    """What runs that were broken off have left of a step."""
    youngest = datetime.now(UTC) - _FRESH
    runs = [one.dagster_run for one in attempt.of(step) if one.create_timestamp.astimezone(UTC) > youngest]
    if not runs or is_running(company.name) or any(run.status is dg.DagsterRunStatus.SUCCESS for run in runs):
        return step
    told, pipeline = progress(instance, runs), pipeline_of(company)
    slices = {table: warehouse.slices(pipeline.ref(table, company)) for table in told.made}
    return left_of(step, told, {table: {one.day: one.run for one in there} for table, there in slices.items()})


def _unjudged(
    attempt: _Attempt,
    planned: Sequence[Step],
    companies: Mapping[str, Company],
    instance: dg.DagsterInstance,
    warehouse: Warehouse,
) -> list[Step]:
    """Checks that a run had not come to when it was broken off, though all of its tables are there: no plan has its
    days."""
    known, left = {step.tags[STEP_TAG] for step in planned}, list[Step]()
    for name, records in attempt.runs.items():
        run = records[0].dagster_run
        company, days = company_and_days(asked_partitions(run))
        step = Step(company, run.job_name.rpartition("_")[0], days, history=RANGE_START in run.tags)
        step = step.tagged({STEP_TAG: name})
        if name in known or attempt.finished(step):
            continue
        of_step = _left(step, companies[company], attempt, instance, warehouse)
        if of_step is not None and of_step.checks and not of_step.tables:
            left.append(of_step)
    return left
