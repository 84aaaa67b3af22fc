"""The registry: a company's trained models, numbered, and which of them is active. A row per version in `model_config`.

Every change is one transaction that nobody else's overlaps, and the database itself allows one active version alone.
Times are the wall clock's, for people; no decision and no table of the lake depends on them.

Not here: artifacts (shelf.py), and which trainings were begun (training_log.py).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Engine, Select, select
from sqlalchemy.orm import Session

from recs_platform.errors import UserError
from recs_platform.masking import mask_text
from recs_platform.platform_db.locks import lock
from recs_platform.platform_db.tables import ModelStatus, ModelVersion, shortened

_WHO_LENGTH = 200


@dataclass(frozen=True)
class NewVersion:
    """What is said of a model when it is registered."""

    company: str
    model: str
    digest: str
    repository: str
    """Where its artifact was pushed to."""
    artifact_digest: str
    as_of: date
    metrics: Mapping[str, Any]
    features: Sequence[Mapping[str, str]]
    words: str
    run_id: str
    code_version: str


@dataclass(frozen=True)
class Registered:
    """One version of a company's model, as `model_config` has it."""

    company: str
    model: str
    version: int
    digest: str
    """The model's, which names every byte of it."""
    uri: str
    """Where it stood on the shelf of an earlier version; empty of one that never did."""
    repository: str | None
    """Where its artifact was pushed to; None until it is brought over from such a shelf. So the next two."""
    tag: str | None
    artifact_digest: str | None
    as_of: date
    status: str
    metrics: Mapping[str, Any]
    words: str
    """The verdict that it was registered with."""
    run_id: str
    code_version: str
    trained_at: datetime
    activated_at: datetime | None
    by: str | None
    features: tuple[Mapping[str, str], ...]
    """Name and kind of each, in order."""
    champion: int | None
    """The version that served its day when it was registered. Never changes."""
    replaced: int | None
    """The version whose place it took: where a rollback goes."""


def register(
    database: Engine, trained: NewVersion, *, activate: bool, by: str, at: datetime, claim: Callable[[str], bool]
) -> Registered:
    """Give a model its version: a candidate, or active at once in the same transaction.

    The number is the artifact's tag, too: `claim` puts the tag, and says whether it now names this artifact. A number
    whose tag another artifact has, such as that of a training that was killed before its row was there, is left out.

    What the same day registered before comes back as it is; only a candidate that was refused, and now is not, since
    what it was worse than is gone, becomes active after all. A model of a past day never takes the place of one that
    was trained for a later day: it is retired at once, and serves the days from its own until that one's.
    """
    with exclusive(database, trained.company, trained.model) as session:
        rows = _rows(session, trained.company, trained.model)
        row = next((row for row in rows if (row.as_of, row.digest) == (trained.as_of, trained.digest)), None)
        if row is None:
            before = _serving(rows, trained.as_of)
            row = _new(trained, _claimed(rows, claim), at)
            row.champion = before.version if before else None
            session.add(row)
        else:
            _keep_in(row, trained, claim)
            if not activate or row.activated_at is not None:
                return _registered(row)
            row.metrics, row.words = _json(trained.metrics), shortened(mask_text(trained.words))
        if activate:
            later = [other.as_of for other in rows if other.activated_at and other.as_of > trained.as_of]
            if later:
                _activate(row, by, at)
                row.status = ModelStatus.RETIRED
                row.words = shortened(f"{row.words} The model of {max(later)} is newer and stays.")
            else:
                row.replaced = _retire(session, rows)
                _activate(row, by, at)
        return _registered(row)


def moved(
    database: Engine,
    version: Registered,
    repository: str,
    artifact_digest: str,
    *,
    tag: Callable[[str, str, str], None],
) -> None:
    """Write down where a version's artifact has been brought, once it has its tag there."""
    with exclusive(database, version.company, version.model) as session:
        row = session.scalars(_of(version.company, version.model).where(ModelVersion.version == version.version)).one()
        tag(repository, artifact_digest, str(row.version))
        row.repository, row.tag, row.artifact_digest = repository, str(row.version), artifact_digest


def activate(database: Engine, company: str, model: str, version: int, *, by: str, at: datetime) -> Registered:
    """Make a version active; the one that was is retired in the same transaction."""
    with exclusive(database, company, model) as session:
        rows = _rows(session, company, model)
        row = _inactive(company, model, rows, version)
        row.replaced = _retire(session, rows)
        _activate(row, by, at)
        return _registered(row)


def rollback(database: Engine, company: str, model: str, to: int, *, by: str, at: datetime) -> Registered:
    """Make a version active again that was active before.

    `replaced` stays as it was, so the next rollback goes further back, and not to the version that was just left. Only
    where a person had activated an older version do rollbacks come round to the first one again.
    """
    with exclusive(database, company, model) as session:
        rows = _rows(session, company, model)
        row = _rollback_target(company, model, rows, to)
        _retire(session, rows)
        _activate(row, by, at)
        return _registered(row)


def inactive_version(database: Engine, company: str, model: str, version: int) -> Registered:
    """A version that may be made active; a UserError says why one may not."""
    with Session(database) as session:
        return _registered(_inactive(company, model, _rows(session, company, model), version))


def rollback_target(database: Engine, company: str, model: str, to: int | None) -> Registered:
    """The version that a rollback leads to."""
    with Session(database) as session:
        return _registered(_rollback_target(company, model, _rows(session, company, model), to))


def versions(database: Engine, company: str, model: str | None = None) -> tuple[Registered, ...]:
    """All versions of a company's models, the newest first."""
    query = select(ModelVersion).where(ModelVersion.company == company)
    if model is not None:
        query = query.where(ModelVersion.model == model)
    with Session(database) as session:
        rows = session.scalars(query.order_by(ModelVersion.model, ModelVersion.version.desc())).all()
        return tuple(map(_registered, rows))


def serving(database: Engine, company: str, model: str, day: date) -> Registered | None:
    """The version that scores a day: the active one, unless it was trained for a later day; then the newest of those
    that were active once and were trained for that day or earlier."""
    with Session(database) as session:
        return _maybe(_serving(_rows(session, company, model), day))


def active(database: Engine, company: str, model: str) -> Registered | None:
    """The version that is active now."""
    with Session(database) as session:
        return _maybe(_active(_rows(session, company, model)))


def version_of_day(database: Engine, company: str, model: str, as_of: date, digest: str) -> Registered | None:
    query = _of(company, model).where(ModelVersion.as_of == as_of, ModelVersion.digest == digest)
    with Session(database) as session:
        return _maybe(session.scalars(query).one_or_none())


def version_numbered(database: Engine, company: str, model: str, version: int) -> Registered | None:
    query = _of(company, model).where(ModelVersion.version == version)
    with Session(database) as session:
        return _maybe(session.scalars(query).one_or_none())


@contextmanager
def exclusive(database: Engine, company: str, model: str) -> Iterator[Session]:
    """One transaction on the rows of a company's model, which no other process changes meanwhile."""
    with Session(database) as session, session.begin(), lock(session.connection(), f"models {company} {model}"):
        yield session


def _of(company: str, model: str) -> Select[ModelVersion]:
    return select(ModelVersion).where(ModelVersion.company == company, ModelVersion.model == model)


def _rows(session: Session, company: str, model: str) -> Sequence[ModelVersion]:
    return session.scalars(_of(company, model).order_by(ModelVersion.version)).all()


def _active(rows: Sequence[ModelVersion]) -> ModelVersion | None:
    return next((row for row in rows if row.status is ModelStatus.ACTIVE), None)


def _serving(rows: Sequence[ModelVersion], day: date) -> ModelVersion | None:
    now = _active(rows)
    if now is not None and now.as_of <= day:
        return now
    served = [row for row in rows if row.activated_at is not None and row.as_of <= day]
    return max(served, key=lambda row: (row.as_of, row.version), default=None)


def _claimed(rows: Sequence[ModelVersion], claim: Callable[[str], bool]) -> int:
    """The next number whose tag can be had."""
    version = max((row.version for row in rows), default=0) + 1
    while not claim(str(version)):
        version += 1
    return version


def _keep_in(row: ModelVersion, trained: NewVersion, claim: Callable[[str], bool]) -> None:
    """Of a version that was registered before: it was pushed again, so its tag is there again. One that is not in this
    repository yet, such as one of an earlier shelf, is from now on. A tag that somebody moved is left to a person."""
    if claim(str(row.version)) and row.repository != trained.repository:
        row.repository, row.tag, row.artifact_digest = trained.repository, str(row.version), trained.artifact_digest


def _retire(session: Session, rows: Sequence[ModelVersion]) -> int | None:
    """The active version leaves its place, which the database gives to one at any moment, before the next one comes."""
    now = _active(rows)
    if now is None:
        return None
    now.status = ModelStatus.RETIRED
    session.flush()
    return now.version


def _activate(row: ModelVersion, by: str, at: datetime) -> None:
    row.status, row.activated_at, row.by = ModelStatus.ACTIVE, at, _name(by)


def _inactive(company: str, model: str, rows: Sequence[ModelVersion], version: int) -> ModelVersion:
    row = next((row for row in rows if row.version == version), None)
    if row is None:
        there = ", ".join(str(row.version) for row in rows)
        raise UserError(f"{company}: {model} has no version {version}; it has {there or 'none yet'}.")
    if row.status is ModelStatus.ACTIVE:
        raise UserError(f"{company}: version {version} of {model} is active already.")
    return row


def _rollback_target(company: str, model: str, rows: Sequence[ModelVersion], to: int | None) -> ModelVersion:
    now = _active(rows)
    if to is None:
        if now is None:
            raise UserError(f"{company}: no version of {model} is active, so there is nothing to go back from.")
        if now.replaced is None:
            raise UserError(f"{company}: no version of {model} served before version {now.version}; name one (--to).")
        to = now.replaced
    row = _inactive(company, model, rows, to)
    if row.activated_at is None:
        served = ", ".join(str(row.version) for row in rows if row.activated_at and row is not now)
        raise UserError(f"{company}: version {to} of {model} was never active; it can go back to {served or 'none'}.")
    return row


def _new(trained: NewVersion, version: int, at: datetime) -> ModelVersion:
    return ModelVersion(
        company=trained.company,
        model=trained.model,
        version=version,
        digest=trained.digest,
        uri="",
        repository=trained.repository,
        tag=str(version),
        artifact_digest=trained.artifact_digest,
        as_of=trained.as_of,
        metrics=_json(trained.metrics),
        features=json.dumps(list(trained.features)),
        words=shortened(mask_text(trained.words)),
        trained_at=at,
        run_id=trained.run_id,
        code_version=trained.code_version,
        status=ModelStatus.CANDIDATE,
    )


def _registered(row: ModelVersion) -> Registered:
    return Registered(
        company=row.company,
        model=row.model,
        version=row.version,
        digest=row.digest,
        uri=row.uri,
        repository=row.repository,
        tag=row.tag,
        artifact_digest=row.artifact_digest,
        as_of=row.as_of,
        status=str(row.status),
        metrics=json.loads(row.metrics),
        words=row.words,
        run_id=row.run_id,
        code_version=row.code_version,
        trained_at=row.trained_at,
        activated_at=row.activated_at,
        by=row.by,
        features=tuple(json.loads(row.features)),
        champion=row.champion,
        replaced=row.replaced,
    )


def _json(metrics: Mapping[str, Any]) -> str:
    return json.dumps(metrics, sort_keys=True, allow_nan=False)


def _maybe(row: ModelVersion | None) -> Registered | None:
    return None if row is None else _registered(row)


def _name(by: str) -> str:
    return mask_text(by)[:_WHO_LENGTH]
