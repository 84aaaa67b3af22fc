"""Housekeeping as Dagster knows it: its schedule, and how a night ends."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from recs_platform.automation.failures import cause_of
from recs_platform.automation.housekeeping.nightly import housekeeping_job
from recs_platform.automation.jobs import HOUSEKEEPING_JOB
from recs_platform.automation.journal import RunJournal
from recs_platform.automation.run_process import is_gone
from recs_platform.definitions import build_defs
from recs_platform.errors import ErrorKind, StorageError
from recs_platform.platform_db.engine import opened_database
from recs_platform.platform_db.locks import lock
from recs_platform_tests.warehouse.memory import MemoryWarehouse

_QUIET: dict[str, Any] = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


def test_the_schedule_is_on_and_asks_once_a_night() -> None:
    schedule = build_defs().resolve_schedule_def(f"{HOUSEKEEPING_JOB}_nightly")
    assert schedule.default_status is dg.DefaultScheduleStatus.RUNNING
    with dg.build_schedule_context(scheduled_execution_time=datetime(2026, 1, 2, 3, 30, tzinfo=UTC)) as context:
        assert len(schedule.evaluate_tick(context).run_requests or ()) == 1


@pytest.fixture
def dagster(tmp_path: Path) -> Iterator[dg.DagsterInstance]:
    (tmp_path / "dagster").mkdir()
    with dg.DagsterInstance.local_temp(str(tmp_path / "dagster")) as made:
        yield made


def a_night(dagster: dg.DagsterInstance) -> dg.ExecuteInProcessResult:
    resources = {"warehouse": MemoryWarehouse(), "journal": RunJournal()}
    return housekeeping_job({}, {}).execute_in_process(
        instance=dagster, resources=resources, run_config=_QUIET, raise_on_error=False
    )


def test_a_night_on_which_somebody_is_at_it_by_hand_is_no_failure(own_home: Path, dagster: dg.DagsterInstance) -> None:
    taken, done = threading.Event(), threading.Event()

    def by_hand() -> None:
        with lock(opened_database(), "housekeeping"):
            taken.set()
            done.wait(60)

    somebody = threading.Thread(target=by_hand)
    somebody.start()
    assert taken.wait(60)
    ended = a_night(dagster)
    done.set()
    somebody.join()
    assert ended.success
    logged = [entry.user_message for entry in dagster.all_logs(ended.run_id) if not entry.is_dagster_event]
    assert any("housekeeping is under way" in line for line in logged)


def test_what_ends_a_night_says_its_kind(
    own_home: Path, dagster: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A disk that is full is no defect."""

    def full() -> None:
        raise StorageError("the disk is full")

    monkeypatch.setattr("recs_platform.automation.housekeeping.sweeping.opened_database", full)
    (failed,) = a_night(dagster).filter_events(lambda event: event.is_step_failure)
    assert cause_of(failed.step_failure_data.error, "").kind is ErrorKind.MISTAKE


def test_a_night_says_which_process_it_is(own_home: Path, dagster: dg.DagsterInstance) -> None:
    """So that it is noticed at once when that is killed."""
    run = dagster.get_run_by_id(a_night(dagster).run_id)
    assert run is not None
    assert is_gone(run) is False
