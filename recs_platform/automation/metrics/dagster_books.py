"""Metrics from Dagster's storage: what is queued and running, the daemon's signs of life, and why runs failed."""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Iterator, Sequence
from datetime import datetime

import dagster as dg
from sqlalchemy import Engine

from recs_platform.automation.failures import cause_of
from recs_platform.automation.jobs import COMPANY_TAG
from recs_platform.automation.metrics import families as of
from recs_platform.automation.metrics.books import LAST, failed_since
from recs_platform.automation.metrics.families import Sample

_STATES = {
    dg.DagsterRunStatus.QUEUED: "queued",
    dg.DagsterRunStatus.NOT_STARTED: "starting",
    dg.DagsterRunStatus.STARTING: "starting",
    dg.DagsterRunStatus.STARTED: "running",
}
_PAGE = 1_000
_MOST_PAGES = 20
_LOOKED_UP_AT_ONCE = 50
"""Runs whose log is read in one reading; the others are of an unknown kind until the next."""
_REMEMBERED = 20_000
_FAILURES = {dg.DagsterEventType.STEP_FAILURE, dg.DagsterEventType.RUN_FAILURE, dg.DagsterEventType.RUN_CANCELED}


def from_dagster(instance: dg.DagsterInstance) -> Iterator[Sample]:
    under_way = Counter(
        (record.dagster_run.tags.get(COMPANY_TAG, ""), _STATES[record.dagster_run.status])
        for record in _records(instance, list(_STATES))
    )
    for labels, count in sorted(under_way.items()):
        yield of.UNDER_WAY.sample(count, *labels)
    queued = dg.RunsFilter(statuses=[dg.DagsterRunStatus.QUEUED])
    for oldest in instance.get_run_records(queued, limit=1, ascending=True):
        yield of.OLDEST_QUEUED.sample(oldest.create_timestamp.timestamp())
    heartbeats = instance.get_daemon_heartbeats()
    for daemon in sorted({*instance.get_required_daemon_types(), *heartbeats}):
        yield of.HEARTBEAT.sample(heartbeats[daemon].timestamp if daemon in heartbeats else 0, daemon)


def _records(instance: dg.DagsterInstance, statuses: Sequence[dg.DagsterRunStatus]) -> Iterator[dg.RunRecord]:
    """The newest; a backfill may queue more than anybody should read every few seconds."""
    cursor = None
    for _ in range(_MOST_PAGES):
        page = instance.get_run_records(dg.RunsFilter(statuses=list(statuses)), limit=_PAGE, cursor=cursor)
        yield from page
        if len(page) < _PAGE:
            return
        cursor = page[-1].dagster_run.run_id


class FailureKinds:
    """Why runs failed; of each run the log is read until it says so."""

    def __init__(self) -> None:
        self._of_run: OrderedDict[str, str] = OrderedDict()

    def of_last_day(self, database: Engine, instance: dg.DagsterInstance, now: datetime) -> Iterator[Sample]:
        looked_up, counts = 0, Counter[tuple[str, str, str]]()
        for company, strategy, run_id, killed in failed_since(database, now - LAST):
            kind = "killed" if killed else self._of_run.get(run_id)
            if kind is None and looked_up < _LOOKED_UP_AT_ONCE:
                looked_up += 1
                kind = kind_of_failure(instance, run_id)
                if kind is not None:
                    self._of_run[run_id] = kind
            counts[company, strategy, kind or "unknown"] += 1
        while len(self._of_run) > _REMEMBERED:
            self._of_run.popitem(last=False)
        for labels, count in sorted(counts.items()):
            yield of.DAY_FAILURES.sample(count, *labels)


def kind_of_failure(instance: dg.DagsterInstance, run_id: str) -> str | None:
    """What ended a run: the first of its steps that failed says it, or the run itself. None while Dagster does not
    know that it has ended, and may still be told why."""
    run = instance.get_run_by_id(run_id)
    if run is None:  # housekeeping took it; to read its log would make a new one
        return "unknown"
    of_run = "unknown" if run.is_finished else None
    for record in instance.all_logs(run_id, of_type=_FAILURES):
        event = record.dagster_event
        if event is None:
            continue
        if event.event_type is dg.DagsterEventType.STEP_FAILURE:
            error = event.step_failure_data.error
        elif event.event_type is dg.DagsterEventType.RUN_CANCELED:
            return "interrupted"
        else:
            error = event.job_failure_data.error
        cause = cause_of(error, "")
        kind = (
            "interrupted" if cause.interrupted
            else "check" if cause.of_check
            else str(cause.kind) if cause.kind
            else "refused"
        )  # fmt: skip
        if event.event_type is dg.DagsterEventType.STEP_FAILURE:
            return kind
        of_run = kind if error is not None else of_run
    return of_run
