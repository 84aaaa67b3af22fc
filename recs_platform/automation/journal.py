"""Every run, from wherever it was started, in the job log: a resource that opens with the run and closes with it.

What a run did is read from Dagster's own event log, so there is nothing to keep in step. A run that is killed stays
`running` here; `recs status` compares with what Dagster knows of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple

import dagster as dg
from dagster_shared.error import SerializableErrorInfo

from recs_platform import errors
from recs_platform.automation.locks import company_lock
from recs_platform.automation.partitions import company_and_days
from recs_platform.platform_db import job_log
from recs_platform.platform_db.engine import engine, upgrade
from recs_platform.platform_db.tables import Status
from recs_platform.warehouse.slices import Days

PARTITION = "dagster/partition"
RANGE_START, RANGE_END = "dagster/asset_partition_range_start", "dagster/asset_partition_range_end"


@dataclass(frozen=True)
class RunSummary:
    """What a run's events add up to."""

    assets: int
    rows: int
    checks_passed: int
    checks_warned: int
    checks_failed: int
    warnings: tuple[str, ...]
    errors: tuple[str, ...]
    seconds: Mapping[str, float]
    """Of each table, to write, audit and publish it."""
    user_mistake: bool
    """Every error is a mistake that its author can put right."""
    interrupted: bool = False
    """Somebody stopped it (Ctrl-C, or from the UI)."""


class RunJournal(dg.ConfigurableResource[None]):
    """Writes a row of the job log when a run starts and again when it ends. A company's runs wait for each other."""

    database_url: str

    @contextmanager
    def yield_for_execution(self, context: dg.InitResourceContext) -> Iterator[None]:
        run, instance = context.run, context.instance
        keys = [run.tags[tag] for tag in (PARTITION, RANGE_START, RANGE_END) if run and tag in run.tags]
        if run is None or instance is None or not keys:
            yield None
            return
        company, days = company_and_days(keys)
        with company_lock(company):
            yield from self._logged(run, instance, company, days)

    def _logged(self, run: dg.DagsterRun, instance: dg.DagsterInstance, company: str, days: Days) -> Iterator[None]:
        database = engine(self.database_url)
        upgrade(database)
        job_log.started(
            database,
            run_id=run.run_id,
            job=run.job_name,
            strategy=_strategy(run),
            company=company,
            first_date=days.first,
            last_date=days.last,
            started_at=datetime.now(UTC),
        )
        try:
            yield None
        finally:
            done = summary(instance, run.run_id)
            _told[run.run_id] = done
            job_log.ended(
                database,
                run.run_id,
                status=Status.FAILED if done.errors else Status.SUCCEEDED,
                ended_at=datetime.now(UTC),
                assets=done.assets,
                rows=done.rows,
                checks_passed=done.checks_passed,
                checks_warned=done.checks_warned,
                checks_failed=done.checks_failed,
                message=done.errors[0] if done.errors else "",
            )
            database.dispose()


def told(instance: dg.DagsterInstance, run_id: str, *, success: bool) -> RunSummary:
    """What a run of this process did, as its journal added it up: a range's events are thousands. What a failed run
    says last comes after its journal has closed."""
    noted = _told.pop(run_id, None)
    return noted if noted and success else summary(instance, run_id)


def summary(instance: dg.DagsterInstance, run_id: str) -> RunSummary:
    """Add up a run's events; a range materializes one slice per table, however many partitions it has."""
    rows: dict[dg.AssetKey, int] = {}
    seconds: dict[str, float] = {}
    verdicts: list[dg.AssetCheckEvaluation] = []
    failures: list[_Failure] = []
    of_run: list[_Failure] = []
    for record in instance.all_logs(run_id, of_type=_TOLD):
        event = record.dagster_event
        if event is None:
            continue
        if event.event_type is dg.DagsterEventType.ASSET_MATERIALIZATION:
            materialization = event.step_materialization_data.materialization
            counted = materialization.metadata.get("rows")
            rows[materialization.asset_key] = int(str(counted.value)) if counted else 0
            took = materialization.metadata.get("seconds")
            seconds[materialization.asset_key.path[-1]] = float(str(took.value)) if took else 0.0
        elif event.event_type is dg.DagsterEventType.ASSET_CHECK_EVALUATION:
            verdicts.append(event.asset_check_evaluation_data)
        elif event.event_type is dg.DagsterEventType.STEP_FAILURE:
            failures.append(_root_cause(event.step_failure_data.error, f"step {event.step_key} failed"))
        elif event.job_failure_data.error is not None:
            of_run.append(_root_cause(event.job_failure_data.error, "the run failed"))
    failures = failures or of_run  # a run that fails before its first step (no database) says so itself
    broken = [verdict for verdict in verdicts if not verdict.passed]
    warned = sum(verdict.severity is dg.AssetCheckSeverity.WARN for verdict in broken)
    return RunSummary(
        assets=len(rows),
        rows=sum(rows.values()),
        checks_passed=len(verdicts) - len(broken),
        checks_warned=warned,
        checks_failed=len(broken) - warned,
        warnings=tuple(f"{v.asset_key.to_user_string()}: {v.check_name}: {v.description}" for v in broken),
        errors=tuple(failure.message for failure in failures),
        seconds=seconds,
        user_mistake=bool(failures) and all(failure.user_mistake for failure in failures),
        interrupted=any(failure.interrupted for failure in failures),
    )


_told: dict[str, RunSummary] = {}
"""Of runs that have just ended in this process."""


class _Failure(NamedTuple):
    message: str
    user_mistake: bool = False
    interrupted: bool = False


_TOLD = {
    dg.DagsterEventType.ASSET_MATERIALIZATION,
    dg.DagsterEventType.ASSET_CHECK_EVALUATION,
    dg.DagsterEventType.STEP_FAILURE,
    dg.DagsterEventType.RUN_FAILURE,
}
_USER_ERRORS = {
    name for name, kind in vars(errors).items() if isinstance(kind, type) and issubclass(kind, errors.UserError)
}
_INTERRUPTED = "DagsterExecutionInterruptedError"
_TELLING = {*_USER_ERRORS, _INTERRUPTED}


def _root_cause(error: SerializableErrorInfo | None, otherwise: str) -> _Failure:
    """The error behind a failure, without Dagster's wrapping."""
    while error is not None and error.cls_name not in _TELLING and error.cause is not None:
        error = error.cause
    if error is None:
        return _Failure(otherwise)
    if error.cls_name == _INTERRUPTED:
        return _Failure("interrupted; run it again", interrupted=True)
    message = error.message.strip().partition("\n\nStack Trace")[0]
    if error.cls_name not in _USER_ERRORS:
        return _Failure(message)
    return _Failure(message.partition(f"{error.cls_name}: ")[2] or message, user_mistake=True)


def _strategy(run: dg.DagsterRun) -> str:
    selected = sorted(key.path[0] for key in run.asset_selection or ())
    return selected[0] if selected else run.job_name.rpartition("_")[0]
