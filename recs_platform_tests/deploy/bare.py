"""deploy/compose.yaml on this machine without containers, by deploy/bare, with a small company.

Not here: what is asked of it (test_bare.py), and what the file says (test_compose.py).
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from recs_platform_tests.automation.house import company_file
from recs_platform_tests.docs.console import ROOT

COMPANY = "north"
_PATIENCE = 600
_SETTINGS = {
    "POSTGRES_PASSWORD": "of-the-database",
    "REDIS_PASSWORD": "of-redis",
    "GRAFANA_PASSWORD": "of-grafana",
    "RECS_MEMORY_LIMIT": "512MiB",
}


@dataclass(frozen=True)
class Bare:
    folder: Path
    process: subprocess.Popen[bytes]

    @property
    def state(self) -> Path:
        return self.folder / "state"

    @property
    def said(self) -> str:
        return (self.folder / "said").read_text()

    def url(self, service: str) -> str:
        (port,) = [here for name, _, here in json.loads((self.state / "ports.json").read_text()) if name == service]
        return f"http://127.0.0.1:{port}"

    def run(self, *words: str) -> str:
        """A command with the environment of the service."""
        command = [*_command(self.folder), "run", "service", *words]
        ended = subprocess.run(
            command, env=_environment(), capture_output=True, text=True, check=False, timeout=_PATIENCE
        )
        assert ended.returncode == 0, ended.stdout + ended.stderr
        return ended.stdout

    def until(self, true: Callable[[], object], what: str) -> None:
        begun = time.monotonic()
        while not true():
            assert self.process.poll() is None, self.said
            assert time.monotonic() - begun < _PATIENCE, (
                f"not within {_PATIENCE} s: {what}\n{self.said}\n{self._logs()}"
            )
            time.sleep(0.5)

    def log(self, service: str) -> str:
        return (self.state / "logs" / f"{service}.log").read_text(errors="replace")

    def processes(self) -> dict[int, str]:
        """Those that run with the state's folder in their environment or command, and their commands."""
        found = {}
        for process in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                command, environment = ((process / name).read_bytes() for name in ("cmdline", "environ"))
                if str(self.state).encode() in command + environment:
                    found[int(process.name)] = command.replace(b"\0", b" ").decode(errors="replace")
        return found

    def _logs(self) -> str:
        logs = sorted((self.state / "logs").glob("*.log"))
        return "\n".join(f"== {log.name}\n{log.read_text(errors='replace')[-1_500:]}" for log in logs)


@contextmanager
def bare(folder: Path) -> Iterator[Bare]:
    """Everything, started and well; ended afterwards."""
    companies, keys = folder / "companies", folder / "keys"
    companies.mkdir()
    keys.mkdir()
    (companies / f"{COMPANY}.yaml").write_text(company_file(COMPANY))
    given = {**_SETTINGS, "COMPANIES_FOLDER": companies, "KEYS_FOLDER": keys}
    (folder / "env").write_text("".join(f"{name}={value}\n" for name, value in given.items()))
    with (folder / "said").open("wb") as said:
        process = subprocess.Popen(
            [*_command(folder), "--free-ports", "up"],
            env=_environment(), stdin=subprocess.DEVNULL, stdout=said, stderr=said, cwd=folder, start_new_session=True,
        )  # fmt: skip
    started = Bare(folder, process)
    try:
        started.until(lambda: "everything is started" in started.said, "everything is started")
        yield started
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
        try:
            process.wait(_PATIENCE)
        finally:
            for left in started.processes():
                with suppress(ProcessLookupError):
                    os.kill(left, signal.SIGKILL)


def _command(folder: Path) -> list[str]:
    return [
        sys.executable,
        str(ROOT / "deploy" / "bare"),
        "--env-file",
        str(folder / "env"),
        "--state",
        str(folder / "state"),
    ]


def _environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith(("RECS_", "DAGSTER_"))}
