"""Two models on the same examples: how far the first is above the second, with an interval over customers.

Both score the same rows, so most of what makes one day easier than another falls out of the difference. A customer's
rows stand and fall together, so customers are what is counted: each has an influence, what the difference would lose
without the customer, and their squares give its variance (the delta method; for ROC AUC Obuchowski's of 1997, which is
DeLong's when every customer has one row). Nothing is drawn at random, and a million rows take a second.

The interval is Student's, with one degree of freedom less than there are customers with a success: of a difference
that ten customers decide, it is as wide as ten customers make it. Not here: lists (`ranking_metrics.py`), and what is
made of a difference (`chances.py`, `list_order.py`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pyarrow.compute as pc
import scipy

from recs_platform.models.features import Bools, Column, Floats
from recs_platform.models.metrics import happened_chance
from recs_platform.statistics.intervals import LEVEL, UNKNOWN, Interval


@dataclass(frozen=True)
class Judges:
    """The rows on which models are compared: how each ended, and which customer it is about."""

    labels: Bools
    customers: npt.NDArray[np.int64]
    """A number per customer, from 0 on."""
    lists: npt.NDArray[np.int64] | None = None
    """A number per list, where a customer has several."""

    @classmethod
    def of(cls, labels: Bools, customers: Column, lists: npt.NDArray[np.int64] | None = None) -> Judges:
        return cls(labels, pc.index_in(customers, value_set=pc.unique(customers)).to_numpy().astype(np.int64), lists)

    @cached_property
    def successful(self) -> int:
        """Customers with a success."""
        return len(np.unique(self.customers[self.labels]))

    def interval(self, estimate: float, influences: Floats) -> Interval:
        """Of an estimate, from each row's influence on it. Fewer than two customers with a success tell nothing."""
        if self.successful < 2:
            return Interval(estimate, None, None)
        of_customers = np.bincount(self.customers, influences)
        count = len(of_customers)
        error = math.sqrt(float((of_customers**2).sum()) * count / (count - 1))
        half = float(scipy.special.stdtrit(self.successful - 1, (1 + LEVEL) / 2)) * error
        return Interval(estimate, estimate - half, estimate + half)


def roc_auc_difference(judges: Judges, first: Floats, second: Floats) -> Interval:
    """ROC AUC of the first scores minus that of the second. Ties count half.

    Three customers of two rows each: the first scores put every success above every failure, the second tie all.

    >>> judges = Judges(np.array([True, False] * 3), np.array([0, 0, 1, 1, 2, 2]))
    >>> roc_auc_difference(judges, np.array([0.9, 0.1] * 3), np.array([0.5] * 6)).estimate
    0.5
    """
    if judges.labels.all() or not judges.labels.any():
        return UNKNOWN
    ours, theirs = (placements(judges.labels, scores) for scores in (first, second))
    beats = ours - theirs
    estimate = float(beats[judges.labels].mean())
    successes = int(judges.labels.sum())
    of_each = np.where(judges.labels, successes, len(judges.labels) - successes)
    return judges.interval(estimate, (beats - estimate) / of_each)


def log_loss_difference(judges: Judges, first: Floats, second: Floats) -> Interval:
    """Log loss of the first probabilities minus that of the second: below 0 the first are truer."""
    if not len(judges.labels):
        return UNKNOWN
    losses = np.log(happened_chance(judges.labels, second)) - np.log(happened_chance(judges.labels, first))
    estimate = float(losses.mean())
    return judges.interval(estimate, (losses - estimate) / len(losses))


def placements(labels: Bools, scores: Floats) -> Floats:
    """Of each success the share of failures that it beats, of each failure the share of successes that beat it.

    >>> placements(np.array([True, False, True, False]), np.array([0.8, 0.4, 0.4, 0.1])).tolist()
    [1.0, 0.75, 0.75, 1.0]
    """
    _, of, counts = np.unique(scores, return_inverse=True, return_counts=True)
    successes = np.bincount(of[labels], minlength=len(counts))
    failures = counts - successes
    failures_below = np.cumsum(failures) - failures / 2
    successes_above = successes.sum() - np.cumsum(successes) + successes / 2
    placed: Floats = np.where(
        labels, failures_below[of] / max(failures.sum(), 1), successes_above[of] / max(successes.sum(), 1)
    )
    return placed
