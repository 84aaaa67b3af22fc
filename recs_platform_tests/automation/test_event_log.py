"""The batched event log keeps what Dagster's own keeps: the same events in, the same answers out."""

from __future__ import annotations

import os
import queue
import signal
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from dagster._core.events.log import EventLogEntry
from dagster._core.storage.event_log import SqlEventLogStorage, SqliteEventLogStorage

from recs_platform.automation.event_log import BatchedSqliteEventLog
from recs_platform.automation.journal import RANGE_END, RANGE_START
from recs_platform.automation.partitions import COMPANY, DATE, partition_key
from recs_platform_tests.promises.platform import quietly
from recs_platform_tests.warehouse.processes import PATIENCE, start

pytestmark = pytest.mark.slow

_PARTITIONS = dg.MultiPartitionsDefinition(
    {
        DATE: dg.DailyPartitionsDefinition("2025-09-01", end_date="2025-09-20"),
        COMPANY: dg.StaticPartitionsDefinition(["acme", "holley"]),
    }
)
_CHECK = dg.AssetCheckKey(dg.AssetKey(["shop", "orders"]), "has_orders")
_KEYS = [dg.AssetKey(["shop", "events"]), dg.AssetKey(["shop", "orders"])]


@dg.asset(key=_KEYS[0], partitions_def=_PARTITIONS, backfill_policy=dg.BackfillPolicy.single_run())
def _events() -> dg.MaterializeResult[Any]:
    return dg.MaterializeResult(metadata={"rows": 3})


@dg.asset(key=_KEYS[1], deps=[_events], partitions_def=_PARTITIONS, backfill_policy=dg.BackfillPolicy.single_run())
def _orders() -> None:
    """Nothing but an event of its own."""


with quietly():

    @dg.asset_check(asset=_orders, name="has_orders", partitions_def=_PARTITIONS)
    def _has_orders() -> dg.AssetCheckResult:
        return dg.AssetCheckResult(passed=False, severity=dg.AssetCheckSeverity.WARN)


def run_of_days(instance: dg.DagsterInstance, company: str, first: date, last: date) -> list[EventLogEntry]:
    with quietly():
        defs = dg.Definitions([_events, _orders], asset_checks=[_has_orders], jobs=[dg.define_asset_job("all")])
        one = first == last
        result = defs.resolve_job_def("all").execute_in_process(
            instance=instance,
            partition_key=partition_key(company, first) if one else None,
            tags={} if one else {RANGE_START: partition_key(company, first), RANGE_END: partition_key(company, last)},
            run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
        )
    return list(instance.all_logs(result.run_id))


@pytest.fixture(scope="module")
def runs() -> Sequence[Sequence[EventLogEntry]]:
    """The events of a range of days, of one of them again, and of another company's day."""
    with dg.DagsterInstance.ephemeral() as instance:
        return [
            run_of_days(instance, "acme", date(2025, 9, 2), date(2025, 9, 9)),
            run_of_days(instance, "acme", date(2025, 9, 5), date(2025, 9, 5)),
            run_of_days(instance, "holley", date(2025, 9, 5), date(2025, 9, 5)),
        ]


def answers(storage: SqlEventLogStorage, runs: Sequence[Sequence[EventLogEntry]]) -> dict[str, Any]:
    """What Dagster and its UI ask an event log."""
    told: dict[str, Any] = {}
    for number, events in enumerate(runs):
        run_id = events[0].run_id
        records = storage.get_records_for_run(run_id).records
        told[f"events of run {number}"] = [(r.storage_id, r.event_log_entry) for r in records]
        told[f"stats of run {number}"] = storage.get_stats_for_run(run_id)
        told[f"steps of run {number}"] = storage.get_step_stats_for_run(run_id)
    filtered = dg.EventRecordsFilter(dg.DagsterEventType.ASSET_MATERIALIZATION)
    told["materializations"] = [(r.storage_id, r.event_log_entry) for r in storage.get_event_records(filtered)]
    told["asset keys"] = set(storage.all_asset_keys())
    told["newest"] = storage.get_latest_materialization_events(_KEYS)
    for key in _KEYS:
        told[f"{key} partitions"] = storage.get_materialized_partitions(key)
        told[f"{key} storage ids"] = storage.get_latest_storage_id_by_partition(
            key, dg.DagsterEventType.ASSET_MATERIALIZATION
        )
        told[f"{key} tags"] = [
            (record.storage_id, storage.get_event_tags_for_asset(key)) for record in storage.get_asset_records([key])
        ]
    history = storage.get_asset_check_execution_history(_CHECK, limit=100)
    told["checks"] = [(r.id, r.run_id, r.status, r.partition, r.event) for r in history]
    return told


def test_it_answers_like_dagsters_own(runs: Sequence[Sequence[EventLogEntry]], tmp_path: Path) -> None:
    own, ours = SqliteEventLogStorage(str(tmp_path / "own")), BatchedSqliteEventLog(str(tmp_path / "ours"))
    for events in runs:
        own.store_event_batch(events)
        ours.store_event_batch(events)
    expected = answers(own, runs)
    assert len(expected["materializations"]) == 2 * (8 + 1 + 1)
    assert len(expected["checks"]) >= 3
    assert expected[f"{_KEYS[1]} partitions"] >= {"acme|2025-09-02", "holley|2025-09-05"}
    given = answers(ours, runs)
    for question, answer in expected.items():
        assert given[question] == answer, question


def test_events_one_by_one_and_in_batches_can_be_mixed(runs: Sequence[Sequence[EventLogEntry]], tmp_path: Path) -> None:
    own, ours = SqliteEventLogStorage(str(tmp_path / "own")), BatchedSqliteEventLog(str(tmp_path / "ours"))
    for events in runs:
        for event in events:
            own.store_event(event)
        ours.store_event(events[0])
        ours.store_event_batch(events[1:-1])
        ours.store_event(events[-1])
    assert answers(ours, runs) == answers(own, runs)


def test_a_batch_that_breaks_off_leaves_the_storage_usable(
    runs: Sequence[Sequence[EventLogEntry]], tmp_path: Path
) -> None:
    ours = BatchedSqliteEventLog(str(tmp_path))
    broken: Any = None
    with pytest.raises(Exception, match="NoneType"):
        ours.store_event_batch([runs[1][0], broken])
    ours.store_event_batch(runs[0])
    assert len(ours.get_records_for_run(runs[0][0].run_id).records) == len(runs[0])


def test_a_watcher_in_another_process_is_told_of_every_event(
    runs: Sequence[Sequence[EventLogEntry]], tmp_path: Path
) -> None:
    """The UI waits for the run's own file to change, which a commit to a database that stays open does not do."""
    ours, uis = BatchedSqliteEventLog(str(tmp_path)), SqliteEventLogStorage(str(tmp_path))
    first, *later = runs[1][:5]
    ours.store_event(first)
    seen: queue.Queue[EventLogEntry] = queue.Queue()
    uis.watch(first.run_id, None, lambda entry, _: seen.put(entry))
    try:
        for number, event in enumerate(later):
            ours.store_event(event)
            told = [seen.get(timeout=30)] if number else [seen.get(timeout=30), seen.get(timeout=30)]
            assert told[-1] == event
    finally:
        uis.dispose()
        ours.dispose()


def test_a_run_that_is_over_leaves_one_file(runs: Sequence[Sequence[EventLogEntry]], tmp_path: Path) -> None:
    ours = BatchedSqliteEventLog(str(tmp_path))
    *events, end = runs[1]
    for event in events:
        ours.store_event(event)
    (database,) = tmp_path.glob(f"{end.run_id}.db")
    assert database.with_name(f"{database.name}-wal").exists()
    ours.store_event(end)
    assert list(tmp_path.glob(f"{end.run_id}*")) == [database]
    assert len(SqliteEventLogStorage(str(tmp_path)).get_records_for_run(end.run_id).records) == len(runs[1])


def test_a_database_that_a_killed_process_began_is_completed(
    runs: Sequence[Sequence[EventLogEntry]], tmp_path: Path
) -> None:
    run_id = runs[1][0].run_id
    with closing(sqlite3.connect(tmp_path / f"{run_id}.db")) as begun, begun:
        begun.execute("CREATE TABLE one_of_many (a)")
    ours = BatchedSqliteEventLog(str(tmp_path))
    for event in runs[1]:
        ours.store_event(event)
    with closing(sqlite3.connect(tmp_path / f"{run_id}.db")) as made:
        assert len(made.execute("SELECT version_num FROM alembic_version").fetchall()) == 1
    assert len(SqliteEventLogStorage(str(tmp_path)).get_records_for_run(run_id).records) == len(runs[1])


def test_a_process_that_is_killed_loses_no_event(runs: Sequence[Sequence[EventLogEntry]], tmp_path: Path) -> None:
    told = runs[1][:-1]
    child = start(_tell_and_die, tmp_path, told)
    child.join(PATIENCE)
    assert child.exitcode == -signal.SIGKILL
    found = SqliteEventLogStorage(str(tmp_path)).get_records_for_run(told[0].run_id).records
    assert [record.event_log_entry for record in found] == list(told)


def _tell_and_die(folder: Path, events: Sequence[EventLogEntry]) -> None:
    ours = BatchedSqliteEventLog(str(folder))
    for event in events:
        ours.store_event(event)
    os.kill(os.getpid(), signal.SIGKILL)
