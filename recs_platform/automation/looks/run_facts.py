"""What there is to know of a run that has ended, read from its events.

A run that says nothing of why it failed was ended from outside: its process is gone, and somebody else has noticed.

Not here: what of it is trouble (run_findings.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

import dagster as dg
from dagster._core.events import RunFailureReason
from dagster._core.storage.dagster_run import RunRecord
from dagster._core.storage.tags import WILL_RETRY_TAG

from recs_platform.alerts.finding import MOST_EXAMPLES, PLATFORM
from recs_platform.automation.failures import FailureCause, cause_of
from recs_platform.automation.figures import figure
from recs_platform.automation.jobs import COMPANY_TAG, LATE_TAG, is_daily_job
from recs_platform.automation.journal import RANGE_START, asked_partitions
from recs_platform.automation.markdown import rows_of
from recs_platform.automation.partitions import company_and_days
from recs_platform.automation.run_summary import is_of_checks, strategy_and_table
from recs_platform.errors import ConfigError
from recs_platform.warehouse.slices import Days

_READ = {
    dg.DagsterEventType.ASSET_MATERIALIZATION,
    dg.DagsterEventType.ASSET_CHECK_EVALUATION,
    dg.DagsterEventType.STEP_FAILURE,
    dg.DagsterEventType.RUN_FAILURE,
}


class Ending(StrEnum):
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    KILLED = "killed"
    """Its process is gone."""
    TOO_LONG = "too long"
    """It did not start, or did not end, within the time that it had, and Dagster gave it up."""
    STOPPED = "stopped"
    """By somebody."""


@dataclass(frozen=True)
class Verdict:
    """What a check came to."""

    table: str
    check: str
    passed: bool
    blocks: bool
    """Of severity error."""
    words: str
    rows: int | None = None
    """That break the rule."""
    examples: tuple[str, ...] = ()
    """Some of them, masked."""


@dataclass(frozen=True)
class Failed:
    """A step that failed, or the run itself before its first step."""

    table: str
    """Empty of the run itself."""
    cause: FailureCause
    by_checks: bool = False
    """The step judged the table, which is made."""


@dataclass(frozen=True)
class RunFacts:
    run_id: str
    job: str
    company: str
    """Or PLATFORM."""
    days: Days | None
    ending: Ending
    ended_at: datetime
    strategy: str = ""
    verdicts: tuple[Verdict, ...] = ()
    failures: tuple[Failed, ...] = ()
    made: Mapping[str, int | None] = field(default_factory=dict)
    """Table: its rows, of what the run made."""
    tried_again: bool = False
    """Dagster starts it once more by itself."""
    part: str = ""
    """What it was started for, if that is less than its days: `part_of`."""

    @property
    def about(self) -> str:
        """What the run was for, in words."""
        return about(self.days, self.job)

    def asset(self, table: str) -> str | None:
        return f"{self.strategy}/{table}" if self.strategy and table else None


def facts_of(instance: dg.DagsterInstance, record: RunRecord) -> RunFacts:
    """Of a run that has ended."""
    run = record.dagster_run
    company, days = whose(run)
    verdicts: list[Verdict] = []
    steps: list[Failed] = []
    itself: list[Failed] = []
    made: dict[str, int | None] = {}
    strategy, ending = "", _of_status(run.status)
    for entry in instance.all_logs(run.run_id, of_type=_READ):
        event = entry.dagster_event
        if event is None:
            continue
        if event.event_type is dg.DagsterEventType.ASSET_MATERIALIZATION:
            materialized = event.step_materialization_data.materialization
            rows = figure(materialized.metadata, "rows")
            made[materialized.asset_key.path[-1]] = None if rows is None else int(rows)
            strategy = strategy or materialized.asset_key.path[0]
        elif event.event_type is dg.DagsterEventType.ASSET_CHECK_EVALUATION:
            verdicts.append(_verdict(event.asset_check_evaluation_data))
            strategy = strategy or event.asset_check_evaluation_data.asset_key.path[0]
        elif event.event_type is dg.DagsterEventType.STEP_FAILURE:
            of, table = strategy_and_table(event.step_key)
            strategy = strategy or of
            cause = cause_of(event.step_failure_data.error, f"step {event.step_key} failed")
            steps.append(Failed(table, cause, is_of_checks(event.step_key)))
        elif event.event_specific_data is None:
            # Whoever was not in the run reported it.
            ending = _reported(event.message or "")
        elif event.job_failure_data.failure_reason is RunFailureReason.START_TIMEOUT:
            ending = Ending.TOO_LONG
        elif event.job_failure_data.error is not None:
            itself.append(Failed("", cause_of(event.job_failure_data.error, "the run failed")))
    failures = tuple(steps or itself)
    if any(failed.cause.interrupted for failed in failures):
        ending = Ending.STOPPED
    return RunFacts(
        run_id=run.run_id,
        job=run.job_name,
        company=company,
        days=days,
        ending=ending,
        ended_at=_ended_at(record),
        strategy=strategy,
        verdicts=tuple(verdicts),
        failures=failures,
        made=made,
        tried_again=run.tags.get(WILL_RETRY_TAG) == "true",
        part=part_of(run),
    )


def whose(run: dg.DagsterRun) -> tuple[str, Days | None]:
    """The company and the days of a run; PLATFORM where it is for none, or for several."""
    keys = asked_partitions(run)
    try:
        if keys:
            return company_and_days(keys)
    except (ConfigError, ValueError):
        return PLATFORM, None
    return run.tags.get(COMPANY_TAG, PLATFORM), None


def about(days: Days | None, job: str) -> str:
    return str(days or job)


def part_of(run: dg.DagsterRun) -> str:
    """What a run is for that does not make whole days; empty of one that does."""
    if LATE_TAG in run.tags:
        return "late data"
    if RANGE_START in run.tags:
        return "logs"
    return "" if is_daily_job(run.job_name) else run.job_name


def examples_of(metadata: Mapping[str, dg.MetadataValue[Any]]) -> tuple[str, ...]:
    """The rows that a check shows, each as a text."""
    shown = metadata.get("examples")
    rows = rows_of(str(shown.value)) if shown is not None else []
    return tuple(
        ", ".join(f"{name}: {value}" for name, value in row.items() if value != "None") for row in rows[:MOST_EXAMPLES]
    )


def _verdict(verdict: dg.AssetCheckEvaluation) -> Verdict:
    counted = figure(verdict.metadata, "violations")
    return Verdict(
        table=verdict.asset_key.path[-1],
        check=verdict.check_name,
        passed=verdict.passed,
        blocks=verdict.severity is dg.AssetCheckSeverity.ERROR,
        words=verdict.description or "",
        rows=None if counted is None or verdict.passed else int(counted),
        examples=() if verdict.passed else examples_of(verdict.metadata),
    )


def _of_status(status: dg.DagsterRunStatus) -> Ending:
    if status is dg.DagsterRunStatus.SUCCESS:
        return Ending.SUCCEEDED
    return Ending.STOPPED if status is dg.DagsterRunStatus.CANCELED else Ending.FAILED


def _reported(message: str) -> Ending:
    """How Dagster's own monitoring says that a run went on for too long stands in its messages alone."""
    too_long = "maximum runtime" in message or "forcibly marked" in message
    return Ending.TOO_LONG if too_long else Ending.KILLED


def _ended_at(record: RunRecord) -> datetime:
    return datetime.fromtimestamp(record.end_time, UTC) if record.end_time else record.update_timestamp
