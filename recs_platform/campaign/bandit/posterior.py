"""What is known of each treatment after it was tried: a Beta distribution per treatment, and how they compare.

The comparisons are integrals over a grid, not draws: the same counts give the same digits.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy

from recs_platform.campaign.bandit.counts import Floats
from recs_platform.campaign.bandit.prior import BetaPrior

LEVEL = 0.95
_STEPS, _LEAST_STEPS = 1_600, 160
"""Of the grid in all, and of each treatment in it."""


@dataclass(frozen=True)
class Posterior:
    """Beta(alpha, beta) of each treatment's rate."""

    treatments: tuple[str, ...]
    alpha: Floats
    beta: Floats

    @property
    def mean(self) -> Floats:
        mean: Floats = self.alpha / (self.alpha + self.beta)
        return mean

    def interval(self, level: float = LEVEL) -> tuple[Floats, Floats]:
        """The ends of the central credible intervals."""
        tail = (1 - level) / 2
        low: Floats = np.asarray(scipy.special.betaincinv(self.alpha, self.beta, tail), np.float64)
        high: Floats = np.asarray(scipy.special.betaincinv(self.alpha, self.beta, 1 - tail), np.float64)
        return low, high


@dataclass(frozen=True)
class Ranking:
    """How treatments compare."""

    best: Floats
    """Probability that the treatment has the highest rate. They add up to 1."""
    loss: Floats
    """Expected loss: by how much the highest rate is expected to exceed the treatment's."""


def update(prior: BetaPrior, treatments: tuple[str, ...], trials: Floats, successes: Floats) -> Posterior:
    """The prior, and the trials on top of it."""
    return Posterior(treatments, prior.alpha + successes, prior.beta + trials - successes)


def rank(posterior: Posterior) -> Ranking:
    """Probability of being best, and expected loss."""
    alpha, beta = posterior.alpha[:, None], posterior.beta[:, None]
    # The common grid goes through the quantiles of every treatment: dense where something happens, tails included.
    quantiles = scipy.special.ndtr(np.linspace(-8, 8, 1 + max(_LEAST_STEPS, _STEPS // len(alpha))))
    x = np.unique(np.concatenate([[0.0, 1.0], scipy.special.betaincinv(alpha, beta, quantiles).ravel()]))
    below: Floats = np.asarray(scipy.special.betainc(alpha, beta, x), np.float64)
    # The expectation of the highest rate is the area above its distribution function.
    not_below = 1 - below.prod(0)
    highest = float((np.diff(x) * (not_below[1:] + not_below[:-1]) / 2).sum())
    return Ranking(chances_of_being_best(below), np.maximum(highest - posterior.mean, 0.0))


def chances_of_being_best(below: Floats) -> Floats:
    """From distribution functions (..., treatments, grid): the chance that each treatment exceeds all others.

    A treatment is best at x if it is there and all others are below: its own increase over a step of the grid, times
    the product of the others' distribution functions, summed over the grid.
    """
    logs = np.log(np.maximum(below, 1e-300))
    others_below = np.exp(logs.sum(-2, keepdims=True) - logs)
    chances = (np.diff(below) * (others_below[..., 1:] + others_below[..., :-1]) / 2).sum(-1)
    shares: Floats = chances / chances.sum(-1, keepdims=True)
    return shares
