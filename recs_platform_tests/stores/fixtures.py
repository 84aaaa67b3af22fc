"""The stores as tests use them: one server of each kind for all workers of a run, a folder of its own for each test.

Not here: how a server is started and ended (keeper.py).
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import redis

from recs_platform_tests.shared import made_once
from recs_platform_tests.stores import keeper
from recs_platform_tests.stores.postgres_server import PostgresServer, own_postgres
from recs_platform_tests.stores.redis_server import RedisServer

VARIABLES = ("AWS_", "GOOGLE_")
"""How the names of the variables begin by which stores let somebody in."""


@dataclass(frozen=True)
class Store:
    """A bucket on a server that runs."""

    scheme: str
    host: str
    port: int

    def at(self, port: int) -> Store:
        """The same behind a proxy."""
        return replace(self, port=port)

    @property
    def environment(self) -> Mapping[str, str]:
        """What lets everybody in who has it, as a person would set it."""
        address = f"http://{self.host}:{self.port}"
        if self.scheme == "s3":
            return {
                "AWS_ENDPOINT_URL": address,
                "AWS_ALLOW_HTTP": "true",
                "AWS_REGION": "us-east-1",
                "AWS_ACCESS_KEY_ID": keeper.KEY,
                "AWS_SECRET_ACCESS_KEY": keeper.SECRET,
            }
        account = {"gcs_base_url": address, "disable_oauth": True, "client_email": "", "private_key": ""}
        return {"GOOGLE_SERVICE_ACCOUNT_KEY": json.dumps(account | {"private_key_id": ""})}

    def let_in(self, patch: pytest.MonkeyPatch) -> None:
        """Everything this process opens from now on is on this server."""
        for name in [name for name in os.environ if name.startswith(VARIABLES)]:
            patch.delenv(name)
        for name, value in self.environment.items():
            patch.setenv(name, value)

    def new_folder(self) -> str:
        """Nobody else's."""
        return f"{self.scheme}://{keeper.BUCKET}/{uuid.uuid4().hex}"


def _running(factory: pytest.TempPathFactory, scheme: str) -> Store:
    return Store(scheme, "127.0.0.1", _port(factory, scheme))


def _port(factory: pytest.TempPathFactory, kind: str) -> int:
    """Of the server of its kind that all workers of a run use."""
    process = os.getppid() if "PYTEST_XDIST_WORKER" in os.environ else os.getpid()

    def start(folder: Path) -> None:
        told, log = folder / "port", folder / "log"
        command = [sys.executable, keeper.__file__, kind, str(process), str(told)]
        with log.open("wb") as output:
            kept = subprocess.Popen(command, stdout=output, stderr=output, start_new_session=True)
        while not told.exists():
            try:
                kept.wait(0.05)
            except subprocess.TimeoutExpired:
                continue
            pytest.fail(f"the store for {kind}:// does not start (`make` installs it): {log.read_text()}")

    return int((made_once(factory, f"{kind}-store", start) / "port").read_text())


@dataclass(frozen=True)
class OciRegistry:
    """A registry of OCI artifacts that runs, and lets everybody in."""

    host: str
    """With its port."""

    def new_root(self) -> str:
        """A path in it, nobody else's, as RECS_ARTIFACTS_URL names one."""
        return f"{self.host}/{uuid.uuid4().hex}"

    def store(self) -> Store:
        """As the proxy wants it."""
        host, _, port = self.host.partition(":")
        return Store("oci", host, int(port))


@pytest.fixture(scope="session")
def oci_registry(tmp_path_factory: pytest.TempPathFactory) -> OciRegistry:
    """Debian's docker-registry. A machine may lack it; then these tests are skipped, unless TESTS_NEED_REGISTRY says
    that they must run."""
    needed_program("docker-registry")
    running = _running(tmp_path_factory, "oci")
    return OciRegistry(f"{running.host}:{running.port}")


def needed_program(name: str) -> str:
    """Where a program for OCI images is; the test ends here where it is not."""
    found = shutil.which(name)
    if found is None:
        why = f"no {name}: install Debian's package {name}"
        pytest.fail(why) if os.environ.get("TESTS_NEED_REGISTRY") else pytest.skip(why)
    return found


@pytest.fixture(scope="session")
def s3_server(tmp_path_factory: pytest.TempPathFactory) -> Store:
    return _running(tmp_path_factory, "s3")


@pytest.fixture(scope="session")
def gs_server(tmp_path_factory: pytest.TempPathFactory) -> Store:
    return _running(tmp_path_factory, "gs")


@pytest.fixture(scope="session")
def redis_port(tmp_path_factory: pytest.TempPathFactory) -> int:
    return _port(tmp_path_factory, "redis")


@pytest.fixture
def redis_url(redis_port: int) -> str:
    """A database of the test's own, empty, on a real server that all tests of a run share."""
    with redis.Redis(port=redis_port) as server:
        taken = server.incr("databases taken")
    return f"redis://127.0.0.1:{redis_port}/{taken % keeper.REDIS_DATABASES}"


@pytest.fixture
def redis_server(tmp_path: Path) -> Iterator[RedisServer]:
    """A real server of the test's own, which runs: to be killed, and started again."""
    server = RedisServer(tmp_path)
    server.start()
    yield server
    server.kill()


@pytest.fixture
def postgres_server() -> Iterator[PostgresServer]:
    """A real server of the test's own, which runs: to be stopped, and started again."""
    with own_postgres() as server:
        yield server


@pytest.fixture(params=["s3", "gs"])
def store(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Store:
    """Once each; this process is let in."""
    return store_named(request, str(request.param))


def store_named(request: pytest.FixtureRequest, scheme: str) -> Store:
    """A store that this process is let in to, until the test ends."""
    server: Store = request.getfixturevalue(f"{scheme}_server")
    server.let_in(request.getfixturevalue("monkeypatch"))
    return server


def root_named(request: pytest.FixtureRequest, kind: str, folder: Path) -> str:
    """Where a lake can stand: `folder`, the same one behind a URL as if it were a store, or a store."""
    if kind in ("s3", "gs"):
        return store_named(request, kind).new_folder()
    return str(folder) if kind == "folder" else f"file://{folder}"


IN_STORES = [pytest.param("s3", marks=pytest.mark.slow), pytest.param("gs", marks=pytest.mark.slow)]
EVERYWHERE = ["folder", "url", *IN_STORES]
"""Parameters for tests of what holds wherever a lake is."""
