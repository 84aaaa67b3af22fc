"""A rectangle of companies x days, made again; one that was broken off can go on where it stopped.

A backfill marks its runs with what was asked for and when it began, so Dagster's own run history is its memory.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import dagster as dg

from recs_platform.automation.plan import Step, last_day_that_is_over, plan_backfill
from recs_platform.companies.model import Company
from recs_platform.strategies.catalogue import pipeline_of
from recs_platform.warehouse.slices import Days

ASKED_TAG, BEGAN_TAG, STEP_TAG = "recs/backfill", "recs/backfill_began", "recs/backfill_step"


def backfill_steps(
    companies: Sequence[Company], days: Days, instance: dg.DagsterInstance, *, resume: bool
) -> list[Step]:
    """The runs that the rectangle needs; with `resume`, without those that its last attempt finished."""
    asked = f"{','.join(sorted(company.name for company in companies))} {days}"
    began = (_last_began(instance, asked) if resume else None) or datetime.now(UTC).isoformat()
    tags = {ASKED_TAG: asked, BEGAN_TAG: began}
    done = _finished(instance, tags) if resume else set()
    newest = last_day_that_is_over()
    wanted = [
        step for company in companies for step in plan_backfill(company, pipeline_of(company), days, newest=newest)
    ]
    return [step.tagged({**tags, STEP_TAG: str(step)}) for step in wanted if str(step) not in done]


def _last_began(instance: dg.DagsterInstance, asked: str) -> str | None:
    newest = instance.get_runs(dg.RunsFilter(tags={ASKED_TAG: asked}), limit=1)
    return newest[0].tags[BEGAN_TAG] if newest else None


def _finished(instance: dg.DagsterInstance, tags: dict[str, str]) -> set[str]:
    wanted = dg.RunsFilter(tags=tags, statuses=[dg.DagsterRunStatus.SUCCESS])
    return {run.tags[STEP_TAG] for run in instance.get_runs(wanted)}
