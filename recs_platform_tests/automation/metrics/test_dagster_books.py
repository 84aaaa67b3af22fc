"""What Dagster's storage tells: runs under way, and why runs failed. Looking makes nothing."""

from __future__ import annotations

from datetime import UTC, date, datetime

import dagster as dg
import pytest
from sqlalchemy import Engine

from recs_platform.automation.failures import TransientFailure, guarded_step
from recs_platform.automation.jobs import COMPANY_TAG
from recs_platform.automation.metrics.dagster_books import FailureKinds, from_dagster, kind_of_failure
from recs_platform.errors import ConfigError
from recs_platform.platform_db import job_log
from recs_platform.platform_db.tables import Status


def failed(instance: dg.DagsterInstance, error: Exception) -> str:
    """The id of a run whose second step ends in this error."""

    @dg.op
    def well() -> int:
        return 1

    @dg.op
    @guarded_step
    def ends(context) -> None:  # type: ignore[no-untyped-def]
        raise error

    @dg.job(executor_def=dg.in_process_executor)
    def job() -> None:
        well()
        ends()

    return job.execute_in_process(instance=instance, raise_on_error=False).run_id


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (ConfigError("a typo"), "mistake"),
        (KeyError("day"), "defect"),
        (dg.Failure("waits for approval"), "refused"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_ended_a_run(error: Exception, kind: str) -> None:
    with dg.instance_for_test() as instance:
        assert kind_of_failure(instance, failed(instance, error)) == kind


def test_a_run_that_is_no_longer_there_is_of_an_unknown_kind_and_none_is_made() -> None:
    with dg.instance_for_test() as instance:
        assert kind_of_failure(instance, "gone") == "unknown"
        assert instance.get_runs_count() == 0


def test_failures_of_the_last_day_are_counted_by_kind(platform_db: Engine) -> None:
    now, day = datetime.now(UTC), date(2025, 9, 2)
    with dg.instance_for_test() as instance:
        runs = [
            failed(instance, ConfigError("a")),
            failed(instance, TransientFailure("b", allow_retries=False)),
            "gone",
            "killed",
        ]
        for run_id in runs:
            job_log.started(
                platform_db, run_id=run_id, job="j", strategy="s", company="acme", first_date=day, last_date=day,
                started_at=now,
            )  # fmt: skip
            if run_id == "killed":
                job_log.died(platform_db, run_id, found_at=now, message="died")
            else:
                job_log.ended(platform_db, run_id, status=Status.FAILED, ended_at=now)
        kinds = FailureKinds()
        for _ in range(2):  # the second time from memory
            told = {labels[2]: value for _, labels, value in kinds.of_last_day(platform_db, instance, now)}
            assert told == {"mistake": 1, "transient": 1, "unknown": 1, "killed": 1}


def test_of_a_run_that_has_just_ended_the_kind_is_asked_for_until_it_is_known(platform_db: Engine) -> None:
    """The job log is told of the end before Dagster is."""
    now, day = datetime.now(UTC), date(2025, 9, 2)
    with dg.instance_for_test() as instance:
        run = instance.add_run(dg.DagsterRun("j", status=dg.DagsterRunStatus.STARTED))
        job_log.started(
            platform_db, run_id=run.run_id, job="j", strategy="s", company="acme", first_date=day, last_date=day,
            started_at=now,
        )  # fmt: skip
        job_log.ended(platform_db, run.run_id, status=Status.FAILED, ended_at=now)
        kinds, told = FailureKinds(), []
        for _ in range(2):
            told += [labels[2] for _, labels, _ in kinds.of_last_day(platform_db, instance, now)]
            instance.report_run_canceled(run)
    assert told == ["unknown", "interrupted"]


def test_runs_under_way_by_company() -> None:
    with dg.instance_for_test() as instance:
        for company in ("acme", "acme", "holley"):
            instance.add_run(dg.DagsterRun("j", status=dg.DagsterRunStatus.STARTED, tags={COMPANY_TAG: company}))
        instance.add_run(dg.DagsterRun("j", status=dg.DagsterRunStatus.SUCCESS, tags={COMPANY_TAG: "acme"}))
        told = {(family.name, *labels): value for family, labels, value in from_dagster(instance)}
    assert told["recs_runs_under_way", "acme", "running"] == 2
    assert told["recs_runs_under_way", "holley", "running"] == 1
    assert "recs_oldest_queued_run_timestamp_seconds" not in {name for name, *_ in told}
