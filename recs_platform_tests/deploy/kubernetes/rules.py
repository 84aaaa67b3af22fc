"""What every pod keeps, wherever it comes from: said once, for the manifests and for what the chart renders.

Each function tells what is wrong, so that a test can show that it notices.
"""

from __future__ import annotations

from collections.abc import Iterator

from recs_platform_tests.deploy.kubernetes.manifests import Object, Pod

USER = 10001
_PROBES = ("livenessProbe", "readinessProbe", "startupProbe")
_ASKED = {"httpGet", "tcpSocket", "exec", "grpc"}
_WRITABLE = {"/tmp", "/var/lib/recs"}


def security_problems(pod: Pod) -> Iterator[str]:
    outer = pod.spec.get("securityContext") or {}
    for container in pod.containers:
        inner = container.get("securityContext") or {}
        both = outer | inner
        wanted = {
            "runAsNonRoot": True,
            "runAsUser": USER,
            "runAsGroup": USER,
            "readOnlyRootFilesystem": True,
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
            "seccompProfile": {"type": "RuntimeDefault"},
        }
        for name, value in wanted.items():
            if both.get(name) != value:
                yield f"{container['name']}: {name} is {both.get(name)}"
        if both.get("privileged"):
            yield f"{container['name']}: privileged"
    for shared in ("hostNetwork", "hostPID", "hostIPC", "hostUsers"):
        if pod.spec.get(shared):
            yield f"{shared} is shared"


def volume_problems(pod: Pod) -> Iterator[str]:
    """Only what is the pod's own is written to, and it is bounded."""
    volumes = {volume["name"]: volume for volume in pod.spec.get("volumes", [])}
    for volume in volumes.values():
        if set(volume) - {"name"} <= {"hostPath", "persistentVolumeClaim"}:
            yield f"volume {volume['name']} outlives the pod"
        if "emptyDir" in volume and not (volume["emptyDir"] or {}).get("sizeLimit"):
            yield f"volume {volume['name']} has no bound"
    main = pod.spec["containers"][0]
    own = {mount["mountPath"] for mount in main.get("volumeMounts", []) if "emptyDir" in volumes[mount["name"]]}
    if own != _WRITABLE:
        yield f"{main['name']} may write to {sorted(own)}"


def resource_problems(pod: Pod) -> Iterator[str]:
    for container in pod.containers:
        resources = container.get("resources") or {}
        if not {"cpu", "memory"} <= set(resources.get("requests") or {}):
            yield f"{container['name']} does not say what it needs"
        if "memory" not in (resources.get("limits") or {}):
            yield f"{container['name']} may take any memory"


def probe_problems(pod: Pod, wanted: tuple[str, ...] = _PROBES) -> Iterator[str]:
    if not pod.runs_on:
        return
    for container in pod.spec["containers"]:
        for name in wanted:
            if not _ASKED & set(container.get(name) or {}):
                yield f"{container['name']} has no {name}"


def named_ports(container: Object) -> dict[str, int]:
    return {port["name"]: port["containerPort"] for port in container.get("ports", [])}
