"""Load on a service from another process, at a constant rate while it answers, and every answer to look at.

Not here: the process (load_process.py).
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import orjson

RATE = 200
PATIENCE_SECONDS = 90.0
_ROOT = Path(__file__).parents[2]
Request = tuple[str, str, str]
"""Method, address, and a body or nothing."""


@dataclass(frozen=True)
class Answered:
    """What became of a request."""

    name: str
    at: float
    """When it was due, by `time.monotonic()`."""
    took: float
    """Seconds from then."""
    status: int = 0
    retry_after: str | None = None
    body: str = ""
    error: str = ""
    """Why there is no answer."""

    @cached_property
    def told(self) -> Mapping[str, Any]:
        return dict(orjson.loads(self.body))


@dataclass
class Load:
    process: subprocess.Popen[str]
    _told: Path
    _read: int = 0
    _answers: list[Answered] = field(default_factory=list)

    @property
    def answers(self) -> Sequence[Answered]:
        """All so far, in the order in which they came."""
        if self._told.exists():
            with self._told.open("rb") as file:
                file.seek(self._read)
                lines, _, _ = file.read().rpartition(b"\n")
            if lines:
                self._read += len(lines) + 1
                self._answers += [Answered(**orjson.loads(line)) for line in lines.split(b"\n")]
        return self._answers

    def next(self, count: int, wanted: Callable[[Answered], bool] = lambda _: True) -> Sequence[Answered]:
        """The answers to what is asked from now on, once there are so many that are wanted."""
        began = time.monotonic()
        while True:
            new = [answer for answer in self.answers if answer.at >= began]
            if sum(map(wanted, new)) >= count:
                return new
            assert time.monotonic() < began + PATIENCE_SECONDS, new[-3:]
            assert self.process.poll() is None, "the client lives"
            time.sleep(0.02)


@contextmanager
def loading(folder: Path, port: int, requests: Sequence[tuple[str, Request]], rate: int = RATE) -> Iterator[Load]:
    """Asks these requests in turn, each by its name, until it is left; then every request has its answer, or none."""
    told = folder / f"load-{time.monotonic_ns()}"
    process = subprocess.Popen(
        [sys.executable, "-m", "recs_platform_tests.serving.load_process"], stdin=subprocess.PIPE, text=True, cwd=_ROOT
    )
    assert process.stdin is not None
    try:
        given = {"port": port, "rate": rate, "requests": requests, "told": str(told)}
        process.stdin.write(f"{json.dumps(given)}\n")
        process.stdin.flush()
        load = Load(process, told)
        yield load
        process.stdin.close()
        assert process.wait(PATIENCE_SECONDS) == 0
        assert load.answers
    finally:
        process.kill()
        process.wait()
        process.stdin.close()
