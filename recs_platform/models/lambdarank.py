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
"""Rows of a list that LightGBM takes; of a longer one the rows are dealt out to several."""


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
    counts = counts[counts > 0]
    first = np.repeat(np.cumsum(counts) - counts, counts)
    deals = np.repeat(-(-counts // LONGEST), counts)
    dealt = (np.arange(len(order)) - first) % deals
    # By list, and then by deal: stable again, so that rows keep their order.
    order = order[np.lexsort((dealt, lists[order]))]
    sizes = np.concatenate([_deals(int(count)) for count in counts]) if len(counts) else counts
    return (matrix[order], labels[order]), {"group": sizes}


def _deals(count: int) -> Ints:
    """How many of a list's rows each of its deals gets.

    >>> _deals(7).tolist(), _deals(20_001).tolist()
    ([7], [6667, 6667, 6667])
    """
    deals = -(-count // LONGEST)
    return np.array([len(range(deal, count, deals)) for deal in range(deals)], dtype=np.int64)


LAMBDARANK = register(RankerKind("lambdarank", "ranking trees", "model.txt", fit, LambdaRanker.read))
