"""A real `recs serve`, in a process of its own on a free port, that says when it listens and is ended with the test."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from recs_platform_tests.cli.terminal import Terminal

_END_SECONDS = 30


@dataclass
class Running:
    process: subprocess.Popen[bytes]
    port: int
    said: str
    """Its line for people."""
    _log: IO[bytes]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> str:
        """What it wrote on standard error so far."""
        return Path(self._log.name).read_text()

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Its exit code."""
        self.process.send_signal(number)
        return self.process.wait(_END_SECONDS)


@contextmanager
def serve(terminal: Terminal, *arguments: str, **variables: str) -> Iterator[Running]:
    """In the terminal's folder; with no waiting at its end unless a test asks for it (`--drain`)."""
    drain = () if "--drain" in arguments else ("--drain", "0")
    program = "from recs_platform.cli import main; main()"
    with tempfile.NamedTemporaryFile() as log:
        process = subprocess.Popen(
            [sys.executable, "-c", program, "serve", "--port", "0", *drain, *arguments],
            env={**_own_environment(), **terminal.environment, **variables},
            cwd=terminal.folder,
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


def _own_environment() -> dict[str, str]:

    return {name: value for name, value in os.environ.items() if not name.startswith(("RECS_", "DAGSTER_"))}
