"""A real `recs serve`, in a process of its own on a free port, that says when it listens and is ended with the test."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import httpx

from recs_platform_tests.cli.terminal import Terminal

PATIENCE_SECONDS = 60
"""For an answer or an end: on a busy machine a process may stand still for seconds."""
_ROOT = Path(__file__).parents[2]


@dataclass
class Running:
    process: subprocess.Popen[bytes]
    port: int
    said: str
    """Its line for people."""
    _log: IO[bytes]
    lines: Sequence[str] = ()
    """Of its log, once it has ended."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> str:
        """What it wrote on standard error so far."""
        return Path(self._log.name).read_text()

    def get(self, address: str, **options: Any) -> httpx.Response:
        return httpx.get(f"{self.url}{address}", timeout=PATIENCE_SECONDS, **options)

    def post(self, address: str, body: object) -> httpx.Response:
        return httpx.post(f"{self.url}{address}", json=body, timeout=PATIENCE_SECONDS)

    def next_line(self) -> str:
        """What it says next on standard output, once it does."""
        assert self.process.stdout is not None
        return self.process.stdout.readline().decode().strip()

    def wait(self) -> int:
        """Its exit code, once it has ended by itself."""
        return self.process.wait(PATIENCE_SECONDS)

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Its exit code."""
        self.process.send_signal(number)
        code = self.wait()
        self.lines = self.log.splitlines()
        return code


@contextmanager
def serve(terminal: Terminal, *arguments: str, **variables: str) -> Iterator[Running]:
    """In the terminal's folder; with no waiting at its end unless a test asks for it (`--drain`)."""
    drain = () if "--drain" in arguments else ("--drain", "0")
    program = "from recs_platform.cli import main; main()"
    command = ["-c", program, "serve", "--port", "0", *drain, *arguments]
    with _running(command, terminal.folder, {**terminal.environment, **variables}) as running:
        yield running


@contextmanager
def serve_made_up(folder: Path, **limits: float) -> Iterator[Running]:
    """The server around lists that are made up; see made_up_process.py."""
    chosen = json.dumps({"drain_seconds": 0, "linger_seconds": 0.1, **limits})
    with serve_module("recs_platform_tests.serving.made_up_process", folder, chosen) as running:
        yield running


@contextmanager
def serve_module(module: str, folder: Path, *arguments: str, **variables: str) -> Iterator[Running]:
    """A module that serves, in a folder, and says where first."""
    with _running(["-m", module, *arguments], folder, variables) as running:
        yield running


@contextmanager
def _running(command: Sequence[str], folder: Path, variables: Mapping[str, str]) -> Iterator[Running]:
    own = {name: value for name, value in os.environ.items() if not name.startswith(("RECS_", "DAGSTER_"))}
    with tempfile.NamedTemporaryFile() as log:
        process = subprocess.Popen(
            [sys.executable, *command],
            env={**own, "PYTHONPATH": str(_ROOT), **variables},
            cwd=folder,
            stdout=subprocess.PIPE,
            stderr=log,
            start_new_session=True,
        )
        try:
            assert process.stdout is not None
            said = process.stdout.readline().decode()
            found = re.search(r"http://\S+:(\d+)", said)
            assert found, f"{said}{Path(log.name).read_text()}"
            yield Running(process, int(found[1]), said, log)
        finally:
            if process.poll() is None:
                process.kill()
            process.wait()
            if process.stdout:
                process.stdout.close()
