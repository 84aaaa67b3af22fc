"""Scoring for any strategy: its task says which features it has, its company's shelf which model serves the day.

Not here: how a model scores (`models/model.py`), and what a strategy does where no model serves.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date

import pyarrow as pa

from recs_platform.errors import UserError
from recs_platform.model_registry.registry import Registered
from recs_platform.model_registry.shelf import ModelShelf
from recs_platform.models.artifact import ArtifactError
from recs_platform.models.features import FeatureError, Floats
from recs_platform.models.model import BATCH, Model
from recs_platform.models.task import RankingTask
from recs_platform.process import cores


class UnusableModelError(UserError):
    """The model that serves a day cannot score it; nothing is written."""


@dataclass(frozen=True)
class Scored:
    by: Registered
    raw: Floats
    """Log-odds in the sample that the model was trained on; of a model that is judged by its lists, what it orders
    by."""
    probabilities: Floats
    """Of a model that is judged by its lists only their order means anything."""


def score_for(task: RankingTask, candidates: pa.Table, models: ModelShelf, day: date) -> Scored | None:
    """Score every row by the model that serves the day; None when no model does."""
    scorer = scorer_for(task, models, day)
    return None if scorer is None else scorer.score(candidates)


@dataclass(frozen=True)
class Scorer:
    """The model that serves a day, loaded once for rows that come in parts."""

    company: str
    task: RankingTask
    day: date
    by: Registered
    model: Model

    def score(self, candidates: pa.Table) -> Scored:
        """Each row is scored by its features alone, on all cores that the process may use, in batches that do not add
        up in memory. A category that training never saw counts as a missing one."""
        try:
            raw = self.model.raw_scores(candidates, threads=cores())
        except FeatureError as error:
            raise FeatureError(f"{self.company}: {self.task.model} cannot score {self.day}: {error}") from None
        return Scored(self.by, raw, self.model.chances(raw))

    def score_stream(self, candidates: pa.RecordBatchReader) -> Iterator[tuple[pa.Table, Scored]]:
        """Candidates in parts with their scores, in their order: some are scored while the next ones are read."""
        with ThreadPoolExecutor(cores()) as pool:
            waiting: deque[tuple[pa.Table, Future[Scored]]] = deque()
            for part in parts_of(candidates):
                waiting.append((part, pool.submit(self.score, part)))
                if len(waiting) > cores():
                    first, scored = waiting.popleft()
                    yield first, scored.result()
            for first, scored in waiting:
                yield first, scored.result()


def parts_of(rows: pa.RecordBatchReader) -> Iterator[pa.Table]:
    """Tables of as many rows as are scored at once, or somewhat more; a stream without rows is one without rows."""
    batches: list[pa.RecordBatch] = []
    count = 0
    for batch in rows:
        batches.append(batch)
        count += len(batch)
        if sum(map(len, batches)) >= BATCH:
            yield pa.Table.from_batches(batches)
            batches = []
    if batches or not count:
        yield pa.Table.from_batches(batches, rows.schema)


def scorer_for(task: RankingTask, models: ModelShelf, day: date) -> Scorer | None:
    """None when no model serves the day."""
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
    return Scorer(models.company, task, day, serving, model)
