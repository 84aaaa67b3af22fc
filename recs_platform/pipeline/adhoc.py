"""A person's own SELECT over a company's tables: the same language and views as the platform's queries, read-only."""

from __future__ import annotations

from datetime import date

from recs_platform.companies.model import Company
from recs_platform.companies.query_parameters import query_parameters
from recs_platform.errors import ConfigError
from recs_platform.pipeline.pipeline import Pipeline
from recs_platform.schemas.table import Kind
from recs_platform.warehouse.point_in_time import View
from recs_platform.warehouse.protocol import BoundQuery
from recs_platform.warehouse.query import parse_query
from recs_platform.warehouse.scope import AS_OF
from recs_platform.warehouse.slices import ALL_DAYS, Days


def adhoc_query(pipeline: Pipeline, company: Company, text: str, day: date | None) -> BoundQuery:
    """Every slice of the tables it names; with a day, logs up to it and its own snapshots."""
    query = parse_query("query", text, "query", passing=True)
    unknown = sorted(query.tables - pipeline.specs.keys())
    if unknown:
        known = ", ".join(sorted(pipeline.specs))
        raise ConfigError(f"{company.name} has no table {', '.join(unknown)}; it has {known}.")
    values = query_parameters(company) | ({AS_OF: day} if day else {})
    unbound = sorted(query.parameters - values.keys())
    if unbound:
        raise ConfigError(f"@{unbound[0]} is not bound; a query may use {', '.join(f'@{v}' for v in sorted(values))}.")
    views = []
    for name in sorted(query.tables):
        spec = pipeline.specs[name]
        days = ALL_DAYS if day is None else Days.one(day) if spec.kind is Kind.SNAPSHOT else Days(ALL_DAYS.first, day)
        views.append(View(name, spec, days, required=False))
    return BoundQuery(query, company.dataset, values, tuple(views))
