"""One place that metrics are read from: in a thread of its own, at most once in some seconds, and never for longer than
whoever asks can wait.

Prometheus gives up after ten seconds. A database that is down may take as long to say so, a lock longer: the reading
then goes on alone, and this source is said to be down. Not here: what is read.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from recs_platform.automation.metrics.families import Sample
from recs_platform.masking import mask_text

FRESH_SECONDS = 15.0
"""As long a reading answers everybody who asks."""
KEPT_SECONDS = 120.0
"""As long it answers while the next one is not done."""

_log = logging.getLogger(__name__)


@dataclass
class Source:
    name: str
    read: Callable[[], Iterable[Sample]]
    samples: tuple[Sample, ...] = ()
    """Of the last reading, unless it failed."""
    problem: str = "never read"
    """What the last reading failed of; empty when it did not."""
    seconds: float = 0.0
    failures: int = 0
    _ended_at: float = float("-inf")
    _done: threading.Event = field(default_factory=threading.Event)
    _running: bool = False
    _one_at_a_time: threading.Lock = field(default_factory=threading.Lock)

    def begin(self) -> None:
        """Read again, unless that goes on already or was done just now."""
        with self._one_at_a_time:
            if self._running or time.monotonic() - self._ended_at < FRESH_SECONDS:
                return
            self._running, self._done = True, threading.Event()
        threading.Thread(target=self._read, name=f"metrics of {self.name}", daemon=True).start()

    def answer(self, deadline: float) -> tuple[Sample, ...] | None:
        """What it has to say by then; None when it is down."""
        self._done.wait(max(0.0, deadline - time.monotonic()))
        with self._one_at_a_time:
            if self.problem or (self._running and time.monotonic() - self._ended_at > KEPT_SECONDS):
                return None
            return self.samples

    def _read(self) -> None:
        began = time.monotonic()
        try:
            samples, problem = tuple(self.read()), ""
        except Exception as error:  # whatever it is, other metrics are told
            samples, problem = (), mask_text(" ".join(f"{type(error).__name__}: {error}".split()))
            _log.warning("metrics of %s cannot be read: %s", self.name, problem)
        with self._one_at_a_time:
            self.samples, self.problem = samples, problem
            self._ended_at = time.monotonic()
            self.seconds = self._ended_at - began
            self.failures += bool(problem)
            self._running = False
            self._done.set()
