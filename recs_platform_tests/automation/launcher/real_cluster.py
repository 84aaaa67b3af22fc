"""A real API server of Kubernetes with its controllers of jobs, over a real etcd; without a machine that runs pods.

What the stub cluster (stub_cluster.py) says of itself, this one is asked: whether it takes a job, and what becomes of
the job when its pod ends. A test plays the kubelet and writes the pod's status. The launcher has a user of its own with
the rights that deploy/k8s gives to `recs-dagster`, and no others. Built by build_cluster.py.
"""

from __future__ import annotations

import json
import ssl
import subprocess
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from recs_platform.automation.pods.rights import RIGHTS
from recs_platform_tests.automation.launcher.build_cluster import ETCD, FOLDER
from recs_platform_tests.automation.launcher.stub_cluster import NAMESPACE, Object, until
from recs_platform_tests.e2e.server import free_port

ADMIN, LAUNCHER = "token-of-an-administrator", "token-of-the-launcher"
USER = "recs-dagster"
ROLE = [{"apiGroups": [group], "resources": [name], "verbs": [*verbs]} for group, name, verbs in RIGHTS]


@dataclass
class RealCluster:
    url: str
    kubeconfig: Path
    """The launcher's."""

    @property
    def jobs(self) -> dict[str, Object]:
        return self._all(f"/apis/batch/v1/namespaces/{NAMESPACE}/jobs")

    @property
    def pods(self) -> dict[str, Object]:
        return self._all(f"/api/v1/namespaces/{NAMESPACE}/pods")

    def pod_of(self, job: str) -> Object:
        def found() -> list[Object]:
            return [pod for pod in self.pods.values() if pod["metadata"]["labels"].get("job-name") == job]

        until(found, f"the controller makes the pod of {job}")
        (pod,) = found()
        return pod

    def finish(self, job: str) -> None:
        self._end(job, "Succeeded", 0, "Completed")
        until(lambda: self.jobs[job]["status"].get("succeeded"), f"the controller sees that {job} has ended")

    def kill(self, job: str) -> None:
        self._end(job, "Failed", 137, "OOMKilled")
        until(lambda: self.jobs[job]["status"].get("conditions"), f"the controller sees that {job} has failed")

    def delete(self, job: str) -> None:
        self._call("DELETE", f"/apis/batch/v1/namespaces/{NAMESPACE}/jobs/{job}", {"propagationPolicy": "Background"})
        until(lambda: job not in self.jobs, f"{job} is gone")

    def prepare(self) -> None:
        """Whatever a cluster has before the launcher comes."""
        named = {"metadata": {"name": NAMESPACE}}
        of_user = {"metadata": {"name": USER}}
        roles = f"/apis/rbac.authorization.k8s.io/v1/namespaces/{NAMESPACE}"
        self._call("POST", "/api/v1/namespaces", named)
        self._call("POST", f"/api/v1/namespaces/{NAMESPACE}/serviceaccounts", {"metadata": {"name": "recs-run"}})
        self._call("POST", f"{roles}/roles", {**of_user, "rules": ROLE})
        bound = {
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": USER},
            "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": USER}],
        }
        self._call("POST", f"{roles}/rolebindings", {**of_user, **bound})

    def _end(self, job: str, phase: str, code: int, reason: str) -> None:
        pod = self.pod_of(job)
        status: Object = {"name": "dagster", "ready": False, "restartCount": 0, "image": "", "imageID": ""}
        status["state"] = {"terminated": {"exitCode": code, "reason": reason}}
        pod["status"] |= {"phase": phase, "containerStatuses": [status]}
        self._call("PUT", f"/api/v1/namespaces/{NAMESPACE}/pods/{pod['metadata']['name']}/status", pod)

    def _all(self, path: str) -> dict[str, Object]:
        return {one["metadata"]["name"]: one for one in self._call("GET", path)["items"]}

    def _call(self, method: str, path: str, body: Object | None = None) -> Any:
        """As an administrator."""
        headers = {"Authorization": f"Bearer {ADMIN}", "Content-Type": "application/json"}
        told = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.url}{path}", told, headers, method=method)
        with urllib.request.urlopen(request, timeout=20, context=ssl._create_unverified_context()) as reply:
            return json.load(reply)


@contextmanager
def real_cluster(folder: Path) -> Iterator[RealCluster]:
    folder.mkdir(parents=True, exist_ok=True)
    etcd_port, peers, port = free_port(), free_port(), free_port()
    etcd, url = f"http://127.0.0.1:{etcd_port}", f"https://127.0.0.1:{port}"
    key = folder / "accounts.key"
    subprocess.run(["openssl", "genrsa", "-out", str(key), "2048"], check=True, capture_output=True)
    tokens = folder / "tokens.csv"
    tokens.write_text(f'{ADMIN},admin,1,"system:masters"\n{LAUNCHER},{USER},2\n')
    admin, launcher = (_kubeconfig(folder, name, url, token) for name, token in (("admin", ADMIN), (USER, LAUNCHER)))
    with ExitStack() as ending:
        _start(
            ending,
            folder,
            str(ETCD),
            data_dir=folder / "etcd",
            listen_client_urls=etcd,
            advertise_client_urls=etcd,
            listen_peer_urls=f"http://127.0.0.1:{peers}",
        )
        _start(
            ending,
            folder,
            str(FOLDER / "kube-apiserver"),
            etcd_servers=etcd,
            secure_port=port,
            bind_address="127.0.0.1",
            cert_dir=folder / "certificates",
            endpoint_reconciler_type="none",
            service_cluster_ip_range="10.0.0.0/24",
            service_account_issuer="https://kubernetes.default.svc",
            service_account_key_file=key,
            service_account_signing_key_file=key,
            token_auth_file=tokens,
            authorization_mode="RBAC",
            feature_gates="TTLAfterFinished=true",
        )
        cluster = RealCluster(url, launcher)
        until(lambda: _is_ready(cluster), "the API server is ready", 120)
        _start(
            ending,
            folder,
            str(FOLDER / "kube-controller-manager"),
            kubeconfig=admin,
            leader_elect="false",
            secure_port=free_port(),
            bind_address="127.0.0.1",
            port=0,
            cert_dir=folder / "certificates-of-controllers",
            service_account_private_key_file=key,
            controllers="job,serviceaccount,serviceaccount-token,garbagecollector,ttl-after-finished,namespace",
            feature_gates="TTLAfterFinished=true",
        )
        cluster.prepare()
        yield cluster


def _is_ready(cluster: RealCluster) -> bool:
    try:
        cluster._call("GET", "/api/v1/namespaces/default")
    except OSError:
        return False
    return True


def _start(ending: ExitStack, folder: Path, program: str, **options: object) -> None:
    command = [program, *(f"--{name.replace('_', '-')}={value}" for name, value in options.items())]
    log = ending.enter_context((folder / f"{Path(program).name}.log").open("wb"))
    process = subprocess.Popen(command, cwd=folder, stdout=log, stderr=log)

    def end() -> None:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    ending.callback(end)
    time.sleep(0.2)
    assert process.poll() is None, (folder / f"{Path(program).name}.log").read_text()[-3_000:]


def _kubeconfig(folder: Path, name: str, url: str, token: str) -> Path:
    """Its certificate is the server's own, of this minute, and the way leads over this machine alone."""
    content: Mapping[str, Any] = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "tests",
        "contexts": [{"name": "tests", "context": {"cluster": "tests", "user": name}}],
        "clusters": [{"name": "tests", "cluster": {"server": url, "insecure-skip-tls-verify": True}}],
        "users": [{"name": name, "user": {"token": token}}],
    }
    path = folder / f"{name}.kubeconfig"
    path.write_text(yaml.safe_dump(content))
    return path
