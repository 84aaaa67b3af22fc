"""Boosted trees that learn the order inside lists (LambdaRank by LightGBM): how high an example stands is all they say.

A pair of one list in the wrong order counts as much as NDCG would gain by turning it round, so the first places count
most. What all examples of a list have in common teaches nothing. Raw scores are no log-odds. Not here: the trees' text
(`boosted.py`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from recs_platform.models.boosted import BoostedRanker, Extra, Rows, grow
from recs_platform.models.data import Ints
from recs_platform.models.kinds import register
from recs_platform.models.ranker import FitData, FitReport, RankerKind
from recs_platform.models.settings import FitSettings

USUAL_LENGTH = 10
"""The first places that count where the lists' length is not said."""
BEYOND = 5
"""Places behind the first ones whose examples are still compared with them: what is about to come in."""
LONGEST = 10_000
"""Rows of a list that LightGBM takes; a longer one counts as several."""


@dataclass(frozen=True)
class LambdaRanker(BoostedRanker):
    kind: ClassVar[str] = "lambdarank"


def fit(data: FitData, settings: FitSettings, threads: int) -> tuple[LambdaRanker, FitReport]:
    """Trees until NDCG on the validation lists has not improved for a while, cut back to the best."""
    length = data.length or USUAL_LENGTH
    objective = {
        "objective": "lambdarank",
        "metric": "ndcg",
        "eval_at": [length],
        "lambdarank_truncation_level": length + BEYOND,
    }
    train = by_list(data.train, data.train_lists)
    validation = by_list(data.validation, data.validation_lists)
    text, report = grow(data.encoding, train, validation, objective, settings, threads)
    return LambdaRanker(len(data.encoding.features.names), text, threads), report


def by_list(rows: Rows, lists: Ints) -> tuple[Rows, Extra]:
    """The rows list by list, otherwise in their order, and how long each list is."""
    matrix, labels = rows
    order = np.argsort(lists, kind="stable")
    counts = np.bincount(lists)
    sizes = [size for count in counts[counts > 0].tolist() for size in _pieces(count)]
    return (matrix[order], labels[order]), {"group": sizes}


def _pieces(count: int) -> list[int]:
    """
    >>> _pieces(7), _pieces(20_001)
    ([7], [6667, 6667, 6667])
    """
    pieces = -(-count // LONGEST)
    return [count // pieces + (place < count % pieces) for place in range(pieces)]


LAMBDARANK = register(RankerKind("lambdarank", "ranking trees", "model.txt", fit, LambdaRanker.read))
