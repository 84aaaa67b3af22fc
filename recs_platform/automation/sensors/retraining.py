"""The sensor that starts a training when the newest drift report asks for one.

It starts the newest day's run again from its training plan on, with the reasons in the run's tags. The calendar and a
missing model ask in the daily run itself (the plan). Recorded trainings, the runs that were requested, and run keys
make a tick harmless however often it comes; the cursor says only whose turn is next.

Not here: what asks and what holds it back (`models/drift_episodes.py`, `models/retraining.py`).
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import groupby
from typing import Any

import dagster as dg

from recs_platform.automation.failures import guarded_tick
from recs_platform.automation.jobs import COMPANY_TAG, Job, training_job
from recs_platform.automation.journal import PARTITION
from recs_platform.automation.partitions import company_and_days, partition_key
from recs_platform.automation.sensors.cursor import Cursor
from recs_platform.automation.sensors.turns import Answer, look_at_each
from recs_platform.companies.model import Company
from recs_platform.declarations.strategy import TrainedModel
from recs_platform.model_registry.run_tags import reasons_of, tags_of
from recs_platform.model_registry.shelf import open_shelf
from recs_platform.models.drift_episodes import DailyReport, ReportedFigure, reasons_from_drift
from recs_platform.models.retraining import Run, State, decide
from recs_platform.pipeline.due import days_between
from recs_platform.pipeline.pipeline import Pipeline
from recs_platform.warehouse.protocol import Warehouse
from recs_platform.warehouse.slices import Days, TableRef

EVERY_SECONDS = 300
_BLOCK = 28
"""Days of reports that are read at once; one block is enough unless a drift lasts longer."""
_REQUESTED = 50
"""Newest requested runs that are looked at; older ones have begun, and are recorded, or never will."""


def retraining_sensor(pipeline: Pipeline, companies: Mapping[str, Company], job: Job) -> dg.SensorDefinition:
    """One for a strategy and all of its companies; off until somebody turns it on, as schedules are."""
    trained = pipeline.strategy.model
    if trained is None:
        raise ValueError(f"{pipeline.strategy} trains no model")
    sensor = f"{pipeline.strategy.name}_retraining"

    @dg.sensor(
        name=sensor,
        job=job,
        minimum_interval_seconds=EVERY_SECONDS,
        required_resource_keys={"warehouse"},
        description="Trains when the newest drift report of a company shows drift, a changed volume or new "
        "categories: once per shift, and no sooner than the cool-down allows.",
    )
    @guarded_tick
    def retraining(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        warehouse: Warehouse = context.resources.warehouse

        def look(name: str) -> Answer:
            answer = ask(pipeline, trained, companies[name], warehouse, context.instance)
            return [answer] if isinstance(answer, dg.RunRequest) else answer

        turn = look_at_each(sensor, list(companies), Cursor.read(context.cursor).last, look)
        return dg.SensorResult(
            run_requests=turn.requests,
            skip_reason=None if turn.requests else turn.words,
            cursor=Cursor(turn.last).write(),
        )

    return retraining


def ask(
    pipeline: Pipeline, trained: TrainedModel, company: Company, warehouse: Warehouse, instance: dg.DagsterInstance
) -> dg.RunRequest | str:
    """The run that a company needs, or why it needs none."""
    table = pipeline.ref(trained.drift, company)
    days = warehouse.days(table)
    if not days:
        return "no drift report yet"
    today, policy = days[-1], trained.policy(company)
    begun = open_shelf(company.name, run_id="").trainings(trained.task.model)
    runs = (*begun, *requested(instance, pipeline.strategy.name, company.name))
    asked_by_drift = reasons_from_drift(
        policy, company.name, reports(warehouse, table), runs, days_between=days_between(pipeline, trained.drift)
    )
    # The calendar is the run's of the day to ask by, and it has done so when the day has a report.
    by_drift = replace(policy, weekday=None, every_days=None)
    decision = decide(by_drift, State(today, unusable=None, drift_reasons=asked_by_drift, runs=runs))
    if not decision.train:
        return f"{decision.words} ({today})"
    return dg.RunRequest(
        run_key=",".join(reason.evidence_id for reason in decision.reasons),
        partition_key=partition_key(company.name, today),
        tags={COMPANY_TAG: company.name, **tags_of(decision.reasons)},
    )


def requested(instance: dg.DagsterInstance, strategy: str, company: str) -> tuple[Run, ...]:
    """The trainings that were asked for, so that a tick before a run begins its training does not ask again."""
    wanted = dg.RunsFilter(job_name=training_job(strategy), tags={COMPANY_TAG: company})
    asked = [
        Run(company_and_days([run.tags[PARTITION]])[1].last, reasons_of(run.tags))
        for run in instance.get_runs(wanted, limit=_REQUESTED)
        if PARTITION in run.tags
    ]
    # One that was started without reasons asks nothing, and trains only if the calendar does.
    return tuple(run for run in asked if run.reasons)


def reports(warehouse: Warehouse, table: TableRef) -> Iterator[DailyReport]:
    """The drift reports, the newest first. A day whose slice is there counts, though it may have no rows."""
    days = sorted(warehouse.days(table), reverse=True)
    for start in range(0, len(days), _BLOCK):
        block = days[start : start + _BLOCK]
        with warehouse.read(table, Days(block[-1], block[0])) as reader:
            rows: list[dict[str, Any]] = reader.read_all().to_pylist()
        rows.sort(key=lambda row: (row["as_of"], row["name"], row["figure"]))
        by_day = {day: [_figure(row) for row in same] for day, same in groupby(rows, key=lambda row: row["as_of"])}
        yield from (DailyReport(day, by_day.get(day, [])) for day in block)


def _figure(row: Mapping[str, Any]) -> ReportedFigure:
    return ReportedFigure(row["name"], row["figure"], row["verdict"], row["words"])
