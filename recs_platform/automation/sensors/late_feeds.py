"""What has come late of a company's feeds: the days of logs of which a feed holds other rows than were loaded.

Files are looked at by their times, and counted only where one is newer than what was made of it; databases are asked
for the last days and for those whose opens and clicks are missing. Not here: what is made again of it (late_steps.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any

from recs_platform.automation.scheduled import newest_due
from recs_platform.campaign.late import days_to_load, lagging_days
from recs_platform.companies.model import Company
from recs_platform.companies.query_parameters import campaign_window
from recs_platform.companies.source_config import BigQuerySource, SqlSource
from recs_platform.patience import patiently
from recs_platform.pipeline.pipeline import Pipeline
from recs_platform.schemas.campaign import CampaignDays
from recs_platform.schemas.landing import landed
from recs_platform.schemas.source_reports import SourceCounts
from recs_platform.schemas.table import Kind, TableSpec, spec_of
from recs_platform.sources.arrivals import SETTLED_AFTER, changed_at, has_files_by_day, rows_now
from recs_platform.warehouse.protocol import Warehouse
from recs_platform.warehouse.slices import Days, Slice

_RUN_LASTS = timedelta(hours=1)
"""A file that came so long before a slice was made may have come while it was being read."""
_ASKED_DAYS = 7
"""The newest days that a database is asked for."""


@dataclass(frozen=True)
class Late:
    """A day of which a feed holds another number of rows than were loaded."""

    table: str
    """The source table."""
    loaded: Slice
    rows: int
    """Now."""


def late_days(
    pipeline: Pipeline, company: Company, warehouse: Warehouse, now: datetime, looked: datetime | None
) -> list[Late]:
    """What is late of a company's logs, within the campaign window. `looked` is when all agreed."""
    due = newest_due(company, now) or company.end_date
    if due is None:
        return []
    window, late = campaign_window(company, due), []
    for model in company.strategy.source_tables:
        spec = spec_of(model)
        if spec.kind is not Kind.LOG or not company.provides(spec.name):
            continue
        landing = pipeline.ref(spec_of(landed(model)).name, company)
        slices = {one.day: one for one in warehouse.slices(landing) if one.day in window}
        doubtful = list(_doubtful(pipeline, company, spec, slices, warehouse, now, looked))
        if not doubtful:
            continue
        loaded = dict.fromkeys(doubtful, 0) | _landed_rows(pipeline, company, warehouse, spec, doubtful)
        feed: dict[date, int] = {}
        for day in doubtful:
            rows = patiently(partial(rows_now, company, spec, day), f"{company.name}: {spec.name}")
            if rows is not None:
                feed[day] = rows
        late += [Late(spec.name, slices[day], feed[day]) for day in days_to_load(loaded, feed)]
    return late


def _doubtful(
    pipeline: Pipeline,
    company: Company,
    spec: TableSpec,
    slices: Mapping[date, Slice],
    warehouse: Warehouse,
    now: datetime,
    looked: datetime | None,
) -> Iterable[date]:
    """The days worth counting."""
    source = company.sources[spec.name]
    if isinstance(source, SqlSource | BigQuerySource) and source.dated:
        return sorted({*sorted(slices)[-_ASKED_DAYS:], *(_lagging(pipeline, company, warehouse) & slices.keys())})
    if not has_files_by_day(company, spec):
        return []

    def changed() -> list[date]:
        since = looked - 5 * SETTLED_AFTER if looked else None
        days = []
        for day, one in sorted(slices.items()):
            came = changed_at(company, spec, day)
            if came and one.made_at - _RUN_LASTS < came <= now - SETTLED_AFTER and (since is None or came > since):
                days.append(day)
        return days

    return patiently(changed, f"{company.name}: {spec.name}")


def _landed_rows(
    pipeline: Pipeline, company: Company, warehouse: Warehouse, spec: TableSpec, days: Sequence[date]
) -> dict[date, int]:
    """As they were counted when they landed, of the days that had any."""
    counts = pipeline.ref(spec_of(SourceCounts).name, company)
    with warehouse.read(counts, Days(min(days), max(days))) as reader:
        rows: list[dict[str, Any]] = reader.read_all().to_pylist()
    return {
        row["event_date"]: row["landed"]
        for row in rows
        if row["source_table"] == spec.name and row["event_date"] in days
    }


def _lagging(pipeline: Pipeline, company: Company, warehouse: Warehouse) -> set[date]:
    if spec_of(CampaignDays).name not in pipeline.tables:
        return set()
    table = pipeline.ref(spec_of(CampaignDays).name, company)
    made = warehouse.days(table)
    if not made:
        return set()
    with warehouse.read(table, Days.one(made[-1])) as reader:
        rows: list[dict[str, Any]] = reader.read_all().to_pylist()
    return set(lagging_days(rows))
