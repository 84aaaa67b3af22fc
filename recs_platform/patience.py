"""Waiting for something outside that may hang: a database, a disk of the network, a channel of alerts.

It is asked in a thread of its own, which nobody can end: who does not answer in time is not asked again before it has.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TypeVar

from recs_platform.errors import UnavailableError

PATIENCE_SECONDS = 10.0
"""In which one question is to be answered."""
Given = TypeVar("Given")


def patiently(ask: Callable[[], Given], what: str, *, seconds: float = PATIENCE_SECONDS) -> Given:
    """The answer, if it comes in time."""
    with _lock:
        if what in _waiting:
            raise UnavailableError(f"{what} has not answered yet.")
        _waiting.add(what)
    answers: list[Given] = []
    errors: list[BaseException] = []

    def asking() -> None:
        try:
            answers.append(ask())
        except BaseException as error:
            errors.append(error)
        finally:
            with _lock:
                _waiting.discard(what)

    thread = threading.Thread(target=asking, name=what, daemon=True)
    thread.start()
    thread.join(seconds)
    if errors:
        raise errors[0]
    if not answers:
        raise UnavailableError(f"{what} does not answer within {seconds:.0f} s.")
    return answers[0]


_lock = threading.Lock()
_waiting: set[str] = set()
