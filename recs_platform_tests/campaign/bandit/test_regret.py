"""The simulation: its own parts against the product's, and bookkeeping by hand."""

from __future__ import annotations

import numpy as np
import pytest

from recs_platform.campaign.bandit.allocation import Rules, allocate
from recs_platform.campaign.bandit.counts import Floats
from recs_platform.campaign.bandit.posterior import rank, update
from recs_platform.campaign.bandit.prior import learn_prior
from recs_platform_tests.campaign.bandit.research.regret import (
    Problem,
    drifting,
    epsilon_greedy,
    planted,
    simulate,
    thompson,
    uniform,
)


@pytest.mark.parametrize("views", [0, 30, 400, 4_000])
def test_the_simulated_bandit_gives_what_the_product_gives(views: int) -> None:
    rng = np.random.default_rng(views)
    trials = rng.multinomial(24 * views, np.full(24, 1 / 24), 4).astype(float)
    successes = rng.binomial(trials.astype(int), planted(1).rates[0]).astype(float)
    simulated = thompson(Rules())(trials, successes)
    for row in range(4):
        prior = learn_prior(trials[row], successes[row])
        ranking = rank(update(prior, tuple("abcdefghijklmnopqrstuvwx"), trials[row], successes[row]))
        assert simulated[row] == pytest.approx(allocate(ranking.best, trials[row], Rules()).shares, abs=3e-3)


def test_an_even_split_misses_the_mean_gap_every_day() -> None:
    """Rates 10% and 20%: half of 1,000 views a day miss 10% each, 50 clicks a day."""
    problem = Problem(np.tile([0.1, 0.2], (10, 1)), 1_000)
    regret = simulate(problem, uniform, 200, seed=1)
    assert regret.shape == (200, 10)
    assert regret[:, -1].mean() == pytest.approx(500, rel=0.02)


def test_regret_is_of_that_days_best() -> None:
    """Always the first: nothing is missed while it is best, and 10% of 100 views on each of the other two days."""

    def first(trials: Floats, successes: Floats) -> Floats:
        return np.tile([1.0, 0.0], (len(trials), 1))

    problem = Problem(np.array([[0.2, 0.1], [0.1, 0.2], [0.1, 0.2]]), 100)
    assert simulate(problem, first, 2, seed=1).round(9).tolist() == [[0, 10, 20]] * 2


def test_epsilon_greedy_tries_all_and_then_follows_the_leader() -> None:
    assert epsilon_greedy(np.array([[0.0, 0, 9, 9]]), np.array([[0.0, 0, 1, 2]])).tolist() == [
        pytest.approx([0.475, 0.475, 0.025, 0.025])
    ]
    assert epsilon_greedy(np.array([[10.0, 10]]), np.array([[1.0, 2]])).tolist() == [pytest.approx([0.05, 0.95])]


def test_the_planted_problem_is_the_campaign_that_was_seen() -> None:
    rates = planted().rates
    assert rates.shape == (90, 24)
    assert rates[0].mean() == pytest.approx(0.0736, abs=5e-4)
    assert sorted(drifting().rates[-1]) == pytest.approx(sorted(rates[0]))
    assert drifting().rates[0].argmax() != drifting().rates[45].argmax()


def test_the_same_seed_gives_the_same_curve() -> None:
    runs = [simulate(planted(5), thompson(Rules()), 3, seed).tolist() for seed in (1, 1, 2)]
    assert runs[0] == runs[1] != runs[2]
