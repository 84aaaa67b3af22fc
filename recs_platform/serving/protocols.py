"""What the service wants of its parts, each with one that does nothing. The models' is in models/protocol.py, the
reader's in `serving_store/protocol.py`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from recs_platform.serving.asked import Asked


class Watcher(Protocol):
    """Something that goes on beside the requests, from before the first to after the last."""

    async def start(self) -> None:
        """Returns when it is under way; what it waits for does not hold up the others."""

    async def stop(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Recommended:
    """An answer that was given."""

    request_id: str
    company: str
    product: str
    version: int
    customer_id: str
    answered_at: datetime
    items: bytes
    """JSON: the rows that were sent."""


class AnswerLog(Watcher, Protocol):
    """Keeps what was recommended, and what became of it."""

    def served(self, answer: Recommended) -> None:
        """Keeps the request waiting for nothing, and never fails it."""

    async def react(self, company: str, events: Sequence[Mapping[str, Any]]) -> int:
        """How many of them are new; they are kept when this returns."""


class ServiceMetrics(Protocol):
    def answered(self, asked: Asked, status: int, seconds: float) -> None: ...

    def text(self, company: str | None = None) -> bytes:
        """As Prometheus takes them: of all companies, or of one and of none."""


class NoAnswerLog:
    async def start(self) -> None: ...

    async def stop(self) -> None: ...

    def served(self, _answer: Recommended) -> None: ...

    async def react(self, _company: str, _events: Sequence[Mapping[str, Any]]) -> int:
        raise NotImplementedError


class NoMetrics:
    def answered(self, _asked: Asked, _status: int, _seconds: float) -> None: ...

    def text(self, _company: str | None = None) -> bytes:
        return b""
