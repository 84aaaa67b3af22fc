"""Keeps processes as compose would: starts them when what they need is well, starts again what ended, ends all of them.

Not here: what is started, and how (__main__.py).
"""

from __future__ import annotations

import ctypes
import itertools
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from compose_file import Service
from programs import Program

_LOOK_EVERY = 0.2
_LEAST_PATIENCE = 600.0
_PAUSES = (1, 2, 5, 10, 30)
"""Before a process that ended is started again: longer each time."""
_END_WITH_THE_PARENT = 1
Say = Callable[[str], None]


class Ended(Exception):  # noqa: N818  (it is what happened)
    """A process ended that should not have, or is never well."""


@dataclass
class Started:
    service: Service
    how: Program
    check: tuple[str, ...]
    environment: Mapping[str, str]
    log: Path
    process: subprocess.Popen[bytes] | None = field(default=None, init=False)
    again: int = field(default=0, init=False)
    not_before: float = field(default=0.0, init=False)

    def start(self) -> None:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.how.command, env=dict(self.environment), stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                cwd="/", user=self.how.user, start_new_session=True, preexec_fn=_end_with_the_parent,
            )  # fmt: skip

    @property
    def code(self) -> int | None:
        return self.process.poll() if self.process else None

    def is_well(self) -> bool:
        if self.service.check is None:
            return self.code is None
        with self.log.with_suffix(".check.log").open("wb") as log:
            asked = subprocess.Popen(
                self.check, env=dict(self.environment), stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd="/",
                start_new_session=True,
            )  # fmt: skip
            try:
                return asked.wait(self.service.check.timeout) == 0
            except subprocess.TimeoutExpired:
                return False
            finally:
                _kill_group(asked.pid)
                asked.wait()

    def told(self) -> str:
        return f"{self.service.name} ended with {self.code}; the end of {self.log}:\n{_end_of(self.log)}"


class Keeper:
    def __init__(self) -> None:
        self.started: dict[str, Started] = {}

    def start(self, one: Started) -> None:
        self.started[one.service.name] = one
        one.start()

    def wait_for(self, needs: Mapping[str, str]) -> None:
        for name, condition in needs.items():
            one = self.started.get(name)
            if one is None:
                raise Ended(f"{name} is needed, and was left out")
            if condition == "service_completed_successfully":
                self._wait(one, lambda one=one: one.code == 0)
            elif condition == "service_healthy":
                self._wait(one, one.is_well)

    def wait_until_well(self, say: Say) -> None:
        """Of those that go on; one that ended meanwhile is started again later."""
        for one in self.started.values():
            if one.service.restarts:
                try:
                    self._wait(one, one.is_well)
                except Ended as error:
                    say(str(error))

    def keep(self, say: Say) -> None:
        """Until somebody ends it."""
        while True:
            now = time.monotonic()
            for one in self.started.values():
                if one.code is None or not one.service.restarts:
                    continue
                if not one.not_before:
                    one.not_before = now + _PAUSES[min(one.again, len(_PAUSES) - 1)]
                    one.again += 1
                elif now >= one.not_before:
                    say(f"{one.told()}\n{one.service.name}: started again")
                    one.not_before = 0.0
                    one.start()
            time.sleep(_LOOK_EVERY)

    def end_all(self, say: Say) -> None:
        """Those first that nobody needs any more, each within its grace; what it left is killed."""
        left = dict(self.started)
        while left:
            needed = {name for one in left.values() for name in one.service.needs}
            now = [one for name, one in left.items() if name not in needed] or list(left.values())
            for one in now:
                if one.process and one.code is None:
                    say(f"{one.service.name}: ends")
                    one.process.send_signal(one.how.stop)
            for one in now:
                _end(one)
                del left[one.service.name]

    def _wait(self, one: Started, true: Callable[[], bool]) -> None:
        patience = max(_LEAST_PATIENCE, one.service.check.start_seconds if one.service.check else 0.0)
        deadline = time.monotonic() + patience
        for asked in itertools.count(1):
            if true():
                return
            if one.code is not None and not (one.code == 0 and not one.service.restarts):
                raise Ended(one.told())
            if time.monotonic() > deadline:
                raise Ended(
                    f"{one.service.name} is not well after {patience:.0f} s; see {one.log}:\n{_end_of(one.log)}"
                )
            # Some checks take seconds of CPU, which what starts needs more.
            time.sleep(_LOOK_EVERY * min(asked, 25))


def _end(one: Started) -> None:
    if one.process is None:
        return
    with suppress(subprocess.TimeoutExpired):
        one.process.wait(one.service.grace)
    _kill_group(one.process.pid)
    one.process.wait()


def _kill_group(leader: int) -> None:
    with suppress(ProcessLookupError):
        os.killpg(leader, signal.SIGKILL)


def _end_of(log: Path) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-15:])


def _end_with_the_parent() -> None:
    """Also when that is killed."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_END_WITH_THE_PARENT, signal.SIGTERM)
