"""Training and scoring for any strategy: its task says what an example is, its company's shelf keeps the models.

Not here: whether to train (retraining.py), how a model is fitted (training.py), and what tables are made of the outcome
(the strategy).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

import pyarrow as pa
import pyarrow.compute as pc

from recs_platform import __version__
from recs_platform.errors import UserError
from recs_platform.masking import mask_text
from recs_platform.models.artifact import ArtifactError
from recs_platform.models.challenge import challenge
from recs_platform.models.data import Examples, NotTrainableError, examples
from recs_platform.models.features import Column, FeatureError, Floats, numbers
from recs_platform.models.manifest import Provenance
from recs_platform.models.model import Model
from recs_platform.models.registry import Registered
from recs_platform.models.retraining import Reason
from recs_platform.models.sampling import corrected
from recs_platform.models.settings import TrainingSettings
from recs_platform.models.shelf import ModelShelf
from recs_platform.models.task import RankingTask
from recs_platform.models.training import Training, train
from recs_platform.platform_db.tables import shortened
from recs_platform.process import cores


class UnusableModelError(UserError):
    """The model that serves a day cannot score it; nothing is written."""


@dataclass(frozen=True)
class Source:
    """Where examples come from, for the manifest."""

    table: str
    rows: pa.Table
    """One per example; those without a label are not final yet and are left out."""


@dataclass(frozen=True)
class Order:
    """A training that something asked for."""

    day: date
    reasons: Sequence[Reason]
    settings: TrainingSettings
    tolerance: float
    """ROC AUC by which the new model may be worse than the active one and still go active."""


@dataclass(frozen=True)
class Trained:
    training: Training
    registered: Registered
    """The better of the day's models, as the registry has it."""
    champion: Registered | None
    """What it was compared with."""

    @property
    def again(self) -> bool:
        """The training gave the very model that was active."""
        return self.champion is not None and self.champion.digest == self.registered.digest


def train_for(task: RankingTask, source: Source, models: ModelShelf, order: Order) -> Trained:
    """Train, compare with what serves the day, and register the better model; active if it is not worse.

    The training is recorded before it starts and however it ends. NotTrainableError: these examples teach nothing.
    After any error, whatever serves goes on serving. The same day again gives the same, without another version.
    """
    models.begin(task.model, order.day, order.reasons)
    try:
        trained = _train(task, source, models, order)
    except NotTrainableError as error:
        models.end(task.model, order.day, "refused", str(error))
        raise
    except Exception as error:
        models.end(task.model, order.day, "failed", told(error))
        raise
    models.end(task.model, order.day, "trained", trained.registered.words)
    return trained


def told(error: Exception) -> str:
    """A failure in the words that tables and people get: what nobody wrote for them begins with its class.

    >>> told(ValueError("3 for jane@x.org")), told(MemoryError()), told(UserError("Make room."))
    ('ValueError: 3 for j***@***.org', 'MemoryError', 'Make room.')
    """
    parts = () if isinstance(error, UserError) else (type(error).__name__,)
    return shortened(mask_text(": ".join(part for part in (*parts, str(error)) if part)))


def _train(task: RankingTask, source: Source, models: ModelShelf, order: Order) -> Trained:
    try:
        return _compared(task, source, models, order)
    except FeatureError as error:
        raise FeatureError(f"{models.company}: {task.model} cannot be trained for {order.day}: {error}") from None


def _compared(task: RankingTask, source: Source, models: ModelShelf, order: Order) -> Trained:
    final = source.rows
    if task.columns.label in final.column_names:
        final = final.filter(pc.is_valid(final[task.columns.label]))
    read = examples(final, task.features, task.columns)
    training = train(read, order.settings, Provenance({source.table: _read_from(read)}, __version__))
    candidate = training.candidate
    kept = models.kept(task.model, order.day, candidate.digest)
    rival = models.before(kept) if kept else models.serving(task.model, order.day)
    champion, problem = _champion(task, models, rival)
    if rival and champion and champion.digest == candidate.digest:
        return Trained(training, rival, rival)
    verdict = challenge(candidate, champion, training.test, order.tolerance)
    if problem:
        verdict = replace(verdict, words=f"{problem} {verdict.words}")
    # Of a day that is made again the registry keeps what it has, and mends an artifact that was damaged.
    registered = models.keep(task.model, candidate, order.day, verdict)
    return Trained(training, registered, rival if registered.metrics["champion"] else None)


def _champion(task: RankingTask, models: ModelShelf, serving: Registered | None) -> tuple[Model | None, str]:
    """The model to beat; one that cannot be loaded serves nobody and counts as none, and is said to."""
    if serving is None:
        return None, ""
    try:
        return models.load(serving, task.features), ""
    except ArtifactError as error:
        return None, f"Version {serving.version} cannot be used ({error.problem}), so it counts as none."


@dataclass(frozen=True)
class Scored:
    by: Registered
    raw: Floats
    """Log-odds in the sample that the model was trained on."""
    probabilities: Floats


def score_for(task: RankingTask, candidates: pa.Table, models: ModelShelf, day: date) -> Scored | None:
    """Score every row by the model that serves the day; None when no model does.

    Each row is scored by its features alone, on all cores that the process may use, in batches that do not add up in
    memory. A category that training never saw counts as a missing one.
    """
    serving = models.serving(task.model, day)
    if serving is None:
        return None
    try:
        model = models.load(serving, task.features, threads=cores())
    except ArtifactError as error:
        raise UnusableModelError(
            f"{models.company}: version {serving.version} of {task.model}, which serves {day}, cannot be used: "
            f"{error.problem}. Train a new one, or activate another version (recs models {models.company})"
        ) from None
    try:
        raw = model.raw_scores(candidates)
    except FeatureError as error:
        raise FeatureError(f"{models.company}: {task.model} cannot score {day}: {error}") from None
    return Scored(serving, raw, corrected(raw, model.manifest.kept_negatives))


def _read_from(read: Examples) -> dict[str, object]:
    days = [read.first.isoformat(), read.last.isoformat()]
    return {"days": days, "rows": len(read), "positives": read.positives, "content": f"sha256:{content_hash(read)}"}


def content_hash(read: Examples) -> str:
    """The hash of what the models are given: the same however rows were stored, split into chunks or ordered."""
    seal = hashlib.sha256(read.days.astype("<i8").tobytes())
    seal.update(read.labels.tobytes())
    for column in (read.ids, read.groups):
        seal.update(_text(column))
    for spec in read.features.specs:
        column = read.table[spec.name]
        seal.update(f"{spec.name} {spec.kind}".encode())
        seal.update(_text(column) if spec.kind == "category" else numbers(spec.name, column).astype("<f8").tobytes())
    return seal.hexdigest()


def _text(column: Column) -> bytes:
    return json.dumps(column.cast(pa.string()).to_pylist()).encode()
