"""Processes that are killed wherever they are about to leave something behind: in files, a database or a registry."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, event

_CHANGES = {"os.mkdir", "os.rename", "os.remove", "os.rmdir", "shutil.rmtree"}


def killed_everywhere(work: Callable[[], object], below: Path) -> Iterator[int]:
    """Does the work in a child that is killed at its first step, then in one that is killed at its second, and so on
    until one comes to its end. Gives the number of each kill, so that its traces can be looked at."""
    nth = 1
    while _ended_by(_forked(partial(_die_at, nth, work, below))) == signal.SIGKILL:
        yield nth
        nth += 1


def _die_at(nth: int, work: Callable[[], object], below: Path) -> None:
    """Python tells an audit hook of each file that is about to be written, made, renamed or removed, and each request
    that is about to be sent; SQLAlchemy of each statement and commit. What only looks is no step."""
    steps = 0

    def step() -> None:
        nonlocal steps
        steps += 1
        if steps == nth:
            os.kill(os.getpid(), signal.SIGKILL)

    def heard(name: str, arguments: tuple[Any, ...]) -> None:
        if name == "http.client.send":
            changes = bytes(arguments[1]).startswith((b"PUT", b"POST", b"PATCH", b"DELETE"))
        elif name == "open":
            changes = str(below) in str(arguments[0]) and bool(arguments[2] & (os.O_WRONLY | os.O_RDWR))
        else:
            changes = name in _CHANGES and str(below) in str(arguments[0])
        if changes:
            step()

    event.listen(Engine, "before_cursor_execute", lambda *given: step() if "SELECT" not in given[2] else None)
    event.listen(Engine, "commit", lambda *_: step())
    sys.addaudithook(heard)
    work()


def _forked(work: Callable[[], object]) -> int:
    """A child that works and ends without a word to pytest; its error is on stderr."""
    child = os.fork()
    if child:
        return child
    code = 1
    try:
        work()
        code = 0
    finally:
        os._exit(code)


def _ended_by(child: int) -> int:
    """The signal that ended the child; 0 when it was done."""
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0
    return os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0
