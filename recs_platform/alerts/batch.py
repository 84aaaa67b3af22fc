"""What is sent next to a place, as one message: the oldest that is due, or several that had to wait.

Claiming it keeps other deliverers away until the claim runs out. Not here: sending (`deliver.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from recs_platform.alerts.message import Message
from recs_platform.alerts.record import BOOKS
from recs_platform.platform_db.alert_tables import AlertMessage
from recs_platform.platform_db.locks import lock

REFUSED = "refused: "
"""How the problem begins of a message that a person must help. It holds up nobody behind it."""
CLAIM = timedelta(seconds=90)
"""Longer than sending takes. After it, who claimed was killed."""
_UNREADABLE = timedelta(hours=1)
_MOST_FINDINGS = 20
"""Of several messages in one."""
_MOST_SINGLE = 5
"""Messages of one moment that a place gets one by one."""


@dataclass(frozen=True)
class Batch:
    ids: tuple[int, ...]
    messages: tuple[Message, ...]
    attempts: int
    """Of the one that was tried most, this one included."""


def claim(engine: Engine, place: str, now: datetime) -> Batch | None:
    """The next to be sent to a place; None when nothing is due, or when what comes first has to wait."""
    unsent = select(AlertMessage).where(AlertMessage.place == place, AlertMessage.sent_at.is_(None))
    with Session(engine) as session, session.begin(), lock(session.connection(), BOOKS):
        rows = session.scalars(unsent.order_by(AlertMessage.id)).all()
        if any(row.attempts and row.due_at > now and not row.problem.startswith(REFUSED) for row in rows):
            return None
        messages = {row.id: message for row in rows if row.due_at <= now and (message := _read(row, now))}
        due = [row for row in rows if row.id in messages and not _hushed(row, messages[row.id], now)]
        chosen = _together(due, messages)
        for row in chosen:
            row.attempts, row.due_at, row.problem = row.attempts + 1, now + CLAIM, ""
        if not chosen:
            return None
        ids = tuple(row.id for row in chosen)
        return Batch(ids, tuple(messages[number] for number in ids), max(row.attempts for row in chosen))


def _read(row: AlertMessage, now: datetime) -> Message | None:
    """What a newer version has written may be beyond this one, and must not hold up the others."""
    try:
        return Message.from_json(row.content)
    except ValueError:
        row.due_at, row.problem = now + _UNREADABLE, f"{REFUSED}this version cannot read it"
        return None


def _hushed(row: AlertMessage, message: Message, now: datetime) -> bool:
    """Whether it waits until the quiet hours are over into which it has come by waiting."""
    over = message.quiet.over(now) if message.quiet and not message.urgent else None
    if over:
        row.due_at = over
    return over is not None


def _together(due: Sequence[AlertMessage], messages: dict[int, Message]) -> list[AlertMessage]:
    """What was refused stays apart: something in it may be why."""
    fresh = [row for row in due if not row.problem.startswith(REFUSED)]
    rows = fresh or list(due)
    waited = sum(row.attempts > 0 or row.due_at > row.made_at for row in rows)
    if waited < min(len(rows), 2) and len(rows) <= _MOST_SINGLE:
        return list(rows[:1])
    chosen: list[AlertMessage] = []
    findings = 0
    for row in rows:
        findings += len(messages[row.id].told)
        if chosen and findings > _MOST_FINDINGS:
            break
        chosen.append(row)
    return chosen
