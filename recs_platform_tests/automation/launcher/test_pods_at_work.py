"""Whole days in pods: what a job says is carried out, through Dagster's own queue, in processes that have nothing but
the environment that a cluster gives them."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from dagster._core.storage.tags import WILL_RETRY_TAG

from recs_platform.automation.looks.killed import killed
from recs_platform.automation.looks.look import LookContext
from recs_platform.platform_db import job_log
from recs_platform.platform_db.engine import opened_database
from recs_platform.platform_db.tables import Status
from recs_platform.warehouse.environment import open_warehouse
from recs_platform_tests.automation.house import company_file
from recs_platform_tests.automation.launcher.kubelet import Kubelet
from recs_platform_tests.automation.launcher.queue import Queue, queue_on
from recs_platform_tests.automation.launcher.stub_cluster import StubCluster, until

pytestmark = pytest.mark.slow

FAILURE, STARTED = dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.STARTED
_PATIENCE = 240


@pytest.fixture
def settings_of_pods(tmp_path: Path) -> dict[str, str]:
    """What stands in the ConfigMap."""
    (tmp_path / "companies").mkdir()
    for name in ("north", "south"):
        (tmp_path / "companies" / f"{name}.yaml").write_text(company_file(name))
    return {
        "RECS_ENV": "production",
        "RECS_LAKE_URL": str(tmp_path / "lake"),
        "RECS_FILES_URL": str(tmp_path / "files"),
        "RECS_LANDING_DIR": str(tmp_path / "landing"),
        "RECS_COMPANIES_DIR": str(tmp_path / "companies"),
        "RECS_RUN_LAUNCHER": "kubernetes",
        "RECS_RUN_IMAGE": "registry.example.com/recs-platform:1",
    }


@pytest.fixture
def kubelet(
    cluster: StubCluster, databases: tuple[str, str], tmp_path: Path, settings_of_pods: dict[str, str]
) -> Iterator[Kubelet]:
    secret = {"RECS_DATABASE_URL": databases[0], "RECS_DAGSTER_DATABASE_URL": databases[1]}
    opened = Kubelet(cluster, tmp_path / "pods", settings_of_pods, secret)
    yield opened
    opened.end()


@pytest.fixture
def queue(
    cluster: StubCluster,
    kubelet: Kubelet,
    databases: tuple[str, str],
    settings_of_pods: dict[str, str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Queue]:
    with queue_on(databases, cluster.kubeconfig, tmp_path, monkeypatch, **settings_of_pods) as opened:
        yield opened


def waits_until(queue: Queue, kubelet: Kubelet, run_id: str, status: dg.DagsterRunStatus) -> None:
    job = queue.job(run_id)

    def is_so() -> bool:
        assert queue.status(run_id) is status or kubelet.processes[job].poll() is None, kubelet.log(job)
        return queue.status(run_id) is status

    until(is_so, f"{job} is {status}", _PATIENCE)


def works(run_id: str) -> bool:
    return any(row.run_id == run_id for row in job_log.running(opened_database()))


def test_a_companys_day_in_a_pod_and_one_that_is_killed(
    queue: Queue, kubelet: Kubelet, cluster: StubCluster, tmp_path: Path
) -> None:
    north, south = queue.submit_whole("north"), queue.submit_whole("south")
    queue.tick()
    until(lambda: works(south), "south works", _PATIENCE)
    os.kill(kubelet.processes[queue.job(south)].pid, signal.SIGKILL)
    until(lambda: cluster.pod_of(queue.job(south))["status"]["phase"] == "Failed", "the cluster knows of it")
    queue.monitor()
    assert queue.status(south) is FAILURE
    assert "OOMKilled" in queue.words(south)
    assert queue.run(south).tags[WILL_RETRY_TAG] == "true"
    assert works(south), "a killed run says nothing"
    companies: Any = {}
    context = LookContext(queue.instance, opened_database(), companies, {}, datetime.now(UTC), open_warehouse)
    assert list(killed(context)) == []
    assert not works(south), "its company goes on"
    waits_until(queue, kubelet, north, dg.DagsterRunStatus.SUCCESS)
    until(lambda: cluster.pod_of(queue.job(north))["status"]["phase"] == "Succeeded", "the cluster knows of it")
    queue.monitor()
    (ended,) = job_log.recent(opened_database(), "north")
    assert (ended.status, ended.run_id) == (Status.SUCCEEDED, north)
    assert [*(tmp_path / "lake" / "north").iterdir()]


@pytest.mark.parametrize("asked_by", ["the cluster", "somebody"])
def test_a_pod_that_is_asked_to_end(queue: Queue, kubelet: Kubelet, asked_by: str) -> None:
    """A machine that is drained costs a run its pod, and not its day."""
    run_id = queue.submit_whole("north")
    queue.tick()
    until(lambda: works(run_id), "it works", _PATIENCE)
    if asked_by == "somebody":
        assert queue.instance.run_launcher.terminate(run_id)
        waits_until(queue, kubelet, run_id, dg.DagsterRunStatus.CANCELED)
    else:
        kubelet.processes[queue.job(run_id)].send_signal(signal.SIGTERM)
        waits_until(queue, kubelet, run_id, FAILURE)
    until(lambda: not works(run_id), "the job log has its end")
    again = queue.run(run_id).tags.get(WILL_RETRY_TAG) == "true"
    assert again is (asked_by == "the cluster")


def test_a_pod_of_another_database_says_so(queue: Queue, kubelet: Kubelet, cluster: StubCluster) -> None:
    kubelet.secret = {**kubelet.secret, "RECS_DAGSTER_DATABASE_URL": "postgresql://127.0.0.1:1/elsewhere"}
    run_id = queue.submit_whole("north")
    queue.tick()
    job = queue.job(run_id)
    until(lambda: cluster.pod_of(job)["status"]["phase"] == "Failed", "the pod has ended", _PATIENCE)
    assert "Traceback" not in kubelet.log(job), kubelet.log(job)
    assert "RECS_DAGSTER_DATABASE_URL" in kubelet.log(job)
