"""`recs ui` in a process of its own, over a home folder in which one small company day was run.

Not here: what a browser is expected to see (test_ui.py).
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from recs_platform_tests.stores.keeper import free_ports

RECS = Path(sys.executable).with_name("recs")
_STARTS_WITHIN_SECONDS = 180
_ENDS_WITHIN_SECONDS = 60


@dataclass(frozen=True)
class Server:
    url: str
    process: subprocess.Popen[bytes]

    def interrupt(self) -> int:
        """What Ctrl-C does: the terminal sends it to every process of the group. Returns the exit code."""
        os.killpg(self.process.pid, signal.SIGINT)
        return self.process.wait(_ENDS_WITHIN_SECONDS)


def recs(home: Path, *arguments: str) -> str:
    """Run a command to its end; returns what it printed."""
    ended = subprocess.run(
        [RECS, *arguments], env=environment(home), cwd=home, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


@contextmanager
def ui(home: Path) -> Iterator[Server]:
    """The UI on a free port, ready to answer; it and all of its children are gone afterwards."""
    port = free_port()
    log = home / "ui.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [RECS, "ui", "--port", str(port)],
            env=environment(home),
            cwd=home,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        _wait_for(f"http://127.0.0.1:{port}/server_info", process, log)
        yield Server(f"http://127.0.0.1:{port}", process)
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGINT)
            try:
                process.wait(_ENDS_WITHIN_SECONDS)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


def environment(home: Path) -> dict[str, str]:
    own = {name: value for name, value in os.environ.items() if not name.startswith(("RECS_", "DAGSTER_"))}
    companies = home / "companies"
    files = {"RECS_COMPANIES_DIR": str(companies)} if companies.is_dir() else {}
    return {**own, **files, "RECS_HOME": str(home / ".recs"), "HOME": str(home), "COLUMNS": "140"}


def chromium() -> str | None:
    return os.environ.get("CHROMIUM") or shutil.which("chromium")


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/server_info", timeout=2) as reply:
            return bool(reply.status == 200)
    except OSError:
        return False


def free_port() -> int:
    (port,) = free_ports(1)
    return port


def _wait_for(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + _STARTS_WITHIN_SECONDS
    while time.monotonic() < deadline:
        assert process.poll() is None, log.read_text()
        if answers(url.removesuffix("/server_info")):
            return
        time.sleep(0.5)
    raise TimeoutError(f"no answer from {url}\n{log.read_text()}")
