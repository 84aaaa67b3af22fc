"""The job log: a row when a run starts, completed when it ends, on SQLite and PostgreSQL."""

from __future__ import annotations

import datetime
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError, IntegrityError, StatementError

from recs_platform.platform_db import job_log
from recs_platform.platform_db.tables import JobRun, Status

DAY = datetime.date(2025, 12, 2)
NOON = datetime.datetime(2025, 12, 3, 12, 0, tzinfo=datetime.UTC)


def start(
    engine: Engine,
    run_id: str = "run-1",
    company: str = "holley",
    at: datetime.datetime = NOON,
    first_date: datetime.date = DAY,
) -> None:
    job_log.started(
        engine,
        run_id=run_id,
        job="vehicle_fitment_daily",
        strategy="vehicle_fitment",
        company=company,
        first_date=first_date,
        last_date=DAY,
        started_at=at,
    )


def only_run(engine: Engine) -> JobRun:
    (run,) = job_log.recent(engine)
    return run


def test_a_run_that_started(platform_db: Engine) -> None:
    start(platform_db)
    run = only_run(platform_db)
    assert (run.run_id, run.job, run.strategy, run.company) == (
        "run-1",
        "vehicle_fitment_daily",
        "vehicle_fitment",
        "holley",
    )
    assert (run.first_date, run.last_date, run.started_at) == (DAY, DAY, NOON)
    assert run.status is Status.RUNNING
    assert (run.ended_at, run.seconds, run.rows, run.message) == (None, None, None, "")


def test_a_run_that_ended(platform_db: Engine) -> None:
    start(platform_db)
    job_log.ended(
        platform_db,
        "run-1",
        status=Status.SUCCEEDED,
        ended_at=NOON + datetime.timedelta(seconds=90.5),
        assets=25,
        rows=5_000_000_000,
        checks_passed=12,
        checks_warned=2,
        checks_failed=1,
    )
    run = only_run(platform_db)
    assert (run.status, run.seconds) == (Status.SUCCEEDED, 90.5)
    assert (run.assets, run.rows) == (25, 5_000_000_000)
    assert (run.checks_passed, run.checks_warned, run.checks_failed) == (12, 2, 1)


def test_times_come_back_in_utc_whatever_they_were_given_in(platform_db: Engine) -> None:
    chicago = datetime.timezone(datetime.timedelta(hours=-6))
    start(platform_db, at=datetime.datetime(2025, 12, 2, 20, 30, tzinfo=chicago))
    started_at = only_run(platform_db).started_at
    assert started_at.isoformat() == "2025-12-03T02:30:00+00:00"


def test_a_time_without_a_zone_is_refused(platform_db: Engine) -> None:
    with pytest.raises(StatementError, match="has no time zone"):
        start(platform_db, at=datetime.datetime(2025, 12, 2))
    assert job_log.recent(platform_db) == []


def test_a_run_that_starts_again_is_one_row_at_its_beginning(platform_db: Engine) -> None:
    start(platform_db)
    job_log.ended(platform_db, "run-1", status=Status.FAILED, ended_at=NOON, rows=3, message="disk full")
    again = NOON + datetime.timedelta(hours=1)
    start(platform_db, at=again)
    run = only_run(platform_db)
    assert (run.started_at, run.status) == (again, Status.RUNNING)
    assert (run.ended_at, run.seconds, run.rows, run.message) == (None, None, None, "")


def test_the_end_of_an_unknown_run_is_not_swallowed(platform_db: Engine) -> None:
    with pytest.raises(LookupError, match="run-9"):
        job_log.ended(platform_db, "run-9", status=Status.FAILED, ended_at=NOON)


def test_running_is_not_an_end(platform_db: Engine) -> None:
    start(platform_db)
    with pytest.raises(ValueError, match="does not end"):
        job_log.ended(platform_db, "run-1", status=Status.RUNNING, ended_at=NOON)


def test_a_message_is_masked_then_shortened(platform_db: Engine) -> None:
    start(platform_db)
    # Shortened first, the address would be cut into something that no longer looks like one.
    message = "x" * 1990 + " jane.doe@example.com\x00 and more"
    job_log.ended(platform_db, "run-1", status=Status.FAILED, ended_at=NOON, message=message)
    stored = only_run(platform_db).message
    assert len(stored) == 2000
    assert stored.endswith(" j***@***…")


def test_dates_in_the_wrong_order_are_refused(platform_db: Engine) -> None:
    with pytest.raises(IntegrityError):
        start(platform_db, first_date=DAY + datetime.timedelta(days=1))


def test_recent_runs_come_newest_first(platform_db: Engine) -> None:
    for minute, (run_id, company) in enumerate([("a", "holley"), ("b", "acme"), ("c", "holley")]):
        start(platform_db, run_id, company, NOON + datetime.timedelta(minutes=minute))
    start(platform_db, "d", "holley", NOON + datetime.timedelta(minutes=2))
    assert [run.run_id for run in job_log.recent(platform_db)] == ["d", "c", "b", "a"]
    assert [run.run_id for run in job_log.recent(platform_db, "holley", limit=2)] == ["d", "c"]
    assert job_log.recent(platform_db, "metro") == []


def test_many_writers_at_once(platform_db: Engine) -> None:
    def one_run(number: int) -> None:
        run_id = f"run-{number % 10}"
        start(platform_db, run_id)
        job_log.ended(platform_db, run_id, status=Status.SUCCEEDED, ended_at=NOON, rows=number % 10)

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(one_run, range(40)))
    runs = job_log.recent(platform_db, limit=100)
    assert {run.run_id: (run.status, run.rows) for run in runs} == {
        f"run-{number}": (Status.SUCCEEDED, number) for number in range(10)
    }
    assert len(runs) == 10


def test_an_unknown_status_cannot_be_stored(platform_db: Engine) -> None:
    start(platform_db)
    with pytest.raises(DBAPIError), platform_db.begin() as connection:
        connection.exec_driver_sql("UPDATE job_log SET status = 'lost'")


def test_a_day_ended_well_if_its_newest_run_succeeded(platform_db: Engine) -> None:
    def ended_well() -> bool:
        return job_log.ended_well(platform_db, "holley", DAY)

    assert ended_well()
    start(platform_db)
    assert not ended_well()
    job_log.died(platform_db, "run-1", found_at=NOON, message="killed")
    assert not ended_well()
    start(platform_db, "run-2", at=NOON + datetime.timedelta(hours=1))
    job_log.ended(platform_db, "run-2", status=Status.SUCCEEDED, ended_at=NOON + datetime.timedelta(hours=2))
    assert ended_well()
    start(platform_db, "run-3", company="acme", at=NOON + datetime.timedelta(hours=3))
    assert ended_well()
