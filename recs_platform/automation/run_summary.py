"""What a run did, added up from its events in Dagster's log. Not here: keeping it (journal.py)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import dagster as dg

from recs_platform.automation.failures import FailureCause, cause_of
from recs_platform.automation.figures import figure
from recs_platform.errors import ErrorKind


@dataclass(frozen=True)
class RunSummary:
    """What a run's events add up to."""

    assets: int
    rows: int
    checks_passed: int
    checks_warned: int
    checks_failed: int
    warnings: tuple[str, ...]
    retries: tuple[str, ...]
    """The steps that were retried, and why."""
    errors: tuple[str, ...]
    seconds: Mapping[str, float]
    """Of each table, to write, audit and publish it."""
    user_mistake: bool
    """Every error is a mistake that its author can put right."""
    transient: bool = False
    """It failed, and of all its errors a rerun may cure each."""
    interrupted: bool = False
    """Somebody stopped it (Ctrl-C, or from the UI)."""
    traces: tuple[str, ...] = ()
    """Of defects, where they happened."""
    failed_tables: tuple[str, ...] = ()
    """Those that were not made, and those whose check of severity error failed."""


_FAILING = {dg.DagsterEventType.ASSET_CHECK_EVALUATION, dg.DagsterEventType.STEP_FAILURE}
_COUNTED = {
    dg.DagsterEventType.ASSET_MATERIALIZATION,
    dg.DagsterEventType.ASSET_CHECK_EVALUATION,
    dg.DagsterEventType.STEP_UP_FOR_RETRY,
    dg.DagsterEventType.STEP_FAILURE,
    dg.DagsterEventType.RUN_FAILURE,
}


def summary(instance: dg.DagsterInstance, run_id: str) -> RunSummary:
    """Add up a run's events; a range materializes one slice per table, however many partitions it has."""
    rows: dict[dg.AssetKey, int] = {}
    seconds: dict[str, float] = {}
    verdicts: list[dg.AssetCheckEvaluation] = []
    retries: list[str] = []
    of_steps: list[FailureCause] = []
    of_run: list[FailureCause] = []
    failed: list[str] = []
    for record in instance.all_logs(run_id, of_type=_COUNTED):
        event = record.dagster_event
        if event is None:
            continue
        failed += _failed_table(event)
        if event.event_type is dg.DagsterEventType.ASSET_MATERIALIZATION:
            materialization = event.step_materialization_data.materialization
            rows[materialization.asset_key] = int(figure(materialization.metadata, "rows") or 0)
            seconds[materialization.asset_key.path[-1]] = figure(materialization.metadata, "seconds") or 0.0
        elif event.event_type is dg.DagsterEventType.ASSET_CHECK_EVALUATION:
            verdicts.append(event.asset_check_evaluation_data)
        elif event.event_type is dg.DagsterEventType.STEP_UP_FOR_RETRY:
            retries.append(f"{event.step_key}: retried: {cause_of(event.step_retry_data.error, 'it failed').message}")
        elif event.event_type is dg.DagsterEventType.STEP_FAILURE:
            of_steps.append(cause_of(event.step_failure_data.error, f"step {event.step_key} failed"))
        elif event.job_failure_data.error is not None:
            of_run.append(cause_of(event.job_failure_data.error, "the run failed"))
    failures = of_steps or of_run  # a run that fails before its first step (no database) says so itself
    broken = [verdict for verdict in verdicts if not verdict.passed]
    warned = [verdict for verdict in broken if verdict.severity is dg.AssetCheckSeverity.WARN]
    # What stopped the run is told once, by the verdict.
    stopping = [verdict for verdict in broken if verdict not in warned] if failures else []
    return RunSummary(
        assets=len(rows),
        rows=sum(rows.values()),
        checks_passed=len(verdicts) - len(broken),
        checks_warned=len(warned),
        checks_failed=len(broken) - len(warned),
        warnings=tuple(_told(verdict) for verdict in broken if verdict not in stopping),
        retries=tuple(retries),
        errors=(*(_told(verdict) for verdict in stopping), *(f.message for f in failures if not f.of_check)),
        seconds=seconds,
        user_mistake=_all_of(failures, stopping, ErrorKind.MISTAKE),
        transient=_all_of(failures, stopping, ErrorKind.TRANSIENT),
        interrupted=any(failure.interrupted for failure in failures),
        traces=tuple(failure.trace for failure in failures if failure.trace),
        failed_tables=tuple(dict.fromkeys(failed)),
    )


def failed_tables(instance: dg.DagsterInstance, run_id: str) -> tuple[str, ...]:
    """What of a run has failed so far."""
    events = (record.dagster_event for record in instance.all_logs(run_id, of_type=_FAILING))
    return tuple(dict.fromkeys(table for event in events if event for table in _failed_table(event)))


def _all_of(failures: Sequence[FailureCause], verdicts: Sequence[dg.AssetCheckEvaluation], kind: ErrorKind) -> bool:
    """Whether all that ended a run is of a kind. A verdict is of none, and its step may have met an error."""
    return bool(failures) and not verdicts and all(failure.kind is kind for failure in failures)


def step_of_checks(guarded: dg.AssetKey, name: str) -> str:
    """The name of a step that judges an asset.

    >>> step_of_checks(dg.AssetKey(["offer_ranking", "orders"]), "checks")
    'offer_ranking__orders__checks'
    """
    return f"{guarded.to_python_identifier()}__{name}"


def strategy_and_table(step_key: str | None) -> tuple[str, str]:
    """A step is named after its asset; one that makes and judges none has neither.

    >>> strategy_and_table("offer_ranking__orders"), strategy_and_table("sweep")
    (('offer_ranking', 'orders'), ('', ''))
    >>> strategy_and_table("offer_ranking__orders__checks")
    ('offer_ranking', 'orders')
    """
    strategy, table, *_ = [*(step_key or "").split("__"), ""]
    return (strategy, table) if table else ("", "")


def is_of_checks(step_key: str | None) -> bool:
    """Whether a step judges what another one made.

    >>> is_of_checks("offer_ranking__orders__checks"), is_of_checks("offer_ranking__orders")
    (True, False)
    """
    return (step_key or "").count("__") > 1


def _failed_table(event: dg.DagsterEvent) -> list[str]:
    """The table that failed, or whose check did."""
    if event.event_type is dg.DagsterEventType.STEP_FAILURE and not is_of_checks(event.step_key):
        return [strategy_and_table(event.step_key)[1]]
    if event.event_type is dg.DagsterEventType.ASSET_CHECK_EVALUATION:
        verdict = event.asset_check_evaluation_data
        if not verdict.passed and verdict.severity is dg.AssetCheckSeverity.ERROR:
            return [verdict.asset_key.path[-1]]
    return []


def _told(verdict: dg.AssetCheckEvaluation) -> str:
    return f"{verdict.asset_key.to_user_string()}: {verdict.check_name}: {verdict.description}"
