"""Sending what waits in the outbox. Not here: what is told and to whom (`record.py`), and how a channel speaks
(`channels/`)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine

from recs_platform.alerts.channels.channel import Channel


@dataclass(frozen=True)
class Delivered:
    """What one call came to, in messages of the outbox."""

    sent: int = 0
    failed: int = 0
    waiting: int = 0
    """Unsent when the call ended, those that are not due among them."""


def deliver(engine: Engine, channels: Mapping[str, Channel], now: datetime) -> Delivered:
    """Send what is due. It fails nobody, and ends within half a minute."""
    raise NotImplementedError
