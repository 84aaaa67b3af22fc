"""What hangs on a day of a log that was loaded again: the logs that are made of it, on that day and on the days that
look back on it.

Not here: snapshots. Which of them are made again is for who asks to say (automation/sensors/late.py).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date, timedelta

from recs_platform.companies.model import Company
from recs_platform.companies.query_parameters import query_parameters
from recs_platform.pipeline.pipeline import Pipeline
from recs_platform.schemas.table import Kind
from recs_platform.warehouse.point_in_time import span_days


def affected_logs(
    pipeline: Pipeline, company: Company, changed: Mapping[str, Collection[date]], made: Mapping[str, Collection[date]]
) -> dict[str, frozenset[date]]:
    """The days of logs to make again, those that changed themselves included: no day that was never made. `made` are
    the days of every log."""
    values = query_parameters(company)
    affected = {name: frozenset(days) & frozenset(made[name]) for name, days in changed.items()}
    logs = [name for name, spec in pipeline.specs.items() if spec.kind is Kind.LOG]
    to_visit = list(affected)
    while to_visit:
        other = to_visit.pop()
        for name in logs:
            if other not in pipeline.inputs(name):
                continue
            span = span_days(pipeline.looks[name].back.get(other, 1), values)
            reached = {day + timedelta(days=after) for day in affected[other] for after in range(span)}
            known = affected.get(name, frozenset())
            if more := (reached & set(made[name])) - known:
                affected[name] = known | more
                to_visit.append(name)
    return {name: days for name, days in affected.items() if days}
