"""Up to which day a company's tables are whole, from the newest day of each. Pure.

Not here: holes before that day, which `recs status` names (pipeline/coverage.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta

from recs_platform.automation.scheduled import newest_due
from recs_platform.companies.model import Company
from recs_platform.pipeline.pipeline import Pipeline
from recs_platform.schemas.table import Kind

_A_DAY = timedelta(days=1)
_TO_MAKE_IT = timedelta(hours=6)
"""From the time at which the company's schedule runs."""


def newest_whole_day(company: Company, pipeline: Pipeline, newest: Mapping[str, date]) -> date:
    """The last day up to which each table that is due was made; the day before the company's first when one never was.
    Between two weekly snapshots, logs are what is due."""
    before = company.start_date - _A_DAY
    logs = [newest.get(name, before) for name, kind in _made(pipeline) if kind is Kind.LOG]
    snapshots = [newest.get(name, before) for name, kind in _made(pipeline) if kind is Kind.SNAPSHOT]
    day = min((*logs, *([] if logs else snapshots)), default=before)
    of_all = min(snapshots, default=day)
    while day >= company.start_date and company.strategy.cadence.newest_due(day) > of_all:
        day = company.strategy.cadence.newest_due(day) - _A_DAY
    return max(day, before)


def newest_day_due(company: Company, now: datetime) -> date | None:
    """The newest day of which snapshots are made and that should be there by now; None of a company that has ended,
    whose tables nobody waits for."""
    day = newest_due(company, now - _TO_MAKE_IT)
    return None if day is None else company.strategy.cadence.newest_due(day)


def end_of(day: date) -> float:
    """Days are UTC days.

    >>> end_of(date(1970, 1, 1))
    86400.0
    """
    return datetime.combine(day + _A_DAY, time(), UTC).timestamp()


def _made(pipeline: Pipeline) -> list[tuple[str, Kind]]:
    return [(name, pipeline.specs[name].kind) for name in pipeline.tables]
