"""Runs that do not get on are told, and told to be over when they do."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import dagster as dg

from recs_platform.automation.looks.stuck import SILENT, STANDS_STILL, WAITS, stuck
from recs_platform.automation.origin import job_origin
from recs_platform.automation.partitions import partition_key
from recs_platform_tests.automation.looks.shop import DAY, JOB, Shop

LOOKS = {"stuck runs": stuck}
NOW = datetime.now(UTC)
SOON = timedelta(minutes=1)


def _made(shop: Shop, status: dg.DagsterRunStatus, company: str = "acme") -> str:
    tags = {"dagster/partition": partition_key(company, DAY)}
    run = dg.DagsterRun(JOB, status=status, tags=tags, remote_job_origin=job_origin(JOB).remote)
    shop.instance.add_run(run)
    return run.run_id


def _says_something(shop: Shop, run_id: str) -> None:
    run = shop.instance.get_run_by_id(run_id)
    assert run is not None
    shop.instance.report_engine_event("still there", run)


def test_a_silent_run_is_told_once_until_it_is_heard_again(shop: Shop) -> None:
    run_id = _made(shop, dg.DagsterRunStatus.STARTED)
    _says_something(shop, run_id)
    now = datetime.now(UTC)
    shop.look(LOOKS, now=now + SILENT - SOON)
    assert shop.told() == []
    for minutes in range(3):
        shop.look(LOOKS, now=now + SILENT + SOON * (minutes + 1))
    assert shop.told() == [("acme", "error", [f"stuck {run_id}"])]
    _says_something(shop, run_id)
    shop.look(LOOKS, now=now + SOON)
    assert shop.told()[1:] == [("acme", "recovered", [f"stuck {run_id}"])]
    # And silent again.
    shop.look(LOOKS, now=datetime.now(UTC) + SILENT + SOON)
    assert [told[1] for told in shop.told()] == ["error", "recovered", "error"]


def test_a_queue_that_stands_still_is_trouble_of_the_platform(shop: Shop) -> None:
    queued = _made(shop, dg.DagsterRunStatus.QUEUED)
    shop.look(LOOKS, now=NOW + STANDS_STILL - SOON)
    assert shop.told() == []
    for minutes in range(3):
        shop.look(LOOKS, now=datetime.now(UTC) + STANDS_STILL + SOON * (minutes + 1))
    assert shop.told() == [("", "error", ["stuck queue"])]
    assert "has waited in the queue for 31 minutes, although" in shop.messages()[0].told[0].finding.says
    shop.instance.delete_run(queued)
    shop.look(LOOKS, now=datetime.now(UTC) + STANDS_STILL + SOON * 9)
    assert shop.told()[1:] == [("", "recovered", ["stuck queue"])]


def test_a_queue_that_moves_may_be_long(shop: Shop) -> None:
    _made(shop, dg.DagsterRunStatus.QUEUED)
    _says_something(shop, _made(shop, dg.DagsterRunStatus.STARTED, "holley"))
    now = datetime.now(UTC)
    shop.look(LOOKS, now=now + SILENT - SOON)
    assert shop.told() == []
    shop.look(LOOKS, now=now + WAITS + SOON)
    assert ("", "warn", ["stuck queue"]) in shop.told()
