"""The sensor that runs a company's day when its feeds have come after all, after the morning's schedule failed or found
nothing.

It looks at companies whose schedule is on, from a quarter of an hour after its time. Feeds are asked only while a
day is missing. Days are made in order, up to the first whose feeds are not there. What failed is tried again when
something else has come, and not before: the run's key says what had come.

Not here: which days are missing and which runs make them (plan.py), and which of them have their feeds
(landed_days.py).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import partial

import dagster as dg

from recs_platform.automation.failures import guarded_tick
from recs_platform.automation.jobs import COMPANY_TAG, Job
from recs_platform.automation.journal import PARTITION
from recs_platform.automation.partitions import partition_key
from recs_platform.automation.plan import missing_days, plan
from recs_platform.automation.requests import run_request, under_way
from recs_platform.automation.scheduled import newest_due
from recs_platform.automation.sensors.cursor import Cursor
from recs_platform.automation.sensors.landed_days import Feeds, days_that_landed, feeds_of, feeds_that_tell, waits_for
from recs_platform.automation.sensors.turns import Answer, look_at_each
from recs_platform.automation.switches import scheduled_companies
from recs_platform.companies.model import Company
from recs_platform.patience import patiently
from recs_platform.pipeline.pipeline import Pipeline
from recs_platform.warehouse.protocol import Warehouse
from recs_platform.warehouse.slices import Days

EVERY_SECONDS = 120
_SCHEDULE_FIRST = timedelta(minutes=15)
"""The morning is the schedule's."""


def landing_sensor(
    pipeline: Pipeline, companies: Mapping[str, Company], job: Job, logs: Sequence[dg.AssetKey]
) -> dg.SensorDefinition:
    """One for a strategy and all of its companies. It is on, and does nothing for a company whose schedule is off."""

    sensor = f"{pipeline.strategy.name}_landing"

    @dg.sensor(
        name=sensor,
        job=job,
        minimum_interval_seconds=EVERY_SECONDS,
        default_status=dg.DefaultSensorStatus.RUNNING,
        required_resource_keys={"warehouse"},
        description="Makes a company's missing days as soon as their feeds have come, when the schedule found nothing "
        "in the morning, or failed. For companies whose schedule is on.",
    )
    @guarded_tick
    def landing(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        warehouse: Warehouse = context.resources.warehouse
        instance, now = context.instance, datetime.now(UTC)
        asked = scheduled_companies(instance) & companies.keys()
        busy = under_way(instance) if asked else {}
        cursor = Cursor.read(context.cursor).of(asked)
        known = cursor.known

        def look(name: str) -> Answer:
            if name in busy:
                return "a run is under way"
            company, day = companies[name], newest_due(companies[name], now - _SCHEDULE_FIRST)
            if not feeds_that_tell(company, pipeline):
                return "its feeds do not say what has come; its schedule runs it"
            if day is None or known.get(name) == str(day):
                return "nothing is missing"

            def feeds(one: date) -> Feeds:
                return patiently(partial(feeds_of, company, pipeline, one, now), f"{name}: a feed")

            if (waiting := _waited_for(known.get(name), day, now)) and (lacking := feeds(waiting).lacking):
                return waits_for(lacking, waiting)
            missing = missing_days(company, pipeline, warehouse, day)
            if not missing:
                known[name] = str(day)
                return "nothing is missing"
            landed = days_that_landed(missing, feeds, lambda one: _failed_at(instance, name, one))
            if not landed.days:
                known[name] = _waiting(missing[0], day, now)
                return landed.why
            steps = plan(company, pipeline, warehouse, Days.one(landed.days[-1]), newest=day).steps
            return [run_request(step, logs, key=f"{step} landed {landed.mark}") for step in steps]

        turn = look_at_each(sensor, sorted(asked), cursor.last, look)
        if turn.troubles:
            context.log.warning(turn.words)
        return dg.SensorResult(
            run_requests=turn.requests,
            skip_reason=None if turn.requests else turn.words or "no company's schedule is on",
            cursor=Cursor(turn.last, known).write(),
        )

    return landing


def _waiting(missing: date, due: date, now: datetime) -> str:
    """What is remembered of a company whose first missing day has no feeds yet. It holds for an hour: somebody may make
    that day in another way."""
    return f"waits {missing} {due} {now:%Y-%m-%dT%H}"


def _waited_for(word: str | None, due: date, now: datetime) -> date | None:
    """The day that such a word is about, while it holds."""
    _, _, rest = (word or "").partition(" ")
    try:
        day = date.fromisoformat(rest.partition(" ")[0])
    except ValueError:
        return None
    return day if word == _waiting(day, due, now) else None


def _failed_at(instance: dg.DagsterInstance, company: str, day: date) -> datetime | None:
    """When the newest run of a day began, if it failed."""
    wanted = dg.RunsFilter(tags={COMPANY_TAG: company, PARTITION: partition_key(company, day)})
    newest = next(iter(instance.get_run_records(wanted, limit=1)), None)
    if newest is None or newest.dagster_run.status is not dg.DagsterRunStatus.FAILURE:
        return None
    return newest.create_timestamp
