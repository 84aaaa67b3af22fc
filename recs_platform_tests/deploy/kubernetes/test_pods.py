"""Every pod of the manifests: what it may do, what it needs, how it is asked whether it is well, when it may begin."""

from __future__ import annotations

from copy import deepcopy

import pytest

from recs_platform.serving.limits import Limits
from recs_platform.serving.routes import health
from recs_platform_tests.deploy.kubernetes import rules
from recs_platform_tests.deploy.kubernetes.manifests import COMPONENT, NAME, Object, Pod, built, kinds, one, pods

BASE = built("base")
PODS = {pod.owner: pod for pod in pods(BASE)}
WORKLOADS = {
    "Deployment/recs-service": "service",
    "Deployment/recs-metrics": "metrics",
    "Job/recs-migrate": "migrate",
    "CronJob/recs-housekeeping": "housekeeping",
    "CronJob/recs-doctor": "doctor",
    "Deployment/recs-operator": "operator",
}
COMMANDS = {
    "service": ["recs", "serve", "--host", "0.0.0.0", "--port", "8000", "--drain", "10"],
    "metrics": ["recs", "metrics", "--host", "0.0.0.0", "--port", "9464"],
    "migrate": ["recs", "migrate"],
    "housekeeping": ["recs", "housekeeping"],
    "doctor": ["recs", "doctor"],
    "operator": ["sleep", "infinity"],
}


def test_there_are_these_pods_and_each_runs_its_command_and_nothing_else() -> None:
    assert {owner: pod.component for owner, pod in PODS.items()} == WORKLOADS
    for pod in PODS.values():
        (container,) = pod.spec["containers"]
        assert container["args"] == COMMANDS[pod.component]
        assert "command" not in container, "the image's own first process hands signals on"


@pytest.mark.parametrize("pod", PODS.values(), ids=PODS)
def test_a_pod_is_an_ordinary_process_that_writes_to_its_own_folders(pod: Pod) -> None:
    assert not [*rules.security_problems(pod), *rules.volume_problems(pod)]
    assert pod.spec["automountServiceAccountToken"] is False


@pytest.mark.parametrize("pod", PODS.values(), ids=PODS)
def test_a_pod_says_what_it_needs_and_how_it_is_asked(pod: Pod) -> None:
    assert not [*rules.resource_problems(pod)]
    if pod.component != "operator":  # it answers nobody
        assert not [*rules.probe_problems(pod)]


@pytest.mark.parametrize("pod", PODS.values(), ids=PODS)
def test_the_cluster_adds_no_variable_that_looks_like_a_setting(pod: Pod) -> None:
    assert pod.spec["enableServiceLinks"] is False


@pytest.mark.parametrize("pod", PODS.values(), ids=PODS)
def test_everybody_has_the_same_settings_and_secrets(pod: Pod) -> None:
    for container in pod.containers:
        assert container["envFrom"] == [
            {"configMapRef": {"name": "recs-settings"}},
            {"secretRef": {"name": "recs-secrets"}},
        ]
        assert "env" not in container


def test_no_process_begins_on_databases_of_another_version_but_who_migrates_or_tells() -> None:
    waiting = {pod.component for pod in PODS.values() if _waits_for_migration(pod)}
    assert waiting == set(WORKLOADS.values()) - {"migrate", "doctor", "operator"}


def _waits_for_migration(pod: Pod) -> bool:
    return [first["args"] for first in pod.spec.get("initContainers", [])] == [["recs", "migrate", "--check"]]


def test_probes_ask_what_the_service_answers_without_a_key() -> None:
    (container,) = PODS["Deployment/recs-service"].spec["containers"]
    there = {route.path for route in health.router.routes}  # type: ignore[attr-defined]
    asked = {name: container[name]["httpGet"] for name in ("startupProbe", "livenessProbe", "readinessProbe")}
    assert {name: probe["path"] for name, probe in asked.items()} == {
        "startupProbe": "/health/live",
        "livenessProbe": "/health/live",
        "readinessProbe": "/health/ready",
    }
    assert {probe["path"] for probe in asked.values()} <= there
    assert {probe["port"] for probe in asked.values()} == {"http"}
    assert rules.named_ports(container) == {"http": 8000}


def test_the_service_has_time_to_answer_what_it_accepted() -> None:
    spec, limits = PODS["Deployment/recs-service"].spec, Limits()
    arguments = spec["containers"][0]["args"]
    drain = float(arguments[arguments.index("--drain") + 1])
    assert spec["terminationGracePeriodSeconds"] >= drain + limits.linger_seconds + limits.end_seconds + 5
    probe = spec["containers"][0]["readinessProbe"]
    assert drain >= probe["periodSeconds"], "whoever sends requests here learns in time that they go elsewhere"


def test_selectors_choose_the_pods_that_they_are_for_and_no_others() -> None:
    chosen = {
        "Deployment/recs-service": "service",
        "Service/recs-service": "service",
        "PodDisruptionBudget/recs-service": "service",
        "Deployment/recs-metrics": "metrics",
        "Deployment/recs-operator": "operator",
    }
    seen = {}
    for found in BASE:
        selector = found.get("spec", {}).get("selector")
        if selector and found["kind"] != "NetworkPolicy":
            labels = selector.get("matchLabels", selector)
            owner = f"{found['kind']}/{found['metadata']['name']}"
            (seen[owner],) = {pod.component for pod in PODS.values() if labels.items() <= pod.labels.items()}
            assert set(labels) == {NAME, COMPONENT}
    assert seen == chosen
    port = one(BASE, "Service", "recs-service")["spec"]["ports"]
    assert port == [{"name": "http", "port": 8000, "targetPort": "http"}]


def test_the_service_is_spread_and_never_all_away() -> None:
    spread = PODS["Deployment/recs-service"].spec["topologySpreadConstraints"]
    assert {rule["topologyKey"] for rule in spread} == {"topology.kubernetes.io/zone", "kubernetes.io/hostname"}
    assert one(BASE, "PodDisruptionBudget", "recs-service")["spec"]["maxUnavailable"] == 1
    assert one(BASE, "HorizontalPodAutoscaler", "recs-service")["spec"]["minReplicas"] >= 2
    rolling = one(BASE, "Deployment", "recs-service")["spec"]["strategy"]["rollingUpdate"]
    assert rolling == {"maxSurge": 1, "maxUnavailable": 0}


@pytest.mark.parametrize("job", kinds(BASE, "CronJob"), ids=lambda job: job["metadata"]["name"])
def test_what_runs_by_the_clock_runs_once_ends_and_leaves_little(job: Object) -> None:
    spec, made = job["spec"], job["spec"]["jobTemplate"]["spec"]
    assert spec["concurrencyPolicy"] == "Forbid"
    assert spec["timeZone"] == "Etc/UTC"
    assert spec["startingDeadlineSeconds"] <= 3_600
    assert 0 < spec["successfulJobsHistoryLimit"] + spec["failedJobsHistoryLimit"] <= 5
    assert 0 < made["activeDeadlineSeconds"] <= 4 * 3_600
    assert made["backoffLimit"] <= 1
    assert made["template"]["spec"]["restartPolicy"] == "Never"


def test_migration_comes_before_the_rest_by_every_way_of_applying() -> None:
    job = one(BASE, "Job", "recs-migrate")
    notes = job["metadata"]["annotations"]
    assert notes["argocd.argoproj.io/hook"] == "PreSync"
    assert notes["helm.sh/hook"] == "pre-install,pre-upgrade"
    assert 0 < job["spec"]["activeDeadlineSeconds"] <= 3_600


def test_the_rules_notice_what_they_are_for() -> None:
    """Each of them, on the service broken in one place."""
    whole = PODS["Deployment/recs-service"]

    def broken(*path: str | int, value: object) -> Pod:
        spec = deepcopy(whole.spec)
        place: object = spec
        for name in path[:-1]:
            place = place[name]  # type: ignore[index]
        place[path[-1]] = value  # type: ignore[index]
        return Pod(whole.owner, whole.labels, spec)

    main = ("containers", 0)
    assert [*rules.security_problems(broken("securityContext", "runAsUser", value=0))]
    assert [*rules.security_problems(broken("securityContext", "runAsNonRoot", value=False))]
    assert [*rules.security_problems(broken(*main, "securityContext", value={}))]
    assert [*rules.security_problems(broken("initContainers", 0, "securityContext", value={"privileged": True}))]
    assert [*rules.security_problems(broken("hostNetwork", value=True))]
    assert [*rules.volume_problems(broken("volumes", 0, "emptyDir", value={}))]
    assert [*rules.volume_problems(broken(*main, "volumeMounts", value=[]))]
    assert [*rules.resource_problems(broken(*main, "resources", "limits", value={}))]
    assert [*rules.resource_problems(broken(*main, "resources", "requests", value={"cpu": "1"}))]
    assert [*rules.probe_problems(broken(*main, "livenessProbe", value=None))]
