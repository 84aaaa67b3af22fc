"""The manifests as a whole: valid, of one image, with settings that there are, without a secret, with few rights."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import yaml
from pydantic import SecretStr

from recs_platform import __version__
from recs_platform.automation.pods import pod
from recs_platform.automation.pods.rights import RIGHTS
from recs_platform.serving.limits import Limits
from recs_platform.settings import Settings
from recs_platform_tests.deploy.kubernetes.manifests import (
    COMPONENT,
    FOLDER,
    NAME,
    STEP,
    VERSIONS,
    Object,
    built,
    built_text,
    complaints,
    kinds,
    one,
    parsed,
    pods,
)
from recs_platform_tests.deploy.kubernetes.rules import USER

BASE, GKE = built("base"), built("overlays/gke")
CUSTOM = {"ExternalSecret", "SecretStore", "PodMonitoring", "PodMonitor", "ManagedCertificate", "BackendConfig"}
"""Kinds of other people, whose schemas are not Kubernetes's. Tests below look at what these say, and no schema does."""
_FIRST = {"Namespace", "ServiceAccount", "Role", "RoleBinding", "ConfigMap", "NetworkPolicy", "Job"}
"""What has to be there before anything runs."""


@pytest.fixture(scope="module")
def prometheus_operator(tmp_path_factory: pytest.TempPathFactory) -> list[Object]:
    """The base with the component that no overlay has."""
    folder = FOLDER.parent / "k8s"
    here = tmp_path_factory.mktemp("overlay")
    components, base = (Path("../" * len(here.parts[1:])) / str(folder / name)[1:] for name in ("components", "base"))
    lines = [f"resources: [{base}]", f"components: [{components}/prometheus-operator]"]
    (here / "kustomization.yaml").write_text("\n".join(lines))
    return parsed(built_text(here))


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("name", ["base", "overlays/gke"])
def test_every_object_is_strictly_valid(name: str, version: str, tmp_path: Path) -> None:
    objects = [found for found in built(name) if found["kind"] not in CUSTOM]
    assert len(objects) > 25
    assert complaints(objects, version, tmp_path) == ""


def test_a_field_that_there_is_not_is_noticed(tmp_path: Path) -> None:
    wrong = {**one(BASE, "Service", "recs-service"), "spec": {"ports": [{"port": 8000, "targetPrt": "http"}]}}
    for version in VERSIONS:
        assert "targetPrt" in complaints([wrong], version, tmp_path)


def test_everything_stands_in_one_namespace_that_takes_ordinary_processes_alone() -> None:
    for found in (*BASE, *GKE):
        if found["kind"] == "Namespace":
            assert found["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"
        else:
            assert found["metadata"]["namespace"] == "recs", found["metadata"]["name"]
        assert found["metadata"]["labels"][NAME] == "recs-platform"


def test_all_pods_and_runs_have_one_image_by_the_version_as_its_tag() -> None:
    images = {container["image"] for found in pods(BASE) for container in found.containers}
    assert images == {f"recs-platform:{__version__}"}
    there = {container["image"] for found in pods(GKE) for container in found.containers}
    assert there == {f"europe-docker.pkg.dev/acme-recs/recs/recs-platform:{__version__}"}
    assert {one(GKE, "ConfigMap", "recs-settings")["data"]["RECS_RUN_IMAGE"]} == there


@pytest.mark.parametrize("objects", [BASE, GKE], ids=["base", "gke"])
def test_settings_are_settings_and_no_secret_is_one_of_them(objects: tuple[Object, ...]) -> None:
    given = one(objects, "ConfigMap", "recs-settings")["data"]
    for variable in given:
        name = variable.removeprefix("RECS_").lower()
        assert variable == f"RECS_{name.upper()}"
        assert name in set(Settings.model_fields), variable
    assert not set(given) & {f"RECS_{name.upper()}" for name in _secret_settings()}


def test_the_settings_of_the_overlay_are_whole_with_the_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in one(GKE, "ConfigMap", "recs-settings")["data"].items():
        monkeypatch.setenv(name, value)
    with pytest.raises(ValueError, match="RECS_DATABASE_URL"):
        Settings()
    for entry in one(GKE, "ExternalSecret", "recs-secrets")["spec"]["data"]:
        scheme = "redis" if "REDIS" in entry["secretKey"] else "postgresql"
        monkeypatch.setenv(
            entry["secretKey"], f"{scheme}://host/0" if entry["secretKey"].endswith("_URL") else "xoxb-1"
        )
    assert str(Settings().service_url).rstrip("/") == "http://recs-service:8000"


def test_secrets_come_from_the_platform_and_no_value_stands_anywhere() -> None:
    assert not kinds(GKE, "Secret")
    store = one(GKE, "SecretStore", "recs-secrets")["spec"]["provider"]["gcpsm"]
    assert set(store) == {"projectID", "auth"}
    assert store["auth"] == {"workloadIdentity": {"serviceAccountRef": {"name": "recs-secrets"}}}
    kept = one(GKE, "ExternalSecret", "recs-secrets")
    assert kept["spec"]["target"] == {"name": "recs-secrets"}
    assert kept["spec"]["secretStoreRef"] == {"kind": "SecretStore", "name": "recs-secrets"}
    for entry in kept["spec"]["data"]:
        name = entry["secretKey"].removeprefix("RECS_").lower()
        assert name in _secret_settings(), entry
        assert entry["remoteRef"] == {"key": entry["secretKey"].lower().replace("_", "-")}
    for path in FOLDER.parent.joinpath("k8s").rglob("*.*"):
        text = path.read_text()
        assert not re.search(r"^kind: Secret$", text, re.MULTILINE), path
        assert not re.search(r"://[^/\s@]*:[^/\s@]+@|xox[bp]-|PRIVATE KEY|AKIA", text), path


def _secret_settings() -> set[str]:
    """Those whose value may hold a password or is a key."""
    typed = {name for name, field in Settings.model_fields.items() if SecretStr.__name__ in str(field.annotation)}
    return typed | {"database_url", "dagster_database_url", "redis_url", "smtp_url", "alert_webhook"}


def test_only_the_launcher_s_account_may_ask_the_cluster_and_only_what_it_needs() -> None:
    rights = {
        (group, resource, verb)
        for role in kinds(BASE, "Role")
        for rule in role["rules"]
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
    }
    assert rights == {(group, resource, verb) for group, resource, verbs in RIGHTS for verb in verbs}
    (binding,) = kinds(BASE, "RoleBinding")
    assert binding["roleRef"]["name"] == "recs-launcher"
    assert [subject["name"] for subject in binding["subjects"]] == ["recs-dagster"]
    assert not [*kinds(GKE, "ClusterRole"), *kinds(GKE, "ClusterRoleBinding")]
    tokens = {account["metadata"]["name"]: account.get("automountServiceAccountToken", True) for account in _accounts()}
    assert tokens == {"recs-dagster": True, "recs-run": False, "recs-service": False, "recs-secrets": False}


def _accounts() -> list[Object]:
    return kinds(GKE, "ServiceAccount")


def test_every_account_is_one_of_google_without_a_key_and_pods_use_accounts_that_there_are() -> None:
    for account in _accounts():
        name = account["metadata"]["name"]
        annotations = account["metadata"]["annotations"]
        assert annotations == {"iam.gke.io/gcp-service-account": f"{name}@acme-recs.iam.gserviceaccount.com"}
    used = {found.component: found.spec["serviceAccountName"] for found in pods(GKE)}
    assert used == {
        "service": "recs-service",
        "metrics": "recs-service",
        "migrate": "recs-run",
        "housekeeping": "recs-run",
        "doctor": "recs-run",
        "operator": "recs-run",
    }
    assert not re.search(r"GOOGLE_APPLICATION_CREDENTIALS|json_key|\.json\b", yaml.safe_dump_all(GKE))


def test_what_has_to_be_there_first_is_marked_and_nothing_else_is() -> None:
    """`kubectl apply -l recs-platform/step=prepare` makes these alone, the migration among them."""
    marked = {found["kind"] for found in GKE if found["metadata"]["labels"].get(STEP) == "prepare"}
    assert marked == _FIRST | {"SecretStore", "ExternalSecret"}
    for found in BASE:
        assert (found["metadata"]["labels"].get(STEP) == "prepare") == (found["kind"] in _FIRST), found["metadata"]


def test_what_scrapes_chooses_pods_that_there_are_by_the_names_that_rules_know(
    prometheus_operator: list[Object],
) -> None:
    known = {"recs": ("metrics", "metrics"), "recs-service": ("service", "http")}
    for objects, kind, where in (
        (GKE, "PodMonitoring", "endpoints"),
        (prometheus_operator, "PodMonitor", "podMetricsEndpoints"),
    ):
        seen = {}
        for found in kinds(objects, kind):
            labels = found["spec"]["selector"]["matchLabels"]
            (chosen,) = [made for made in pods(objects) if labels.items() <= made.labels.items()]
            (endpoint,) = found["spec"][where]
            ports = {port["name"] for container in chosen.containers for port in container.get("ports", [])}
            assert endpoint["port"] in ports
            job = next((rule["replacement"] for rule in endpoint.get("relabelings", [])), found["metadata"]["name"])
            seen[job] = (chosen.component, endpoint["port"])
            key = endpoint.get("authorization", {}).get("credentials")
            assert bool(key) == (job == "recs-service"), "the service wants a key"
            assert key in (None, {"secret": {"name": "recs-service-keys", "key": "acme"}}, _OPERATORS_KEY)
        assert seen == known


_OPERATORS_KEY = {"name": "recs-service-keys", "key": "acme"}


def test_shops_reach_the_service_by_tls_alone_and_only_pods_that_are_ready() -> None:
    ingress, service = one(GKE, "Ingress", "recs-service"), one(GKE, "Service", "recs-service")
    notes = ingress["metadata"]["annotations"]
    assert notes["kubernetes.io/ingress.allow-http"] == "false"
    (rule,) = ingress["spec"]["rules"]
    (path,) = rule["http"]["paths"]
    (port,) = service["spec"]["ports"]
    assert path["backend"]["service"] == {"name": service["metadata"]["name"], "port": {"name": port["name"]}}
    certificate = one(GKE, "ManagedCertificate", notes["networking.gke.io/managed-certificates"])
    assert certificate["spec"]["domains"] == [rule["host"]]
    annotations = service["metadata"]["annotations"]
    assert json.loads(annotations["cloud.google.com/neg"]) == {"ingress": True}
    behind = one(GKE, "BackendConfig", json.loads(annotations["cloud.google.com/backend-config"])["default"])["spec"]
    (main,) = one(GKE, "Deployment", "recs-service")["spec"]["template"]["spec"]["containers"]
    asked = behind["healthCheck"]
    assert (asked["requestPath"], asked["port"]) == (main["readinessProbe"]["httpGet"]["path"], port["port"])
    limits = Limits()
    assert behind["timeoutSec"] > limits.answer_seconds
    drain = float(main["args"][main["args"].index("--drain") + 1])
    assert drain >= asked["checkIntervalSec"] * asked["unhealthyThreshold"], "it notices before nobody listens"
    assert behind["connectionDraining"]["drainingTimeoutSec"] >= drain + limits.linger_seconds + limits.end_seconds


def test_a_run_s_pod_finds_here_what_the_launcher_names() -> None:
    """Its namespace, account, settings and secrets, and the policies that let it out, which know it by its labels."""
    given = one(GKE, "ConfigMap", "recs-settings")["data"]
    assert given["RECS_RUN_NAMESPACE"] == one(GKE, "Namespace", "recs")["metadata"]["name"]
    assert given["RECS_RUN_SERVICE_ACCOUNT"] in {account["metadata"]["name"] for account in _accounts()}
    assert (
        "recs-settings",
        one(GKE, "ExternalSecret", "recs-secrets")["metadata"]["name"],
    ) == (pod.SETTINGS, pod.SECRETS)
    (volume,) = [volume for volume in next(pods(BASE)).spec["volumes"] if "configMap" in volume]
    assert volume["configMap"] == {"name": pod.COMPANIES, "optional": True}
    assert dict(pod.COMMON_LABELS) == {NAME: "recs-platform", COMPONENT: "run"}
    assert pod.USER == USER
