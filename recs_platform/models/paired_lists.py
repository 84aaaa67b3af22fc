"""Two sets of scores by any metric, and what probabilities promise, with intervals over customers.

Lists of the same customers in two orders are compared as `paired.py` compares two models on the same rows: customers
are what is counted, because a customer's lists and rows stand and fall together. Not here: the figures of a list
(`ranking_metrics.py`).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal, TypeAlias

import numpy as np

from recs_platform.models.features import Bools, Floats
from recs_platform.models.metrics import log_loss, quantile_bins, roc_auc
from recs_platform.models.paired import Judges, log_loss_difference, roc_auc_difference
from recs_platform.models.ranking_metrics import BINS, CalibrationBin, Ints, Values, lists, mean, ndcg, ranks
from recs_platform.statistics.intervals import UNKNOWN, Interval, proportion

Metric: TypeAlias = Literal["roc_auc", "log_loss", "ndcg"]
FEW = 10
"""Fewer successes do not say how alike a customer's rows are."""


@dataclass(frozen=True)
class Examples:
    """What scores are judged on."""

    labels: Bools
    customers: Values
    groups: Values | None = None
    """Of each row, which list it stands in, such as the customer's offers of a day; none: a list for each customer."""

    @cached_property
    def judges(self) -> Judges:
        return Judges(self.labels, np.unique(self.customers.astype(str), return_inverse=True)[1])


@dataclass(frozen=True)
class Paired:
    ours: float | None
    theirs: float | None
    difference: Interval
    """Ours minus theirs, with its 95% interval over customers; unknown where the metric has no value."""

    @property
    def is_known_to_differ(self) -> bool:
        low, high = self.difference.low, self.difference.high
        return low is not None and high is not None and (low > 0 or high < 0)


def paired(metric: Metric, examples: Examples, ours: Floats, theirs: Floats, *, k: int = 10) -> Paired:
    """The metric of both sets of scores, and their difference. `k` is the length of the lists that NDCG looks at.

    Two customers of three rows each; ours puts one more success before the failures.

    >>> examples = Examples(np.array([True, False, False] * 2), np.array(["A"] * 3 + ["B"] * 3))
    >>> ours, theirs = np.array([0.9, 0.1, 0.1, 0.9, 0.2, 0.1]), np.array([0.9, 0.1, 0.1, 0.0, 0.2, 0.1])
    >>> found = paired("roc_auc", examples, ours, theirs)
    >>> found.ours, found.theirs, found.difference.estimate
    (1.0, 0.5, 0.5)
    """
    judges, labels = examples.judges, examples.labels
    if metric == "ndcg":
        groups = judges.customers if examples.groups is None else examples.groups
        one, other = (mean(ndcg(lists(groups, ranks(scores), labels), k)) for scores in (ours, theirs))
        return Paired(one, other, ndcg_difference(judges, groups, ours, theirs, k))
    if metric == "log_loss":
        difference = log_loss_difference(judges, ours, theirs)
        return Paired(log_loss(labels, ours), log_loss(labels, theirs), difference)
    difference = roc_auc_difference(judges, ours, theirs)
    if difference == UNKNOWN:
        return Paired(None, None, UNKNOWN)
    return Paired(roc_auc(labels, ours), roc_auc(labels, theirs), difference)


def ndcg_difference(judges: Judges, groups: Values, first: Floats, second: Floats, k: int) -> Interval:
    """Mean NDCG@k over lists by the first scores minus that by the second; `groups` names the list of each row, such as
    a customer's offers of a day. Lists without a success say nothing.

    >>> judges = Judges(np.array([True, False] * 2), np.array([0, 0, 1, 1]))
    >>> groups = np.array(["a", "a", "b", "b"])
    >>> ndcg_difference(judges, groups, np.array([0.9, 0.1] * 2), np.array([0.1, 0.9] * 2), k=1).estimate
    1.0
    """
    ours, theirs = (lists(groups, ranks(scores), judges.labels) for scores in (first, second))
    each = ndcg(ours, k) - ndcg(theirs, k)
    estimate = mean(each)
    if estimate is None:
        return UNKNOWN
    # The judges' interval takes an influence per row: a list's stands at its first row.
    rows = np.empty(len(ours.customers), dtype=np.int64)
    rows[ours.customer[::-1]] = ours.order[::-1]
    has_value = ~np.isnan(each)
    influences = np.zeros(len(judges.labels))
    influences[rows[has_value]] = (each[has_value] - estimate) / has_value.sum()
    return judges.interval(estimate, influences)


def calibration_by_customer(
    labels: Bools, chances: Floats, customers: Values, bins: int = BINS
) -> tuple[CalibrationBin, ...]:
    """What was promised and what happened, in bins of about equally many rows; equal chances share a bin.

    The interval is Wilson's for as many independent rows as the bin is worth: where a customer's rows are alike, fewer
    than it has. How much fewer is measured in the bin, and never less than over all rows where the bin has few
    successes.

    >>> labels, chances = np.array([True, False, True, True]), np.array([0.2, 0.2, 0.9, 0.9])
    >>> curve = calibration_by_customer(labels, chances, np.array(["A", "B", "C", "D"]), bins=2)
    >>> [(one.rows, one.promised, one.happened.estimate) for one in curve]
    [(2, 0.2, 0.5), (2, 0.9, 1.0)]
    """
    if not len(labels):
        return ()
    judges = Examples(labels, customers).judges
    of, overall = quantile_bins(chances, bins), design_effect(judges.labels, judges.customers)
    curve = []
    for bin in np.unique(of):
        rows = of == bin
        count, successes = int(rows.sum()), int(judges.labels[rows].sum())
        effect = design_effect(judges.labels[rows], judges.customers[rows])
        if successes < FEW:
            effect = max(effect, overall)
        happened = proportion(successes / effect, count / effect)
        curve.append(CalibrationBin(count, float(chances[rows].mean()), happened))
    return tuple(curve)


def design_effect(labels: Bools, customers: Ints) -> float:
    """How many times the variance of the share of successes is that of independent rows; at least 1.

    Two customers, one of whom redeems all and the other nothing: two rows are worth as much as all.

    >>> design_effect(np.array([True, True, False, False]), np.array([0, 0, 1, 1]))
    4.0
    """
    rate, count = float(labels.mean()), len(labels)
    rows, successes = np.bincount(customers), np.bincount(customers, labels)
    units = int((rows > 0).sum())
    if units < 2 or not 0 < rate < 1:
        return 1.0
    squares = float(((successes - rate * rows) ** 2).sum()) * units / (units - 1)
    return max(1.0, squares / (rate * (1 - rate) * count))
