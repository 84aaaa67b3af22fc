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


Answer = Sent | Later | Refused


class Channel(Protocol):
    def send(self, where: str, messages: Sequence[Message], number: int) -> Answer:
        """Send several messages as one. `where` is what a place says behind the channel's name; `number` is that of the
        first message in the outbox, by which whoever gets it twice can tell."""
        ...
