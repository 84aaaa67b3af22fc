"""What is believed of a treatment before it was tried: an empirical-Bayes Beta prior from the company's own history.

The mean is the rate of all treatments together. The strength says how alike treatments are: their rates vary by chance
and by nature, and what chance does not explain is nature. So a prior learned of treatments that are nearly alike
pulls a new one strongly toward their mean, and one learned of very different treatments hardly pulls at all.

All functions work along the last axis, so that a simulation can ask for many histories at once.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from recs_platform.campaign.bandit.counts import Floats

LEAST_SPREAD = 0.1
"""Treatments are never believed to differ by less than this share of their rate (one standard deviation). Few
treatments can look alike by chance, and a prior that believed it for good could not be talked out of it."""
UNKNOWN_SPREAD = 0.5
"""The same, where history cannot tell: no treatment was tried, or only one."""
LEAST_STRENGTH = 2.0
"""As much as the uniform distribution has."""


@dataclass(frozen=True)
class BetaPrior:
    """Beta(mean x strength, (1 - mean) x strength): worth `strength` trials, of which a share `mean` succeeded."""

    mean: float
    strength: float

    @property
    def alpha(self) -> float:
        return self.mean * self.strength

    @property
    def beta(self) -> float:
        return (1 - self.mean) * self.strength


def learn_prior(trials: Floats, successes: Floats) -> BetaPrior:
    """The prior of a company's treatments, from the trials and successes of each."""
    mean, strength = means_and_strengths(np.atleast_1d(trials), np.atleast_1d(successes))
    return BetaPrior(float(mean), float(strength))


def means_and_strengths(trials: Floats, successes: Floats) -> tuple[Floats, Floats]:
    """Mean and strength of the prior by the method of moments, one for each history.

    If rates vary between treatments as a Beta of strength k does, the weighted squares of their differences from the
    common rate have the expectation m(1-m) x [(treatments - 1) + c / (k + 1)], where c is what `_room` gives. The
    first summand is chance; the rest is solved for k.
    """
    tried = (trials > 0).sum(-1)
    total = trials.sum(-1)
    # Half a success and half a failure more: a history without clicks has a small rate, not none.
    mean = (successes.sum(-1) + 0.5) / (total + 1)
    pooled = successes.sum(-1) / np.maximum(total, 1e-300)
    rate = successes / np.maximum(trials, 1e-300)
    squares = (trials * (rate - pooled[..., None]) ** 2).sum(-1)
    noise = pooled * (1 - pooled)
    room = _room(trials)
    has_spread = (tried > 1) & (room > 0) & (noise > 0)
    excess = (squares / np.where(noise > 0, noise, 1.0) - (tried - 1)) / np.where(has_spread, room, 1.0)
    with np.errstate(divide="ignore"):
        strength = np.where(excess > 0, 1 / excess, np.inf) - 1
    strength = np.where(has_spread, strength, strength_of(mean, UNKNOWN_SPREAD))
    most = np.maximum(strength_of(mean, LEAST_SPREAD), LEAST_STRENGTH)
    return mean, np.clip(strength, LEAST_STRENGTH, most)


def strength_of(mean: Floats, spread: float) -> Floats:
    """The strength at which a Beta's standard deviation is `spread` times its mean."""
    strength: Floats = (1 - mean) / (mean * spread**2) - 1
    return strength


def _room(trials: Floats) -> Floats:
    """How much of the squares grows with the treatments' differences; nothing when one treatment has all trials."""
    total = trials.sum(-1)
    room: Floats = total - (trials**2).sum(-1) / np.maximum(total, 1e-300) - ((trials > 0).sum(-1) - 1)
    return room
