"""Which runs take in what came late: pure decisions on days and tables.

Not here: what is late (late_feeds.py), and asking for the runs (late.py).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby

from recs_platform.automation.plan import Step
from recs_platform.campaign.late import days_to_make_again
from recs_platform.companies.model import Company
from recs_platform.pipeline.pipeline import Pipeline
from recs_platform.pipeline.stage import CAMPAIGNS
from recs_platform.schemas.table import Kind
from recs_platform.warehouse.slices import Days, ranges


@dataclass(frozen=True)
class Load:
    """A run that loaded late days."""

    run_id: str
    days: Days
    tables: frozenset[str]
    ended: datetime


def steps_to_load(company: Company, affected: Mapping[str, Collection[date]]) -> Iterator[Step]:
    """The runs that make days of logs again, oldest first: days that follow each other and need the same tables are one
    run."""
    of_day: defaultdict[date, set[str]] = defaultdict(set)
    for table, days in affected.items():
        for day in days:
            of_day[day].add(table)
    for tables, same in groupby(sorted(of_day), key=lambda day: frozenset(of_day[day])):
        for days_of_run in ranges(same):
            yield Step(company.name, company.strategy.name, days_of_run, history=True, tables=tables)


def steps_to_make_again(
    pipeline: Pipeline, company: Company, loads: Sequence[Load], made: Mapping[str, Mapping[date, datetime]]
) -> Iterator[tuple[Step, str]]:
    """The runs that make the campaign tables again that show what was loaded and are older than that, oldest day first,
    each with what it follows. `made` is when each slice of the campaign tables was made."""
    window = company.parameters.campaign_window_days
    wanted: defaultdict[date, set[str]] = defaultdict(set)
    follows: dict[date, str] = {}
    for load in sorted(loads, key=lambda load: (load.ended, load.run_id)):
        for table in campaign_tables(pipeline, load.tables):
            older = [day for day, at in made[table].items() if at < load.ended]
            for day in days_to_make_again(list(load.days), older, window):
                wanted[day].add(table)
                follows[day] = load.run_id
    for day in sorted(wanted):
        step = Step(company.name, company.strategy.name, Days.one(day), history=False, tables=frozenset(wanted[day]))
        yield step, follows[day]


def campaign_tables(pipeline: Pipeline, logs: Collection[str]) -> frozenset[str]:
    """The snapshots of the campaign stage that are made of these logs, without what is published and what is made of
    it."""
    published = {product.of.name for product in pipeline.products.values()}
    snapshots = (
        table.spec.name
        for stage in pipeline.stages
        if stage.name == CAMPAIGNS
        for table in stage.tables
        if table.spec.kind is Kind.SNAPSHOT
    )
    return frozenset(
        name for name in snapshots if (made_of := pipeline.made_of(name)) & set(logs) and not made_of & published
    )
