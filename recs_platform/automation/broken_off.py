"""What a run that was broken off had made, and what is left of its step: killed, interrupted or gone with its machine.

A run says before it begins which tables and checks it is for, and of each that it is done. A table counts as made when
the run said so of every day of the step, and what is stored of these days is of that run. A run in which something
failed counts for nothing: whoever mended the reason may have changed what its tables are made of.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

import dagster as dg
from dagster._core.storage.event_log import SqlEventLogStorage
from dagster._core.storage.event_log.schema import SqlEventLogStorageTable
from sqlalchemy import select

from recs_platform.automation.failures import cause_of
from recs_platform.automation.partitions import split_key
from recs_platform.automation.plan import Step

_TOLD = {
    dg.DagsterEventType.ASSET_MATERIALIZATION_PLANNED,
    dg.DagsterEventType.ASSET_CHECK_EVALUATION_PLANNED,
    dg.DagsterEventType.ASSET_CHECK_EVALUATION,
    dg.DagsterEventType.STEP_FAILURE,
}
Check = tuple[str, str]
"""Table and name."""


@dataclass
class Progress:
    """Of runs of one step."""

    run_ids: set[str] = field(default_factory=set)
    tables: set[str] = field(default_factory=set)
    checks: set[Check] = field(default_factory=set)
    made: dict[str, set[date]] = field(default_factory=dict)
    judged: set[Check] = field(default_factory=set)


def progress(instance: dg.DagsterInstance, runs: Sequence[dg.DagsterRun]) -> Progress:
    """Added up over runs that were broken off; of one that failed nothing counts."""
    told = Progress()
    for run in runs:
        events = [one.dagster_event for one in instance.all_logs(run.run_id, of_type=_TOLD) if one.dagster_event]
        if any(map(_is_failure, events)):
            continue
        told.run_ids.add(run.run_id)
        for event in events:
            _take_in(told, event)
    for table, day in _made(instance, told.run_ids):
        told.made.setdefault(table, set()).add(day)
    return told


def _made(instance: dg.DagsterInstance, run_ids: Collection[str]) -> Iterator[tuple[str, date]]:
    """As Dagster's pages have it. On SQLite that is another file than a run's own events, written before them: a run
    that is killed in between is said to have made a table, and must not make it twice."""
    log, events = instance.event_log_storage, SqlEventLogStorageTable.c
    if not run_ids or not isinstance(log, SqlEventLogStorage):
        return
    made = select(events.asset_key, events.partition).where(
        events.run_id.in_(run_ids),
        events.dagster_event_type == dg.DagsterEventType.ASSET_MATERIALIZATION.value,
        events.partition.is_not(None),
    )
    with log.index_connection() as connection:
        rows = connection.execute(made).all()
    for asset_key, partition in rows:
        key = dg.AssetKey.from_db_string(asset_key)
        if key is not None:
            yield key.path[-1], split_key(partition)[1]


def left_of(step: Step, told: Progress, stored_by: Mapping[str, Mapping[date, str | None]]) -> Step | None:
    """The step without what is made and judged; None when that is all. `stored_by` says which run stored the days of a
    table."""
    done = {
        table
        for table, days in told.made.items()
        if days.issuperset(step.days) and all(stored_by[table].get(day) in told.run_ids for day in step.days)
    }
    tables = told.tables - done
    checks = {check for check in told.checks if check[0] in tables or check not in told.judged}
    if not done:
        return step
    return replace(step, tables=frozenset(tables), checks=frozenset(checks)) if tables or checks else None


def _is_failure(event: dg.DagsterEvent) -> bool:
    return (
        event.event_type is dg.DagsterEventType.STEP_FAILURE
        and not cause_of(event.step_failure_data.error, "it failed").interrupted
    )


def _take_in(told: Progress, event: dg.DagsterEvent) -> None:
    match event.event_type:
        case dg.DagsterEventType.ASSET_MATERIALIZATION_PLANNED:
            told.tables.add(event.asset_materialization_planned_data.asset_key.path[-1])
        case dg.DagsterEventType.ASSET_CHECK_EVALUATION_PLANNED:
            planned = event.asset_check_planned_data
            told.checks.add((planned.asset_key.path[-1], planned.check_name))
        case dg.DagsterEventType.ASSET_CHECK_EVALUATION:
            verdict = event.asset_check_evaluation_data
            told.judged.add((verdict.asset_key.path[-1], verdict.check_name))
