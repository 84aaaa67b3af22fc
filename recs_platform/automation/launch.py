"""Running a company's days in this process, as real Dagster runs that the UI shows like any other.

Which runs a range of days needs is `plan.py`'s; retrying, progress and printing are the caller's.
"""

from __future__ import annotations

import signal
from collections.abc import Callable
from dataclasses import dataclass

import dagster as dg
from dagster._core.definitions.job_base import InMemoryJob
from dagster._core.execution.api import create_execution_plan, execute_run_iterator
from dagster._core.snap import snapshot_from_execution_plan

from recs_platform.automation.event_log import without_notes
from recs_platform.automation.interrupts import noticed_interrupts
from recs_platform.automation.jobs import COMPANY_TAG, daily_job, history_job
from recs_platform.automation.journal import RANGE_END, RANGE_START, ended_summary
from recs_platform.automation.origin import job_origin
from recs_platform.automation.partitions import partition_key
from recs_platform.automation.plan import Step
from recs_platform.automation.rerun import NEVER_AGAIN
from recs_platform.automation.run_summary import RunSummary
from recs_platform.clock import recording
from recs_platform.process import freeze_loaded_objects
from recs_platform.timings import RunTimings

OnEvent = Callable[[dg.DagsterEvent], None]

_QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
"""What a run says is printed by whoever started it; the UI shows its whole log."""


@dataclass(frozen=True)
class Outcome:
    step: Step
    run_id: str
    success: bool
    summary: RunSummary
    timings: RunTimings


def launch(defs: dg.Definitions, instance: dg.DagsterInstance, step: Step, on_event: OnEvent | None = None) -> Outcome:
    """Carry out one run in this process. A Ctrl-C that Python dropped ends it before its next step; without one, it
    is raised when the run is over."""
    with recording() as recorder:
        run_id, success, done = _carried_out(defs, instance, step, on_event)
        return Outcome(step, run_id, success, done, recorder.timings())


def _carried_out(
    defs: dg.Definitions, instance: dg.DagsterInstance, step: Step, on_event: OnEvent | None
) -> tuple[str, bool, RunSummary]:
    freeze_loaded_objects()
    job = defs.resolve_job_def(history_job(step.strategy) if step.history else daily_job(step.strategy))
    with noticed_interrupts() as interrupted, without_notes():
        run = _created_run(job, instance, step)
        success = False
        for event in execute_run_iterator(InMemoryJob(job), run, instance):
            success = success or event.event_type is dg.DagsterEventType.RUN_SUCCESS
            if on_event:
                on_event(event)
            if event.event_type is dg.DagsterEventType.STEP_START and interrupted():
                # Dagster takes it up where it can end the step, and the run with it.
                signal.raise_signal(signal.SIGINT)
        pressed = interrupted()
    done = ended_summary(instance, run.run_id, success=success)
    if pressed and not done.interrupted:
        raise KeyboardInterrupt
    return run.run_id, success, done


def _created_run(job: dg.JobDefinition, instance: dg.DagsterInstance, step: Step) -> dg.DagsterRun:
    """With everything that a run from the UI has: its partition or range, its job's snapshot, its origin."""
    origin = job_origin(job.name)
    tables = None if step.tables is None else frozenset(dg.AssetKey([step.strategy, table]) for table in step.tables)
    checks = None
    if step.checks is not None:
        checks = frozenset(dg.AssetCheckKey(dg.AssetKey([step.strategy, table]), name) for table, name in step.checks)
    selected = job.get_subset(asset_selection=tables, asset_check_selection=checks)
    # Whoever started it is there, and starts it again.
    tags = {**job.run_tags, **_partition_tags(job, step), COMPANY_TAG: step.company, **NEVER_AGAIN, **step.tags}
    ref = instance.get_ref() if instance.is_persistent else None
    plan = create_execution_plan(selected, run_config=_QUIET, tags=tags, instance_ref=ref)
    # Dagster's own short form of this knows no checks.
    return instance.create_run(
        job_name=job.name,
        run_id=None,
        run_config=_QUIET,
        status=None,
        tags=tags,
        root_run_id=None,
        parent_run_id=None,
        step_keys_to_execute=plan.step_keys_to_execute,
        execution_plan_snapshot=snapshot_from_execution_plan(plan, selected.get_job_snapshot_id()),
        job_snapshot=selected.get_job_snapshot(),
        parent_job_snapshot=selected.get_parent_job_snapshot(),
        asset_selection=tables,
        asset_check_selection=checks,
        resolved_op_selection=None,
        op_selection=None,
        remote_job_origin=origin.remote,
        job_code_origin=origin.code,
        asset_graph=selected.asset_layer.asset_graph,
    )


def _partition_tags(job: dg.JobDefinition, step: Step) -> dict[str, str]:
    last = partition_key(step.company, step.days.last)
    if step.history:
        return {RANGE_START: partition_key(step.company, step.days.first), RANGE_END: last}
    with dg.partition_loading_context() as context:
        job.validate_partition_key(last, selected_asset_keys=None, context=context)
    return dict(job.get_tags_for_partition_key(last, selected_asset_keys=None))
