"""Events of a step are written together and answered from memory, and nobody who reads the log can tell."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from dagster._core.events.log import EventLogEntry
from dagster._core.storage.event_log import SqliteEventLogStorage

from recs_platform.automation import run_events
from recs_platform.automation.event_log import BatchedSqliteEventLog
from recs_platform.automation.partitions import COMPANY, DATE, partition_key
from recs_platform.automation.run_events import Numbered
from recs_platform_tests.promises.platform import quietly
from recs_platform_tests.warehouse.processes import PATIENCE, start

pytestmark = pytest.mark.slow

_DAY = date(2025, 9, 5)
_PARTITIONS = dg.MultiPartitionsDefinition(
    {
        DATE: dg.DailyPartitionsDefinition("2025-09-01", end_date="2025-09-20"),
        COMPANY: dg.StaticPartitionsDefinition(["acme", "holley"]),
    }
)
_LOOK_BACK = dg.MultiPartitionMapping(
    {
        DATE: dg.DimensionPartitionMapping(DATE, dg.TimeWindowPartitionMapping(start_offset=-2)),
        COMPANY: dg.DimensionPartitionMapping(COMPANY, dg.IdentityPartitionMapping()),
    }
)
_OURS = {
    "event_log_storage": {
        "module": "recs_platform.automation.event_log",
        "class": "BatchedSqliteEventLog",
        "config": {},
    }
}


@dg.asset(partitions_def=_PARTITIONS, code_version="1")
def source() -> None:
    """What the others are made of."""


with quietly():

    @dg.asset(partitions_def=_PARTITIONS, code_version="1", deps=[dg.AssetDep(source, partition_mapping=_LOOK_BACK)])
    def window() -> dg.MaterializeResult[Any]:
        dg.AssetExecutionContext.get().log.info("of three days")
        return dg.MaterializeResult(metadata={"rows": 3})

    @dg.asset(partitions_def=_PARTITIONS, code_version="1", deps=[source, window])
    def both() -> None:
        """Of a table and of what was made of it."""

    @dg.asset_check(asset=window, partitions_def=_PARTITIONS)
    def has_rows() -> dg.AssetCheckResult:
        return dg.AssetCheckResult(passed=True)


def made_days(instance: dg.DagsterInstance) -> list[EventLogEntry]:
    """The events of three days of one company, one of another, and one of the days again, each a run."""
    events: list[EventLogEntry] = []
    with quietly():
        defs = dg.Definitions([source, window, both], asset_checks=[has_rows], jobs=[dg.define_asset_job("all")])
        job = defs.resolve_job_def("all")
        partitions = [partition_key("acme", _DAY + timedelta(days=n)) for n in range(3)]
        for partition in (*partitions, partition_key("holley", _DAY), partitions[1]):
            result = job.execute_in_process(
                instance=instance,
                partition_key=partition,
                run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
            )
            assert result.success
            events += instance.all_logs(result.run_id)
    return events


def told_of_inputs(events: Sequence[EventLogEntry]) -> list[tuple[str, str, Any]]:
    """What is said of each materialization's inputs, and of the materialization that a check judged. A run's identity
    is another each time, and what is derived from it too."""
    runs = {run_id: f"run {number}" for number, run_id in enumerate(dict.fromkeys(e.run_id for e in events))}
    told: list[tuple[str, str, Any]] = []
    for event in events:
        happened = event.dagster_event
        if event.dagster_event_type is dg.DagsterEventType.ASSET_MATERIALIZATION and happened:
            tags = happened.step_materialization_data.materialization.tags or {}
            told += [(runs[event.run_id], f"{happened.step_key} {name}", value) for name, value in tags.items()]
        elif event.dagster_event_type is dg.DagsterEventType.ASSET_CHECK_EVALUATION and happened:
            target = happened.asset_check_evaluation_data.target_materialization_data
            assert target is not None
            told.append((runs[event.run_id], "check", (runs[target.run_id], target.storage_id)))
    return told


def test_what_is_told_of_inputs_is_what_dagsters_own_log_makes_of_them() -> None:
    told = []
    for overrides in ({}, _OURS):
        with dg.instance_for_test(overrides=overrides) as instance:
            assert isinstance(instance.event_log_storage, BatchedSqliteEventLog) == bool(overrides)
            told.append(told_of_inputs(made_days(instance)))
    own, ours = told
    data_versions = [value for _, name, value in own if name.startswith("both dagster/input_data_version")]
    assert len(data_versions) == 2 * 5
    assert len(set(data_versions)) > 2, "days differ in what they are made of"
    assert len([name for _, name, _ in own if name == "check"]) == 5
    assert ours == own


@pytest.fixture(scope="module")
def run() -> Sequence[EventLogEntry]:
    """The events of one run, of which three steps are assets and one is a check."""
    with dg.instance_for_test() as instance:
        events = made_days(instance)
    return [event for event in events if event.run_id == events[-1].run_id]


def until(run: Sequence[EventLogEntry], kind: dg.DagsterEventType, step: str | None = None) -> Sequence[EventLogEntry]:
    """A run's events up to one, which is told."""
    places = [
        n for n, one in enumerate(run) if one.dagster_event_type is kind and one.step_key == (step or one.step_key)
    ]
    return run[: places[0] + 1]


def stored_in(folder: Path, run_id: str) -> list[EventLogEntry]:
    """What another process reads."""
    others = SqliteEventLogStorage(str(folder))
    return [record.event_log_entry for record in others.get_records_for_run(run_id).records]


def test_the_events_of_a_step_share_a_transaction(
    run: Sequence[EventLogEntry], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_events, "_LONGEST", 3_600)
    ours = BatchedSqliteEventLog(str(tmp_path))
    batches: list[Sequence[EventLogEntry]] = []
    write = ours.write_events

    def write_noted(events: Sequence[EventLogEntry]) -> Numbered:
        batches.append(list(events))
        return write(events)

    monkeypatch.setattr(ours, "write_events", write_noted)
    for event in run:
        ours.store_event(event)
    steps = [batch for batch in batches if batch[-1].dagster_event_type is dg.DagsterEventType.STEP_SUCCESS]
    assert len(steps) == 4
    for batch in steps:
        assert len({event.step_key for event in batch}) == 1
        assert batch[0].dagster_event_type is dg.DagsterEventType.STEP_START
    assert [event for batch in batches for event in batch] == list(run)
    assert stored_in(tmp_path, run[0].run_id) == list(run)


def test_an_event_is_written_in_time_though_its_step_goes_on(run: Sequence[EventLogEntry], tmp_path: Path) -> None:
    """In a process of its own, whose reader finds nothing but what was written."""
    told = until(run, dg.DagsterEventType.STEP_START)
    ours = BatchedSqliteEventLog(str(tmp_path))
    for event in told:
        ours.store_event(event)
    patience = time.monotonic() + 60
    while stored_in(tmp_path, run[0].run_id) != list(told):
        assert time.monotonic() < patience
        time.sleep(0.05)


def of_the_run(log: BatchedSqliteEventLog, told: Sequence[EventLogEntry]) -> bool:
    records = log.get_records_for_run(told[0].run_id).records
    return [record.event_log_entry for record in records] == list(told)


def of_the_asset(log: BatchedSqliteEventLog, told: Sequence[EventLogEntry]) -> bool:
    (newest,) = log.get_asset_records([dg.AssetKey("source")])
    return newest.asset_entry.last_materialization == told[-1]


@pytest.mark.parametrize("finds", [of_the_run, of_the_asset])
def test_who_reads_the_log_of_this_process_finds_all_of_it(
    finds: Callable[..., bool], run: Sequence[EventLogEntry], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_events, "_LONGEST", 3_600)
    told = until(run, dg.DagsterEventType.ASSET_MATERIALIZATION)
    ours = BatchedSqliteEventLog(str(tmp_path))
    for event in told:
        ours.store_event(event)
    assert stored_in(tmp_path, run[0].run_id) != list(told), "held"
    assert finds(ours, told)
    assert stored_in(tmp_path, run[0].run_id) == list(told)


def test_what_is_held_is_written_when_the_log_is_closed(
    run: Sequence[EventLogEntry], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_events, "_LONGEST", 3_600)
    told = until(run, dg.DagsterEventType.STEP_OUTPUT)
    ours = BatchedSqliteEventLog(str(tmp_path))
    for event in told:
        ours.store_event(event)
    ours.dispose()
    assert stored_in(tmp_path, run[0].run_id) == list(told)


def test_a_process_that_is_killed_loses_what_its_step_told_and_no_more(
    run: Sequence[EventLogEntry], tmp_path: Path
) -> None:
    ended = until(run, dg.DagsterEventType.STEP_SUCCESS, "window")
    told = until(run, dg.DagsterEventType.STEP_OUTPUT, "both")
    assert len(told) > len(ended) + 1
    child = start(_tell_and_die, tmp_path, told)
    child.join(PATIENCE)
    assert child.exitcode == -signal.SIGKILL
    found = stored_in(tmp_path, run[0].run_id)
    assert found == list(told)[: len(found)]
    assert len(found) >= len(ended)


def _tell_and_die(folder: Path, events: Sequence[EventLogEntry]) -> None:
    ours = BatchedSqliteEventLog(str(folder))
    for event in events:
        ours.store_event(event)
    os.kill(os.getpid(), signal.SIGKILL)


def test_an_event_that_cannot_be_stored_keeps_no_other_from_it(run: Sequence[EventLogEntry], tmp_path: Path) -> None:
    told = until(run, dg.DagsterEventType.STEP_SUCCESS)
    ours = BatchedSqliteEventLog(str(tmp_path))
    *before, last = told
    broken = told[-2]._replace(timestamp=None)  # type: ignore[arg-type]
    for event in (*before, broken):
        ours.store_event(event)
    with pytest.raises(TypeError, match="NoneType"):
        ours.store_event(last)
    assert stored_in(tmp_path, run[0].run_id) == list(told)
    ours.store_event(run[-1])


@pytest.mark.parametrize("error", [OSError, KeyboardInterrupt])
def test_a_write_that_fails_in_between_is_made_up_for(
    error: type[BaseException], run: Sequence[EventLogEntry], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An error in the thread that writes in time, or a Ctrl-C in the middle of a write."""
    monkeypatch.setattr(run_events, "_LONGEST", 3_600)
    told = until(run, dg.DagsterEventType.STEP_OUTPUT)
    ours = BatchedSqliteEventLog(str(tmp_path))
    for event in told:
        ours.store_event(event)
    with monkeypatch.context() as patch, pytest.raises(error) if error is KeyboardInterrupt else nullcontext():
        patch.setattr(ours, "write_events", lambda events: (_ for _ in ()).throw(error()))
        ours._write_in_time()
    ours.write_held()
    assert stored_in(tmp_path, run[0].run_id) == list(told)


def test_what_others_make_is_seen_once_the_run_is_over(run: Sequence[EventLogEntry], tmp_path: Path) -> None:
    ours, others = BatchedSqliteEventLog(str(tmp_path)), SqliteEventLogStorage(str(tmp_path))
    for event in run:
        ours.store_event(event)
    made = until(run, dg.DagsterEventType.ASSET_MATERIALIZATION)[-1]._replace(run_id="another")
    others.store_event(made)
    key = dg.AssetKey("source")
    assert [record.asset_entry.last_materialization for record in ours.get_asset_records([key])] == [made]
    (partition,) = [made.get_dagster_event().partition]
    asked = dg.AssetRecordsFilter(key, [partition]) if partition else key
    assert [r.event_log_entry for r in ours.fetch_materializations(asked, limit=1).records] == [made]


def test_what_a_run_read_is_not_asked_again(
    run: Sequence[EventLogEntry], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A window of days is asked of the database once, and its own day not at all."""
    ours, own = BatchedSqliteEventLog(str(tmp_path / "ours")), SqliteEventLogStorage(str(tmp_path / "own"))
    told = until(run, dg.DagsterEventType.STEP_SUCCESS, "source")
    for log in (ours, own):
        for event in told:
            log.store_event(event)
    key, tag, kind = dg.AssetKey("source"), "dagster/data_version", dg.DagsterEventType.ASSET_MATERIALIZATION
    days = [partition_key("acme", _DAY + timedelta(days=n)) for n in range(-1, 3)]
    expected = own.get_latest_tags_by_partition(key, kind, [tag], days)
    assert len(expected) == 1
    asked: list[Any] = []
    read = SqliteEventLogStorage.get_latest_tags_by_partition

    def read_noted(log: SqliteEventLogStorage, *arguments: Any) -> Any:
        asked.append(arguments[3])
        return read(log, *arguments)

    monkeypatch.setattr(SqliteEventLogStorage, "get_latest_tags_by_partition", read_noted)
    for _ in range(2):
        assert ours.get_latest_tags_by_partition(key, kind, [tag], days) == expected
    assert asked == [[day for day in days if day not in expected]]
