"""What Dagster's UI says of how often an asset is made, and what a run says that makes a weekly one on another day.

A run makes what it was asked for: Dagster knows no day that is not due, and somebody who starts the daily job by hand
wants the day whole. Not here: which day is due (pipeline/due.py).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

import dagster as dg

from recs_platform.companies.model import Company
from recs_platform.companies.weeks import weekday_of
from recs_platform.pipeline.due import is_due, newest_due
from recs_platform.pipeline.pipeline import Pipeline
from recs_platform.plurals import listed

WEEKLY = "weekly"
"""Shown on an asset beside what makes it."""


def cadence_metadata(pipeline: Pipeline, part: str, companies: Iterable[Company]) -> dict[str, str]:
    """Of a weekly asset, on which mornings it is made."""
    if part not in pipeline.weekly:
        return {}
    mornings = listed([f"{day.capitalize()}s" for day in sorted({weekday_of(company) for company in companies})])
    return {"made": f"Once a week, on {mornings}, of the day before. Other days are not due, and so not materialized."}


def kinds_of(pipeline: Pipeline, part: str, *kinds: str) -> set[str]:
    """What stands on an asset in the graph."""
    return {*kinds, WEEKLY} if part in pipeline.weekly else set(kinds)


def tell_if_not_due(
    context: dg.AssetExecutionContext, pipeline: Pipeline, company: Company, part: str, day: date
) -> None:
    """A line in the run's log."""
    if not is_due(pipeline, company, part, day):
        due = newest_due(pipeline, company, part, day)
        context.log.info(
            f"{company.name}: {part} is weekly and not due on {day}. This run was asked for it, so it is made of that "
            f"day, beside that of {due}."
        )
