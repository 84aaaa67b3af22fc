"""Images and containers without a daemon: buildah builds, podman runs, with a storage of their own beside the checkout.

Nothing of the machine's own configuration is read or written but what these programs cannot do without. A machine may
lack them; then these tests are skipped, unless TESTS_NEED_IMAGE says that they must run. Not here: what is built.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

NEEDED = bool(os.environ.get("TESTS_NEED_IMAGE"))
PROGRAMS = ("buildah", "podman", "runc", "debootstrap")
USER = 10001
_SECONDS = 1_800
_READY_SECONDS = 600
_ANY_SIGNATURE = {"default": [{"type": "insecureAcceptAnything"}]}
# The limits are those that a container gets without the right to raise its own.
_AS_IN_A_CLUSTER = (
    *("--read-only", "--cap-drop=all", "--security-opt=no-new-privileges", "--no-healthcheck"),
    *("--ulimit=nofile=1024:1024", "--ulimit=nproc=1024:1024"),
)


class EngineError(Exception):
    """A program ended badly; what it printed is told."""


def needed_programs() -> None:
    """The test ends here where one is missing."""
    path = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/sbin"])
    missing = [name for name in PROGRAMS if shutil.which(name, path=path) is None]
    why = f"no {', '.join(missing)}: install Debian's packages {' '.join(PROGRAMS)}" if missing else ""
    if not why and os.geteuid() != 0:
        why = "the image is built and run as root here"
    if why:
        pytest.fail(why) if NEEDED else pytest.skip(why)


class Engine:
    def __init__(self, folder: Path) -> None:
        # Sockets stand in the second one: its path must be short.
        self.folder, self._running = folder, Path("/tmp") / f"recs-image-{_digest(folder)}"
        self._running.mkdir(exist_ok=True, mode=0o700)
        folder.mkdir(parents=True, exist_ok=True)
        self._policy = folder / "policy.json"
        self._policy.write_text(json.dumps(_ANY_SIGNATURE))
        # Layers on top of each other, where the file system allows it; otherwise copies.
        drivers = [driver for driver in ("overlay", "vfs") if self._is_possible(driver)]
        assert drivers, "buildah can keep images neither as overlay nor as vfs"
        self._driver = drivers[0]

    def buildah(self, *arguments: str | Path, signed: bool = False) -> str:
        policy = ("--signature-policy", self._policy) if signed else ()
        return called("buildah", *self._storage(self._driver), arguments[0], *policy, *arguments[1:])

    def podman(self, *arguments: str | Path, check: bool = True) -> str:
        return called("podman", *self._podman(), *arguments, check=check)

    def exists(self, image: str) -> bool:
        return bool(self.buildah("images", "--noheading", "--quiet", "--filter", f"reference={image}").strip())

    def run(self, image: str, *command: str, volume: Path, network: str = "none") -> subprocess.CompletedProcess[str]:
        """To its end, as a cluster would run it: not root, nothing writable but the volume and /tmp, no network."""
        words = [*self._podman(), *self._run(volume, network), "--rm", image, *command]
        return subprocess.run(["podman", *map(str, words)], capture_output=True, text=True, timeout=_SECONDS)

    @contextmanager
    def started(self, image: str, *command: str, volume: Path, network: str = "none") -> Iterator[Container]:
        """The same, and it goes on until the block ends."""
        container = Container(self, self.podman(*self._run(volume, network), "--detach", image, *command).strip())
        try:
            yield container
        finally:
            self.podman("rm", "--force", "--time=5", container.name)

    def clear(self) -> None:
        """No container of an earlier run that was killed is left."""
        self.podman("rm", "--all", "--force", "--time=1", check=False)

    def _run(self, volume: Path, network: str) -> list[str | Path]:
        return ["run", *_AS_IN_A_CLUSTER, f"--network={network}", "--volume", f"{volume}:/var/lib/recs"]

    def _podman(self) -> list[str | Path]:
        ours = ("--cgroup-manager=cgroupfs", "--events-backend=file", "--runtime=/usr/sbin/runc")
        return [*self._storage(self._driver), "--tmpdir", self._running / "libpod", *ours]

    def _storage(self, driver: str) -> list[str | Path]:
        folders = ("--root", self.folder / driver, "--runroot", self._running / driver)
        return [*folders, "--storage-driver", driver]

    def _is_possible(self, driver: str) -> bool:
        words = ["buildah", *map(str, self._storage(driver)), "images", "--quiet"]
        return subprocess.run(words, capture_output=True, check=False, timeout=_SECONDS).returncode == 0


class Container:
    def __init__(self, engine: Engine, name: str) -> None:
        self._engine, self.name = engine, name

    def answer(self, *command: str) -> str:
        """What a command prints inside, once it ends well; the container is given time to get there."""
        end = time.monotonic() + _READY_SECONDS
        while True:
            try:
                return self._engine.podman("exec", self.name, *command)
            except EngineError as error:
                if time.monotonic() > end or not self.runs():
                    raise AssertionError(f"{error}\nThe container printed:\n{self.log()}") from error
                time.sleep(0.1)

    def page(self, port: int, path: str) -> str:
        """Of a server inside, by HTTP, as soon as it answers."""
        ask = (
            f"import urllib.request as r; print(r.urlopen('http://127.0.0.1:{port}{path}', timeout=60).read().decode())"
        )
        return self.answer("python3", "-I", "-S", "-c", ask)

    def runs(self) -> bool:
        return self._inspected()["State"]["Running"] is True

    def log(self) -> str:
        words = ["podman", *map(str, self._engine._podman()), "logs", self.name]
        ended = subprocess.run(words, capture_output=True, text=True, check=False, timeout=_SECONDS)
        return ended.stdout + ended.stderr

    def stop(self) -> int:
        """Asked to end as a cluster does, with SIGTERM: its exit code; 137 where it had to be killed."""
        self._engine.podman("stop", "--time=60", self.name)
        code: int = self._inspected()["State"]["ExitCode"]
        return code

    def _inspected(self) -> dict[str, Any]:
        (facts,) = json.loads(self._engine.podman("inspect", "--type=container", self.name))
        assert isinstance(facts, dict)
        return facts


def called(*words: str | Path, check: bool = True) -> str:
    """What a program prints."""
    # Without namespaces of its own a build needs no right that a machine of tests may lack.
    path = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"
    environment = {**os.environ, "BUILDAH_ISOLATION": "chroot", "PATH": path}
    ended = subprocess.run(
        list(map(str, words)), capture_output=True, text=True, check=False, timeout=_SECONDS, env=environment
    )
    if check and ended.returncode != 0:
        raise EngineError(f"{' '.join(map(str, words))}\n{ended.stdout[-4_000:]}{ended.stderr[-4_000:]}")
    return ended.stdout


def _digest(folder: Path) -> str:
    return hashlib.sha256(str(folder).encode()).hexdigest()[:8]
