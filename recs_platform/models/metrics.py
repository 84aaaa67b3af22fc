"""How good probabilities are: do they sort successes before failures, and are they true?

Sorting well over all pairs (ROC AUC) proves little about the top of each customer's list: `ranking_metrics.py` says
that. Ties count half wherever order matters, so no figure depends on the order of rows.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from recs_platform.models.features import Bools, Floats

CALIBRATION_BINS = 10
_LEAST = float(np.finfo(np.float64).eps)


@dataclass(frozen=True)
class Quality:
    """What one model's probabilities are worth on one set of examples."""

    rows: int
    positives: int
    base_rate: float
    mean_probability: float
    roc_auc: float
    pr_auc: float
    log_loss: float
    calibration_error: float
    constant: bool
    """Every example has the same probability: the model ranks nothing."""


def judge(labels: Bools, probabilities: Floats) -> Quality:
    """All figures; needs a success and a failure."""
    return Quality(
        rows=len(labels),
        positives=int(labels.sum()),
        base_rate=float(labels.mean()),
        mean_probability=float(probabilities.mean()),
        roc_auc=roc_auc(labels, probabilities),
        pr_auc=pr_auc(labels, probabilities),
        log_loss=log_loss(labels, probabilities),
        calibration_error=calibration_error(labels, probabilities),
        constant=bool(probabilities.min() == probabilities.max()),
    )


def roc_auc(labels: Bools, scores: Floats) -> float:
    """The chance that a success scores above a failure; 0.5 is guessing.

    Of the four pairs below, 0.8 beats both failures, and 0.4 beats 0.1 and ties with 0.4: 3.5 of 4.

    >>> roc_auc(np.array([True, False, True, False]), np.array([0.8, 0.4, 0.4, 0.1]))
    0.875
    """
    positives, negatives = _by_score(labels, scores)
    below = np.cumsum(negatives) - negatives
    return float((positives * (below + negatives / 2)).sum() / (positives.sum() * negatives.sum()))


def pr_auc(labels: Bools, scores: Floats) -> float:
    """Average precision: the precision at each success's score, averaged over the successes. Guessing: the base rate.

    Below, 1 of 1 is a success at 0.8, and 2 of 3 from 0.4 on: (1 + 2/3) / 2.

    >>> round(pr_auc(np.array([True, False, True, False]), np.array([0.8, 0.4, 0.4, 0.1])), 4)
    0.8333
    """
    positives, negatives = (counts[::-1] for counts in _by_score(labels, scores))
    precision = np.cumsum(positives) / np.cumsum(positives + negatives)
    return float((positives * precision).sum() / positives.sum())


def log_loss(labels: Bools, probabilities: Floats) -> float:
    """The mean of -ln(probability given to what happened); lower is better, and false certainty costs most.

    >>> round(log_loss(np.array([True, False]), np.array([0.5, 0.2])), 4)  # (0.6931 + 0.2231) / 2
    0.4581
    """
    return float(-np.log(happened_chance(labels, probabilities)).mean())


def happened_chance(labels: Bools, probabilities: Floats) -> Floats:
    """What each example's outcome was promised, and never nothing or everything: false certainty costs a finite
    amount."""
    happened = np.where(labels, probabilities, 1 - probabilities)
    return np.clip(happened, _LEAST, 1 - _LEAST)


def calibration_error(labels: Bools, probabilities: Floats, bins: int = CALIBRATION_BINS) -> float:
    """How far probabilities are from what happens: the mean over bins of about equally many examples.

    Bins follow the probabilities' quantiles, because with rare successes nearly all of them would share the lowest of
    ten equally wide bins. Equal probabilities share a bin. In two bins below, 0.1 was promised and half happened, and
    0.8 was promised and half happened: (0.4 + 0.3) / 2.

    >>> round(calibration_error(np.array([True, False, True, False]), np.array([0.1, 0.1, 0.8, 0.8]), bins=2), 4)
    0.35
    """
    of = quantile_bins(probabilities, bins)
    excess = np.bincount(of, probabilities) - np.bincount(of, labels)
    return float(np.abs(excess).sum() / len(labels))


def quantile_bins(values: Floats, bins: int) -> npt.NDArray[np.int64]:
    """The bin of each value, of about equally many each; equal values share one, so there may be fewer.

    >>> quantile_bins(np.array([0.1, 0.1, 0.8, 0.9]), bins=2).tolist()
    [0, 0, 1, 1]
    """
    edges = np.unique(np.quantile(values, np.arange(1, bins) / bins, method="inverted_cdf"))
    of: npt.NDArray[np.int64] = np.searchsorted(edges, values, side="left")
    return of


def _by_score(labels: Bools, scores: Floats) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Successes and failures at each score, the lowest score first."""
    _, of, counts = np.unique(scores, return_inverse=True, return_counts=True)
    positives = np.bincount(of[labels], minlength=len(counts))
    return positives, counts - positives
