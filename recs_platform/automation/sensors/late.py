"""The sensor that takes in what a feed delivered late: it loads exactly the days again that hold other rows now, and
then makes exactly the campaign tables again that show them.

It goes in two steps. First the logs: the days that changed, and the days of other logs that look back on them. When
those runs have succeeded, the snapshots of the campaign stage whose window shows a day that was loaded, and that are
older than that. What was recommended, published or learnt on a day stays as it was: it says what was known then.

It looks at companies whose schedule is on. Not here: what is late (late_feeds.py), and which runs that needs
(late_steps.py, pipeline/affected.py, campaign/late.py).
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta

import dagster as dg

from recs_platform.automation.failures import guarded_tick
from recs_platform.automation.jobs import LATE_TAG, Job
from recs_platform.automation.looks.run_facts import whose
from recs_platform.automation.requests import run_request, under_way
from recs_platform.automation.sensors.cursor import Cursor
from recs_platform.automation.sensors.late_feeds import Late, late_days
from recs_platform.automation.sensors.late_steps import Load, campaign_tables, steps_to_load, steps_to_make_again
from recs_platform.automation.sensors.turns import Answer, look_at_each
from recs_platform.automation.switches import scheduled_companies
from recs_platform.companies.model import Company
from recs_platform.pipeline.affected import affected_logs
from recs_platform.pipeline.pipeline import Pipeline
from recs_platform.schemas.landing import landed
from recs_platform.schemas.table import Kind, spec_of
from recs_platform.warehouse.protocol import Warehouse

EVERY_SECONDS = 300
LOADS, MAKES = "load", "make again"
"""What a run under LATE_TAG does."""
_REST = timedelta(hours=1)
"""Between two looks at a company whose feeds agree with what was loaded."""
_FOLLOWED = timedelta(days=14)
"""For so long snapshots follow what was loaded."""


def late_sensor(
    pipeline: Pipeline, companies: Mapping[str, Company], job: Job, logs: Sequence[dg.AssetKey]
) -> dg.SensorDefinition:
    """One for a strategy and all of its companies. It is on, and does nothing for a company whose schedule is off."""

    sensor = f"{pipeline.strategy.name}_late_data"

    @dg.sensor(
        name=sensor,
        job=job,
        minimum_interval_seconds=EVERY_SECONDS,
        default_status=dg.DefaultSensorStatus.RUNNING,
        required_resource_keys={"warehouse"},
        description="Loads the days again of which a feed holds other rows now than when they were loaded, and then "
        "makes the campaign tables again that show them. For companies whose schedule is on.",
    )
    @guarded_tick
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

        turn = look_at_each(sensor, sorted(asked), cursor.last, look)
        if turn.troubles:
            context.log.warning(turn.words)
        return dg.SensorResult(
            run_requests=turn.requests,
            skip_reason=None if turn.requests else turn.words or "no company's schedule is on",
            cursor=Cursor(turn.last, known).write(),
        )

    return late_data


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
        company, days = whose(run)
        if days is None:  # somebody has started it by hand
            continue
        tables = frozenset(key.path[-1] for key in run.asset_selection or ())
        ended = datetime.fromtimestamp(record.end_time, UTC) if record.end_time else record.update_timestamp
        loads[company].append(Load(run.run_id, days, tables, ended))
    return loads


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _mark(words: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(sorted(words)).encode()).hexdigest()[:12]
