"""Which failed runs are started again, and that a rerun is never doubled: by schedules, sensors or a person."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, time
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from dagster._core.storage.tags import AUTO_RETRY_RUN_ID_TAG, WILL_RETRY_TAG
from dagster._core.workspace.context import WorkspaceProcessContext
from dagster._core.workspace.load_target import PythonFileTarget
from dagster._daemon.auto_run_reexecution.auto_run_reexecution import consume_new_runs_for_automatic_reexecution

from recs_platform.automation import failures, journal
from recs_platform.automation.burial import bury, bury_others
from recs_platform.automation.instance import shipped_file
from recs_platform.automation.jobs import COMPANY_TAG
from recs_platform.automation.journal import PARTITION
from recs_platform.automation.requests import under_way
from recs_platform.automation.rerun import NEVER_AGAIN
from recs_platform.automation.run_process import PROCESS_TAG, is_gone
from recs_platform.errors import ConfigError, UnavailableError
from recs_platform.platform_db import job_log
from recs_platform.platform_db.engine import opened_database
from recs_platform_tests.automation.looks.shop import DAY, Shop, found, shop_job
from recs_platform_tests.automation.mornings import asked_for
from recs_platform_tests.automation.sensors.lifts import day, lifts
from recs_platform_tests.promises.platform import definitions_of

pytestmark = pytest.mark.slow

ONE_JOB = """
import dagster as dg

@dg.op
def work():
    pass

@dg.job
def shop_daily():
    work()
"""


@pytest.fixture
def shop(own_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    """With the settings that Dagster is shipped with."""
    monkeypatch.setattr(failures, "RETRIES", dg.RetryPolicy(max_retries=1, delay=0.01))
    home = tmp_path / "dagster"
    home.mkdir()
    shutil.copy(shipped_file("dagster.yaml"), home)
    with dg.DagsterInstance.from_config(str(home)) as instance:
        yield Shop(instance, opened_database())


def raising(*errors: Exception) -> Callable[[Any], None]:
    def work(_: Any) -> None:
        raise errors[0]

    return work


def is_started_again(shop: Shop, run_id: str) -> bool:
    run = shop.instance.get_run_by_id(run_id)
    assert run is not None
    assert run.status is dg.DagsterRunStatus.FAILURE
    return run.tags[WILL_RETRY_TAG] == "true"


@pytest.mark.parametrize(
    ("error", "again"),
    [(UnavailableError("the store is away"), True), (ConfigError("a typo"), False), (KeyError("a bug"), False)],
)
def test_steps_that_fail(shop: Shop, error: Exception, again: bool) -> None:
    assert is_started_again(shop, shop.run(raising(error))) is again


def test_a_check_that_fails_is_no_matter_for_a_rerun(shop: Shop) -> None:
    verdict = found(severity=dg.AssetCheckSeverity.ERROR)
    assert not is_started_again(shop, shop.run(checks={"orders_add_up": verdict}))


def test_a_run_inherits_nothing_from_the_one_before(shop: Shop) -> None:
    """Dagster gives a rerun the tags of the run before it."""
    first = shop.run(raising(UnavailableError("the store is away")))
    tags = dict(shop.instance.get_run_by_id(first).tags)  # type: ignore[union-attr]
    assert not is_started_again(shop, shop.run(raising(ConfigError("a typo")), tags=tags))


@pytest.mark.parametrize(
    ("error", "again"),
    [(UnavailableError("the database is away"), True), (ConfigError("a typo"), False), (KeyError("a bug"), False)],
)
def test_what_fails_before_the_first_step(
    shop: Shop, error: Exception, again: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal, "opened_database", lambda: raising(error)(None))
    assert is_started_again(shop, shop.run()) is again


def killed(shop: Shop, **tags: str) -> str:
    """A run that says that it is running, and says nothing more."""
    run = shop.instance.create_run_for_job(
        shop_job(lambda _: None, {}),
        status=dg.DagsterRunStatus.STARTED,
        tags={COMPANY_TAG: "acme", PARTITION: f"acme|{DAY}", **tags},
    )
    job_log.started(
        shop.database,
        run_id=run.run_id,
        job="shop_daily",
        strategy="shop",
        company="acme",
        first_date=DAY,
        last_date=DAY,
        started_at=datetime.now(UTC),
    )
    return run.run_id


def test_a_killed_run_is_started_again_unless_its_successor_finds_it(shop: Shop) -> None:
    by_the_look, by_the_next = killed(shop), killed(shop)
    bury(shop.database, shop.instance, by_the_look, "it died")
    assert is_started_again(shop, by_the_look)
    # Whoever started the next run of the company has planned with what is missing.
    bury_others(shop.database, shop.instance, "acme", "another")
    assert not is_started_again(shop, by_the_next)


def test_a_run_from_a_terminal_is_its_callers_to_repeat(shop: Shop) -> None:
    run_id = killed(shop, **NEVER_AGAIN)
    bury(shop.database, shop.instance, run_id, "it died")
    assert not is_started_again(shop, run_id)


def test_what_waits_for_its_rerun_is_under_way(shop: Shop) -> None:
    run_id = killed(shop)
    bury(shop.database, shop.instance, run_id, "it died")
    assert under_way(shop.instance) == {"acme": {f"acme|{DAY}"}}
    assert under_way(shop.instance, "holley") == {}
    shop.instance.add_run_tags(run_id, {AUTO_RETRY_RUN_ID_TAG: "its rerun"})
    assert under_way(shop.instance) == {}


def test_a_schedule_leaves_a_killed_run_to_its_rerun(shop: Shop, tmp_path: Path) -> None:
    company = lifts(tmp_path)
    definitions = definitions_of({"lifts": company})
    morning = datetime.combine(day(1), time(6), UTC)
    asked = asked_for(definitions, "lifts", morning, shop.instance)
    assert [request.partition_key for request in asked if isinstance(request, dg.RunRequest)] == [f"lifts|{day(0)}"]
    run_id = killed(shop, **{COMPANY_TAG: "lifts", PARTITION: f"lifts|{day(0)}"})
    bury(shop.database, shop.instance, run_id, "it died")
    assert (
        asked_for(definitions, "lifts", morning, shop.instance)
        == f"lifts: all that is missing up to {day(0)} is under way"
    )


def test_dagster_starts_it_once_and_its_process_is_not_the_dead_one(shop: Shop, tmp_path: Path) -> None:
    """The daemon's own code, twice over the same failure, with a code server that has the job."""
    (tmp_path / "jobs.py").write_text(ONE_JOB)
    with_the_job: dict[str, Any] = {}
    exec(ONE_JOB, with_the_job)
    target = PythonFileTarget(str(tmp_path / "jobs.py"), None, str(tmp_path), "shop")
    with WorkspaceProcessContext(shop.instance, target) as workspace:
        location = workspace.create_request_context().get_code_location("shop")
        job = next(iter(location.get_repositories().values())).get_full_job("shop_daily")
        run = shop.instance.create_run_for_job(
            with_the_job["shop_daily"],
            status=dg.DagsterRunStatus.STARTED,
            tags={COMPANY_TAG: "acme", PROCESS_TAG: "here 1 1"},
            remote_job_origin=job.get_remote_origin(),
        )
        shop.instance.report_run_failed(run, "it died")
        for _ in range(2):
            records = shop.instance.get_run_records(dg.RunsFilter(run_ids=[run.run_id]))
            list(consume_new_runs_for_automatic_reexecution(workspace, records, logging.getLogger("test")))
    again = [one for one in shop.instance.get_runs() if one.run_id != run.run_id]
    assert [(one.parent_run_id, one.status) for one in again] == [(run.run_id, dg.DagsterRunStatus.QUEUED)]
    assert (again[0].tags[COMPANY_TAG], again[0].tags[PROCESS_TAG]) == ("acme", "")
    assert is_gone(again[0]) is None
