"""The values for Dagster's chart, as far as they can be judged without it: test_chart.py renders them."""

from __future__ import annotations

import importlib
from typing import Any

import pytest
import yaml

from recs_platform import __version__
from recs_platform.settings import Settings
from recs_platform_tests.automation.ui_queries import LOCATION
from recs_platform_tests.deploy.kubernetes import rules
from recs_platform_tests.deploy.kubernetes.manifests import COMPONENT, NAME, Pod, built, kinds, one
from recs_platform_tests.docs.console import ROOT

VALUES: dict[str, Any] = yaml.safe_load((ROOT / "deploy" / "helm" / "values.yaml").read_text())
WEB, DAEMON = VALUES["dagsterWebserver"], VALUES["dagsterDaemon"]
(CODE,) = VALUES["dagster-user-deployments"]["deployments"]
HOME = "/var/lib/recs/dagster"
PARTS = {"webserver": WEB, "daemon": DAEMON, "code": CODE}


def as_pod(part: dict[str, Any]) -> Pod:
    """What the chart makes of it, in short."""
    own = {name: part[name] for name in ("securityContext", "resources", "volumeMounts")}
    probes = {name: part[name] for name in part if name.endswith("Probe")}
    first = part.get("extraPrependedInitContainers") or part["initContainers"]
    spec = {"securityContext": part["podSecurityContext"], "volumes": part["volumes"], "initContainers": first}
    main = {"name": "dagster", **own, **probes}
    return Pod("Deployment/part", {**part["labels"], NAME: VALUES["nameOverride"]}, {**spec, "containers": [main]})


@pytest.mark.parametrize("name", PARTS)
def test_each_part_is_an_ordinary_process_that_says_what_it_needs(name: str) -> None:
    pod = as_pod(PARTS[name])
    assert not [*rules.security_problems(pod), *rules.volume_problems(pod), *rules.resource_problems(pod)]
    assert pod.labels == {NAME: "recs-platform", COMPONENT: name}


def test_each_part_is_asked_whether_it_is_well() -> None:
    assert not [*rules.probe_problems(as_pod(WEB))]
    assert not [*rules.probe_problems(as_pod(DAEMON), ("startupProbe", "livenessProbe"))]
    assert not [*rules.probe_problems(as_pod(CODE), ("startupProbe", "livenessProbe"))]
    ready = CODE["readinessProbe"]
    assert ready["enabled"] and "exec" not in ready, (
        "the chart asks by itself, and else writes a field that there is not"
    )


@pytest.mark.parametrize("name", PARTS)
def test_each_part_has_the_same_settings_and_secrets_and_a_home_that_the_chart_does_not_furnish(name: str) -> None:
    part = PARTS[name]
    assert part["env"] == [{"name": "DAGSTER_HOME", "value": HOME}]
    assert part["envConfigMaps"] == [{"name": "recs-settings"}]
    assert part["envSecrets"] == [{"name": "recs-secrets"}]
    mounts = [VALUES["global"]["dagsterHome"], *(mount["mountPath"] for mount in part["volumeMounts"])]
    assert not [mount for mount in mounts if mount.startswith(("/opt", HOME))]


@pytest.mark.parametrize("name", PARTS)
def test_each_part_begins_on_databases_of_its_version_with_the_image_s_dagster_yaml(name: str) -> None:
    part = PARTS[name]
    first = part.get("extraPrependedInitContainers") or part["initContainers"]
    assert [container["args"] for container in first] == [
        ["recs", "migrate", "--check"],
        ["install", "-D", "/opt/recs/dagster.yaml", f"{HOME}/dagster.yaml"],
    ]
    assert {container["image"] for container in first} == {f"{part['image']['repository']}:{part['image']['tag']}"}
    assert part.get("checkDbReadyInitContainer", False) is False


def test_the_image_is_the_one_of_the_overlay() -> None:
    images = {f"{part['image']['repository']}:{part['image']['tag']}" for part in PARTS.values()}
    assert images == {one(built("overlays/gke"), "ConfigMap", "recs-settings")["data"]["RECS_RUN_IMAGE"]}
    assert {part["image"]["tag"] for part in PARTS.values()} == {__version__}


def test_the_code_location_has_the_name_by_which_runs_are_found() -> None:
    assert CODE["codeServerArgs"] == ["-m", LOCATION]
    assert WEB["workspace"] == {
        "enabled": True,
        "servers": [{"host": CODE["name"], "port": CODE["port"], "name": LOCATION}],
    }
    assert CODE["port"] == 4000 and WEB["service"]["port"] == 3000


def test_nothing_comes_with_the_chart_but_dagster() -> None:
    for name in ("postgresql", "redis", "rabbitmq", "flower", "ingress", "migrate"):
        assert VALUES[name]["enabled"] is False
    assert VALUES["rbacEnabled"] is False
    assert VALUES["serviceAccount"] == {"create": False, "name": "recs-dagster"}
    assert VALUES["global"]["serviceAccountName"] == "recs-dagster"
    assert VALUES["dagster-user-deployments"]["serviceAccount"] == VALUES["serviceAccount"]
    assert VALUES["dagster-user-deployments"]["rbacEnabled"] is False
    assert VALUES["generatePostgresqlPasswordSecret"] is False
    assert VALUES["global"]["postgresqlAuthWifEnabled"] is True


def test_what_the_chart_is_told_is_what_dagster_yaml_says() -> None:
    """Nobody reads it there; whoever looks at it should not be misled."""
    ours = yaml.safe_load((ROOT / "dagster.yaml").read_text())
    told = {
        "run_coordinator": DAEMON["runCoordinator"]["config"]["customRunCoordinator"],
        "compute_logs": VALUES["computeLogManager"]["config"]["customComputeLogManager"],
        "run_launcher": VALUES["runLauncher"]["config"]["customRunLauncher"],
    }
    for section, value in told.items():
        assert {name: value[name] for name in ("module", "class")} == ours[section], section
        assert hasattr(importlib.import_module(value["module"]), value["class"])
    assert VALUES["telemetry"] == ours["telemetry"]


def test_no_variable_that_the_cluster_adds_for_a_service_is_a_setting() -> None:
    """The chart's pods have them, since it cannot be told otherwise: RECS_CODE_PORT, RECS_SERVICE_SERVICE_HOST, ..."""
    ports = {CODE["name"]: CODE["port"], "recs-service": 8000}
    added = set()
    for service, port in ports.items():
        name = service.upper().replace("-", "_")
        ends = ("PROTO", "PORT", "ADDR")
        added |= {f"{name}_SERVICE_HOST", f"{name}_SERVICE_PORT", f"{name}_PORT", f"{name}_PORT_{port}_TCP"}
        added |= {f"{name}_PORT_{port}_TCP_{end}" for end in ends} | {
            f"{name}_SERVICE_PORT_{of}" for of in ("HTTP", "GRPC")
        }
    assert not added & {f"RECS_{field.upper()}" for field in Settings.model_fields}
    assert {found["metadata"]["name"] for found in kinds(built("base"), "Service")} == set(ports) - {CODE["name"]}
