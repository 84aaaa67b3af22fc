"""Small looks, and what the books say after them."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from recs_platform.alerts.finding import Finding, Kind, Observation, Severity, Trouble
from recs_platform.alerts.message import Message
from recs_platform.platform_db.alert_tables import AlertMessage, AlertTrouble
from recs_platform.platform_db.engine import engine

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


@contextmanager
def copied(migrated: Path, folder: Path, name: str = "books.db") -> Iterator[Engine]:
    """A platform database of its own on SQLite."""
    path = folder / name
    shutil.copy(migrated, path)
    opened = engine(f"sqlite:///{path}")
    yield opened
    opened.dispose()


def messages(database: Engine) -> list[tuple[str, str, tuple[str, ...]]]:
    """Severity, place and subjects of what was written to the outbox, in its order."""
    return [
        (row.severity, row.place, tuple(told.finding.trouble.subject for told in Message.from_json(row.content).told))
        for row in outbox(database)
    ]


def outbox(database: Engine) -> Sequence[AlertMessage]:
    with Session(database, expire_on_commit=False) as session:
        return session.scalars(select(AlertMessage).order_by(AlertMessage.id)).all()


def troubles(database: Engine) -> Sequence[AlertTrouble]:
    with Session(database, expire_on_commit=False) as session:
        return session.scalars(select(AlertTrouble).order_by(AlertTrouble.id)).all()
