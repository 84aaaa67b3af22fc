"""Which trainings were begun, and what asked for them: a row per company, model and day in `training_runs`.

Not here: whether to train (retraining.py), and what came of it (registry.py).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from pydantic import TypeAdapter
from sqlalchemy import Engine, Select, select
from sqlalchemy.orm import Session

from recs_platform.masking import mask_text
from recs_platform.model_registry.registry import exclusive
from recs_platform.models.retraining import Reason, once
from recs_platform.platform_db.tables import TrainingRun, shortened

_REASONS = TypeAdapter(tuple[Reason, ...])


@dataclass(frozen=True)
class Begun:
    """A training as the log has it."""

    model: str
    as_of: date
    reasons: tuple[Reason, ...]
    run_id: str
    begun_at: datetime
    outcome: str | None
    """None while it runs, or when it was killed."""
    words: str


def begin(
    database: Engine, company: str, model: str, as_of: date, reasons: Sequence[Reason], *, run_id: str, at: datetime
) -> None:
    """Record a training. A day that trains again is one row at its beginning, with the reasons of both."""
    with exclusive(database, company, model) as session:
        row = session.scalars(_of(company, model).where(TrainingRun.as_of == as_of)).one_or_none()
        if row is None:
            row = TrainingRun(company=company, model=model, as_of=as_of, reasons="[]")
            session.add(row)
        row.reasons = to_json(once((*from_json(row.reasons), *reasons)))
        row.run_id, row.begun_at, row.outcome, row.words = run_id, at, None, ""


def end(database: Engine, company: str, model: str, as_of: date, *, outcome: str, words: str) -> None:
    with exclusive(database, company, model) as session:
        row = session.scalars(_of(company, model).where(TrainingRun.as_of == as_of)).one_or_none()
        if row is None:
            raise LookupError(f"{company}: the training of {model} for {as_of} ends, but was never begun")
        row.outcome, row.words = outcome, shortened(mask_text(words))


def begun(database: Engine, company: str, model: str) -> tuple[Begun, ...]:
    """All trainings, the oldest day first."""
    return _read(database, _of(company, model).order_by(TrainingRun.as_of))


def of_run(database: Engine, run_id: str) -> tuple[Begun, ...]:
    """The trainings that a run began, and no other began again."""
    return _read(database, select(TrainingRun).where(TrainingRun.run_id == run_id).order_by(TrainingRun.id))


def _read(database: Engine, query: Select[TrainingRun]) -> tuple[Begun, ...]:
    with Session(database) as session:
        return tuple(
            Begun(row.model, row.as_of, from_json(row.reasons), row.run_id, row.begun_at, row.outcome, row.words)
            for row in session.scalars(query)
        )


def to_json(reasons: Iterable[Reason]) -> str:
    return json.dumps([reason._asdict() for reason in reasons], ensure_ascii=False)


def from_json(text: str) -> tuple[Reason, ...]:
    """Raises a ValueError for anything else than reasons."""
    return _REASONS.validate_json(text)


def _of(company: str, model: str) -> Select[TrainingRun]:
    return select(TrainingRun).where(TrainingRun.company == company, TrainingRun.model == model)
