"""A person's own SELECT over a company's tables: the same language and views as the platform's queries, read-only.

It is no part of the platform, so it runs confined and for a limited time, and what it gives is masked by where each of
its columns comes from.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date
from typing import Any

from recs_platform.companies.model import Company
from recs_platform.companies.problems import did_you_mean
from recs_platform.companies.query_parameters import query_parameters
from recs_platform.errors import ConfigError
from recs_platform.masking import mask_row
from recs_platform.pipeline.pipeline import Pipeline
from recs_platform.schemas.table import Kind
from recs_platform.warehouse.point_in_time import View
from recs_platform.warehouse.protocol import BoundQuery, Tables
from recs_platform.warehouse.query import parse_query
from recs_platform.warehouse.scope import AS_OF
from recs_platform.warehouse.slices import ALL_DAYS, Days

_LONGEST = 100_000


@dataclass(frozen=True)
class Answer:
    names: tuple[str, ...]
    """Of its columns, in order."""
    rows: tuple[dict[str, Any], ...]


def adhoc_query(pipeline: Pipeline, company: Company, text: str, day: date | None, *, seconds: float) -> BoundQuery:
    """Every slice of the tables it names; with a day, logs up to it and its own snapshots."""
    if len(text) > _LONGEST:
        raise ConfigError(f"The query has {len(text):,} characters; at most {_LONGEST:,} are read.")
    if not text.isascii() and text != text.encode(errors="replace").decode():
        raise ConfigError("The query holds characters that are not UTF-8.")
    query = parse_query("query", text, "query", passing=True)
    unknown = sorted(query.tables - pipeline.specs.keys())
    if unknown:
        known = sorted(pipeline.specs)
        hint = did_you_mean(unknown[0], known) or f" It has {', '.join(known)}."
        raise ConfigError(f"{company.name} has no table {', '.join(unknown)}.{hint}")
    values = query_parameters(company) | ({AS_OF: day} if day else {})
    unbound = sorted(query.parameters - values.keys())
    if unbound:
        raise ConfigError(f"@{unbound[0]} is not bound; a query may use {', '.join(f'@{v}' for v in sorted(values))}.")
    views = []
    for name in sorted(query.tables):
        spec = pipeline.specs[name]
        days = ALL_DAYS if day is None else Days.one(day) if spec.kind is Kind.SNAPSHOT else Days(ALL_DAYS.first, day)
        views.append(View(name, spec, days, required=False))
    return BoundQuery(query, company.dataset, values, tuple(views), time_limit=seconds, company=company.name)


def answered(warehouse: Tables, bound: BoundQuery, *, limit: int, masked: bool) -> Answer:
    """The first rows that a query gives; its personal columns masked."""
    rows: list[dict[str, Any]] = []
    with warehouse.run(bound) as reader:
        names = tuple(reader.schema.names)
        _refuse_repeated(bound, names)
        for batch in reader:
            rows += batch.slice(0, limit - len(rows)).to_pylist()
            if len(rows) >= limit:
                break
    if masked:
        from recs_platform.warehouse.personal import personal_columns

        hidden = personal_columns(bound.query, {view.name: view.spec for view in bound.views}, names)
        rows = [mask_row(row, hidden.personal, derived=hidden.derived) for row in rows]
    return Answer(names, tuple(rows))


def _refuse_repeated(bound: BoundQuery, names: tuple[str, ...]) -> None:
    """Two columns of one name would be one: rows are shown by name."""
    repeated = [name for name, times in Counter(name.lower() for name in names).items() if times > 1]
    if repeated:
        raise bound.query.error(f"gives two columns the name {repeated[0]}; give one of them another (AS)")
