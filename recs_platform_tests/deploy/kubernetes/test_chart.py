"""Dagster's chart rendered with our values, by the real helm: what comes out is valid, and what it should be.

CHART is the folder of the chart (`helm pull dagster/dagster --version 1.13.27 --untar`), HELM the program, if it is not
on the PATH. Without them nothing here is checked; test_values.py judges the values alone.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
import yaml

from recs_platform_tests.automation.ui_queries import LOCATION
from recs_platform_tests.deploy.kubernetes import rules
from recs_platform_tests.deploy.kubernetes.manifests import (
    COMPONENT,
    NAME,
    VERSIONS,
    Object,
    Pod,
    complaints,
    kinds,
    parsed,
    pods,
    run,
)
from recs_platform_tests.deploy.kubernetes.test_values import HOME, PARTS, VALUES
from recs_platform_tests.docs.console import ROOT

CHART, HELM = os.environ.get("CHART"), os.environ.get("HELM") or shutil.which("helm")
pytestmark = pytest.mark.skipif(
    not (CHART and HELM),
    reason="without CHART (a folder) and helm it is not checked what Dagster's chart makes of deploy/helm/values.yaml",
)
IMAGE = f"{PARTS['code']['image']['repository']}:{PARTS['code']['image']['tag']}"
COMMANDS = {
    "webserver": "dagster-webserver -h 0.0.0.0 -p 3000 -w /dagster-workspace/workspace.yaml",
    "daemon": "dagster-daemon run -w /dagster-workspace/workspace.yaml",
    "code": f"dagster code-server start -h 0.0.0.0 -p 4000 -m {LOCATION}",
}


@pytest.fixture(scope="module")
def rendered() -> list[Object]:
    values = str(ROOT / "deploy" / "helm" / "values.yaml")
    ended = run(str(HELM), "template", "dagster", str(CHART), "--namespace", "recs", "--values", values)
    assert ended.returncode == 0, ended.stderr
    return parsed(ended.stdout)


@pytest.fixture(scope="module")
def by_component(rendered: list[Object]) -> dict[str, Pod]:
    return {pod.component: pod for pod in pods(rendered)}


@pytest.mark.parametrize("version", VERSIONS)
def test_what_it_renders_is_strictly_valid(rendered: list[Object], version: str, tmp_path: Path) -> None:
    assert complaints(rendered, version, tmp_path) == ""


def test_it_makes_the_three_parts_and_nothing_else_that_runs(by_component: dict[str, Pod]) -> None:
    assert {name: pod.owner for name, pod in by_component.items()} == {
        "webserver": "Deployment/dagster-webserver",
        "daemon": "Deployment/dagster-daemon",
        "code": "Deployment/dagster-recs-code",
    }
    for name, pod in by_component.items():
        assert pod.labels[NAME] == "recs-platform"
        (main,) = pod.spec["containers"]
        assert " ".join(main.get("args") or main["command"][2:]) == COMMANDS[name]


def test_it_brings_no_account_no_right_and_no_secret(rendered: list[Object], by_component: dict[str, Pod]) -> None:
    assert {found["kind"] for found in rendered} == {"Deployment", "Service", "ConfigMap"}
    assert {pod.spec["serviceAccountName"] for pod in by_component.values()} == {"recs-dagster"}
    for pod in by_component.values():
        for container in pod.containers:
            assert not [entry for entry in container.get("env", []) if "valueFrom" in entry], container["name"]


def test_every_container_is_an_ordinary_process_that_says_what_it_needs(by_component: dict[str, Pod]) -> None:
    for pod in by_component.values():
        assert not [*rules.security_problems(pod), *rules.volume_problems(pod), *rules.resource_problems(pod)]
        wanted = ("startupProbe", "livenessProbe") if pod.component == "daemon" else None
        assert not [*(rules.probe_problems(pod, wanted) if wanted else rules.probe_problems(pod))]


def test_every_container_is_of_our_image_but_the_chart_s_own_wait_for_a_name(by_component: dict[str, Pod]) -> None:
    busybox = VALUES["busybox"]["image"]
    for pod in by_component.values():
        images = {container["name"]: container["image"] for container in pod.containers}
        waits = images.pop("init-user-deployment-recs-code", None)
        assert waits == (None if pod.component == "code" else f"{busybox['repository']}:{busybox['tag']}")
        assert set(images.values()) == {IMAGE}
        first = [container.get("args") for container in pod.spec["initContainers"][:2]]
        assert first == [container["args"] for container in PARTS["code"]["initContainers"]]


def test_dagster_s_home_is_not_the_one_that_the_chart_furnishes(by_component: dict[str, Pod]) -> None:
    for pod in by_component.values():
        (main,) = pod.spec["containers"]
        (home,) = [entry["value"] for entry in main["env"] if entry["name"] == "DAGSTER_HOME"]
        assert home == HOME, "a variable of the container counts before those of a ConfigMap"
        assert not [mount for mount in main["volumeMounts"] if mount["mountPath"].startswith(("/opt", HOME))]
        sources = [next(iter(source.values()))["name"] for source in main["envFrom"]]
        assert {"recs-settings", "recs-secrets"} <= set(sources)


def test_webserver_and_daemon_find_the_code_location_under_its_one_name(
    rendered: list[Object], by_component: dict[str, Pod]
) -> None:
    (workspace,) = [
        yaml.safe_load(found["data"]["workspace.yaml"])
        for found in kinds(rendered, "ConfigMap")
        if "workspace.yaml" in (found.get("data") or {})
    ]
    server = {"host": "recs-code", "port": 4000, "location_name": LOCATION}
    assert workspace == {"load_from": [{"grpc_server": server}]}
    ports = {}
    for service in kinds(rendered, "Service"):
        labels = service["spec"]["selector"]
        (chosen,) = [pod for pod in by_component.values() if labels.items() <= pod.labels.items()]
        ports[service["metadata"]["name"], chosen.labels[COMPONENT]] = [
            port["port"] for port in service["spec"]["ports"]
        ]
    assert ports == {("recs-code", "code"): [4000], ("dagster-webserver", "webserver"): [3000]}
