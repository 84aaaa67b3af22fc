"""The tables of the platform database: small state about runs, never a company's data.

A change here needs a revision in `migrations/versions` and its id as `HEAD` in `revisions.py`; tests hold the three
together. Reading and writing a table is the business of the module named after it (`job_log.py`).
"""

from __future__ import annotations

import datetime
from enum import StrEnum
from typing import ClassVar

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    DateTime,
    Double,
    Enum,
    Index,
    Integer,
    MetaData,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import TypeDecorator

from recs_platform.platform_db.revisions import OLDEST_TABLE

MESSAGE_LENGTH = 2000


def shortened(message: str) -> str:
    """The start of a message says what happened, so its end is what is cut.

    NUL, which PostgreSQL cannot store, can reach an error text through the data that caused it.
    """
    message = message.strip().replace("\x00", "")
    return message if len(message) <= MESSAGE_LENGTH else message[: MESSAGE_LENGTH - 1] + "…"


class UtcTime(TypeDecorator[datetime.datetime]):
    """A moment, stored in UTC: SQLite forgets time zones, so a naive time is refused before it can be misread."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime.datetime | None, _dialect: Dialect) -> datetime.datetime | None:
        if value is None:
            return None
        if value.utcoffset() is None:
            raise ValueError(f"{value.isoformat()} has no time zone")
        return value.astimezone(datetime.UTC)

    def process_result_value(self, value: datetime.datetime | None, _dialect: Dialect) -> datetime.datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=datetime.UTC) if value.tzinfo is None else value.astimezone(datetime.UTC)


class Status(StrEnum):
    """How far a run has come."""

    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


class PublicationStatus(StrEnum):
    """What has become of a publication."""

    PUBLISHING = "publishing"
    """Begun; the warehouse knows whether it was committed."""
    LIVE = "live"
    BACKUP = "backup"
    """Was live; can be rolled back to within the retention."""
    ABANDONED = "abandoned"
    """Broken off before it was committed; never live."""


class PublicationKind(StrEnum):
    """How a version came to be live."""

    PUBLISH = "publish"
    ROLLBACK = "rollback"


class ModelStatus(StrEnum):
    """What has become of a version of a model."""

    CANDIDATE = "candidate"
    """Never active."""
    ACTIVE = "active"
    RETIRED = "retired"
    """Was active; can be rolled back to."""


def one_of(name: str, allowed: type[StrEnum]) -> Enum:
    """A column that holds one of a few words, enforced by the database."""
    return Enum(
        allowed,
        name=name,
        native_enum=False,
        create_constraint=True,
        length=16,
        values_callable=lambda members: [member.value for member in members],
    )


class Base(DeclarativeBase):
    """Constraints are named by rule, so that a migration can drop what another one made, on every engine."""

    metadata: ClassVar[MetaData] = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


class JobRun(Base):
    """One run of a job for one company and a range of days."""

    __tablename__ = "job_log"
    __table_args__ = (
        CheckConstraint("first_date <= last_date", name="dates_in_order"),
        Index(None, "company", "started_at"),
    )

    # SQLite numbers rows by itself only under a plain INTEGER key.
    id: Mapped[int] = mapped_column(BigInteger().with_variant(Integer(), "sqlite"), primary_key=True)
    run_id: Mapped[str] = mapped_column(String(64), unique=True)
    job: Mapped[str] = mapped_column(String(200))
    strategy: Mapped[str] = mapped_column(String(64))
    company: Mapped[str] = mapped_column(String(64))
    first_date: Mapped[datetime.date]
    last_date: Mapped[datetime.date]
    started_at: Mapped[datetime.datetime] = mapped_column(UtcTime, index=True)
    ended_at: Mapped[datetime.datetime | None] = mapped_column(UtcTime)
    status: Mapped[Status] = mapped_column(one_of("status", Status))
    assets: Mapped[int | None]
    rows: Mapped[int | None] = mapped_column(BigInteger)
    checks_passed: Mapped[int | None]
    checks_warned: Mapped[int | None]
    checks_failed: Mapped[int | None]
    seconds: Mapped[float | None] = mapped_column(Double)
    message: Mapped[str] = mapped_column(String(MESSAGE_LENGTH))
    failed: Mapped[str | None] = mapped_column(Text)
    """The tables that failed, or whose check did, with commas between them; NULL of a run that says nothing of them."""

    @property
    def failed_tables(self) -> tuple[str, ...]:
        return tuple(self.failed.split(",")) if self.failed else ()


class Publication(Base):
    """One version of a product that a company's customers see: made live by publishing, or again by rolling back."""

    __tablename__ = "publications"
    __table_args__ = (
        UniqueConstraint("company", "product", "version"),
        # Never two live versions of a product, whatever a program does.
        Index(
            "uq_publications_live",
            "company",
            "product",
            unique=True,
            sqlite_where=text("status = 'live'"),
            postgresql_where=text("status = 'live'"),
        ),
    )

    id: Mapped[int] = mapped_column(BigInteger().with_variant(Integer(), "sqlite"), primary_key=True)
    company: Mapped[str] = mapped_column(String(64))
    strategy: Mapped[str] = mapped_column(String(64))
    product: Mapped[str] = mapped_column(String(64))
    version: Mapped[int]
    as_of: Mapped[datetime.date]
    customers: Mapped[int | None] = mapped_column(BigInteger)
    """Of a product that is for customers one by one."""
    rows: Mapped[int] = mapped_column(BigInteger)
    generated_at: Mapped[datetime.datetime] = mapped_column(UtcTime)
    status: Mapped[PublicationStatus] = mapped_column(one_of("status", PublicationStatus))
    kind: Mapped[PublicationKind] = mapped_column(one_of("kind", PublicationKind))
    published_at: Mapped[datetime.datetime] = mapped_column(UtcTime)
    published_by: Mapped[str] = mapped_column(String(200))
    comparison_id: Mapped[str | None] = mapped_column(String(32))
    approved: Mapped[bool]
    """Somebody approved its comparison although a guardrail refused it."""
    table_version: Mapped[int | None] = mapped_column(BigInteger)
    """The live table's own version that holds it."""
    checksum: Mapped[str | None] = mapped_column(String(64))
    """Of its stored bytes; NULL where nobody took it."""
    note: Mapped[str] = mapped_column(String(MESSAGE_LENGTH))


class ModelVersion(Base):
    """One trained model of a company: its artifact, how good it is, and whether it serves."""

    __tablename__ = "model_config"
    __table_args__ = (
        UniqueConstraint("company", "model", "version"),
        # A day that is made again finds what it trained, instead of adding a version.
        UniqueConstraint("company", "model", "as_of", "digest"),
        # Never two active versions of a model, whatever a program does.
        Index(
            "uq_model_config_active",
            "company",
            "model",
            unique=True,
            sqlite_where=text("status = 'active'"),
            postgresql_where=text("status = 'active'"),
        ),
    )

    id: Mapped[int] = mapped_column(BigInteger().with_variant(Integer(), "sqlite"), primary_key=True)
    company: Mapped[str] = mapped_column(String(64))
    model: Mapped[str] = mapped_column(String(64))
    version: Mapped[int]
    digest: Mapped[str] = mapped_column(String(80))
    """Names the artifact by its content."""
    uri: Mapped[str] = mapped_column(String(1000))
    as_of: Mapped[datetime.date]
    """The day that it was trained for."""
    metrics: Mapped[str] = mapped_column(Text)
    """JSON: its figures and the champion's, on the same examples."""
    features: Mapped[str] = mapped_column(Text)
    """JSON: name and kind of each feature, in order."""
    words: Mapped[str] = mapped_column(String(MESSAGE_LENGTH))
    """The verdict that it was registered with."""
    trained_at: Mapped[datetime.datetime] = mapped_column(UtcTime)
    run_id: Mapped[str] = mapped_column(String(64))
    code_version: Mapped[str] = mapped_column(String(64))
    champion: Mapped[int | None]
    """The version that served its day when it was registered. Never changes."""
    status: Mapped[ModelStatus] = mapped_column(one_of("status", ModelStatus))
    activated_at: Mapped[datetime.datetime | None] = mapped_column(UtcTime)
    by: Mapped[str | None] = mapped_column(String(200))
    """Who or what made it active."""
    replaced: Mapped[int | None]
    """The version whose place it took: where a rollback goes."""
    repository: Mapped[str | None] = mapped_column(String(400))
    """Where its artifact was pushed to; NULL of one that stands on the shelf of an earlier version."""
    tag: Mapped[str | None] = mapped_column(String(128))
    artifact_digest: Mapped[str | None] = mapped_column(String(80))
    """The artifact's own in its repository; `digest` is the model's."""


class TrainingRun(Base):
    """A day's training of a model, recorded before it starts, so that what asked for it does not ask again."""

    __tablename__ = "training_runs"
    __table_args__ = (UniqueConstraint("company", "model", "as_of"),)

    id: Mapped[int] = mapped_column(BigInteger().with_variant(Integer(), "sqlite"), primary_key=True)
    company: Mapped[str] = mapped_column(String(64))
    model: Mapped[str] = mapped_column(String(64))
    as_of: Mapped[datetime.date]
    reasons: Mapped[str] = mapped_column(Text)
    """JSON: kind, words and evidence of each."""
    run_id: Mapped[str] = mapped_column(String(64))
    begun_at: Mapped[datetime.datetime] = mapped_column(UtcTime)
    outcome: Mapped[str | None] = mapped_column(String(32))
    """NULL while it runs, or when it was killed."""
    words: Mapped[str] = mapped_column(String(MESSAGE_LENGTH))


class OldestProgram(Base):
    """One row: the oldest program that may use these tables (revisions.py)."""

    __tablename__ = OLDEST_TABLE

    revision: Mapped[str] = mapped_column(String(32), primary_key=True)


class LedgerTable(Base):
    """A table that the slice ledger tells of, and which state of it."""

    __tablename__ = "ledger_tables"

    dataset: Mapped[str] = mapped_column(String(200), primary_key=True)
    """The company's."""
    table_name: Mapped[str] = mapped_column(String(200), primary_key=True)
    table_id: Mapped[str] = mapped_column(String(64))
    """The warehouse's own; another one when the table was made anew."""
    version: Mapped[int] = mapped_column(BigInteger)


class LedgerSlice(Base):
    """A slice that exists: a day of a table that was made, whether it has rows or not."""

    __tablename__ = "ledger_slices"

    dataset: Mapped[str] = mapped_column(String(200), primary_key=True)
    table_name: Mapped[str] = mapped_column(String(200), primary_key=True)
    day: Mapped[datetime.date] = mapped_column(primary_key=True)
    rows: Mapped[int | None] = mapped_column(BigInteger)
    """0 of an empty one; NULL where nobody counted."""
    made_at: Mapped[datetime.datetime] = mapped_column(UtcTime)
    run_id: Mapped[str | None] = mapped_column(String(64))
    note: Mapped[str] = mapped_column(Text)
    """JSON: what the writer said of it."""
    files: Mapped[str | None] = mapped_column(Text)
    """JSON: what it is stored in, and the checksum of each file whose name does not say it; NULL where nobody knows."""
