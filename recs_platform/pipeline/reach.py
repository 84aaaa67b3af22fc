"""How far back a company's day reaches: which days of its logs must be there, so that its tables are not made of less.

It follows from what queries, checks and functions look back on, and is written down nowhere else.
"""

from __future__ import annotations

from datetime import timedelta

from recs_platform.companies.model import Company
from recs_platform.companies.query_parameters import query_parameters
from recs_platform.pipeline.pipeline import Pipeline
from recs_platform.schemas.table import Kind
from recs_platform.warehouse.point_in_time import span_days
from recs_platform.warehouse.slices import Days


def reach(pipeline: Pipeline, company: Company, days: Days) -> Days:
    """These days, and those before them whose logs they are made from, directly or through other logs; no further back
    than the company goes."""
    values = query_parameters(company)
    logs = {name for name, table in pipeline.tables.items() if table.spec.kind is Kind.LOG}
    days_before = dict.fromkeys(logs, 0)
    for looks in (*pipeline.looks.values(), *(looks for _, looks in pipeline.checks.values())):
        for log in looks.back.keys() - looks.at_most:
            days_before[log] = max(days_before[log], span_days(looks.back[log], values) - 1)
    # A log that is needed from so far back is itself made from what its own query looks back on.
    to_visit = sorted(logs)
    while to_visit:
        name = to_visit.pop()
        looks = pipeline.looks[name]
        for log in (pipeline.inputs(name) & logs) - looks.at_most:
            needed = days_before[name] + span_days(looks.back.get(log, 1), values) - 1
            if needed > days_before[log]:
                days_before[log] = needed
                to_visit.append(log)
    first = days.first - timedelta(days=max(days_before.values(), default=0))
    return Days(max(company.start_date, first), days.last)
