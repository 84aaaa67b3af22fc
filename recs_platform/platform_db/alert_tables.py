"""What is wrong just now, and what is to be told of it: the tables in which `alerts/` keeps its books."""

from __future__ import annotations

import datetime

from sqlalchemy import BigInteger, Index, Integer, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from recs_platform.platform_db.tables import MESSAGE_LENGTH, Base, UtcTime

_OPEN = text("over_at IS NULL")


class AlertLook(Base):
    """A look whose findings are booked, so that the same look again changes nothing."""

    __tablename__ = "alert_looks"

    name: Mapped[str] = mapped_column(String(200), primary_key=True)
    at: Mapped[datetime.datetime] = mapped_column(UtcTime, index=True)


class AlertTrouble(Base):
    """Something that is wrong, from when it was seen first until it was seen to be well."""

    __tablename__ = "alert_troubles"
    __table_args__ = (
        # Never the same trouble open twice, whatever a program does.
        Index(
            "uq_alert_troubles_open",
            "company",
            "kind",
            "subject",
            unique=True,
            sqlite_where=_OPEN,
            postgresql_where=_OPEN,
        ),
    )

    id: Mapped[int] = mapped_column(BigInteger().with_variant(Integer(), "sqlite"), primary_key=True)
    company: Mapped[str] = mapped_column(String(64))
    """Empty of what concerns all of them."""
    kind: Mapped[str] = mapped_column(String(32))
    subject: Mapped[str] = mapped_column(String(500))
    severity: Mapped[str] = mapped_column(String(16))
    """The worst that was told."""
    finding: Mapped[str] = mapped_column(Text)
    """JSON: the newest, masked."""
    times: Mapped[int]
    """Looks that saw it."""
    began_at: Mapped[datetime.datetime] = mapped_column(UtcTime)
    seen_at: Mapped[datetime.datetime] = mapped_column(UtcTime)
    over_at: Mapped[datetime.datetime | None] = mapped_column(UtcTime)


class AlertMessage(Base):
    """A message that is to be sent to one place, or was. Written with what it tells, in one transaction."""

    __tablename__ = "alert_messages"
    __table_args__ = (Index(None, "sent_at", "due_at"),)

    id: Mapped[int] = mapped_column(BigInteger().with_variant(Integer(), "sqlite"), primary_key=True)
    company: Mapped[str] = mapped_column(String(64))
    severity: Mapped[str] = mapped_column(String(16))
    """Or `recovered`."""
    place: Mapped[str] = mapped_column(String(500))
    """Such as `slack:#acme`."""
    content: Mapped[str] = mapped_column(Text)
    """JSON: the findings, masked."""
    made_at: Mapped[datetime.datetime] = mapped_column(UtcTime)
    due_at: Mapped[datetime.datetime] = mapped_column(UtcTime)
    """When it is sent, or tried again."""
    attempts: Mapped[int]
    sent_at: Mapped[datetime.datetime | None] = mapped_column(UtcTime)
    problem: Mapped[str] = mapped_column(String(MESSAGE_LENGTH))
    """What the last attempt failed of."""
