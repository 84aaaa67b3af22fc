"""How good the order inside lists is: of whom something is wanted, how early it comes."""

from __future__ import annotations

from dataclasses import dataclass

from recs_platform.models.features import Bools, Floats
from recs_platform.models.ranking_metrics import Values, lists, mean, ndcg, ranks, recall


@dataclass(frozen=True)
class ListQuality:
    """What one model's order is worth on one set of lists."""

    rows: int
    positives: int
    lists: int
    """Those that hold a success; the others say nothing of an order."""
    length: int
    """The first places that are looked at."""
    ndcg: float
    recall: float
    constant: bool
    """Every example has the same score: the model ranks nothing."""


def judge_lists(labels: Bools, groups: Values, scores: Floats, length: int) -> ListQuality:
    """All figures, means over lists; needs a success. Equal scores share their places.

    The first list has its success in the first place, the second in the second.

    >>> import numpy as np
    >>> labels, scores = np.array([True, False, False, True]), np.array([0.9, 0.1, 0.9, 0.1])
    >>> found = judge_lists(labels, np.array([1, 1, 2, 2]), scores, length=2)
    >>> found.lists, round(found.ndcg, 4), found.recall  # (1 + 1 / log2(3)) / 2
    (2, 0.8155, 1.0)
    """
    ranked = lists(groups, ranks(scores), labels)
    return ListQuality(
        rows=len(labels),
        positives=int(labels.sum()),
        lists=int((ranked.wanted > 0).sum()),
        length=length,
        ndcg=mean(ndcg(ranked, length)) or 0.0,
        recall=mean(recall(ranked, length)) or 0.0,
        constant=bool(scores.min() == scores.max()),
    )
