"""A server that speaks BigQuery's protocol: one for all workers of a run, started by the first test that asks for it.

It stands in an environment of its own (requirements-servers.in). Each worker that uses it holds a shared lock on a
file, and a keeper beside the server waits for that file for itself alone: it gets it when the last worker has ended,
however that ended, and ends the server.

Not here: the platform's client (warehouse/bigquery/client.py). Who wants their tables to themselves takes a project of
their own: the server makes one as soon as it is named.
"""

from __future__ import annotations

import fcntl
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from filelock import FileLock

from recs_platform_tests.shared import folder_of_run

EMULATOR = "BIGQUERY_EMULATOR_HOST"
"""Google's client talks to the server that this variable names, and the platform's then needs no credentials."""

_ROOT = Path(__file__).resolve().parents[1]
_BIN = _ROOT / ".servers" / "bin"
_PATIENCE_SECONDS = 90
_SERVER = Path(__file__).with_name("emulator_server.py")
_SPATIAL = 'from duckdb_extensions import import_extension; import_extension("spatial")'


@pytest.fixture(scope="session")
def bigquery_emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The server's URL."""
    if not (_BIN / "bqemulator").exists():
        pytest.fail("the servers of the tests are not installed: make test installs them")
    folder = folder_of_run(tmp_path_factory) / "bigquery_emulator"
    folder.mkdir(exist_ok=True)
    with _used(folder):
        yield _address(folder)


@pytest.fixture
def bigquery(bigquery_emulator: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """The project of one test, on the server that its clients now talk to."""
    monkeypatch.setenv(EMULATOR, bigquery_emulator)
    return f"test-{os.urandom(6).hex()}"


@contextmanager
def _used(folder: Path) -> Iterator[None]:
    with (folder / "users").open("a") as users:
        fcntl.flock(users, fcntl.LOCK_SH)
        yield


def _address(folder: Path) -> str:
    """Of the server that runs, or that is started now. The caller uses it already, so it does not end meanwhile."""
    address = folder / "address"
    with FileLock(folder / "start.lock"):
        if not address.exists():
            with (folder / "keeper.log").open("ab") as log:
                subprocess.Popen(
                    [sys.executable, "-m", __name__, str(folder)],
                    cwd=_ROOT, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
                )  # fmt: skip
        until = time.monotonic() + _PATIENCE_SECONDS
        while not address.exists():
            if time.monotonic() > until:
                said = "".join((folder / name).read_text()[-2_000:] for name in ("keeper.log", "server.log"))
                pytest.fail(f"the emulator of BigQuery does not start: {said}")
            time.sleep(0.05)
    return address.read_text()


def _keep(folder: Path) -> None:
    """Start the server, say where it is, and end it when nobody uses it any more."""
    # What it keeps for its user, it keeps in the folder of the run.
    environment = {**os.environ, "HOME": str(folder), "TMPDIR": str(folder)}
    subprocess.run([_BIN / "python", "-c", _SPATIAL], env=environment, check=True)
    log, address = folder / "server.log", folder / "address"
    command = [_BIN / "python", _SERVER, "start", "--rest-port", "0", "--grpc-port", "0", "--log-format", "json"]
    with log.open("wb") as out, (folder / "users").open("a") as users:
        server = subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, stdout=out, stderr=out)
        try:
            new = folder / "address.new"
            new.write_text(_said(log, server))
            new.replace(address)
            fcntl.flock(users, fcntl.LOCK_EX)
        finally:
            address.unlink(missing_ok=True)
            server.kill()
            server.wait()


def _said(log: Path, server: subprocess.Popen[bytes]) -> str:
    """The address at which the server listens, from what it says."""
    while server.poll() is None:
        for line in log.read_text().splitlines():
            if line.startswith("{") and line.endswith("}") and (told := json.loads(line))["event"] == "rest.listen":
                return f"http://{told['host']}:{told['port']}"
        time.sleep(0.05)
    raise SystemExit(f"it ended with {server.returncode}")


if __name__ == "__main__":
    _keep(Path(sys.argv[1]))
