"""Runs whose process is gone: found at once where they ran, told once, and their company goes on."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from multiprocessing.process import BaseProcess
from pathlib import Path

import dagster as dg
import pytest

from recs_platform.automation.locks import company_lock, is_running
from recs_platform.automation.looks import killed as look
from recs_platform.automation.looks.ended_runs import ended_runs
from recs_platform.automation.looks.killed import killed
from recs_platform.automation.run_process import PROCESS_TAG, is_gone, process_of
from recs_platform.platform_db import job_log
from recs_platform.platform_db.tables import Status
from recs_platform_tests.automation.looks.killed_run import run_until_killed
from recs_platform_tests.automation.looks.shop import DAY, Shop
from recs_platform_tests.warehouse.processes import start

pytestmark = pytest.mark.slow
LOOKS = {"killed runs": killed, "ended runs": ended_runs}
STARTED = dg.DagsterRunStatus.STARTED


@pytest.fixture
def shop(shop: Shop, tmp_path: Path) -> Iterator[Shop]:
    """Its instance is one that several processes can open."""
    (tmp_path / "dagster").mkdir()
    with dg.DagsterInstance.local_temp(str(tmp_path / "dagster")) as instance:
        yield Shop(instance, shop.database)


def test_a_run_that_is_killed_is_told_and_its_company_goes_on(shop: Shop, tmp_path: Path) -> None:
    with _run_of_another_process(shop, tmp_path) as process:
        shop.look(LOOKS)
        assert shop.messages() == []
        _kill(process)
        shop.look(LOOKS)
        shop.look(LOOKS)
    assert shop.told() == [("acme", "error", [f"killed {DAY}"])]
    ((told,),) = (message.told for message in shop.messages())
    assert f"recs run acme --date {DAY}" in told.finding.remedy
    (run,) = shop.instance.get_runs()
    (row,) = job_log.recent(shop.database)
    assert (run.status, row.status) == (dg.DagsterRunStatus.FAILURE, Status.FAILED)
    assert "it was killed" in row.message
    shop.run()
    shop.look(LOOKS)
    assert shop.told()[1:] == [("acme", "recovered", [f"killed {DAY}"])]


def test_a_run_that_is_killed_while_it_waits_for_its_company(shop: Shop, tmp_path: Path) -> None:
    """It is in no job log yet."""
    with company_lock("acme"), _run_of_another_process(shop, tmp_path, begun=_said_which) as process:
        assert job_log.recent(shop.database) == []
        _kill(process)
        shop.look(LOOKS)
    assert shop.told() == [("acme", "error", [f"killed {DAY}"])]


def test_a_run_of_another_machine_is_not_judged_by_the_processes_of_this_one(
    shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with _run_of_another_process(shop, tmp_path) as process:
        _kill(process)
        (run,) = shop.instance.get_runs()
        shop.instance.add_run_tags(run.run_id, {PROCESS_TAG: f"elsewhere {run.run_id} {process.pid} 1"})
        shop.look(LOOKS)
        assert shop.instance.get_runs()[0].status is STARTED
        # Nothing was heard of it for long; but somebody holds the company's lock, on whatever machine.
        monkeypatch.setattr(look, "HEARD_WITHIN", timedelta(0))
        with _held_by_somebody("acme"):
            shop.look(LOOKS)
        assert shop.instance.get_runs()[0].status is STARTED
        shop.look(LOOKS)
    assert shop.told() == [("acme", "error", [f"killed {DAY}"])]


def test_a_process_that_lives_is_not_dead_though_its_lock_is_lost(shop: Shop) -> None:
    """A database that was started again has forgotten who held it."""

    seen = []

    def lose_it(_: object) -> None:
        with _without_the_lock():
            done = shop.look({"killed runs": killed}, now=datetime.now(UTC) + timedelta(days=1))
        seen.append((done.failed, [run.status for run in shop.instance.get_runs()]))

    shop.run(lose_it)
    assert seen == [({}, [STARTED])]


def test_what_dagster_has_buried_is_buried_in_the_job_log(shop: Shop, tmp_path: Path) -> None:
    """The code server notices first that its child is gone."""
    with _run_of_another_process(shop, tmp_path) as process:
        _kill(process)
        (run,) = shop.instance.get_runs()
        shop.instance.report_run_failed(run)
        shop.look(LOOKS)
    assert shop.told() == [("acme", "error", [f"killed {DAY}"])]
    assert [row.status for row in job_log.recent(shop.database)] == [Status.FAILED]


def test_a_run_that_repeats_a_killed_one_is_not_dead_before_it_begins(shop: Shop, tmp_path: Path) -> None:
    """Dagster gives it the tags of the first."""
    with _run_of_another_process(shop, tmp_path) as process:
        _kill(process)
        (first,) = shop.instance.get_runs()
        again = dg.DagsterRun(first.job_name, tags=first.tags, status=dg.DagsterRunStatus.STARTING)
        shop.instance.add_run(again)
        shop.look(LOOKS)
    statuses = {run.run_id: run.status for run in shop.instance.get_runs()}
    assert statuses == {
        first.run_id: dg.DagsterRunStatus.FAILURE,
        again.run_id: dg.DagsterRunStatus.STARTING,
    }


def test_a_number_that_another_process_got_is_gone(shop: Shop) -> None:
    run_id = shop.run()
    run = shop.instance.get_run_by_id(run_id)
    assert run is not None
    assert is_gone(run) is False
    pid, began = process_of(run)
    assert pid == os.getpid()
    other = run.with_tags({PROCESS_TAG: run.tags[PROCESS_TAG].replace(began, str(int(began) + 1))})
    assert is_gone(other) is True
    assert is_gone(run.with_tags({})) is None


@pytest.mark.parametrize("rest", ["", "x y", "7", "7 8 9 x", f"{'9' * 40} 1", "12.5 1"])
def test_a_tag_that_makes_no_sense_says_nothing_of_a_process(shop: Shop, rest: str) -> None:
    """Anybody may edit it."""
    run = shop.instance.get_run_by_id(shop.run())
    assert run is not None
    place, run_id, *_ = run.tags[PROCESS_TAG].split(" ")
    assert is_gone(run.with_tags({PROCESS_TAG: f"{place} {run_id} {rest}".strip()})) is None


@contextmanager
def _held_by_somebody(company: str) -> Iterator[None]:
    taken, done = threading.Event(), threading.Event()

    def hold() -> None:
        with company_lock(company):
            taken.set()
            done.wait()

    thread = threading.Thread(target=hold)
    thread.start()
    assert taken.wait(60)
    yield
    done.set()
    thread.join()


@contextmanager
def _without_the_lock() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("recs_platform.automation.looks.killed.company_lock", lambda *_, **__: company_lock("nobody"))
        yield


def _said_which(shop: Shop) -> bool:
    return any(PROCESS_TAG in run.tags for run in shop.instance.get_runs())


def _works(shop: Shop) -> bool:
    return is_running("acme") and bool(job_log.running(shop.database, "acme"))


@contextmanager
def _run_of_another_process(shop: Shop, folder: Path, begun: Callable[[Shop], bool] = _works) -> Iterator[BaseProcess]:
    """A run that goes on until it is killed."""
    process = start(run_until_killed, shop.instance.get_ref(), shop.database.url.render_as_string(False))
    try:
        deadline = time.monotonic() + 60
        while not begun(shop):
            assert process.is_alive()
            assert time.monotonic() < deadline
            time.sleep(0.05)
        yield process
    finally:
        _kill(process)


def _kill(process: BaseProcess) -> None:
    if process.is_alive() and process.pid:
        os.kill(process.pid, signal.SIGKILL)
    process.join()
