"""deploy/compose.yaml: valid by the Compose Specification, closed to others by default, and of settings that exist."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from recs_platform.automation.event_log import BATCH_SIZE
from recs_platform.automation.origin import DEFINITIONS
from recs_platform.settings import Settings
from recs_platform_tests.docs.console import ROOT

DEPLOY = ROOT / "deploy"
FILE = DEPLOY / "compose.yaml"
TEXT = FILE.read_text()
COMPOSE: dict[str, Any] = yaml.safe_load(TEXT)
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
EXAMPLE = (DEPLOY / ".env.example").read_text()
OURS = {name for name, service in SERVICES.items() if "RECS_IMAGE" in service["image"]}
_CHECKER = ROOT / ".servers" / "bin" / "check-jsonschema"
_OF_DAGSTER = {"DAGSTER_HOME", "DAGSTER_EVENT_BATCH_SIZE", "XDG_CACHE_HOME"}
_ENDS = {"migrate"}

each_service = pytest.mark.parametrize("name", SERVICES)


def judged(file: Path) -> subprocess.CompletedProcess[str]:
    """By the Compose Specification's own schema."""
    command = [_CHECKER, "--builtin-schema", "vendor.compose-spec", file]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def variables(text: str) -> set[str]:
    return set(re.findall(r"(?<!\$)\$\{(\w+)", text))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("good", "bad"),
    [("mem_limit: 2g", "memory: 2g"), ("read_only: true", "read_only: [1]"), ("pids_limit: 1000", "pids_limit: {}")],
)
def test_it_is_valid_by_the_specification(tmp_path: Path, good: str, bad: str) -> None:
    assert judged(FILE).returncode == 0, judged(FILE).stdout
    wrong = tmp_path / "compose.yaml"
    assert good in TEXT
    wrong.write_text(TEXT.replace(good, bad))
    assert judged(wrong).returncode == 1


def test_the_services_are_those_of_one_machine() -> None:
    assert sorted(OURS) == ["code", "daemon", "metrics", "migrate", "service", "webserver"]
    assert set(SERVICES) - OURS == {"postgres", "redis", "prometheus", "grafana"}


@each_service
def test_a_service_may_do_what_it_must_and_no_more(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert "cap_add" not in service
    assert "privileged" not in service
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert int(service["user"].partition(":")[0]) > 0
    assert "/tmp" in service["tmpfs"]
    assert re.fullmatch(r"\d+[mg]|\$\{\w+:-\d+g\}", service["mem_limit"])
    assert service["pids_limit"] > 0
    assert service["logging"]["options"].keys() == {"max-size", "max-file"}
    # So that processes which others left behind are taken away, and signals arrive; our image does that by itself.
    assert service["init"] is (name not in OURS)


@each_service
def test_a_service_is_started_again_and_asked_whether_it_is_well(name: str) -> None:
    service = SERVICES[name]
    if name in _ENDS:
        assert service["restart"] == "on-failure"
        return
    assert service["restart"] == "unless-stopped"
    check = service["healthcheck"]
    assert check["test"][0] in ("CMD", "CMD-SHELL")
    assert {"interval", "timeout", "start_period"} <= set(check)
    # There is no curl in the images that we make.
    assert name not in OURS or not {"curl", "wget", "sh"} & set(check["test"])


@each_service
def test_ports_are_this_machines_alone(name: str) -> None:
    for port in SERVICES[name].get("ports", []):
        assert re.fullmatch(r"127\.0\.0\.1:\d+:\d+", port)


def test_no_two_services_want_the_same_port() -> None:
    published = [port.split(":")[1] for service in SERVICES.values() for port in service.get("ports", [])]
    assert len(set(published)) == len(published) == 4


@each_service
def test_images_of_others_are_pinned(name: str) -> None:
    image = SERVICES[name]["image"]
    if name in OURS:
        assert image == "${RECS_IMAGE:-recs-platform:latest}"
    else:
        assert re.search(r":v?\d+\.\d+(\.\d+)?(-\w+)?(@sha256:[0-9a-f]{64})?$", image), image


def test_everything_of_ours_waits_for_the_migration() -> None:
    for name in OURS - {"migrate"}:
        assert SERVICES[name]["depends_on"]["migrate"] == {"condition": "service_completed_successfully"}
    assert SERVICES["migrate"]["depends_on"].keys() == {"postgres", "redis"}
    for name in ("webserver", "daemon"):
        assert SERVICES[name]["depends_on"]["code"] == {"condition": "service_healthy"}


def test_databases_and_the_code_server_are_reached_by_ours_alone() -> None:
    assert COMPOSE["networks"]["data"] == {"internal": True}

    def inside(network: str) -> set[str]:
        return {name for name, service in SERVICES.items() if network in service["networks"]}

    assert set(COMPOSE["networks"]) == {"data", "default", "watch"}
    assert inside("data") == OURS | {"postgres", "redis"}
    assert inside("default") == OURS
    assert inside("watch") == {"prometheus", "grafana", "metrics", "service"}
    assert not any("ports" in SERVICES[name] for name in ("postgres", "redis", "code", "metrics"))


def test_ours_have_the_same_environment_and_every_variable_is_a_setting() -> None:
    environments = [SERVICES[name]["environment"] for name in OURS]
    assert all(one == environments[0] for one in environments)
    settings = {f"RECS_{name.upper()}" for name in Settings.model_fields}
    assert {name for name in environments[0] if name not in settings} == _OF_DAGSTER
    assert environments[0]["DAGSTER_EVENT_BATCH_SIZE"] == str(BATCH_SIZE)
    assert DEFINITIONS in SERVICES["code"]["command"]


def test_passwords_have_no_default() -> None:
    secrets = {name for name in variables(TEXT) if "PASSWORD" in name}
    assert secrets == {"POSTGRES_PASSWORD", "REDIS_PASSWORD", "GRAFANA_PASSWORD"}
    for name in secrets:
        assert f"${{{name}:?" in TEXT, "it must be refused where it is not set"
        assert f"${{{name}:-" not in TEXT
        assert f"\n{name}=\n" in EXAMPLE


def test_the_example_names_every_variable_and_no_other() -> None:
    named = re.findall(r"^(\w+)=(.*)$", EXAMPLE, re.MULTILINE)
    assert {name for name, _ in named} == variables(TEXT)
    assert len({name for name, _ in named}) == len(named)
    defaults = dict(re.findall(r"\$\{(\w+):-([^}]*)\}", TEXT))
    assert {name: value for name, value in named if name in defaults} == defaults


def test_every_named_volume_is_declared_and_every_mounted_file_is_there() -> None:
    mounts = [volume.split(":") for service in SERVICES.values() for volume in service.get("volumes", [])]
    sources = {mount[0] for mount in mounts if not mount[0].startswith("$")}
    assert {name for name in sources if not name.startswith(".")} == set(COMPOSE["volumes"])
    for path in (name for name in sources if name.startswith(".")):
        assert (DEPLOY / path).exists(), path
    assert all(mount[2:] == ["ro"] for mount in mounts if mount[0].startswith("."))


def test_grafana_shows_the_dashboards_that_there_are_of_the_prometheus_that_there_is() -> None:
    provisioning = DEPLOY / "grafana" / "provisioning"
    (source,) = yaml.safe_load((provisioning / "datasources" / "prometheus.yaml").read_text())["datasources"]
    assert (source["url"], source["isDefault"], source["type"]) == ("http://prometheus:9090", True, "prometheus")
    (provider,) = yaml.safe_load((provisioning / "dashboards" / "recs.yaml").read_text())["providers"]
    mounted = dict(volume.split(":")[:2] for volume in SERVICES["grafana"]["volumes"] if ".json" in volume)
    dashboards = {f"./grafana/{file.name}" for file in (DEPLOY / "grafana").glob("*.json")}
    assert set(mounted) == dashboards
    assert {str(Path(path).parent) for path in mounted.values()} == {provider["options"]["path"]}


def test_prometheus_asks_what_the_example_for_one_machine_asks() -> None:
    example, here = (
        yaml.safe_load((DEPLOY / "prometheus" / name).read_text()) for name in ("prometheus.yml", "compose.yml")
    )
    assert here["rule_files"] == example["rule_files"]
    assert [job["job_name"] for job in here["scrape_configs"]] == [job["job_name"] for job in example["scrape_configs"]]
    targets = {job["job_name"]: job["static_configs"][0]["targets"] for job in here["scrape_configs"]}
    assert targets == {"recs": ["metrics:9464"], "recs-service": ["service:8000"]}
    assert "/etc/prometheus/compose.yml" in " ".join(SERVICES["prometheus"]["command"])
    (key,) = [job["authorization"]["credentials_file"] for job in here["scrape_configs"] if "authorization" in job]
    assert f"{Path(key).parent}:ro" in " ".join(SERVICES["prometheus"]["volumes"])
