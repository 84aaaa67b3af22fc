"""What is wrong just now and which messages wait, read from the books of alerts. Nothing is changed here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Engine, func, select
from sqlalchemy.orm import Session

from recs_platform.alerts.finding import Finding, Severity
from recs_platform.alerts.stored import finding_of, severity_of
from recs_platform.masking import mask_text
from recs_platform.platform_db.alert_tables import AlertMessage, AlertTrouble


@dataclass(frozen=True)
class KnownTrouble:
    finding: Finding
    """The newest."""
    severity: Severity
    """The worst that was told."""
    times: int
    began_at: datetime
    seen_at: datetime
    over_at: datetime | None


@dataclass(frozen=True)
class WaitingMessage:
    company: str
    severity: str
    place: str
    """With addresses masked."""
    made_at: datetime
    due_at: datetime
    attempts: int
    problem: str


def open_troubles(engine: Engine, company: str | None = None) -> Sequence[KnownTrouble]:
    """What is wrong, the worst first and then what is wrong longest; of one company, if it is named. No news."""
    found = [one for one in all_troubles(engine, company, also_over=False) if one.severity is not Severity.INFO]
    return sorted(found, key=lambda one: (-one.severity.rank, one.began_at))


def open_counts(connection: Connection) -> Mapping[str, Mapping[str, int]]:
    """How many troubles are open, by company and severity. No news: those of `open_troubles`."""
    query = (
        select(AlertTrouble.company, AlertTrouble.severity, func.count())
        .where(AlertTrouble.over_at.is_(None), AlertTrouble.severity != Severity.INFO.value)
        .group_by(AlertTrouble.company, AlertTrouble.severity)
        .order_by(AlertTrouble.company, AlertTrouble.severity)
    )
    counts: dict[str, dict[str, int]] = {}
    for company, severity, count in connection.execute(query):
        counts.setdefault(company, {})[severity] = count
    return counts


def all_troubles(engine: Engine, company: str | None = None, *, also_over: bool = True) -> Sequence[KnownTrouble]:
    """News, and what is over, as well; the newest first."""
    query = select(AlertTrouble).order_by(AlertTrouble.began_at.desc(), AlertTrouble.id.desc())
    if company is not None:
        query = query.where(AlertTrouble.company == company)
    if not also_over:
        query = query.where(AlertTrouble.over_at.is_(None))
    with Session(engine) as session:
        return [
            KnownTrouble(
                finding_of(row),
                severity_of(row),
                row.times,
                row.began_at,
                row.seen_at,
                row.over_at,
            )
            for row in session.scalars(query)
        ]


def waiting_messages(engine: Engine, company: str | None = None) -> Sequence[WaitingMessage]:
    """What is to be sent, in the order in which it was written."""
    query = select(AlertMessage).where(AlertMessage.sent_at.is_(None)).order_by(AlertMessage.id)
    if company is not None:
        query = query.where(AlertMessage.company == company)
    with Session(engine) as session:
        return [
            WaitingMessage(
                row.company, row.severity, mask_text(row.place), row.made_at, row.due_at, row.attempts, row.problem
            )
            for row in session.scalars(query)
        ]
