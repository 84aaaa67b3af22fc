"""Posteriors and their comparison, against hand calculation, closed forms, and draws."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import betaln
from scipy.stats import beta as beta_distribution

from recs_platform.campaign.bandit.posterior import Posterior, rank, update
from recs_platform.campaign.bandit.prior import BetaPrior


def posterior_of(*parameters: tuple[float, float]) -> Posterior:
    alpha, beta = np.array(parameters, float).T
    return Posterior(tuple(f"T{number}" for number in range(len(parameters))), alpha, beta)


def test_by_hand() -> None:
    """Beta(2, 18) and 30 trials with 6 successes make Beta(8, 42), which has the mean 0.16."""
    found = update(BetaPrior(0.1, 20), ("a", "untried"), np.array([30.0, 0]), np.array([6.0, 0]))
    assert found.alpha.tolist() == [8, 2]
    assert found.beta.tolist() == [42, 18]
    assert found.mean == pytest.approx([0.16, 0.1])
    low, high = found.interval()
    assert low[0] == pytest.approx(beta_distribution(8, 42).ppf(0.025))
    assert high[0] == pytest.approx(beta_distribution(8, 42).ppf(0.975))


def test_the_campaign_that_was_seen() -> None:
    """The three largest treatments; docs/bandit.md quotes the intervals."""
    views, clicks = np.array([1318.0, 2320, 1049]), np.array([136.0, 142, 79])
    found = update(BetaPrior(0.0736, 120), ("first", "second", "third"), views, clicks)
    low, high = found.interval()
    assert (100 * low).round(1).tolist() == [8.6, 5.3, 6.1]
    assert (100 * high).round(1).tolist() == [11.7, 7.2, 9.1]
    assert ((low < clicks / views) & (clicks / views < high)).all()
    ranking = rank(found)
    assert np.argsort(-ranking.best).tolist() == np.argsort(ranking.loss).tolist() == [0, 2, 1]
    assert ranking.best[0] > 0.98


def second_is_better(first: tuple[int, int], second: tuple[int, int]) -> float:
    """The finite sum that P(second > first) is for whole parameters."""
    (a, b), (c, d) = first, second
    number = np.arange(c)
    return float(np.exp(betaln(a + number, b + d) - np.log(d + number) - betaln(1 + number, d) - betaln(a, b)).sum())


@given(*[st.tuples(st.integers(1, 300), st.integers(1, 3_000))] * 2)
def test_of_two_the_closed_form(first: tuple[int, int], second: tuple[int, int]) -> None:
    ranking = rank(posterior_of(first, second))
    expected = second_is_better(first, second)
    assert ranking.best == pytest.approx([1 - expected, expected], abs=2e-5)


def test_of_two_uniform_rates_one_third_is_lost() -> None:
    """The higher of two uniform rates is 2/3 on average, and each is 1/2."""
    ranking = rank(posterior_of((1, 1), (1, 1)))
    assert ranking.best.tolist() == [0.5, 0.5]
    assert ranking.loss == pytest.approx([1 / 6, 1 / 6], abs=1e-4)


def test_agrees_with_draws() -> None:
    rng = np.random.default_rng(11)
    trials = rng.integers(5, 3_000, 12)
    clicks = rng.binomial(trials, 0.07)
    found = posterior_of(*zip(clicks + 3.0, trials - clicks + 40.0, strict=True))
    draws = rng.beta(found.alpha, found.beta, (200_000, 12))
    ranking = rank(found)
    assert ranking.best == pytest.approx(np.bincount(draws.argmax(1), minlength=12) / len(draws), abs=5e-3)
    assert ranking.loss == pytest.approx(draws.max(1).mean() - draws.mean(0), abs=4e-4)


@pytest.mark.parametrize(
    ("parameters", "best"),
    [
        (((50, 950),), [1.0]),
        (((5, 95),) * 4, [0.25] * 4),
        (((1e5, 9e5), (1.2e5, 8.8e5), (5, 95)), [0.0, 0.996, 0.004]),
    ],
    ids=["alone", "alike", "far apart, and one unknown"],
)
def test_extremes(parameters: tuple[tuple[float, float], ...], best: list[float]) -> None:
    ranking = rank(posterior_of(*parameters))
    if len(set(parameters)) == 3:
        best[2] = float(beta_distribution(5, 95).sf(0.12))
        best[1] = 1 - best[2]
    assert ranking.best == pytest.approx(best, abs=1e-4)


@given(st.lists(st.tuples(st.floats(0.5, 500), st.floats(0.5, 5_000)), min_size=1, max_size=8))
def test_chances_are_a_whole_and_losses_are_in_the_order_of_the_means(parameters: list[tuple[float, float]]) -> None:
    found = posterior_of(*parameters)
    ranking = rank(found)
    assert ranking.best.sum() == pytest.approx(1, abs=1e-12)
    assert (ranking.best >= 0).all()
    assert (ranking.loss >= 0).all()
    assert ranking.loss + found.mean == pytest.approx(
        np.full(len(parameters), (ranking.loss + found.mean)[0]), abs=1e-4
    )
