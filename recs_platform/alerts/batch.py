"""What is sent next to a place, as one message: the oldest that is due, or several that had to wait.

Claiming it keeps other deliverers away until the claim runs out. Not here: sending (`deliver.py`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from recs_platform.alerts.message import Message
from recs_platform.alerts.record import BOOKS
from recs_platform.alerts.stored import message_of
from recs_platform.platform_db.alert_tables import AlertMessage
from recs_platform.platform_db.locks import lock

MESSAGE_REFUSED = "this message was refused: "
"""How the problem begins of one that others pass: something in it may be why it does not go."""
CLAIM = timedelta(seconds=90)
"""Longer than sending takes. After it, who claimed was killed."""
_UNREADABLE = timedelta(hours=1)
_MOST_FINDINGS = 20
"""Of several messages in one."""
_MOST_LOOKED_AT = 50
_MOST_SINGLE = 12
"""Messages of one moment that a place gets one by one."""


@dataclass(frozen=True)
class Batch:
    ids: tuple[int, ...]
    messages: tuple[Message, ...]
    attempts: tuple[int, ...]
    """Of each, this one included."""

    @property
    def name(self) -> str:
        """Of exactly these messages: with one more it is another, and so it is when a number is given again to
        another message, once housekeeping has deleted the one that had it."""
        digest = hashlib.sha256()
        for number, message in zip(self.ids, self.messages, strict=True):
            digest.update(f"{number} {message.to_json()}\n".encode())
        return f"{self.ids[0]}-{digest.hexdigest()[:16]}"


def claim(engine: Engine, place: str, now: datetime) -> Batch | None:
    """The next to be sent to a place; None when nothing is due, or when what comes first has to wait."""
    unsent = select(AlertMessage).where(AlertMessage.place == place, AlertMessage.sent_at.is_(None))
    by_itself = AlertMessage.problem.startswith(MESSAGE_REFUSED)
    due = unsent.where(AlertMessage.due_at <= now).order_by(AlertMessage.id)
    held_up = unsent.where(AlertMessage.attempts > 0, AlertMessage.due_at > now, ~by_itself)
    with Session(engine) as session, session.begin(), lock(session.connection(), BOOKS):
        if session.scalars(held_up.limit(1)).first() is not None:
            return None
        rows = session.scalars(due.where(~by_itself).limit(_MOST_LOOKED_AT)).all()
        # What was refused by itself goes by itself, after all others.
        rows = rows or session.scalars(due.where(by_itself).limit(1)).all()
        messages = {row.id: message for row in rows if (message := _read(row, now))}
        rows = [row for row in rows if row.id in messages and not _hushed(row, messages[row.id], now)]
        chosen = _together(rows, messages)
        for row in chosen:
            row.attempts, row.due_at, row.problem = row.attempts + 1, now + CLAIM, ""
        if not chosen:
            return None
        ids = tuple(row.id for row in chosen)
        return Batch(ids, tuple(messages[number] for number in ids), tuple(row.attempts for row in chosen))


def waiting_behind(engine: Engine, place: str, now: datetime, attempts: int) -> tuple[Message, ...]:
    """What is due at a place, was never tried, and waits for what is tried in vain. It counts as so many attempts."""
    never_tried = select(AlertMessage).where(
        AlertMessage.place == place,
        AlertMessage.sent_at.is_(None),
        AlertMessage.attempts == 0,
        AlertMessage.due_at <= now,
    )
    with Session(engine) as session, session.begin(), lock(session.connection(), BOOKS):
        rows = session.scalars(never_tried.order_by(AlertMessage.id)).all()
        messages = tuple(message for row in rows if (message := _read(row, now)))
        for row in rows:
            row.attempts = attempts
        return messages


def _read(row: AlertMessage, now: datetime) -> Message | None:
    """What a newer version has written may be beyond this one, and must not hold up the others."""
    message = message_of(row)
    if message is None:
        row.due_at, row.problem = now + _UNREADABLE, f"{MESSAGE_REFUSED}this version cannot read it"
    return message


def _hushed(row: AlertMessage, message: Message, now: datetime) -> bool:
    """Whether it waits until the quiet hours are over into which it has come by waiting."""
    over = message.quiet.over(now) if message.quiet and not message.urgent else None
    if over:
        # As if it was never tried: what is tried again holds up what follows, and errors do not wait for the morning.
        row.due_at, row.attempts, row.problem = over, 0, ""
    return over is not None


def _together(rows: Sequence[AlertMessage], messages: dict[int, Message]) -> list[AlertMessage]:
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
