"""Booking what a look saw: troubles that begin, go on, get worse or are over, and the messages that tell of them.

It is one transaction: a look that is killed has changed nothing, and one that is repeated changes nothing more.

Not here: what is told (`decide.py`), to whom (`policy.py`), and sending (`deliver.py`). Looks are booked one after the
other, whatever process they come from, in the order in which they come.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, cast

from sqlalchemy import ColumnElement, CursorResult, Engine, and_, delete, func, or_, select
from sqlalchemy.orm import Session

from recs_platform.alerts.decide import Changes, decide
from recs_platform.alerts.finding import Finding, Observation, Severity, Trouble
from recs_platform.alerts.message import RECOVERED, Message, Told, finding_to_json, first_of
from recs_platform.alerts.policy import Policy
from recs_platform.alerts.stored import finding_of, message_of, severity_of
from recs_platform.masking import mask_text
from recs_platform.platform_db.alert_tables import AlertLook, AlertMessage, AlertTrouble
from recs_platform.platform_db.locks import lock
from recs_platform.platform_db.tables import Base

BOOKS = "alerts"
"""The lock under which the books of alerts are changed."""
_LONGEST_NAME, _LONGEST_COMPANY, _LONGEST_SUBJECT = 200, 64, 500

Rows = Mapping[Trouble, AlertTrouble]


def record(engine: Engine, observation: Observation, policy: Policy) -> None:
    """Book a look. The same name again is the same look, and changes nothing."""
    seen = _as_stored(observation)
    with Session(engine) as session, session.begin(), lock(session.connection(), BOOKS):
        if session.get(AlertLook, seen.name) is not None:
            return
        session.add(AlertLook(name=seen.name, at=seen.at))
        rows = _open_troubles(session, seen)
        changes = decide({trouble: severity_of(row) for trouble, row in rows.items()}, seen)
        since = _book_findings(session, changes, rows, seen.at)
        for severity in Severity:
            told = [Told(finding, since[finding.trouble]) for finding in changes.told(severity)]
            _tell(session, seen, severity, told, policy)
        _close(session, changes.over, rows, seen, policy)


def forget(engine: Engine, before: datetime, *, dry_run: bool = False) -> int:
    """Delete the looks, the messages that were sent and the troubles that were over before a moment, and news that
    nobody saw since. How many rows that were. What waits or is wrong stays."""
    old_news = and_(AlertTrouble.severity == Severity.INFO.value, AlertTrouble.seen_at < before)
    old: tuple[tuple[type[Base], ColumnElement[bool]], ...] = (
        (AlertLook, AlertLook.at < before),
        (AlertMessage, AlertMessage.sent_at < before),
        (AlertTrouble, or_(AlertTrouble.over_at < before, old_news)),
    )
    with Session(engine) as session, session.begin():
        if dry_run:
            counts = [select(func.count()).select_from(table).where(which) for table, which in old]
            return sum(session.scalars(count).one() for count in counts)
        with lock(session.connection(), BOOKS):
            deletions = [delete(table).where(which) for table, which in old]
            return sum(cast(CursorResult[Any], session.execute(deletion)).rowcount for deletion in deletions)


def is_booked(engine: Engine, name: str) -> bool:
    """Whether there was a look of that name."""
    with Session(engine) as session:
        return session.get(AlertLook, _fitting(name, _LONGEST_NAME)) is not None


def _as_stored(observation: Observation) -> Observation:
    """Masked, and with names that the tables can hold."""
    findings = tuple(
        replace(finding.masked(), trouble=_trouble_as_stored(finding.trouble)) for finding in observation.findings
    )
    return replace(
        observation,
        name=_fitting(observation.name, _LONGEST_NAME),
        company=_fitting(observation.company, _LONGEST_COMPANY),
        findings=findings,
        settled=frozenset(map(_trouble_as_stored, observation.settled)),
    )


def _trouble_as_stored(trouble: Trouble) -> Trouble:
    company, subject = _fitting(trouble.company, _LONGEST_COMPANY), _fitting(trouble.subject, _LONGEST_SUBJECT)
    return replace(trouble, company=company, subject=subject)


def _fitting(name: str, length: int) -> str:
    """Names that differ stay so, as far as what differs is not personal."""
    name = mask_text(name).replace("\x00", "")
    digest = hashlib.sha256(name.encode("utf-8", "replace")).hexdigest()[:16]
    return name if len(name) <= length else f"{name[: length - len(digest) - 1]}…{digest}"


def _open_troubles(session: Session, seen: Observation) -> Rows:
    companies = {trouble.company for trouble in (*seen.by_trouble, *seen.settled)}
    query = select(AlertTrouble).where(AlertTrouble.company.in_(companies), AlertTrouble.over_at.is_(None))
    rows = {(row.company, row.kind, row.subject): row for row in session.scalars(query)}
    named = {(one.company, one.kind.value, one.subject): one for one in (*seen.by_trouble, *seen.settled)}
    return {named[key]: row for key, row in rows.items() if key in named}


def _book_findings(session: Session, changes: Changes, rows: Rows, at: datetime) -> dict[Trouble, datetime]:
    """Since when each trouble is one."""
    since = {trouble: row.began_at for trouble, row in rows.items()}
    for finding in changes.begun:
        since[finding.trouble] = at
        session.add(_begun(finding, at))
    for finding in (*changes.worse, *changes.same):
        row = rows[finding.trouble]
        row.finding, row.times, row.seen_at = finding_to_json(finding), row.times + 1, max(row.seen_at, at)
    for finding in changes.worse:
        rows[finding.trouble].severity = finding.severity.value
    return since


def _begun(finding: Finding, at: datetime) -> AlertTrouble:
    return AlertTrouble(
        company=finding.trouble.company,
        kind=finding.trouble.kind.value,
        subject=finding.trouble.subject,
        severity=finding.severity.value,
        finding=finding_to_json(finding),
        times=1,
        began_at=at,
        seen_at=at,
    )


def _tell(session: Session, seen: Observation, severity: Severity, told: list[Told], policy: Policy) -> None:
    if not told:
        return
    kept, left_out = first_of(told)
    urgent = severity is Severity.ERROR
    message = Message(
        seen.name, seen.company, severity.value, seen.at, kept, left_out, urgent=urgent, quiet=policy.quiet
    )
    for place in policy.told_at_once(severity):
        _put(session, message, place, _due(message))
    later = seen.at + policy.escalate_after
    for place in policy.told_later(severity):
        # All of them are kept, since each may be over by then.
        _put(session, replace(message, at=later, told=tuple(told), left_out=0, escalated=True), place, later)


def _close(session: Session, over: Iterable[Trouble], rows: Rows, seen: Observation, policy: Policy) -> None:
    """What is over is told where it was told; news have no end to tell."""
    over = list(over)
    never_told = _withdraw(session, seen.company, over)
    by_place: dict[str, list[Told]] = {}
    for trouble in over:
        row = rows[trouble]
        row.over_at = max(row.seen_at, seen.at)
        severity = severity_of(row)
        if severity is Severity.INFO:
            continue
        # The worst that was told, whatever was seen last.
        finding = replace(finding_of(row), severity=severity)
        for place in policy.ever_told(severity):
            if (trouble, place) not in never_told:
                by_place.setdefault(place, []).append(Told(finding, row.began_at))
    for place, told in by_place.items():
        kept, left_out = first_of(told)
        urgent = kept[0].finding.severity is Severity.ERROR
        message = Message(
            seen.name, seen.company, RECOVERED, seen.at, kept, left_out, urgent=urgent, quiet=policy.quiet
        )
        _put(session, message, place, _due(message))


def _withdraw(session: Session, company: str, over: list[Trouble]) -> set[tuple[Trouble, str]]:
    """What is over before its escalation was due is not escalated: which troubles, and where."""
    companies = {company, *(trouble.company for trouble in over)}
    waiting = select(AlertMessage).where(
        AlertMessage.company.in_(companies), AlertMessage.sent_at.is_(None), AlertMessage.attempts == 0
    )
    withdrawn = set()
    for row in session.scalars(waiting) if over else ():
        message = message_of(row)
        if message is None or not message.escalated:
            continue
        still = tuple(one for one in message.told if one.finding.trouble not in over)
        withdrawn |= {(one.finding.trouble, row.place) for one in message.told if one not in still}
        if still:
            row.content = replace(message, told=still).to_json()
        else:
            session.delete(row)
    return withdrawn


def _due(message: Message) -> datetime:
    over = message.quiet.over(message.at) if message.quiet and not message.urgent else None
    return over or message.at


def _put(session: Session, message: Message, place: str, due_at: datetime) -> None:
    session.add(
        AlertMessage(
            company=message.company,
            severity=message.severity,
            place=place,
            content=message.to_json(),
            made_at=message.at,
            due_at=due_at,
            attempts=0,
            problem="",
        )
    )
