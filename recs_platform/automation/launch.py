"""Running a company's days in this process, as real Dagster runs that the UI shows like any other.

`plan` says which runs a range of days needs; `launch` carries one out. Retrying, progress and printing are the
caller's.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import groupby

import dagster as dg

from recs_platform.automation.event_log import without_notes
from recs_platform.automation.interrupts import noticed_interrupts
from recs_platform.automation.jobs import COMPANY_TAG, daily_job, history_job
from recs_platform.automation.journal import RANGE_END, RANGE_START, ended_summary
from recs_platform.automation.partitions import partition_key
from recs_platform.automation.run_summary import RunSummary
from recs_platform.companies.model import Company
from recs_platform.errors import ConfigError
from recs_platform.pipeline.pipeline import Pipeline
from recs_platform.pipeline.reach import reach
from recs_platform.process import freeze_loaded_objects
from recs_platform.schemas.table import Kind
from recs_platform.warehouse.protocol import Warehouse
from recs_platform.warehouse.slices import Days

CONSOLE, _RUN_LOGGER = "console", "recs.run"

OnEvent = Callable[[dg.DagsterEvent], None]


@dataclass(frozen=True)
class Step:
    """One run: a company's whole day, or its logs for a range of days."""

    company: str
    strategy: str
    days: Days
    history: bool
    tables: frozenset[str] | None = None
    """Only these tables of the day; all when None."""
    tags: Mapping[str, str] = field(default_factory=dict)

    def tagged(self, tags: Mapping[str, str]) -> Step:
        return replace(self, tags=tags)

    def __str__(self) -> str:
        return f"{self.company} {'history ' if self.history else ''}{self.days}"


@dataclass(frozen=True)
class Outcome:
    step: Step
    run_id: str
    success: bool
    summary: RunSummary


def check_days(company: Company, days: Days) -> None:
    """Refuse days that the company does not have."""
    if days.first < company.start_date:
        raise ConfigError(
            f"{company.name} starts on {company.start_date}; there is nothing for {days.first} before it."
        )


def plan(company: Company, pipeline: Pipeline, warehouse: Warehouse, days: Days) -> list[Step]:
    """The runs that make these days: missing history of the look-back window in one run, then each day.

    Days on which the strategy makes no snapshots get their logs alone, as many days in a run as follow each other.
    """
    check_days(company, days)
    before = Days(reach(pipeline, company, days).first, days.first)
    missing = _missing_days(company, pipeline, warehouse, before)
    steps = []
    if missing:
        steps.append(Step(company.name, company.strategy.name, Days(missing[0], missing[-1]), history=True))
    for is_due, together in groupby(days, company.strategy.cadence.is_due):
        group = list(together)
        if is_due:
            steps += [Step(company.name, company.strategy.name, Days.one(day), history=False) for day in group]
        else:
            steps.append(Step(company.name, company.strategy.name, Days(group[0], group[-1]), history=True))
    return steps


def plan_backfill(company: Company, pipeline: Pipeline, days: Days) -> list[Step]:
    """The runs that make a range again: its logs, with the history they need, in one run; then the rest of each day on
    which snapshots are due."""
    check_days(company, days)
    logs = Step(company.name, company.strategy.name, reach(pipeline, company, days), history=True)
    daily = frozenset(pipeline.tables) - logs_of_logs(pipeline)
    due = [day for day in days if company.strategy.cadence.is_due(day)]
    return [logs] + [
        Step(company.name, company.strategy.name, Days.one(day), history=False, tables=daily) for day in due
    ]


def logs_of_logs(pipeline: Pipeline) -> frozenset[str]:
    """The logs that are made of nothing but logs: a run over a range makes them as every day by itself would."""
    pure_logs: set[str] = set()
    logs = {name for name, spec in pipeline.specs.items() if spec.kind is Kind.LOG}
    while grown := {name for name in logs - pure_logs if pipeline.inputs(name) <= pure_logs}:
        pure_logs |= grown
    return frozenset(pure_logs)


def launch(defs: dg.Definitions, instance: dg.DagsterInstance, step: Step, on_event: OnEvent | None = None) -> Outcome:
    """Carry out one run in this process. A Ctrl-C that Python dropped ends it before its next step; without one, it
    is raised when the run is over."""
    freeze_loaded_objects()
    job = defs.resolve_job_def(history_job(step.strategy) if step.history else daily_job(step.strategy))
    tags = {COMPANY_TAG: step.company, **step.tags}
    key = partition_key(step.company, step.days.last)
    if step.history:
        tags |= {RANGE_START: partition_key(step.company, step.days.first), RANGE_END: key}
    with noticed_interrupts() as interrupted, _events_to(on_event, interrupted), without_notes():
        result = job.execute_in_process(
            instance=instance,
            partition_key=None if step.history else key,
            asset_selection=[dg.AssetKey([step.strategy, t]) for t in sorted(step.tables)] if step.tables else None,
            tags=tags,
            run_config={"loggers": {CONSOLE: {}}},
            raise_on_error=False,
        )
        pressed = interrupted()
    done = ended_summary(instance, result.run_id, success=result.success)
    if pressed and not done.interrupted:
        raise KeyboardInterrupt
    return Outcome(step, result.run_id, result.success, done)


def _missing_days(company: Company, pipeline: Pipeline, warehouse: Warehouse, days: Days) -> list[date]:
    """The days before the last one that some log lacks: a run that was killed has made the first of them and not the
    last. A slice without rows is there."""
    wanted = set(days) - {days.last}
    logs = [name for name, spec in pipeline.specs.items() if spec.kind is Kind.LOG]
    present = [set(warehouse.days(pipeline.ref(name, company))) for name in logs]
    return sorted(day for day in wanted if any(day not in of_table for of_table in present))


def _run_logger(init_context: dg.InitLoggerContext) -> logging.Logger:  # noqa: ARG001  (Dagster's signature)
    logger = logging.getLogger(_RUN_LOGGER)
    logger.setLevel(logging.DEBUG)
    logger.propagate = False
    return logger


quiet_logger = dg.LoggerDefinition(
    _run_logger, description="Hands a run's events to the process that launched it, and prints nothing."
)


class _EventHandler(logging.Handler):
    def __init__(self, on_event: OnEvent | None, interrupted: Callable[[], bool]) -> None:
        super().__init__()
        self.on_event = on_event
        self.interrupted = interrupted

    def emit(self, record: logging.LogRecord) -> None:
        event = getattr(record, "dagster_meta", {}).get("dagster_event")
        if not isinstance(event, dg.DagsterEvent):
            return
        if self.on_event:
            self.on_event(event)
        if event.event_type is dg.DagsterEventType.STEP_START and self.interrupted():
            raise dg.DagsterExecutionInterruptedError


@contextmanager
def _events_to(on_event: OnEvent | None, interrupted: Callable[[], bool]) -> Iterator[None]:
    logger = logging.getLogger(_RUN_LOGGER)
    handler = _EventHandler(on_event, interrupted)
    logger.addHandler(handler)
    try:
        yield
    finally:
        logger.removeHandler(handler)
