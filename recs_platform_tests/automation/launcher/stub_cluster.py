"""A Kubernetes API server of our own, small and strict: jobs and pods of one namespace, over real HTTP.

It takes a job as Kubernetes does: unknown fields and missing ones are refused with the status and the words of the real
one, a name is taken once, a deleted job takes its pod with it. Nothing runs by itself: a test says that a pod works,
ends, or is killed. What only a real server knows is tested against one (test_real_cluster.py).
"""

from __future__ import annotations

import json
import re
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Literal, cast
from urllib.parse import parse_qs, urlsplit

import yaml

NAMESPACE, TOKEN = "recs", "stub-token"
Object = dict[str, Any]
Mood = Literal["well", "away", "busy", "quota", "forbidden", "late"]
"""`late`: what is asked for is done, and the answer does not arrive."""

_NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_QUANTITY = re.compile(r"[0-9]+(\.[0-9]+)?(m|Ki|Mi|Gi|Ti|k|M|G|T)?")
_LABEL = re.compile(r"([A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?)?")
_JOB_SPEC = {"template", "backoffLimit", "ttlSecondsAfterFinished", "activeDeadlineSeconds"}
_POD_SPEC = {
    "affinity",
    "automountServiceAccountToken",
    "containers",
    "enableServiceLinks",
    "imagePullSecrets",
    "nodeSelector",
    "priorityClassName",
    "restartPolicy",
    "securityContext",
    "serviceAccountName",
    "terminationGracePeriodSeconds",
    "tolerations",
    "volumes",
}
_CONTAINER = {
    "args",
    "command",
    "env",
    "envFrom",
    "image",
    "imagePullPolicy",
    "name",
    "resources",
    "securityContext",
    "volumeMounts",
}


@dataclass
class StubCluster:
    url: str = ""
    kubeconfig: Path = Path()
    mood: Mood = "well"
    jobs: dict[str, Object] = field(default_factory=dict)
    pods: dict[str, Object] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    on_pod: Callable[[Object], None] | None = None
    """A kubelet, if there is one: it is handed each new pod."""
    on_deleted: Callable[[Object], None] | None = None

    def pod_of(self, job: str) -> Object:
        (pod,) = (pod for pod in self.pods.values() if pod["metadata"]["labels"]["job-name"] == job)
        return pod

    def finish(self, job: str) -> None:
        self._end(job, "Succeeded", 0, "Completed")

    def fail(self, job: str, code: int = 1, reason: str = "Error") -> None:
        self._end(job, "Failed", code, reason)

    def kill(self, job: str) -> None:
        """As the kernel does with a pod that uses more memory than it may."""
        self.fail(job, 137, "OOMKilled")

    def _end(self, job: str, phase: str, code: int, reason: str) -> None:
        terminated = {"exitCode": code, "reason": reason, "finishedAt": _now()}
        status: Object = {"name": "dagster", "ready": False, "restartCount": 0, "image": "", "imageID": ""}
        status["state"] = {"terminated": terminated}
        self.pod_of(job)["status"] = {"phase": phase, "containerStatuses": [status]}
        good = phase == "Succeeded"
        condition: Object = {"type": "Complete" if good else "Failed", "status": "True"}
        if not good:
            condition |= {"reason": "BackoffLimitExceeded", "message": "Job has reached the specified backoff limit"}
        self.jobs[job]["status"] = {
            "startTime": self.jobs[job]["status"]["startTime"],
            "succeeded" if good else "failed": 1,
            "conditions": [condition],
        }

    def create(self, job: Object) -> tuple[int, Object]:
        if problems := list(_problems(job)):
            name = job.get("metadata", {}).get("name", "")
            return _status(422, "Invalid", f'Job.batch "{name}" is invalid: {"; ".join(problems)}')
        name = job["metadata"]["name"]
        if name in self.jobs:
            return _status(409, "AlreadyExists", f'jobs.batch "{name}" already exists')
        job["metadata"] |= {"uid": str(uuid.uuid4()), "namespace": NAMESPACE, "creationTimestamp": _now()}
        job["status"] = {"active": 1, "startTime": _now()}
        template = job["spec"]["template"]
        labels = {**template["metadata"].get("labels", {}), "job-name": name}
        pod: Object = {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": f"{name}-{uuid.uuid4().hex[:5]}", "namespace": NAMESPACE, "labels": labels},
            "spec": template["spec"],
            "status": {"phase": "Pending"},
        }
        self.jobs[name], self.pods[pod["metadata"]["name"]] = job, pod
        if self.on_pod:
            self.on_pod(pod)
        return 201, job

    def delete(self, name: str) -> tuple[int, Object]:
        if name not in self.jobs:
            return _status(404, "NotFound", f'jobs.batch "{name}" not found')
        pod = self.pod_of(name)
        del self.jobs[name], self.pods[pod["metadata"]["name"]]
        if self.on_deleted:
            self.on_deleted(pod)
        return 200, {"kind": "Status", "apiVersion": "v1", "status": "Success"}

    def answer(self, method: str, path: str, query: dict[str, list[str]], body: Object) -> tuple[int, Object]:
        parts = path.strip("/").split("/")
        if parts[-1] == "selfsubjectaccessreviews":
            allowed = body["spec"]["resourceAttributes"]["namespace"] == NAMESPACE
            return 201, {**body, "status": {"allowed": allowed}}
        if parts[:5] == ["apis", "batch", "v1", "namespaces", NAMESPACE] and parts[5:6] == ["jobs"]:
            return self._about_jobs(method, parts[6:], query, body)
        if parts[:4] == ["api", "v1", "namespaces", NAMESPACE] and method == "GET":
            if parts[4:] == ["pods"]:
                return 200, _list("PodList", _selected(self.pods, query))
            if parts[4:] == ["events"]:
                return 200, _list("EventList", [])
        if parts[3:4] and parts[0] == "apis" and parts[3] == "namespaces":
            return _status(404, "NotFound", f'namespaces "{parts[4]}" not found')
        return _status(404, "NotFound", "the server could not find the requested resource")

    def _about_jobs(
        self, method: str, rest: list[str], query: dict[str, list[str]], body: Object
    ) -> tuple[int, Object]:
        if not rest:
            return self.create(body) if method == "POST" else (200, _list("JobList", _selected(self.jobs, query)))
        name = rest[0]
        if method == "DELETE":
            return self.delete(name)
        if name not in self.jobs:
            return _status(404, "NotFound", f'jobs.batch "{name}" not found')
        return 200, self.jobs[name]


def _problems(job: Object) -> Iterator[str]:
    """In the words of Kubernetes, as far as it says anything about this field."""
    spec, name = job.get("spec") or {}, (job.get("metadata") or {}).get("name", "")
    pod = (spec.get("template") or {}).get("spec") or {}
    labels = {**job["metadata"].get("labels", {}), **spec["template"].get("metadata", {}).get("labels", {})}
    if job.get("apiVersion") != "batch/v1" or job.get("kind") != "Job":
        yield "kind: Invalid value"
    if not _NAME.fullmatch(name):
        yield f'metadata.name: Invalid value: "{name}": must be no more than 63 characters of a DNS label'
    for key, value in labels.items():
        if not _LABEL.fullmatch(value):
            yield f'metadata.labels: Invalid value: "{value}" of {key}: a valid label must be an empty string or ...'
    yield from (f"spec.{key}: unknown field" for key in sorted({*spec} - _JOB_SPEC))
    yield from (f"spec.template.spec.{key}: unknown field" for key in sorted({*pod} - _POD_SPEC))
    if pod.get("restartPolicy") not in ("Never", "OnFailure"):
        yield 'spec.template.spec.restartPolicy: Required value: valid values: "OnFailure", "Never"'
    if not pod.get("containers"):
        yield "spec.template.spec.containers: Required value"
    volumes = {volume["name"] for volume in pod.get("volumes", [])}
    for number, container in enumerate(pod.get("containers") or []):
        place = f"spec.template.spec.containers[{number}]"
        yield from (f"{place}.{key}: unknown field" for key in sorted({*container} - _CONTAINER))
        yield from (f"{place}.{key}: Required value" for key in ("name", "image") if not container.get(key))
        for mount in container.get("volumeMounts", []):
            if mount["name"] not in volumes:
                yield f'{place}.volumeMounts[{mount["mountPath"]}].name: Not found: "{mount["name"]}"'
        yield from _problems_of_resources(container.get("resources") or {}, place)


def _problems_of_resources(resources: Object, place: str) -> Iterator[str]:
    for kind, amounts in resources.items():
        for name, amount in amounts.items():
            if not _QUANTITY.fullmatch(str(amount)):
                yield f'{place}.resources.{kind}[{name}]: Invalid value: "{amount}": quantities must match the regular'
    for name, amount in resources.get("requests", {}).items():
        limit = resources.get("limits", {}).get(name)
        if limit is not None and _amount(amount) > _amount(limit):
            yield f'{place}.resources.requests: Invalid value: "{amount}": must be less than or equal to {name} limit'


def _amount(quantity: str) -> float:
    units = {"m": 1e-3, "Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "Ti": 2**40, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12}
    unit = next((unit for unit in units if quantity.endswith(unit)), "")
    return float(quantity.removesuffix(unit)) * units.get(unit, 1)


def _selected(objects: dict[str, Object], query: dict[str, list[str]]) -> list[Object]:
    """By the two selectors that Dagster uses."""
    chosen = list(objects.values())
    for selector in query.get("labelSelector", []):
        key, _, value = selector.partition("=")
        chosen = [one for one in chosen if one["metadata"]["labels"].get(key) == value]
    for selector in query.get("fieldSelector", []):
        chosen = [one for one in chosen if one["metadata"]["name"] == selector.removeprefix("metadata.name=")]
    return chosen


def _list(kind: str, items: list[Object]) -> Object:
    return {"kind": kind, "apiVersion": "v1", "metadata": {"resourceVersion": "1"}, "items": items}


def _status(code: int, reason: str, message: str) -> tuple[int, Object]:
    said = {"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": reason, "code": code}
    return code, {**said, "message": message}


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64
    cluster: StubCluster
    one_at_a_time: threading.Lock


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def _answer(self) -> None:
        server = cast(_Server, self.server)
        cluster, asked = server.cluster, urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        with server.one_at_a_time:
            cluster.asked.append(f"{self.command} {self.path}")
            code, said = self._judged(cluster, asked.path, parse_qs(asked.query), json.loads(body) if body else {})
        if code == 0:
            self.close_connection = True
            return
        told = json.dumps(said).encode()
        self.send_response(code)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(told)))
        self.end_headers()
        self.wfile.write(told)

    def _judged(self, cluster: StubCluster, path: str, query: dict[str, list[str]], body: Object) -> tuple[int, Object]:
        if self.headers.get("Authorization") != f"Bearer {TOKEN}":
            return _status(401, "Unauthorized", "Unauthorized")
        if cluster.mood == "away":
            return 0, {}
        if cluster.mood == "busy":
            return _status(503, "ServiceUnavailable", "apiserver is shutting down")
        if cluster.mood == "forbidden":
            user = 'User "system:serviceaccount:recs:recs-dagster" cannot create resource "jobs" in API group "batch"'
            return _status(403, "Forbidden", f'jobs.batch is forbidden: {user} in the namespace "{NAMESPACE}"')
        if cluster.mood == "quota" and self.command == "POST":
            return _status(403, "Forbidden", "jobs.batch is forbidden: exceeded quota: jobs, requested: count/jobs=1")
        answered = cluster.answer(self.command, path, query, body)
        return (0, {}) if cluster.mood == "late" and self.command == "POST" else answered

    do_GET = do_POST = do_DELETE = _answer

    def log_message(self, format: str, *args: Any) -> None: ...


@contextmanager
def stub_cluster(folder: Path, port: int = 0) -> Iterator[StubCluster]:
    """A cluster that listens on this machine while the block runs, and a kubeconfig file that names it."""
    server = _Server(("127.0.0.1", port), _Handler)
    server.one_at_a_time = threading.Lock()
    cluster = server.cluster = StubCluster(f"http://127.0.0.1:{server.server_address[1]}")
    cluster.kubeconfig = written_kubeconfig(folder, cluster.url, TOKEN)
    serving = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    serving.start()
    try:
        yield cluster
    finally:
        server.shutdown()
        server.server_close()
        serving.join()


def written_kubeconfig(folder: Path, url: str, token: str, authority: Path | None = None) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    cluster = {"server": url, **({"certificate-authority": str(authority)} if authority else {})}
    content = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "tests",
        "contexts": [{"name": "tests", "context": {"cluster": "tests", "user": "tests"}}],
        "clusters": [{"name": "tests", "cluster": cluster}],
        "users": [{"name": "tests", "user": {"token": token}}],
    }
    path = folder / "kubeconfig"
    path.write_text(yaml.safe_dump(content))
    return path


def until(true: Callable[[], object], what: str, seconds: float = 60) -> None:
    begun = time.monotonic()
    while not true():
        assert time.monotonic() - begun < seconds, f"not within {seconds:.0f} s: {what}"
        time.sleep(0.1)
