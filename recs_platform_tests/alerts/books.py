"""Small looks, and what the books say after them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from recs_platform.alerts.finding import Finding, Kind, Observation, Severity, Trouble
from recs_platform.alerts.message import Message
from recs_platform.platform_db.alert_tables import AlertMessage, AlertTrouble

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


def trouble(subject: str = "orders: no_total", company: str = "acme", kind: Kind = Kind.CHECK) -> Trouble:
    return Trouble(company, kind, subject)


def finding(
    what: Trouble | str = "orders: no_total", severity: Severity = Severity.WARN, says: str = "Orders lack a total."
) -> Finding:
    what = trouble(what) if isinstance(what, str) else what
    return Finding(what, severity, says, "recs companies check acme", asset="replenishment/orders", rows=3)


def look(
    name: str, *findings: Finding, settled: Sequence[Trouble] = (), hours: float = 0, company: str = "acme"
) -> Observation:
    return Observation(name, company, NOON + timedelta(hours=hours), findings, frozenset(settled))


def messages(engine: Engine) -> list[tuple[str, str, tuple[str, ...]]]:
    """Severity, place and subjects of what was written to the outbox, in its order."""
    return [
        (row.severity, row.place, tuple(told.finding.trouble.subject for told in Message.from_json(row.content).told))
        for row in outbox(engine)
    ]


def outbox(engine: Engine) -> Sequence[AlertMessage]:
    with Session(engine, expire_on_commit=False) as session:
        return session.scalars(select(AlertMessage).order_by(AlertMessage.id)).all()


def troubles(engine: Engine) -> Sequence[AlertTrouble]:
    with Session(engine, expire_on_commit=False) as session:
        return session.scalars(select(AlertTrouble).order_by(AlertTrouble.id)).all()
