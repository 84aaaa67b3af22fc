"""Sending what waits in the outbox. Not here: what is told and to whom (`record.py`), and how a channel speaks
(`channels/`).

A message is claimed before it is sent, and forgotten by nobody: who is killed between sending and remembering leaves a
claim that runs out, and the message is sent once more. What does not go now is tried again, ever more rarely.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Engine, func, select, update
from sqlalchemy.orm import Session

from recs_platform.alerts.batch import MESSAGE_REFUSED, Batch, claim, waiting_behind
from recs_platform.alerts.channels.channel import Answer, Channel, Later, Refused, Sent
from recs_platform.alerts.policy import LOG
from recs_platform.alerts.record import BOOKS
from recs_platform.errors import UnavailableError
from recs_platform.masking import mask_text
from recs_platform.patience import patiently
from recs_platform.platform_db.alert_tables import AlertMessage
from recs_platform.platform_db.locks import lock
from recs_platform.platform_db.tables import shortened
from recs_platform.plurals import counted

logger = logging.getLogger("recs_platform.alerts")

_SECONDS = 15.0
"""In which sending may begin."""
SECONDS_OF_ONE = 10.0
"""After which one message counts as not sent, whatever its channel waits for."""
_FIRST_WAIT, _LONGEST_WAIT = timedelta(seconds=15), timedelta(minutes=15)
_LOUD = 5
"""Attempts after which the log says the whole message."""


@dataclass(frozen=True)
class Delivered:
    """What one call came to, in messages of the outbox."""

    sent: int = 0
    failed: int = 0
    waiting: int = 0
    """Unsent when the call ended, those that are not due among them."""


def deliver(engine: Engine, channels: Mapping[str, Channel], now: datetime) -> Delivered:
    """Send what is due. It begins nothing after `_SECONDS`, and a channel that does not answer is asked once."""
    begun = time.monotonic()
    sent = failed = 0
    silent: set[str] = set()
    places = _places(engine, now)
    while places:
        for place in list(places):
            name, _, where = place.partition(":")
            if time.monotonic() - begun > _SECONDS:
                places.clear()
                break
            batch = claim(engine, place, now) if name not in silent else None
            if batch is None:
                places.remove(place)
                continue
            answer = _send(channels, name, where, batch)
            _remember(engine, batch, answer, now)
            if isinstance(answer, Sent):
                sent += len(batch.ids)
                continue
            failed += len(batch.ids)
            _tell_failure(engine, channels[LOG], place, batch, answer, now)
            if isinstance(answer, Later) and answer.seconds is None:
                silent.add(name)
    return Delivered(sent, failed, _unsent(engine))


def wake(engine: Engine, now: datetime) -> None:
    """Let what did not go be due: somebody has mended why. What is being sent has no problem yet."""
    failed = update(AlertMessage).where(AlertMessage.sent_at.is_(None), AlertMessage.problem != "")
    with Session(engine) as session, session.begin(), lock(session.connection(), BOOKS):
        session.execute(failed.where(AlertMessage.attempts > 0).values(due_at=now))


def _places(engine: Engine, now: datetime) -> list[str]:
    """Where something is due, what waits longest first."""
    due = (
        select(AlertMessage.place)
        .where(AlertMessage.sent_at.is_(None), AlertMessage.due_at <= now)
        .group_by(AlertMessage.place)
        .order_by(func.min(AlertMessage.id))
    )
    with Session(engine) as session:
        return list(session.scalars(due))


def _unsent(engine: Engine) -> int:
    with Session(engine) as session:
        query = select(func.count()).select_from(AlertMessage).where(AlertMessage.sent_at.is_(None))
        return int(session.scalar(query) or 0)


def _send(channels: Mapping[str, Channel], name: str, where: str, batch: Batch) -> Answer:
    channel = channels.get(name)
    if channel is None:  # it is not connected: the log is the place
        channel, where = channels[LOG], f"{name}:{where}".rstrip(":")
    return within(SECONDS_OF_ONE, channel, where, batch)


def within(seconds: float, channel: Channel, where: str, batch: Batch) -> Answer:
    """What a channel answers, or that it did not in time. A defect of a channel is an answer as well: it must not hold
    up the others."""

    def ask() -> Answer:
        try:
            return channel.send(where, batch.messages, batch.name)
        except Exception as error:
            logger.exception("a channel of alerts has a defect")
            problem = f"it could not be put into words ({type(error).__name__})"
            return Refused(problem, "Report it, with the trace in the log.", of_message=True)

    try:
        return patiently(ask, f"{type(channel).__name__} {where}", seconds=seconds)
    except UnavailableError:
        return Later("no answer in time")


def _remember(engine: Engine, batch: Batch, answer: Answer, now: datetime) -> None:
    match answer:
        case Sent():
            values = {"sent_at": now, "problem": ""}
        case Refused():
            problem = f"{MESSAGE_REFUSED if answer.of_message else ''}{answer.problem}"
            values = {"due_at": now + _LONGEST_WAIT, "problem": shortened(problem)}
        case Later():
            wait = min(_FIRST_WAIT * 2 ** min(max(batch.attempts) - 1, 20), _LONGEST_WAIT)
            if answer.seconds is not None:
                wait = timedelta(seconds=max(answer.seconds, 1))
            values = {"due_at": now + wait, "problem": shortened(answer.problem)}
    with Session(engine) as session, session.begin(), lock(session.connection(), BOOKS):
        session.execute(update(AlertMessage).where(AlertMessage.id.in_(batch.ids)).values(values))


def _tell_failure(
    engine: Engine, log: Channel, place: str, batch: Batch, answer: Later | Refused, now: datetime
) -> None:
    """When it goes on for long, or a person must help, the log carries the messages: those, and what waits behind."""
    refused = isinstance(answer, Refused)
    remedy = f" {answer.remedy}" if isinstance(answer, Refused) else ""
    what = f"{counted(len(batch.ids), 'alert')} for {mask_text(place)} could not be sent: {answer.problem}.{remedy}"
    logger.warning("%s It is tried again; `recs alerts list` shows what waits.", what)
    tried = zip(batch.messages, batch.attempts, strict=True)
    messages = [message for message, attempts in tried if attempts == _LOUD or (refused and attempts == 1)]
    if max(batch.attempts) >= _LOUD or (isinstance(answer, Refused) and not answer.of_message):
        messages += waiting_behind(engine, place, now, _LOUD)
    for message in messages:
        log.send(place, [message], batch.name)
