"""Keeps processes as compose would: starts them when what they need is well, starts again what ended, ends all of them.

Not here: what is started, and how (__main__.py).
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from compose_file import Service
from programs import Program, as_user

LOOK_EVERY = 0.2
_SELDOM = 25
HEALTHY, COMPLETED = "service_healthy", "service_completed_successfully"
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
    well: bool = field(default=False, init=False)
    asked: int = field(default=0, init=False)
    ask_again: float = field(default=0.0, init=False)
    deadline: float = field(default=0.0, init=False)

    def start(self) -> None:
        self.deadline = time.monotonic() + self.patience
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.how.command, env=dict(self.environment), stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                cwd="/", start_new_session=True, preexec_fn=_end_with_the_parent, **as_user(self.how.user),
            )  # fmt: skip

    @property
    def code(self) -> int | None:
        return self.process.poll() if self.process else None

    @property
    def patience(self) -> float:
        return max(_LEAST_PATIENCE, self.service.check.start_seconds if self.service.check else 0.0)

    def is_well(self) -> bool:
        """Whether it ever was; it is asked less and less often, and at most half of the time, since some checks take
        seconds of CPU."""
        begun = time.monotonic()
        if not self.well and begun >= self.ask_again:
            self.well = self.service.check is None or self._answers(self.service.check.timeout)
            self.asked += 1
            ended = time.monotonic()
            self.ask_again = ended + max(LOOK_EVERY * min(self.asked, _SELDOM), ended - begun)
        return self.well

    def _answers(self, timeout: float) -> bool:
        with self.log.with_suffix(".check.log").open("wb") as log:
            asked = subprocess.Popen(
                self.check, env=dict(self.environment), stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd="/",
                start_new_session=True,
            )  # fmt: skip
            try:
                return asked.wait(timeout) == 0
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

    def may_start(self, service: Service) -> bool:
        """Whether all is well that it needs; Ended when that will never be."""
        return all(self._reached(name, condition) for name, condition in service.needs.items())

    def wait_until_well(self, say: Say) -> None:
        """Of those that go on; one that ended meanwhile is started again later."""
        for one in self.started.values():
            try:
                while one.service.restarts and not self._reached(one.service.name, HEALTHY):
                    time.sleep(LOOK_EVERY)
            except Ended as error:
                say(str(error))

    def _reached(self, name: str, condition: str) -> bool:
        one = self.started.get(name)
        if one is None:
            return False
        if condition == COMPLETED and one.code == 0:
            return True
        if one.code is not None:
            raise Ended(one.told())
        if condition == HEALTHY and one.is_well():
            return True
        if time.monotonic() > one.deadline:
            raise Ended(f"{name} is not well after {one.patience:.0f} s; see {one.log}:\n{_end_of(one.log)}")
        return False

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
                    _end(one)
                    one.start()
            time.sleep(LOOK_EVERY)

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
