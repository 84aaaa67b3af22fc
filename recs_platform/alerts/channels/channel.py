"""What every channel is: something that takes one message for one place and says what became of it.

A channel raises nothing that it expects: an outage is an answer, too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from recs_platform.alerts.message import Message


@dataclass(frozen=True)
class Sent:
    pass


@dataclass(frozen=True)
class Later:
    """It did not work just now."""

    problem: str
    seconds: float | None = None
    """After which to try again, if the other side said so."""


@dataclass(frozen=True)
class Refused:
    """It will not work until a person changes something."""

    problem: str
    remedy: str
    of_message: bool = False
    """Something in this message may be why, so that others may pass."""


_LONGEST_WAIT = 3_600.0

Answer = Sent | Later | Refused


class Channel(Protocol):
    def send(self, where: str, messages: Sequence[Message], name: str) -> Answer:
        """Send several messages as one. `where` is what a place says behind the channel's name; `name` is that of
        exactly these messages, by which whoever gets them twice can tell."""
        ...


def seconds_to_wait(retry_after: object) -> float | None:
    """What the other side asks for, if it is a number; at most an hour.

    >>> seconds_to_wait("30"), seconds_to_wait("soon"), seconds_to_wait(None), seconds_to_wait("1e9")
    (30.0, None, None, 3600.0)
    """
    try:
        seconds = float(str(retry_after))
    except ValueError:
        return None
    return min(seconds, _LONGEST_WAIT) if seconds > 0 else None
