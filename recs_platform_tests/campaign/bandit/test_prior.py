"""The empirical-Bayes prior: what history says of an untried treatment, and what it cannot say."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recs_platform.campaign.bandit.prior import (
    LEAST_SPREAD,
    LEAST_STRENGTH,
    UNKNOWN_SPREAD,
    BetaPrior,
    learn_prior,
    means_and_strengths,
    strength_of,
)


def prior_of(trials: list[float], successes: list[float]) -> BetaPrior:
    return learn_prior(np.array(trials, float), np.array(successes, float))


def test_by_hand() -> None:
    """100 trials each at 10% and 30%: squares 2 x 100 x 0.01 = 2, over 0.2 x 0.8 = 12.5, less 1 for chance = 11.5.

    Room: 200 - 20,000 / 200 - 1 = 99. So strength + 1 = 99 / 11.5, and the mean is 40.5 of 201.
    """
    prior = prior_of([100, 100], [10, 30])
    assert prior.mean == pytest.approx(40.5 / 201)
    assert prior.strength == pytest.approx(99 / 11.5 - 1)
    assert (prior.alpha, prior.beta) == pytest.approx((prior.mean * prior.strength, (1 - prior.mean) * prior.strength))


@pytest.mark.parametrize("strength", [20, 100, 400])
def test_finds_what_is_planted(strength: float) -> None:
    rng = np.random.default_rng(7)
    rates = rng.beta(0.074 * strength, 0.926 * strength, (300, 24))
    trials = rng.integers(50, 3_000, (300, 24))
    mean, found = means_and_strengths(trials.astype(float), rng.binomial(trials, rates).astype(float))
    assert np.median(mean) == pytest.approx(0.074, rel=0.05)
    assert np.median(found) == pytest.approx(strength, rel=0.25)


def test_treatments_that_differ_by_chance_alone_still_differ_a_little() -> None:
    prior = prior_of([1_000, 1_000, 1_000], [70, 70, 70])
    spread = np.sqrt(prior.mean * (1 - prior.mean) / (prior.strength + 1)) / prior.mean
    assert spread == pytest.approx(LEAST_SPREAD)


@pytest.mark.parametrize(
    ("trials", "successes"), [([500], [50]), ([500, 0, 0], [50, 0, 0])], ids=["one treatment", "one that was tried"]
)
def test_one_treatment_says_nothing_of_the_spread(trials: list[float], successes: list[float]) -> None:
    prior = prior_of(trials, successes)
    assert prior.mean == pytest.approx(50.5 / 501)
    assert prior.strength == pytest.approx(float(strength_of(np.array(50.5 / 501), UNKNOWN_SPREAD)))


def test_without_any_history_the_prior_is_wide() -> None:
    prior = prior_of([0, 0], [0, 0])
    assert prior.mean == 0.5
    assert LEAST_STRENGTH <= prior.strength <= 5


def test_without_a_click_the_rate_is_small_and_not_zero() -> None:
    prior = prior_of([400, 599], [0, 0])
    assert prior.mean == pytest.approx(0.5 / 1_000)
    assert prior.alpha > 0


@given(st.lists(st.tuples(st.integers(0, 10**6), st.floats(0, 1)), min_size=1, max_size=12))
def test_always_a_distribution_and_the_same_in_any_order(history: list[tuple[int, float]]) -> None:
    trials = np.array([tried for tried, _ in history], float)
    successes = np.floor(trials * np.array([rate for _, rate in history]))
    prior = learn_prior(trials, successes)
    assert 0 < prior.mean < 1
    assert prior.strength >= LEAST_STRENGTH
    backwards = learn_prior(trials[::-1], successes[::-1])
    assert (backwards.mean, backwards.strength) == pytest.approx((prior.mean, prior.strength), rel=1e-6)


def test_many_histories_at_once_are_each_alone() -> None:
    rng = np.random.default_rng(3)
    trials = rng.integers(0, 500, (20, 5)).astype(float)
    successes = rng.binomial(trials.astype(int), 0.1).astype(float)
    mean, strength = means_and_strengths(trials, successes)
    alone = [learn_prior(*of) for of in zip(trials, successes, strict=True)]
    assert mean.tolist() == [prior.mean for prior in alone]
    assert strength.tolist() == [prior.strength for prior in alone]
