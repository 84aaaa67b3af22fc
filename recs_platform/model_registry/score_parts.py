"""What a model's raw scores are made of, for any strategy: which version gave them, and what each feature adds.

Not here: how a model shares out a score (`models/model.py`), and how it is said (the strategies).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import pyarrow as pa

from recs_platform.errors import UserError
from recs_platform.model_registry.registry import Registered
from recs_platform.model_registry.shelf import ModelShelf
from recs_platform.models.features import FeatureSpec
from recs_platform.models.model import Model
from recs_platform.models.task import RankingTask

START = "(start)"
"""Where the model starts from before it looks at any feature."""
ADDS_UP_WITHIN = 1e-6


@dataclass(frozen=True)
class FeaturePart:
    """A feature of what was scored, and what it adds to the raw score."""

    feature: str
    means: str
    value: str | None
    adds: float | None
    """None without a model."""


@dataclass(frozen=True)
class ScoreParts:
    """Of one raw score."""

    start: float
    parts: tuple[FeaturePart, ...]
    """The one that moves the score most comes first."""
    raw: float
    """All of them together."""


def scorer(task: RankingTask, models: ModelShelf, day: date, digest: str) -> Registered:
    """The version that scored a day: scores name its digest, and another one may serve by now."""
    for version in models.versions(task.model):
        if version.digest == digest and version.as_of <= day:
            return version
    raise UserError(
        f"{models.company}: the model {digest} that scored {day} is not in the registry, so its scores cannot be "
        "explained. Make the day again."
    )


def contributions(task: RankingTask, model: Model, rows: pa.Table) -> dict[str, list[float]]:
    """Per feature, and for the start, what it adds to each row's raw score."""
    return dict(zip((*task.features.names, START), model.contributions(rows).T.tolist(), strict=True))


def score_parts(task: RankingTask, model: Model, rows: pa.Table) -> list[ScoreParts]:
    """Of each row."""
    adds, values = contributions(task, model, rows), rows.select(list(task.features.names)).to_pylist()
    return [_of_row(task, row, {name: column[at] for name, column in adds.items()}) for at, row in enumerate(values)]


def feature_parts(specs: Sequence[FeatureSpec], row: dict[str, Any]) -> list[FeaturePart]:
    """What is known of a row, where no model says what it adds."""
    return [FeaturePart(spec.name, spec.description, value_text(spec, row[spec.name]), None) for spec in specs]


def value_text(spec: FeatureSpec, value: Any) -> str | None:
    """A feature's value as people read it.

    >>> value_text(FeatureSpec("a", "number", ""), 0.1234567), value_text(FeatureSpec("b", "flag", ""), False)
    ('0.1235', 'no')
    >>> value_text(FeatureSpec("a", "number", ""), float("nan"))
    """
    if value is None or value != value:
        return None
    if spec.kind == "flag":
        return "yes" if value else "no"
    if spec.kind == "number":
        return f"{value:,.4g}" if abs(value) < 1_000 else f"{value:,.0f}"
    return str(value)


def _of_row(task: RankingTask, row: dict[str, Any], adds: dict[str, float]) -> ScoreParts:
    parts = [
        FeaturePart(spec.name, spec.description, value_text(spec, row[spec.name]), adds[spec.name])
        for spec in task.features.specs
    ]
    ordered = sorted(parts, key=lambda part: (-abs(part.adds or 0.0), part.feature))
    return ScoreParts(adds[START], tuple(ordered), sum(adds.values()))
