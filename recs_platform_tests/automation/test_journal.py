"""What the job log says of a run: made, refused by somebody's mistake, broken by a bug, over a range of days."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError

from recs_platform.automation import failures, journal
from recs_platform.automation.failures import guarded_step
from recs_platform.automation.journal import RANGE_END, RANGE_START, RunJournal
from recs_platform.automation.partitions import partition_key
from recs_platform.automation.run_summary import summary
from recs_platform.automation.run_timings import TIMINGS_TAG
from recs_platform.errors import ConfigError
from recs_platform.platform_db import job_log
from recs_platform.platform_db.engine import opened_database
from recs_platform.platform_db.tables import JobRun, Status
from recs_platform.settings import settings
from recs_platform_tests.automation.small import PARTITIONS
from recs_platform_tests.promises.platform import quietly

DAY = date(2025, 9, 5)
_QUIET: dict[str, Any] = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


@pytest.fixture
def url(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Of the environment's platform database."""
    return in_environment(f"sqlite:///{tmp_path / 'platform.db'}", monkeypatch)


def in_environment(url: str, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("RECS_DATABASE_URL", url)
    settings.cache_clear()
    return url


@pytest.fixture
def log(url: str) -> Iterator[Engine]:
    opened = opened_database(url)
    yield opened
    opened.dispose()


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as made:
        yield made


def _execute(
    instance: dg.DagsterInstance, work: Callable[[Any], None], *, check: bool = True, last: date | None = None
) -> str:
    @dg.asset(
        key=["shop", "orders"],
        partitions_def=PARTITIONS,
        backfill_policy=dg.BackfillPolicy.single_run(),
        required_resource_keys={"journal"},
    )
    def orders(context) -> dg.MaterializeResult[Any]:  # type: ignore[no-untyped-def]  # Dagster reads annotations
        work(context)
        return dg.MaterializeResult(metadata={"rows (holley)": 12})

    with quietly():

        @dg.asset_check(asset=orders, name="few", partitions_def=PARTITIONS, required_resource_keys={"journal"})
        def few() -> dg.AssetCheckResult:
            return dg.AssetCheckResult(passed=check, severity=dg.AssetCheckSeverity.WARN, description="12 of 12 rows")

        job = dg.Definitions(
            [orders],
            asset_checks=[few],
            jobs=[dg.define_asset_job("shop_daily", selection=dg.AssetSelection.all())],
            resources={"journal": RunJournal()},
            executor=dg.in_process_executor,
        ).resolve_job_def("shop_daily")
        key = partition_key("acme", DAY)
        tags = {RANGE_START: key, RANGE_END: partition_key("acme", last)} if last else {}
        result = job.execute_in_process(
            instance=instance,
            partition_key=None if last else key,
            tags=tags,
            run_config=_QUIET,
            raise_on_error=False,
        )
    return result.run_id


def _row(log: Engine) -> JobRun:
    (row,) = job_log.recent(log)
    return row


def test_a_run_that_did_its_work(instance: dg.DagsterInstance, log: Engine) -> None:
    run_id = _execute(instance, lambda _: None)
    row = _row(log)
    assert (row.run_id, row.job, row.company) == (run_id, "shop_daily", "acme")
    assert (row.status, row.first_date, row.last_date) == (Status.SUCCEEDED, DAY, DAY)
    assert (row.assets, row.rows, row.checks_passed, row.checks_warned, row.checks_failed) == (1, 12, 1, 0, 0)
    assert row.message == ""
    assert row.ended_at is not None
    assert row.ended_at >= row.started_at
    assert re.fullmatch(
        r"\d+\.\d s \(\d+\.\d s CPU\): Dagster \d+\.\d; inputs 0\.0 MB",
        instance.get_run_by_id(run_id).tags[TIMINGS_TAG],
    )


def test_a_tag_that_cannot_be_written_fails_nothing(
    instance: dg.DagsterInstance, log: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal, "say_which_process", lambda *_: None)
    monkeypatch.setattr(instance, "add_run_tags", _away)
    run_id = _execute(instance, lambda _: None)
    run = instance.get_run_by_id(run_id)
    assert run is not None
    assert run.is_success
    said = [record.user_message for record in instance.all_logs(run_id)]
    assert [text for text in said if text.startswith("Where the time went could not be noted")]


def _away(*_: object) -> None:
    raise OperationalError("UPDATE runs", {}, Exception("the database is away"))


def test_a_warning_is_counted_and_said(instance: dg.DagsterInstance, log: Engine) -> None:
    run_id = _execute(instance, lambda _: None, check=False)
    assert (_row(log).status, _row(log).checks_passed, _row(log).checks_warned) == (Status.SUCCEEDED, 0, 1)
    assert summary(instance, run_id).warnings == ("shop/orders: few: 12 of 12 rows",)


def test_a_range_of_days_is_one_row(instance: dg.DagsterInstance, log: Engine) -> None:
    run_id = _execute(instance, lambda _: None, last=date(2025, 9, 8))
    assert (_row(log).first_date, _row(log).last_date) == (DAY, date(2025, 9, 8))
    # Four partitions are materialized, and it is one table and one slice.
    assert (summary(instance, run_id).assets, summary(instance, run_id).rows) == (1, 12)


def test_a_persons_mistake_is_told_without_wrapping(instance: dg.DagsterInstance, log: Engine) -> None:
    @guarded_step
    def refuse(context: object) -> None:
        raise ConfigError("acme: write to jane.doe@example.com about it.")

    run_id = _execute(instance, refuse)
    done = summary(instance, run_id)
    assert done.user_mistake
    assert not done.interrupted
    assert done.errors == ("acme: write to j***@***.com about it.",)
    assert _row(log).status is Status.FAILED
    assert _row(log).message == "acme: write to j***@***.com about it."


def test_a_bug_is_no_persons_mistake(instance: dg.DagsterInstance, log: Engine) -> None:
    @guarded_step
    def break_off(context: object) -> None:
        raise ZeroDivisionError("division by zero")

    done = summary(instance, _execute(instance, break_off))
    assert not done.user_mistake
    assert done.retries == ()
    (trace,) = done.traces
    assert "in break_off" in trace
    assert "ZeroDivisionError: division by zero" in done.errors[0]
    assert "Traceback" not in done.errors[0]
    assert _row(log).status is Status.FAILED


def test_a_database_that_cannot_be_reached_is_the_runs_error(
    instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(failures, "RETRIES", dg.RetryPolicy(max_retries=1, delay=0.01))
    in_environment("postgresql://anna:geheim@127.0.0.1:1/platform", monkeypatch)
    run_id = _execute(instance, lambda _: None)
    done = summary(instance, run_id)
    assert not done.user_mistake
    assert done.traces == ()
    assert done.errors[0].startswith("platform database")
    assert "check RECS_DATABASE_URL" in done.errors[0]
    assert "geheim" not in done.errors[0]


def test_a_run_that_was_killed_is_said_to_have_died_when_the_next_one_begins(
    instance: dg.DagsterInstance, log: Engine
) -> None:
    killed = instance.create_run_for_job(_job(), tags=dict(COMPANY), status=dg.DagsterRunStatus.STARTED)
    elsewhere = instance.create_run_for_job(_job(), tags=dict(COMPANY), status=dg.DagsterRunStatus.STARTED)
    for run_id, company in ((killed.run_id, "acme"), ("of another instance", "acme"), (elsewhere.run_id, "holley")):
        job_log.started(log, run_id=run_id, company=company, **BEGUN)
    lived = _execute(instance, lambda _: None)
    rows = {row.run_id: row for row in job_log.recent(log)}
    assert rows[lived].status is Status.SUCCEEDED
    assert rows[elsewhere.run_id].status is Status.RUNNING, "of another company nothing is known"
    for run_id in (killed.run_id, "of another instance"):
        assert (rows[run_id].status, rows[run_id].seconds) == (Status.FAILED, None)
        assert rows[run_id].ended_at is not None
        assert rows[run_id].message == (
            "the run of acme 2025-09-03 to 2025-09-05 died: it was killed, or its machine failed. Nothing half-done "
            "was published. Run it again: recs run acme --date 2025-09-03 --to 2025-09-05"
        )
    statuses = {run.run_id: run.status for run in instance.get_runs()}
    assert statuses[killed.run_id] is dg.DagsterRunStatus.FAILURE, "so that Dagster's queue does not wait for it"
    assert statuses[elsewhere.run_id] is dg.DagsterRunStatus.STARTED


COMPANY = {"recs/company": "acme"}
BEGUN: dict[str, Any] = {
    "job": "shop_daily",
    "strategy": "shop",
    "first_date": date(2025, 9, 3),
    "last_date": DAY,
    "started_at": datetime(2025, 9, 6, tzinfo=UTC),
}


def _job() -> dg.JobDefinition:
    @dg.op
    def nothing() -> None: ...

    @dg.job(name="shop_daily")
    def shop_daily() -> None:
        nothing()

    return shop_daily
