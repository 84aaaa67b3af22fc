"""Running a company's days in this process, as real Dagster runs that the UI shows like any other.

Which runs a range of days needs is `plan.py`'s; retrying, progress and printing are the caller's.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import dagster as dg

from recs_platform.automation.event_log import without_notes
from recs_platform.automation.interrupts import noticed_interrupts
from recs_platform.automation.jobs import COMPANY_TAG, daily_job, history_job
from recs_platform.automation.journal import RANGE_END, RANGE_START, ended_summary
from recs_platform.automation.partitions import partition_key
from recs_platform.automation.plan import Step
from recs_platform.automation.run_summary import RunSummary
from recs_platform.process import freeze_loaded_objects

CONSOLE, _RUN_LOGGER = "console", "recs.run"

OnEvent = Callable[[dg.DagsterEvent], None]


@dataclass(frozen=True)
class Outcome:
    step: Step
    run_id: str
    success: bool
    summary: RunSummary


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
