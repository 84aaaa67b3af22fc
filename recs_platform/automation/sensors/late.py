"""The sensor that takes in what a feed delivered late: it loads exactly the days again that hold other rows now, and
then makes exactly the campaign tables again that show them.

It goes in two steps. First the logs: the days that changed, and the days of other logs that look back on them. When
those runs have succeeded, the snapshots of the campaign stage whose window shows a day that was loaded, and that are
older than that. What was recommended, published or learnt on a day stays as it was: it says what was known then.

Files are looked at by their times, and counted only where one is newer than what was made of it; databases are asked
for the last days and for those whose opens and clicks are missing. It looks at companies whose schedule is on.

Not here: the decisions on days (campaign/late.py, pipeline/affected.py), and asking a feed (sources/arrivals.py).
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import partial
from itertools import groupby
from typing import Any

import dagster as dg

from recs_platform.automation.jobs import COMPANY_TAG, Job
from recs_platform.automation.journal import asked_partitions
from recs_platform.automation.partitions import company_and_days
from recs_platform.automation.plan import Step
from recs_platform.automation.requests import run_request, under_way
from recs_platform.automation.scheduled import newest_due, scheduled_companies
from recs_platform.automation.sensors.cursor import Cursor
from recs_platform.automation.sensors.turns import Answer, look_at_each, patiently
from recs_platform.campaign.late import days_to_load, days_to_make_again, lagging_days
from recs_platform.companies.model import Company
from recs_platform.companies.query_parameters import campaign_window
from recs_platform.companies.source_config import SqlSource
from recs_platform.pipeline.affected import affected_logs
from recs_platform.pipeline.pipeline import Pipeline
from recs_platform.pipeline.stage import CAMPAIGNS
from recs_platform.schemas.campaign import CampaignDays
from recs_platform.schemas.landing import landed
from recs_platform.schemas.sources import SourceCounts
from recs_platform.schemas.table import Kind, TableSpec, spec_of
from recs_platform.sources.arrivals import SETTLED_AFTER, changed_at, has_files_by_day, rows_now
from recs_platform.warehouse.protocol import Warehouse
from recs_platform.warehouse.slices import Days, Slice, ranges

EVERY_SECONDS = 300
LATE_TAG = "recs/late"
LOADS, MAKES = "load", "make again"
"""What a run under this tag does."""
_REST = timedelta(hours=1)
"""Between two looks at a company whose feeds agree with what was loaded."""
_RUN_LASTS = timedelta(hours=1)
"""A file that came so long before a slice was made may have come while it was being read."""
_ASKED_DAYS = 7
"""The newest days that a database is asked for."""
_FOLLOWED = timedelta(days=14)
"""For so long snapshots follow what was loaded."""


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


def late_sensor(
    pipeline: Pipeline, companies: Mapping[str, Company], job: Job, logs: Sequence[dg.AssetKey]
) -> dg.SensorDefinition:
    """One for a strategy and all of its companies. It is on, and does nothing for a company whose schedule is off."""

    @dg.sensor(
        name=f"{pipeline.strategy.name}_late_data",
        job=job,
        minimum_interval_seconds=EVERY_SECONDS,
        default_status=dg.DefaultSensorStatus.RUNNING,
        required_resource_keys={"warehouse"},
        description="Loads the days again of which a feed holds other rows now than when they were loaded, and then "
        "makes the campaign tables again that show them. For companies whose schedule is on.",
    )
    def late_data(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        warehouse: Warehouse = context.resources.warehouse
        instance, now = context.instance, datetime.now(UTC)
        asked = scheduled_companies(instance) & companies.keys()
        busy, loads = (under_way(instance), _loads(instance, now)) if asked else ({}, {})
        cursor = Cursor.read(context.cursor).of(asked)
        known = cursor.known

        def look(name: str) -> Answer:
            if name in busy:
                return "a run is under way"
            company = companies[name]
            if name in loads and (again := _to_make_again(pipeline, company, warehouse, loads[name], logs)):
                return again
            looked = _moment(known.get(name))
            if looked and looked > now - _REST:
                return "nothing is late"
            late = late_days(pipeline, company, warehouse, now, looked)
            if not late:
                known[name] = now.isoformat()
                return "nothing is late"
            return _to_load(pipeline, company, warehouse, late, logs)

        turn = look_at_each(sorted(asked), cursor.last, look)
        if turn.troubles:
            context.log.warning(turn.words)
        return dg.SensorResult(
            run_requests=turn.requests,
            skip_reason=None if turn.requests else turn.words or "no company's schedule is on",
            cursor=Cursor(turn.last, known).write(),
        )

    return late_data


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
    if isinstance(source, SqlSource) and source.dated:
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


def _to_load(
    pipeline: Pipeline, company: Company, warehouse: Warehouse, late: Sequence[Late], logs: Sequence[dg.AssetKey]
) -> list[dg.RunRequest]:
    changed: defaultdict[str, set[date]] = defaultdict(set)
    models = {spec_of(model).name: model for model in company.strategy.source_tables}
    for one in late:
        changed[spec_of(landed(models[one.table])).name].add(one.loaded.day)
    made = {
        name: frozenset(warehouse.days(pipeline.ref(name, company)))
        for name in pipeline.tables
        if pipeline.specs[name].kind is Kind.LOG
    }
    # The same rows late over the same slice are the same request, however often they are seen.
    mark = _mark(f"{one.table} {one.loaded.day} {one.loaded.made_at.isoformat()} {one.rows}" for one in late)
    return [
        run_request(step.tagged({LATE_TAG: LOADS}), logs, key=f"{step} late {mark}")
        for step in steps_to_load(company, affected_logs(pipeline, company, changed, made))
    ]


def _to_make_again(
    pipeline: Pipeline, company: Company, warehouse: Warehouse, loads: Sequence[Load], logs: Sequence[dg.AssetKey]
) -> list[dg.RunRequest]:
    tables = campaign_tables(pipeline, frozenset[str]().union(*(load.tables for load in loads)))
    made = {table: {one.day: one.made_at for one in warehouse.slices(pipeline.ref(table, company))} for table in tables}
    return [
        run_request(step.tagged({LATE_TAG: MAKES}), logs, key=f"{step} after {follows}")
        for step, follows in steps_to_make_again(pipeline, company, loads, made)
    ]


def _loads(instance: dg.DagsterInstance, now: datetime) -> dict[str, list[Load]]:
    """The runs that loaded late days, by company."""
    wanted = dg.RunsFilter(
        tags={LATE_TAG: LOADS}, statuses=[dg.DagsterRunStatus.SUCCESS], created_after=now - _FOLLOWED
    )
    loads: defaultdict[str, list[Load]] = defaultdict(list)
    for record in instance.get_run_records(wanted):
        run = record.dagster_run
        _, days = company_and_days(asked_partitions(run))
        tables = frozenset(key.path[-1] for key in run.asset_selection or ())
        ended = datetime.fromtimestamp(record.end_time, UTC) if record.end_time else record.update_timestamp
        loads[run.tags[COMPANY_TAG]].append(Load(run.run_id, days, tables, ended))
    return loads


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _mark(words: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(sorted(words)).encode()).hexdigest()[:12]
