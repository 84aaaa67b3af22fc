"""Training for any strategy: its task says what an example is, its company's shelf keeps the better model.

Not here: whether to train (`models/retraining.py`), how a model is fitted (`models/training.py`), and what tables are
made of the outcome (the strategy).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

import pyarrow as pa
import pyarrow.compute as pc

from recs_platform import __version__
from recs_platform.errors import UserError
from recs_platform.masking import mask_text
from recs_platform.model_registry.registry import Registered
from recs_platform.model_registry.shelf import ModelShelf
from recs_platform.models.artifact import ArtifactError
from recs_platform.models.challenge import challenge
from recs_platform.models.data import NotTrainableError, examples
from recs_platform.models.features import FeatureError
from recs_platform.models.final import finals_of
from recs_platform.models.golden import with_golden
from recs_platform.models.model import Model
from recs_platform.models.provenance import provenance_of
from recs_platform.models.retraining import Reason
from recs_platform.models.settings import FitSettings
from recs_platform.models.task import RankingTask
from recs_platform.models.training import Training, train
from recs_platform.platform_db.tables import shortened


@dataclass(frozen=True)
class ExampleTable:
    """Where examples come from, for the manifest."""

    name: str
    rows: pa.Table
    """One per example; those without a label are not final yet and are left out."""


@dataclass(frozen=True)
class TrainingOrder:
    """A training that something asked for."""

    day: date
    reasons: Sequence[Reason]
    settings: FitSettings
    tolerance: float
    """By how much of the measure's leading figure, such as ROC AUC, the new model may be worse than the active one and
    still go active."""
    threads: int = 1
    """They change the time, and no byte."""


@dataclass(frozen=True)
class RegisteredTraining:
    training: Training
    candidate: Model
    """As it was judged."""
    registered: Registered
    """The same kind, fitted on all examples and with golden rows, as the registry has it."""
    champion: Registered | None
    """What it was compared with."""

    @property
    def is_unchanged(self) -> bool:
        """The training gave the very model that was active."""
        return self.champion is not None and self.champion.digest == self.registered.digest


def train_and_register(
    task: RankingTask, table: ExampleTable, models: ModelShelf, order: TrainingOrder
) -> RegisteredTraining:
    """Train, compare with what serves the day, and register the candidate; active if it may be.

    The training is recorded before it starts and however it ends. NotTrainableError: these examples teach nothing.
    After any error, whatever serves goes on serving. The same day again gives the same, without another version.
    """
    models.begin(task.model, order.day, order.reasons)
    try:
        trained = _train(task, table, models, order)
    except NotTrainableError as error:
        models.end(task.model, order.day, "refused", str(error))
        raise
    except Exception as error:
        models.end(task.model, order.day, "failed", error_text(error))
        raise
    models.end(task.model, order.day, "trained", trained.registered.words)
    return trained


def error_text(error: Exception) -> str:
    """A failure in the words that tables and people get: what nobody wrote for them begins with its class.

    >>> error_text(ValueError("3 for jane@x.org")), error_text(MemoryError()), error_text(UserError("Make room."))
    ('ValueError: 3 for j***@***.org', 'MemoryError', 'Make room.')
    """
    parts = () if isinstance(error, UserError) else (type(error).__name__,)
    return shortened(mask_text(": ".join(part for part in (*parts, str(error)) if part)))


def _train(task: RankingTask, table: ExampleTable, models: ModelShelf, order: TrainingOrder) -> RegisteredTraining:
    try:
        return _compared(task, table, models, order)
    except FeatureError as error:
        raise FeatureError(f"{models.company}: {task.model} cannot be trained for {order.day}: {error}") from None


def _compared(task: RankingTask, table: ExampleTable, models: ModelShelf, order: TrainingOrder) -> RegisteredTraining:
    final = table.rows
    if task.columns.label in final.column_names:
        final = final.filter(pc.is_valid(final[task.columns.label]))
    read = examples(final, task.features, task.columns)
    provenance = provenance_of(table.name, read, __version__)
    design, threads = task.design, order.threads
    training = train(
        read,
        order.settings,
        provenance,
        kinds=task.kinds,
        yardsticks=task.yardsticks,
        design=design,
        threads=threads,
    )
    finals = finals_of(training.possible, read, design, threads)
    stored = (with_golden(model, read.table) for model in finals)
    to_serve = dict(zip((model.digest for model in training.possible), stored, strict=True))
    registered_before = (models.kept(task.model, order.day, model.digest) for model in to_serve.values())
    kept = next((version for version in registered_before if version is not None), None)
    rival = models.before(kept) if kept else models.serving(task.model, order.day)
    champion, problem = _champion(task, models, rival)
    candidate = training.candidate_after(champion.manifest.kind if champion else None)
    if rival and champion and champion.digest == candidate.digest:
        return RegisteredTraining(training, candidate, rival, rival)
    verdict = challenge(candidate, champion, training.test, order.tolerance, design)
    if problem:
        verdict = replace(verdict, words=f"{problem} {verdict.words}")
    # Of a day that is made again the registry keeps what it has, and mends an artifact that was damaged.
    registered = models.keep(task.model, to_serve[candidate.digest], order.day, verdict)
    return RegisteredTraining(training, candidate, registered, rival if registered.metrics["champion"] else None)


def _champion(task: RankingTask, models: ModelShelf, serving: Registered | None) -> tuple[Model | None, str]:
    """The model to beat; one that cannot be loaded serves nobody and counts as none, and is said to."""
    if serving is None:
        return None, ""
    try:
        return models.load(serving, task.features).judged, ""
    except ArtifactError as error:
        return None, f"Version {serving.version} cannot be used ({error.problem}), so it counts as none."
