"""Two sets of scores on the same examples: how good each is, and how far apart they are, with an interval.

A customer sees many offers and is alike in all of them, so customers are the independent units. Every interval is the
delta method's over customers: each figure is written as a sum of what each customer adds to it. Equal scores are never
told apart. Not here: which model is chosen (`challenge.py`), and tables of figures.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np

from recs_platform.models.features import Bools, Floats
from recs_platform.models.metrics import log_loss, quantile_bins, roc_auc
from recs_platform.models.ranking_metrics import BINS, CalibrationBin, Ints, Values, lists, mean, ndcg, ranks
from recs_platform.statistics.comparison import Estimate, around
from recs_platform.statistics.intervals import UNKNOWN, Interval, proportion

Metric: TypeAlias = Literal["roc_auc", "log_loss", "ndcg"]
_LEAST = float(np.finfo(np.float64).eps)


@dataclass(frozen=True)
class Examples:
    """What both sets of scores are judged on."""

    labels: Bools
    customers: Values
    groups: Values | None = None
    """Of each row, which list it stands in, such as the customer's offers of a day; none: a list for each customer."""


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
    """The metric of both and their difference. `k` is the length of the lists that NDCG looks at.

    Two customers of three examples each; ours puts one more success before the failures.

    >>> examples = Examples(np.array([True, False, False] * 2), np.array(["A"] * 3 + ["B"] * 3))
    >>> ours, theirs = np.array([0.9, 0.1, 0.1, 0.9, 0.2, 0.1]), np.array([0.9, 0.1, 0.1, 0.0, 0.2, 0.1])
    >>> found = paired("roc_auc", examples, ours, theirs)
    >>> found.ours, found.theirs, found.difference.estimate
    (1.0, 0.5, 0.5)
    """
    one, other = (_parts(metric, examples, scores, k) for scores in (ours, theirs))
    if one is None or other is None:
        return Paired(None, None, UNKNOWN)
    return Paired(one.value, other.value, _interval(one.value - other.value, one.parts - other.parts))


def with_interval(metric: Metric, examples: Examples, scores: Floats, *, k: int = 10) -> Interval:
    """The metric of one set of scores, with its 95% interval over customers."""
    found = _parts(metric, examples, scores, k)
    return UNKNOWN if found is None else _interval(found.value, found.parts)


def calibration_by_customer(
    labels: Bools, chances: Floats, customers: Values, bins: int = BINS
) -> tuple[CalibrationBin, ...]:
    """What was promised and what happened, in bins of about equally many examples; equal chances share a bin.

    The interval is Wilson's for as many independent examples as the bin is worth: where a customer's examples are
    alike, fewer than it has. How much fewer is measured in the bin, and never less than over all examples where the bin
    has few successes.

    >>> labels, chances = np.array([True, False, True, True]), np.array([0.2, 0.2, 0.9, 0.9])
    >>> curve = calibration_by_customer(labels, chances, np.array(["A", "B", "C", "D"]), bins=2)
    >>> [(one.rows, one.promised, one.happened.estimate) for one in curve]
    [(2, 0.2, 0.5), (2, 0.9, 1.0)]
    """
    if not len(labels):
        return ()
    of, _, who = quantile_bins(chances, bins), *np.unique(customers.astype(str), return_inverse=True)
    overall = _design_effect(labels, who)
    curve = []
    for bin in np.unique(of):
        rows = of == bin
        count, successes = int(rows.sum()), int(labels[rows].sum())
        effect = _design_effect(labels[rows], who[rows])
        if successes < _FEW:
            effect = max(effect, overall)
        happened = proportion(successes / effect, count / effect)
        curve.append(CalibrationBin(count, float(chances[rows].mean()), happened))
    return tuple(curve)


_FEW = 10
"""Fewer successes do not say how alike a customer's are."""


@dataclass(frozen=True)
class _Parts:
    """A figure, and what each customer adds to its deviation from the truth; they sum to zero."""

    value: float
    parts: Floats


def _parts(metric: Metric, examples: Examples, scores: Floats, k: int) -> _Parts | None:
    makers: dict[Metric, Callable[[], _Parts | None]] = {
        "roc_auc": lambda: _roc_auc(examples, scores),
        "log_loss": lambda: _log_loss(examples, scores),
        "ndcg": lambda: _ndcg(examples, scores, k),
    }
    return makers[metric]()


def _roc_auc(examples: Examples, scores: Floats) -> _Parts | None:
    """Of each success the share of failures below it, of each failure the share of successes above it (DeLong)."""
    labels = examples.labels
    successes, failures = int(labels.sum()), int((~labels).sum())
    if not successes or not failures:
        return None
    value = roc_auc(labels, scores)
    _, of = np.unique(scores, return_inverse=True)
    up, down = np.bincount(of[labels], minlength=of.max() + 1), np.bincount(of[~labels], minlength=of.max() + 1)
    below = (np.cumsum(down) - down / 2) / failures
    above = (successes - np.cumsum(up) + up / 2) / successes
    each = np.where(labels, (below[of] - value) / successes, (above[of] - value) / failures)
    return _Parts(value, _summed(examples.customers, each))


def _log_loss(examples: Examples, chances: Floats) -> _Parts | None:
    if not len(chances):
        return None
    value = log_loss(examples.labels, chances)
    happened = np.where(examples.labels, chances, 1 - chances)
    losses = -np.log(np.clip(happened, _LEAST, 1 - _LEAST))
    return _Parts(value, _summed(examples.customers, (losses - value) / len(losses)))


def _ndcg(examples: Examples, scores: Floats, k: int) -> _Parts | None:
    """The mean over lists with a success; a customer adds all of its lists."""
    of = examples.customers.astype(str) if examples.groups is None else examples.groups
    found = lists(of, ranks(scores), examples.labels)
    each = ndcg(found, k)
    value = mean(each)
    if value is None:
        return None
    owner = np.empty(len(found.customers), dtype=object)
    owner[found.customer] = found.column(examples.customers)
    has_value = ~np.isnan(each)
    names = np.unique(examples.customers.astype(str))
    place = dict(zip(names.tolist(), range(len(names)), strict=True))
    code = np.array([place[str(name)] for name in owner[has_value]], dtype=np.int64)
    deviations = (each[has_value] - value) / has_value.sum()
    return _Parts(value, np.bincount(code, deviations, minlength=len(names)).astype(np.float64))


def _summed(customers: Values, each: Floats) -> Floats:
    _, who = np.unique(customers.astype(str), return_inverse=True)
    return np.bincount(who, each).astype(np.float64)


def _interval(value: float, parts: Floats) -> Interval:
    """By Student's t, with the customers that matter as its degrees of freedom."""
    involved = int((parts != 0).sum())
    if involved < 2:
        return Interval(value, None, None)
    spread = float((parts**2).sum()) * involved / (involved - 1)
    return around(Estimate(value, spread, involved - 1))


def _design_effect(labels: Bools, who: Ints) -> float:
    """How many times the variance of the share of successes is that of independent examples; at least 1."""
    rate, count = float(labels.mean()), len(labels)
    if not 0 < rate < 1:
        return 1.0
    rows, successes = np.bincount(who), np.bincount(who, labels)
    units = int((rows > 0).sum())
    if units < 2:
        return 1.0
    squares = float(((successes - rate * rows) ** 2).sum()) * units / (units - 1)
    return max(1.0, squares / (rate * (1 - rate) * count))
