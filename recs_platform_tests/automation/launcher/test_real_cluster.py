"""The launcher against a real API server of Kubernetes and its controller of jobs: the tests that the stub passes, and
what the stub could be wrong about. Run by `make kubernetes`, which builds the servers once."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from recs_platform_tests.automation.launcher import test_doctor as stubbed_doctor
from recs_platform_tests.automation.launcher import test_pod_launcher as stubbed
from recs_platform_tests.automation.launcher.build_cluster import ETCD
from recs_platform_tests.automation.launcher.queue import Queue, queue_on
from recs_platform_tests.automation.launcher.real_cluster import RealCluster, real_cluster

pytestmark = [
    pytest.mark.kubernetes,
    pytest.mark.slow,
    # The server's certificate is its own, of this minute, and the way leads over this machine alone.
    pytest.mark.filterwarnings("ignore::urllib3.exceptions.InsecureRequestWarning"),
]

test_each_strategy_has_a_pod_of_its_own_size = stubbed.test_each_strategy_has_a_pod_of_its_own_size
test_what_a_pod_is = stubbed.test_what_a_pod_is
test_no_setting_and_no_secret_stands_in_a_job = stubbed.test_no_setting_and_no_secret_stands_in_a_job
test_names_of_any_length_are_names_of_pods = stubbed.test_names_of_any_length_are_names_of_pods
test_a_pod_that_ends_well = stubbed.test_a_pod_that_ends_well
test_a_killed_pod = stubbed.test_a_pod_that_is_killed_is_seen_told_and_started_again
test_a_pod_that_ended_and_whose_run_did_not = stubbed.test_a_pod_that_ended_and_whose_run_did_not_is_a_failure
test_a_job_that_somebody_deleted_is_a_failure = stubbed.test_a_job_that_somebody_deleted_is_a_failure
test_a_refused_pod = stubbed.test_a_refused_pod_fails_its_run_with_the_reason_and_is_not_asked_for_again
test_a_run_that_somebody_stops_loses_its_pod = stubbed.test_a_run_that_somebody_stops_loses_its_pod
test_a_pod_that_does_not_start_in_time = stubbed.test_a_pod_that_does_not_start_in_time
test_a_tag_may_ask_for_more_room_and_a_place = stubbed.test_a_tag_may_ask_for_more_room_and_a_place


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealCluster]:
    if not ETCD.exists():
        pytest.skip("the servers are not built: make kubernetes")
    with real_cluster(tmp_path_factory.mktemp("cluster")) as opened:
        yield opened


@pytest.fixture
def cluster(servers: RealCluster) -> Iterator[RealCluster]:
    yield servers
    for name in servers.jobs:
        servers.delete(name)


@pytest.fixture
def queue(
    cluster: RealCluster, databases: tuple[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Queue]:
    with queue_on(databases, cluster.kubeconfig, tmp_path, monkeypatch, RECS_CONCURRENT_RUNS="10") as opened:
        yield opened


def test_missing_rights_are_said(queue: Queue) -> None:
    """The launcher's user has none in another namespace."""
    queue.instance.run_launcher.job_namespace = "default"  # type: ignore[attr-defined]
    run_id = stubbed.launched(queue)
    assert queue.status(run_id) is dg.DagsterRunStatus.FAILURE
    assert 'User "recs-dagster" cannot create resource "jobs"' in queue.words(run_id)
    assert "service account needs the rights" in queue.words(run_id)


def test_the_rights_are_those_that_the_doctor_asks_for(
    cluster: RealCluster, databases: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    says = stubbed_doctor.told(cluster.kubeconfig, databases, monkeypatch)
    assert says == ["ok: queued runs are pods in the namespace recs, 2 at once"]
    missing = stubbed_doctor.told(cluster.kubeconfig, databases, monkeypatch, RECS_RUN_NAMESPACE="default")
    assert "wrong: whoever starts pods may not create jobs in the namespace default" in missing


def test_a_nonsensical_amount_is_refused(queue: Queue, cluster: RealCluster) -> None:
    tag = {"container_config": {"resources": {"requests": {"memory": "lots"}}}}
    run_id = stubbed.launched(queue, tags={"dagster-k8s/config": json.dumps(tag)})
    assert queue.status(run_id) is dg.DagsterRunStatus.FAILURE
    assert "quantities must match the regular expression" in queue.words(run_id)
    assert not cluster.jobs
