"""Tables of serving: the durable copy of what customers are served, who may ask, and what became of the answers.

Not here: how they are filled and read (`serving_store/`, `serving/`).
"""

from __future__ import annotations

import datetime
from enum import StrEnum

from sqlalchemy import BigInteger, ForeignKey, Index, Integer, LargeBinary, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from recs_platform.platform_db.tables import Base, UtcTime, one_of

_ID = BigInteger().with_variant(Integer(), "sqlite")


class ServedVersion(Base):
    """A version of a product in the serving store: nobody is served it before it is live."""

    __tablename__ = "served_versions"
    __table_args__ = (
        # Customers are served one version, whatever a program does.
        Index(
            "uq_served_versions_live",
            "company",
            "product",
            unique=True,
            sqlite_where=text("is_live"),
            postgresql_where=text("is_live"),
        ),
    )

    id: Mapped[int] = mapped_column(_ID, primary_key=True)
    company: Mapped[str] = mapped_column(String(64))
    product: Mapped[str] = mapped_column(String(64))
    version: Mapped[int]
    """The publication's."""
    as_of: Mapped[datetime.date]
    generated_at: Mapped[datetime.datetime] = mapped_column(UtcTime)
    published_at: Mapped[datetime.datetime] = mapped_column(UtcTime)
    customers: Mapped[int] = mapped_column(BigInteger)
    """Lists that were loaded; one of a product that is not for customers one by one."""
    digest: Mapped[str | None] = mapped_column(String(80))
    """Of all lists; NULL while they are being loaded."""
    life_days: Mapped[int]
    """How many days pass until the next version is due."""
    layout: Mapped[str] = mapped_column(String(32))
    """Names the columns that its lists tell. After an upgrade that changes them, a version is loaded once more."""
    is_live: Mapped[bool]


class ServedList(Base):
    """What one customer is served of a version."""

    __tablename__ = "served_lists"
    # Lists stand in the index itself: one look finds a list, and a version's are written one behind the other.
    __table_args__ = {"sqlite_with_rowid": False}  # noqa: RUF012  (SQLAlchemy's own form)

    served_id: Mapped[int] = mapped_column(ForeignKey("served_versions.id", ondelete="CASCADE"), primary_key=True)
    customer_key: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    """As `serving_store.protocol.customer_key` writes a customer: bytes, so that every id can be kept and is compared
    as it is. Empty of a product that is not for customers one by one."""
    content: Mapped[bytes] = mapped_column(LargeBinary)
    """JSON: the rows, without what is personal."""


class ApiKey(Base):
    """A key with which a company asks the prediction service. What it consists of is not kept, only its hash."""

    __tablename__ = "api_keys"

    id: Mapped[str] = mapped_column(String(16), primary_key=True)
    """The part of the key that may be shown."""
    company: Mapped[str] = mapped_column(String(64), index=True)
    secret_hash: Mapped[str] = mapped_column(String(80))
    note: Mapped[str] = mapped_column(String(200))
    made_at: Mapped[datetime.datetime] = mapped_column(UtcTime)
    made_by: Mapped[str] = mapped_column(String(200))
    revoked_at: Mapped[datetime.datetime | None] = mapped_column(UtcTime)


class DeliveryKey(Base):
    """The key that a company's customers have pseudonyms by in links of messages: without it nobody can tell whose."""

    __tablename__ = "delivery_keys"

    company: Mapped[str] = mapped_column(String(64), primary_key=True)
    secret: Mapped[bytes] = mapped_column(LargeBinary)
    made_at: Mapped[datetime.datetime] = mapped_column(UtcTime)


class Reaction(StrEnum):
    """What a customer did with a recommendation."""

    SHOWN = "shown"
    CLICKED = "clicked"
    BOUGHT = "bought"


class ServedAnswer(Base):
    """An answer of the prediction service: what it recommended to whom."""

    __tablename__ = "served_answers"
    __table_args__ = (Index(None, "company", "received_at"),)

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    """The request's, which the answer names and feedback refers to."""
    company: Mapped[str] = mapped_column(String(64))
    product: Mapped[str] = mapped_column(String(64))
    version: Mapped[int]
    customer_id: Mapped[str] = mapped_column(Text)
    answered_at: Mapped[datetime.datetime] = mapped_column(UtcTime)
    received_at: Mapped[datetime.datetime] = mapped_column(UtcTime)
    """When it came here, by which it lands: answers wait where they were given while the database is away."""
    items: Mapped[str] = mapped_column(Text)
    """JSON: item, rank and, where the list has one, arm, and where it was drawn, propensity of each."""


class ServedReaction(Base):
    """What a shop says that a customer did with a recommendation."""

    __tablename__ = "served_reactions"
    __table_args__ = (UniqueConstraint("company", "event_id"), Index(None, "company", "received_at"))

    id: Mapped[int] = mapped_column(_ID, primary_key=True)
    company: Mapped[str] = mapped_column(String(64))
    event_id: Mapped[str] = mapped_column(String(100))
    """The shop's own: what it says twice counts once."""
    answer_id: Mapped[str | None] = mapped_column(String(40))
    customer_id: Mapped[str] = mapped_column(Text)
    item_id: Mapped[str] = mapped_column(Text)
    reaction: Mapped[Reaction] = mapped_column(one_of("reaction", Reaction))
    happened_at: Mapped[datetime.datetime] = mapped_column(UtcTime)
    received_at: Mapped[datetime.datetime] = mapped_column(UtcTime)
