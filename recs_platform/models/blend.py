"""Two rankers as one: the mean of how high each of them places an example.

Chances and orders have no common unit, ranks do. An example's rank is what its score would have among the validation
window's: the logarithm of the share that is placed above it, so that the difference of the first place and the second
counts as much as that of the tenth and the twentieth. It is read from a curve that is kept with the model, so each
example is scored by itself, in any batch.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from recs_platform.models.boosted import BOOSTED
from recs_platform.models.features import Floats
from recs_platform.models.kinds import register
from recs_platform.models.lambdarank import LAMBDARANK
from recs_platform.models.ranker import FitData, FitReport, Ranker, RankerKind
from recs_platform.models.settings import FitSettings

PARTS = (BOOSTED, LAMBDARANK)
MOST_RANKED = 100_000
"""Of more examples every second, third and so on says enough of ranks."""
STEPS_PER_DOUBLING = 8
"""Points of the curve from one rank to the one twice as low."""


@dataclass(frozen=True)
class RankCurve:
    """Scores, the lowest first, and how high they stand; straight between them, and beyond them as the outermost."""

    scores: tuple[float, ...]
    heights: tuple[float, ...]

    def __post_init__(self) -> None:
        if len(self.scores) != len(self.heights) or not self.scores:
            raise ValueError("a curve has a height for each score")
        if min(np.diff(self.scores), default=1) <= 0 or min(np.diff(self.heights), default=1) <= 0:
            raise ValueError("a curve rises")

    def __call__(self, raw: Floats) -> Floats:
        scores, heights = np.array(self.scores), np.array(self.heights)
        if len(scores) < 2:
            return np.full(len(raw), heights[0])
        low, high = (np.diff(heights) / np.diff(scores))[[0, -1]]
        below, above = np.minimum(raw - scores[0], 0.0), np.maximum(raw - scores[-1], 0.0)
        curve: Floats = np.interp(raw, scores, heights) + low * below + high * above
        return curve


@dataclass(frozen=True)
class BlendedRanker:
    kind: ClassVar[str] = "blend"
    parts: tuple[Ranker, ...]
    curves: tuple[RankCurve, ...]

    @property
    def features(self) -> int:
        return self.parts[0].features

    def raw_scores(self, matrix: Floats) -> Floats:
        total = np.zeros(len(matrix))
        for part, curve in zip(self.parts, self.curves, strict=True):
            total += curve(part.raw_scores(matrix))
        return total / len(self.parts)

    def contributions(self, matrix: Floats) -> Floats:
        """The mean of both rankers', each in ranks: its start is that of its start, and what its features add to that
        is shared out as they share out its raw score."""
        total = np.zeros((len(matrix), self.features + 1))
        for part, curve in zip(self.parts, self.curves, strict=True):
            shares = part.contributions(matrix)
            start, moved = shares[:, -1], shares[:, :-1].sum(axis=1)
            climbed = curve(start + moved) - curve(start)
            steepness = np.divide(climbed, moved, out=np.ones(len(moved)), where=moved != 0)
            total += np.column_stack([shares[:, :-1] * steepness[:, None], curve(start)])
        return total / len(self.parts)

    def importance(self) -> Floats:
        mean: Floats = np.mean([part.importance() for part in self.parts], axis=0)
        return mean

    def content(self) -> bytes:
        parts = [
            {"kind": part.kind, "content": part.content().decode(), "scores": curve.scores, "heights": curve.heights}
            for part, curve in zip(self.parts, self.curves, strict=True)
        ]
        return json.dumps({"parts": parts}, sort_keys=True, indent=1, allow_nan=False).encode()

    @classmethod
    def read(cls, content: bytes, threads: int) -> BlendedRanker:
        """Raises ValueError, TypeError or KeyError for what `content` did not write."""
        parts = json.loads(content)["parts"]
        kinds = {kind.name: kind for kind in PARTS}
        if [part["kind"] for part in parts] != list(kinds):
            raise ValueError(f"it is not made of {' and '.join(kinds)}")
        rankers = tuple(kinds[part["kind"]].read(part["content"].encode(), threads) for part in parts)
        if len({ranker.features for ranker in rankers}) > 1:
            raise ValueError("its parts have other features")
        return cls(rankers, tuple(RankCurve(tuple(part["scores"]), tuple(part["heights"])) for part in parts))


def rank_curve(scores: Floats) -> RankCurve:
    """How high each score stands among these: minus the logarithm of the share above it, half of its equals included.

    >>> curve = rank_curve(np.array([0.1, 0.4, 0.4, 0.9]))
    >>> [round(float(np.exp(-height)), 3) for height in curve.heights]  # 3.5, 2 and 0.5 of 4
    [0.875, 0.5, 0.125]
    """
    distinct, counts = np.unique(scores, return_counts=True)
    above = len(scores) - np.cumsum(counts)
    ranks = above + counts / 2
    # Points at ranks that double in so many steps, and both ends: the curve of a million scores is short.
    step = np.floor(np.log2(ranks * 2) * STEPS_PER_DOUBLING)
    kept = np.append(True, np.diff(step) < 0)
    kept[-1] = True
    heights = -np.log(ranks[kept] / len(scores))
    return RankCurve(tuple(distinct[kept].tolist()), tuple(heights.tolist()))


def fit(data: FitData, settings: FitSettings, threads: int) -> tuple[BlendedRanker, FitReport]:
    """Of the kinds' rankers, each of which is fitted once."""
    rankers = tuple(data.fitted(kind, settings, threads)[0] for kind in PARTS)
    reference = data.validation[0][:: 1 + len(data.validation[0]) // MOST_RANKED]
    curves = tuple(rank_curve(ranker.raw_scores(reference)) for ranker in rankers)
    return BlendedRanker(rankers, curves), {"parts": len(rankers)}


BLEND = register(RankerKind("blend", "blend of both kinds of trees", "model.json", fit, BlendedRanker.read))
