"""What one message tells, as it waits in the outbox: the findings of one look of one severity, or what is over.

Not here: how a channel puts it into words (`wording.py`, `channels/`), and where it is sent.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from pydantic import TypeAdapter

from recs_platform.alerts.finding import Finding, Severity
from recs_platform.alerts.policy import QuietHours

RECOVERED = "recovered"
"""In the place of a severity: what is over."""
MOST_TOLD = 100
"""Findings that a message keeps; of the others it says how many there are."""


@dataclass(frozen=True)
class Told:
    """A finding, masked, and since when it is one."""

    finding: Finding
    since: datetime


@dataclass(frozen=True)
class Message:
    look: str
    company: str
    """Empty of what concerns all of them."""
    severity: str
    at: datetime
    told: tuple[Told, ...]
    left_out: int = 0
    escalated: bool = False
    """Told because it is open for long."""
    urgent: bool = False
    """Quiet hours do not hold it up."""
    quiet: QuietHours | None = None

    @property
    def count(self) -> int:
        return len(self.told) + self.left_out

    def to_json(self) -> str:
        return _MESSAGE.dump_json(self).decode()

    @classmethod
    def from_json(cls, text: str) -> Message:
        return _MESSAGE.validate_json(text)


_MESSAGE = TypeAdapter(Message)
_FINDING = TypeAdapter(Finding)


def finding_to_json(finding: Finding) -> str:
    return _FINDING.dump_json(finding).decode()


def finding_from_json(text: str) -> Finding:
    return _FINDING.validate_json(text)


def first_of(told: Iterable[Told]) -> tuple[tuple[Told, ...], int]:
    """Those that a message keeps, the worst first, and how many it leaves out."""
    ordered = sorted(told, key=lambda one: -one.finding.severity.rank)
    return tuple(ordered[:MOST_TOLD]), max(len(ordered) - MOST_TOLD, 0)


SEVERITIES = (*(severity.value for severity in reversed(Severity)), RECOVERED)
"""What a message may be of, the worst first."""
