"""A server that speaks Redis's protocol (valkey), as a test uses it that kills it and starts it again."""

from __future__ import annotations

import signal
import socket
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from recs_platform_tests.stores.keeper import free_ports, redis_command


@dataclass
class RedisServer:
    """On one port for as long as the test lasts. It keeps nothing on disk, so a new start is empty."""

    folder: Path
    port: int = 0
    _process: subprocess.Popen[bytes] | None = field(default=None)

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        if not self.port:
            (self.port,) = free_ports(1)
        with (self.folder / "redis.log").open("ab") as log:
            self._process = subprocess.Popen(redis_command(self.port, self.folder), stdout=log, stderr=log)
        while not self._answers():
            try:
                self._process.wait(0.02)
            except subprocess.TimeoutExpired:
                continue
            raise OSError(f"the server does not start: {(self.folder / 'redis.log').read_text()}")

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def stall(self) -> None:
        """It keeps its connections, and answers nobody."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    def _answers(self) -> bool:
        try:
            socket.create_connection(("127.0.0.1", self.port), 1).close()
        except OSError:
            return False
        return True
