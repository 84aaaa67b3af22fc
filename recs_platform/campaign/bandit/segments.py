"""The contextual form: a posterior per customer segment, shrunk toward what all other segments show.

A segment's posterior is its own trials on top of a prior. The prior has the mean of the treatment everywhere else,
times the segment's level (loyal customers click more, whatever they get: without the level a treatment that they have
hardly seen would look bad for being judged by strangers). It weighs less than the trials it is made of, by how much
segments differ.
"""

from __future__ import annotations

import numpy as np

from recs_platform.campaign.bandit.counts import Floats, Tally
from recs_platform.campaign.bandit.posterior import Posterior, update
from recs_platform.campaign.bandit.prior import BetaPrior, learn_prior

_WEAKEST, _STRONGEST = 1.0, 1e6
"""Trials, or clicks, that the likeness of segments may be worth."""


def global_posterior(counts: Tally, prior: BetaPrior | None = None) -> Posterior:
    """All segments together. Without a prior, it is learned from the counts themselves."""
    trials, successes = counts.trials.sum(0), counts.successes.sum(0)
    return update(prior or learn_prior(trials, successes), counts.treatments, trials, successes)


def segment_posteriors(
    counts: Tally, prior: BetaPrior | None = None, strength: float | None = None
) -> dict[str, Posterior]:
    """A posterior per segment. Without a strength, it is learned from how much segments differ.

    A segment without a trial has the global posterior itself, like customers whose segment is unknown; and so has the
    only one, which has nobody to be like.
    """
    prior = prior or learn_prior(counts.trials.sum(0), counts.successes.sum(0))
    everywhere = global_posterior(counts, prior)
    # The segment's own trials are left out of its prior: they would count twice.
    elsewhere_alpha = everywhere.alpha - counts.successes
    elsewhere_size = everywhere.alpha + everywhere.beta - counts.trials
    elsewhere = elsewhere_alpha / elsewhere_size
    means = np.clip(elsewhere * _levels(counts, elsewhere, elsewhere_size)[:, None], 1e-9, 1 - 1e-9)
    likeness = strength if strength is not None else _likeness(counts, means, elsewhere_size)
    # Two doubts add up: what the rate is elsewhere, and how far this segment is from there.
    size = 1 / (1 / elsewhere_size + 1 / likeness)
    alpha = means * size + counts.successes
    beta = (1 - means) * size + counts.trials - counts.successes
    tried = counts.trials.sum(1) > 0
    own = tried & (tried.sum() > 1)
    return {
        name: Posterior(counts.treatments, alpha[row], beta[row]) if own[row] else everywhere
        for row, name in enumerate(counts.segments)
    }


def _levels(counts: Tally, elsewhere: Floats, elsewhere_size: Floats) -> Floats:
    """By which factor a segment clicks more than the others would have, given the same treatments.

    Pulled toward 1 by as many clicks as segments are alike: if levels vary by a share v of themselves (squared), the
    squared difference of clicks from those expected is chance, and v times the expected clicks squared.
    """
    clicks, expected = counts.successes.sum(1), (counts.trials * elsewhere).sum(1)
    chance = (counts.trials * elsewhere * (1 - elsewhere) * (1 + counts.trials / elsewhere_size)).sum(1)
    likeness = _worth(float(((clicks - expected) ** 2 - chance).sum()), float((expected**2).sum()))
    levels: Floats = (clicks + likeness) / (expected + likeness)
    return levels


def _likeness(counts: Tally, means: Floats, elsewhere_size: Floats) -> float:
    """How many trials elsewhere one may believe for a segment at most: few when segments differ by more than chance.

    By the method of moments, as in prior.py. A cell's squared difference from its mean, over its variance, is 1 by the
    chance of its own trials, and a little more by the chance of those elsewhere; what exceeds that grows with them.
    """
    tried = counts.trials > 0
    trials, expected = counts.trials[tried], means[tried]
    squares = (counts.successes[tried] - trials * expected) ** 2 / (trials * expected * (1 - expected))
    chance = 1 + trials / elsewhere_size[tried]
    return _worth(float((squares - chance).sum()), float((trials - 1).sum()))


def _worth(excess: float, room: float) -> float:
    """The weight of likeness, where differences exceed chance by `excess`, which grows with `room`."""
    if excess <= 0 or room <= 0:
        return _STRONGEST
    return float(np.clip(room / excess - 1, _WEAKEST, _STRONGEST))
