"""Runs that leave the queue as pods of a cluster: what they are, how they end, and a cluster that refuses them."""

from __future__ import annotations

import json
import time
from typing import Any

import dagster as dg
import pytest
from dagster._core.storage.tags import MAX_RETRIES_TAG, WILL_RETRY_TAG

from recs_platform.alerts.finding import PLATFORM
from recs_platform.automation.looks.run_facts import Ending, facts_of
from recs_platform.strategies.catalogue import STRATEGIES
from recs_platform_tests.automation.launcher.queue import IMAGE, Queue
from recs_platform_tests.automation.launcher.stub_cluster import StubCluster, until

pytestmark = pytest.mark.slow

FAILURE, SUCCESS = dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.SUCCESS
QUEUED, STARTING, STARTED = dg.DagsterRunStatus.QUEUED, dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.STARTED


def launched(queue: Queue, company: str = "acme", **how: Any) -> str:
    run_id = queue.submit(company, **how)
    queue.tick()
    return run_id


def ending(queue: Queue, run_id: str) -> Ending:
    (record,) = queue.instance.get_run_records(dg.RunsFilter(run_ids=[run_id]))
    return facts_of(queue.instance, record).ending


def retried(queue: Queue, run_id: str) -> bool:
    return queue.run(run_id).tags.get(WILL_RETRY_TAG) == "true"


def pod_spec(cluster: StubCluster, job: str) -> dict[str, Any]:
    spec: dict[str, Any] = cluster.jobs[job]["spec"]["template"]["spec"]
    return spec


SIZES = {
    "vehicle_fitment_daily": ("2", "4Gi", "2.40GiB", "2"),
    "vehicle_fitment_history": ("2", "6Gi", "3.60GiB", "2"),
    "offer_ranking_daily": ("2", "6Gi", "3.60GiB", "2"),
    "offer_ranking_training": ("4", "8Gi", "4.80GiB", "4"),
    "replenishment_daily": ("2", "6Gi", "3.60GiB", "2"),
    "replenishment_history": ("4", "8Gi", "4.80GiB", "4"),
    "measurement_daily": ("1", "2Gi", "1.20GiB", "1"),
    "housekeeping": ("1", "2Gi", "1.20GiB", "1"),
}


def test_each_strategy_has_a_pod_of_its_own_size(queue: Queue, cluster: StubCluster) -> None:
    assert {job.removesuffix("_daily") for job in SIZES if job.endswith("_daily")} == {*STRATEGIES}
    runs = {job: queue.submit(f"shop_{number}", job) for number, job in enumerate(SIZES)}
    queue.tick()
    for job, run_id in runs.items():
        (container,) = pod_spec(cluster, queue.job(run_id))["containers"]
        told = {one["name"]: one["value"] for one in container["env"]}
        asked, most = container["resources"]["requests"], container["resources"]["limits"]
        assert (asked["cpu"], asked["memory"], told["RECS_MEMORY_LIMIT"], told["RECS_THREADS"]) == SIZES[job]
        assert most == {name: amount for name, amount in asked.items() if name != "cpu"}
        assert queue.status(run_id) is STARTING


def test_what_a_pod_is(queue: Queue, cluster: StubCluster) -> None:
    run_id = launched(queue, "acme_usa")
    name = f"acme-usa-replenishment-daily-{run_id[:8]}"
    job = cluster.jobs[name]
    assert job["spec"]["backoffLimit"] == 0
    assert job["spec"]["ttlSecondsAfterFinished"] == 86_400
    most = queue.instance.run_monitoring_max_runtime_seconds
    assert most < job["spec"]["activeDeadlineSeconds"] <= most + 900
    labels = {
        "app.kubernetes.io/name": "recs-platform",
        "app.kubernetes.io/component": "run",
        "recs/company": "acme_usa",
        "recs/strategy": "replenishment",
        "dagster/run-id": run_id,
    }
    for labelled in (job["metadata"], job["spec"]["template"]["metadata"]):
        assert labels.items() <= labelled["labels"].items()
    pod = pod_spec(cluster, name)
    (container,) = pod["containers"]
    assert (pod["restartPolicy"], pod["serviceAccountName"]) == ("Never", "recs-run")
    assert pod["automountServiceAccountToken"] is False
    rights = pod["securityContext"]
    assert (rights["runAsNonRoot"], rights["runAsUser"], rights["fsGroup"]) == (True, 10001, 10001)
    assert rights["seccompProfile"] == {"type": "RuntimeDefault"}
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert container["image"] == IMAGE
    assert [*container["command"], *container["args"]] == [
        "python", "-P", "-m", "recs_platform.automation.run_pod", run_id,
    ]  # fmt: skip
    assert {mount["mountPath"] for mount in container["volumeMounts"]} == {
        "/tmp",
        "/var/lib/recs",
        "/etc/recs/companies",
    }
    assert container["envFrom"] == [
        {"configMapRef": {"name": "recs-settings"}},
        {"secretRef": {"name": "recs-secrets"}},
    ]


def test_no_setting_and_no_secret_stands_in_a_job(
    queue: Queue, cluster: StubCluster, databases: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RECS_SLACK_TOKEN", "xoxb-secret")
    run_id = launched(queue)
    written = json.dumps(cluster.jobs[queue.job(run_id)])
    for secret in (*databases, "postgresql", "xoxb-secret", "custom", "dagster.yaml"):
        assert secret not in written
    assert len(written) < 6_000


@pytest.mark.parametrize(
    ("company", "job"), [("a" * 63, "replenishment_history"), ("x_" * 31, "vehicle_fitment_daily"), ("a", "x" * 200)]
)
def test_names_of_any_length_are_names_of_pods(queue: Queue, cluster: StubCluster, company: str, job: str) -> None:
    run_id = launched(queue, company, job=job)
    assert queue.status(run_id) is STARTING, queue.words(run_id)
    name = cluster.pod_of(queue.job(run_id))["metadata"]["name"]
    assert len(name) <= 63
    assert run_id[:8] in name


def test_a_pod_that_ends_well(queue: Queue, cluster: StubCluster) -> None:
    run_id = launched(queue)
    queue.monitor()
    assert queue.status(run_id) is STARTING
    queue.works(run_id)
    queue.monitor()
    assert queue.status(run_id) is STARTED
    # Its last word, before the cluster knows that it has ended, and after.
    queue.succeeds(run_id)
    queue.monitor()
    cluster.finish(queue.job(run_id))
    queue.monitor()
    assert queue.status(run_id) is SUCCESS
    assert ending(queue, run_id) is Ending.SUCCEEDED


def test_a_pod_that_is_killed_is_seen_told_and_started_again(queue: Queue, cluster: StubCluster) -> None:
    run_id = launched(queue)
    queue.works(run_id)
    cluster.kill(queue.job(run_id))
    queue.monitor()
    assert queue.status(run_id) is FAILURE
    assert "OOMKilled" in queue.words(run_id)
    assert "exit code 137" in queue.words(run_id)
    assert ending(queue, run_id) is Ending.KILLED
    assert retried(queue, run_id)


def test_a_pod_that_ended_and_whose_run_did_not_is_a_failure(queue: Queue, cluster: StubCluster) -> None:
    run_id = launched(queue)
    queue.works(run_id)
    cluster.finish(queue.job(run_id))
    queue.monitor()
    assert queue.status(run_id) is FAILURE
    assert retried(queue, run_id)


def test_a_job_that_somebody_deleted_is_a_failure(queue: Queue, cluster: StubCluster) -> None:
    run_id = launched(queue)
    queue.works(run_id)
    cluster.delete(queue.job(run_id))
    queue.monitor()
    assert queue.status(run_id) is FAILURE
    assert f"the job {queue.job(run_id)} is gone" in queue.words(run_id)


@pytest.mark.parametrize("mood", ["away", "busy", "forbidden"])
def test_a_cluster_that_does_not_answer_kills_no_run(queue: Queue, cluster: StubCluster, mood: Any) -> None:
    run_id = launched(queue)
    queue.works(run_id)
    cluster.mood = mood
    queue.monitor()
    assert queue.status(run_id) is STARTED


def test_a_refused_pod_fails_its_run_with_the_reason_and_is_not_asked_for_again(
    queue: Queue, cluster: StubCluster
) -> None:
    tag = {"container_config": {"resources": {"requests": {"memory": "64Gi"}}}}
    run_id = launched(queue, tags={"dagster-k8s/config": json.dumps(tag)})
    assert queue.status(run_id) is FAILURE
    (record,) = queue.instance.get_run_records(dg.RunsFilter(run_ids=[run_id]))
    facts = facts_of(queue.instance, record)
    (failed,) = facts.failures
    assert failed.cause.message == (
        f"The cluster refused the job {queue.job(run_id)} in the namespace recs (422: Job.batch "
        f'"{queue.job(run_id)}" is invalid: spec.template.spec.containers[0].resources.requests: Invalid value: '
        '"64Gi": must be less than or equal to memory limit). Settings of pods begin with RECS_RUN_; '
        "the run's tag "
        "dagster-k8s/config is put over them."
    )
    assert (facts.ending, facts.company == PLATFORM) == (Ending.FAILED, False)
    assert not retried(queue, run_id)
    assert queue.run(run_id).tags[MAX_RETRIES_TAG] == "0"
    assert not cluster.jobs


def test_missing_rights_are_said(queue: Queue, cluster: StubCluster) -> None:
    cluster.mood = "forbidden"
    run_id = launched(queue)
    assert queue.status(run_id) is FAILURE
    assert "403: jobs.batch is forbidden" in queue.words(run_id)
    assert "service account needs the rights" in queue.words(run_id)
    assert not retried(queue, run_id)


def test_a_namespace_that_is_not_there(queue: Queue, cluster: StubCluster) -> None:
    queue.instance.run_launcher.job_namespace = "elsewhere"  # type: ignore[attr-defined]
    run_id = launched(queue)
    assert queue.status(run_id) is FAILURE
    assert 'namespaces "elsewhere" not found' in queue.words(run_id)
    assert "RECS_RUN_NAMESPACE" in queue.words(run_id)


@pytest.mark.parametrize("mood", ["away", "busy", "quota"])
def test_a_cluster_that_is_away_or_full_keeps_runs_in_the_queue(queue: Queue, cluster: StubCluster, mood: Any) -> None:
    cluster.mood = mood
    run_id = launched(queue)
    assert queue.status(run_id) is QUEUED
    cluster.mood = "well"
    queue.tick()
    assert queue.status(run_id) is QUEUED, "it waits before it asks again"
    queue.tick(at=time.time() + 61)
    assert queue.status(run_id) is STARTING
    assert [*cluster.jobs] == [queue.job(run_id)]


def test_a_job_whose_answer_did_not_arrive_is_made_once(queue: Queue, cluster: StubCluster) -> None:
    cluster.mood = "late"
    run_id = launched(queue)
    assert queue.status(run_id) is QUEUED
    assert len(cluster.jobs) == 1
    cluster.mood = "well"
    queue.tick(at=time.time() + 61)
    assert queue.status(run_id) is STARTING
    assert len(cluster.jobs) == 1


def test_a_run_that_somebody_stops_loses_its_pod(queue: Queue, cluster: StubCluster) -> None:
    run_id = launched(queue)
    queue.works(run_id)
    assert cluster.pod_of(queue.job(run_id))
    assert queue.instance.run_launcher.terminate(run_id)
    assert queue.status(run_id) is dg.DagsterRunStatus.CANCELING
    until(lambda: not cluster.jobs and not cluster.pods, "the pod is asked to end")
    queue.instance.report_run_canceled(queue.run(run_id))
    assert not queue.instance.run_launcher.terminate(run_id)


def test_a_pod_that_does_not_start_in_time(queue: Queue, cluster: StubCluster) -> None:
    run_id = launched(queue)
    queue.instance._settings["run_monitoring"]["start_timeout_seconds"] = 1
    time.sleep(1.1)
    queue.monitor()
    assert queue.status(run_id) is FAILURE
    assert "Pod status: Pending" in queue.words(run_id)
    assert retried(queue, run_id)


def test_companies_go_one_at_a_time_and_as_many_as_the_setting_says(queue: Queue, cluster: StubCluster) -> None:
    first, second = queue.submit("acme"), queue.submit("acme")
    others = [queue.submit(f"shop_{number}") for number in range(12)]
    queue.tick()
    assert (queue.status(first), queue.status(second)) == (STARTING, QUEUED)
    assert len(cluster.jobs) == 10
    queue.works(first)
    queue.succeeds(first)
    cluster.finish(queue.job(first))
    queue.tick()
    assert queue.status(second) is STARTING
    assert sum(queue.status(run_id) is QUEUED for run_id in others) == 3


TAGS = {
    "an image of one's own": ({"container_config": {"image": "evil"}}, "container_config.image"),
    "another account": ({"pod_spec_config": {"service_account_name": "admin"}}, "pod_spec_config.service_account_name"),
    "the machine's files": ({"pod_spec_config": {"volumes": [{"name": "x", "hostPath": {"path": "/"}}]}}, "volumes"),
    "another command": ({"container_config": {"command": ["sh"]}}, "container_config.command"),
    "no end": ({"job_spec_config": {"active_deadline_seconds": 9}}, "job_spec_config.active_deadline_seconds"),
}


@pytest.mark.parametrize("what", TAGS)
def test_a_tag_chooses_no_rights(queue: Queue, cluster: StubCluster, what: str) -> None:
    tag, named = TAGS[what]
    run_id = launched(queue, tags={"dagster-k8s/config": json.dumps(tag)})
    assert queue.status(run_id) is FAILURE
    assert named in queue.words(run_id)
    assert not cluster.jobs


def test_a_tag_that_is_nonsense(queue: Queue, cluster: StubCluster) -> None:
    run_id = launched(queue, tags={"dagster-k8s/config": "{"})
    assert queue.status(run_id) is FAILURE
    assert "dagster-k8s/config cannot be read" in queue.words(run_id)


def test_a_tag_may_ask_for_more_room_and_a_place(queue: Queue, cluster: StubCluster) -> None:
    size = {"requests": {"memory": "32Gi"}, "limits": {"memory": "32Gi"}}
    tag = {"container_config": {"resources": size}, "pod_spec_config": {"node_selector": {"pool": "large"}}}
    run_id = launched(queue, tags={"dagster-k8s/config": json.dumps(tag)})
    pod = pod_spec(cluster, queue.job(run_id))
    (container,) = pod["containers"]
    assert container["resources"]["limits"]["memory"] == "32Gi"
    assert pod["nodeSelector"] == {"pool": "large"}
    assert container["image"] == IMAGE
