"""The troubles that were told and are not over, and what each was last told of."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Engine, select
from sqlalchemy.orm import Session

from recs_platform.alerts.finding import Kind, Trouble
from recs_platform.alerts.stored import finding_of, trouble_of
from recs_platform.platform_db.alert_tables import AlertTrouble
from recs_platform.warehouse.slices import Days


@dataclass(frozen=True)
class LastTold:
    days: Days | None
    seen_at: datetime


def open_troubles(database: Engine, company: str) -> dict[Trouble, LastTold]:
    """Of a company."""
    return _read(database, AlertTrouble.company == company)


def open_of_kind(database: Engine, kind: Kind) -> dict[Trouble, LastTold]:
    """Of all companies."""
    return _read(database, AlertTrouble.kind == kind.value)


def _read(database: Engine, which: ColumnElement[bool]) -> dict[Trouble, LastTold]:
    with Session(database) as session:
        rows = session.scalars(select(AlertTrouble).where(which, AlertTrouble.over_at.is_(None)))
        # What is of a kind that this version does not know, no look of it settles.
        return {trouble: LastTold(finding_of(row).days, row.seen_at) for row in rows if (trouble := trouble_of(row))}
