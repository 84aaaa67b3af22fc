"""The real Prometheus and promtool: from PROMETHEUS_DIR, or from the PATH.

A machine may lack them; then these tests are skipped, unless TESTS_NEED_PROMETHEUS says that they must run.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from recs_platform_tests.stores.keeper import free_ports

_FOLDER, _NEEDED = os.environ.get("PROMETHEUS_DIR"), os.environ.get("TESTS_NEED_PROMETHEUS")
_READY_SECONDS = 60


def program(name: str) -> str:
    """Where `prometheus` or `promtool` is; the test ends here where it is not."""
    found = shutil.which(name, path=_FOLDER)
    if found is None:
        why = f"no {name}: CONTRIBUTING.md says how to get it (PROMETHEUS_DIR, or on the PATH)"
        pytest.fail(why) if _NEEDED else pytest.skip(why)
    return found


def promtool(*arguments: str, folder: Path) -> str:
    """What it prints; it must end well."""
    command = [program("promtool"), *arguments]
    ended = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


class Prometheus:
    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"

    def query(self, expression: str) -> list[dict[str, Any]]:
        """The series that an expression gives now."""
        answer = self._ask("/api/v1/query", {"query": expression})
        found: list[dict[str, Any]] = answer["result"]
        return found

    def alerts(self) -> set[str]:
        return {alert["labels"]["alertname"] for alert in self._ask("/api/v1/alerts", {})["alerts"]}

    def _ask(self, path: str, values: Mapping[str, str]) -> dict[str, Any]:
        try:
            with urllib.request.urlopen(f"{self.url}{path}?{urllib.parse.urlencode(values)}", timeout=30) as answer:
                data: dict[str, Any] = json.load(answer)["data"]
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{values}: {error.read().decode()}") from None
        return data


@contextmanager
def prometheus(folder: Path, configuration: str) -> Iterator[Prometheus]:
    """A server of its own, until the block ends."""
    (folder / "prometheus.yml").write_text(configuration)
    (port,) = free_ports(1)
    command = [
        program("prometheus"), "--config.file=prometheus.yml", f"--storage.tsdb.path={folder / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}", "--log.level=warn",
    ]  # fmt: skip
    with (folder / "log").open("w") as log, subprocess.Popen(command, cwd=folder, stdout=log, stderr=log) as process:
        try:
            _wait(f"http://127.0.0.1:{port}/-/ready", process)
            yield Prometheus(port)
        finally:
            process.terminate()


def _wait(url: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + _READY_SECONDS
    while True:
        try:
            urllib.request.urlopen(url, timeout=5).close()
            return
        except OSError:
            assert process.poll() is None and time.monotonic() < deadline, "Prometheus does not become ready"
            time.sleep(0.05)
