"""A kubelet of our own: it carries out the pods of the stub cluster as processes of this machine.

A pod's process has the environment that Kubernetes would give it and no more: the ConfigMap's, the Secret's, the
container's own. What the pod has as folders of its own is a folder of the test. Not here: images and their files.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from recs_platform.automation.pods.pod import SECRETS, SETTINGS, STATE
from recs_platform_tests.automation.launcher.stub_cluster import Object, StubCluster

_OF_THE_IMAGE = {"PATH": "", "LANG": "C.UTF-8", "HOME": STATE, "RECS_HOME": f"{STATE}/home"}


@dataclass
class Kubelet:
    cluster: StubCluster
    folder: Path
    config_map: Mapping[str, str]
    secret: Mapping[str, str]
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.cluster.on_pod, self.cluster.on_deleted = self.start, self.ask_to_end

    def start(self, pod: Object) -> None:
        (container,) = pod["spec"]["containers"]
        name, job = pod["metadata"]["name"], pod["metadata"]["labels"]["job-name"]
        state = self.folder / name
        state.mkdir(parents=True)
        python, *rest = [*container["command"], *container["args"]]
        assert python == "python"
        with (state / "log").open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, *rest],
                env=self._environment(container, state),
                cwd=state,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self.processes[job] = process
        threading.Thread(target=self._wait, args=(job, process), daemon=True).start()

    def ask_to_end(self, pod: Object) -> None:
        self.processes[pod["metadata"]["labels"]["job-name"]].send_signal(signal.SIGTERM)

    def log(self, job: str) -> str:
        return next(self.folder.glob(f"{job}-*/log")).read_text(errors="replace")

    def end(self) -> None:
        for process in self.processes.values():
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def _environment(self, container: Object, state: Path) -> dict[str, str]:
        sources = {("configMapRef", SETTINGS): self.config_map, ("secretRef", SECRETS): self.secret}
        told = {**_OF_THE_IMAGE, "PATH": os.environ["PATH"]}
        for source in container["envFrom"]:
            ((kind, what),) = source.items()
            told |= sources[kind, what["name"]]
        told |= {one["name"]: one["value"] for one in container["env"]}
        return {name: value.replace(STATE, str(state)) for name, value in told.items()}

    def _wait(self, job: str, process: subprocess.Popen[bytes]) -> None:
        code = process.wait()
        if job not in self.cluster.jobs:
            return
        if code == 0:
            self.cluster.finish(job)
        else:
            self.cluster.fail(job, 128 - code if code < 0 else code, "OOMKilled" if code == -9 else "Error")
