"""What learning costs: simulated regret of the bandit beside an even split and epsilon-greedy.

Regret is the clicks that were missed by not always sending the best treatment. Every policy sees the same problem in
the same batches and learns after each of them, as campaigns do; none knows the planted rates. The bandit is the
product's own: its prior, its chances of being best, its floor and its rule for retiring, for many replications at once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from scipy.special import betaincinv

from recs_platform.campaign.bandit.allocation import Rules, floored, retired
from recs_platform.campaign.bandit.counts import Floats
from recs_platform.campaign.bandit.posterior import chances_of_being_best
from recs_platform.campaign.bandit.prior import means_and_strengths

Policy: TypeAlias = Callable[[Floats, Floats], Floats]
"""Trials and successes so far (replications x treatments) to the shares of the next batch."""

EPSILON = 0.1
VIEWS_A_DAY = 1_000
_GRID_POINTS = 320


@dataclass(frozen=True)
class Problem:
    """What is planted: a rate per treatment and day, and the views of a day, which are one batch."""

    rates: Floats
    """Days x treatments."""
    views: int


@dataclass(frozen=True)
class Curve:
    """Cumulative regret after each day, in clicks: the mean of the replications, and its 95% interval."""

    mean: Floats
    low: Floats
    high: Floats


def planted(days: int = 90) -> Problem:
    """24 treatments at the rates of a real campaign (7.36% altogether, from 3% to 13%) and its 1,000 views a day."""
    rates = betaincinv(0.0736 * 120, (1 - 0.0736) * 120, (np.arange(24) + 0.5) / 24)
    return Problem(np.tile(np.asarray(rates, np.float64), (days, 1)), VIEWS_A_DAY)


def drifting(days: int = 180, season: int = 45) -> Problem:
    """The same rates, and after every season each treatment has the rate of another one."""
    steady = planted(1).rates[0]
    return Problem(np.stack([np.roll(steady, 11 * (day // season)) for day in range(days)]), VIEWS_A_DAY)


def uniform(trials: Floats, successes: Floats) -> Floats:
    """Everybody the same."""
    return np.full(trials.shape, 1 / trials.shape[-1])


def epsilon_greedy(trials: Floats, successes: Floats) -> Floats:
    """Nine tenths to the highest rate so far (the untried first, once each), one tenth to all alike."""
    rate = np.where(trials > 0, successes / np.maximum(trials, 1), 1.0)
    shares = np.full(trials.shape, EPSILON / trials.shape[-1])
    leads = rate == rate.max(-1, keepdims=True)
    shares += (1 - EPSILON) * leads / leads.sum(-1, keepdims=True)
    return shares


def thompson(rules: Rules) -> Policy:
    """The product's bandit."""

    def shares(trials: Floats, successes: Floats) -> Floats:
        mean, strength = (of[..., None] for of in means_and_strengths(trials, successes))
        best = _chances(mean * strength + successes, (1 - mean) * strength + trials - successes)
        return floored(best, retired(best, trials, rules), rules.floor)

    return shares


def simulate(
    problem: Problem, policy: Policy, replications: int, seed: int, half_life_days: float | None = None
) -> Floats:
    """Cumulative regret, replications x days. With a half life, in days, the policy forgets."""
    rng = np.random.default_rng(seed)
    trials = np.zeros((replications, problem.rates.shape[1]))
    successes, regret = np.zeros_like(trials), []
    fade = 1.0 if half_life_days is None else 0.5 ** (1 / half_life_days)
    for rates in problem.rates:
        chosen = policy(trials, successes)
        sent = rng.multinomial(problem.views, chosen / chosen.sum(-1, keepdims=True))
        trials = trials * fade + sent
        successes = successes * fade + rng.binomial(sent, rates)
        regret.append((sent * (rates.max() - rates)).sum(-1))
    return np.cumsum(np.stack(regret, axis=1), axis=1)


def curves(problem: Problem, replications: int, seed: int) -> Mapping[str, Curve]:
    """All three policies on a problem."""
    policies = {"even split": uniform, "epsilon-greedy": epsilon_greedy, "bandit": thompson(Rules())}
    return {name: curve(simulate(problem, policy, replications, seed)) for name, policy in policies.items()}


def curve(regret: Floats) -> Curve:
    mean = regret.mean(0)
    half = 1.96 * regret.std(0, ddof=1) / np.sqrt(len(regret))
    return Curve(mean, mean - half, mean + half)


def _chances(alpha: Floats, beta: Floats) -> Floats:
    """As `posterior.rank`, from summed densities on one grid: coarser, and fast enough for thousands of allocations.

    The grid is even in the angle whose squared sine is the rate, where all Betas are about equally smooth.
    """
    mean = alpha / (alpha + beta)
    angle, reach = np.arcsin(np.sqrt(mean)), 3.0 / np.sqrt(alpha + beta)
    ends = max(float((angle - reach).min()), 1e-4), min(float((angle + reach).max()), np.pi / 2 - 1e-4)
    grid = np.linspace(*ends, _GRID_POINTS)
    sine, cosine = np.log(np.sin(grid)), np.log(np.cos(grid))
    logs = (2 * alpha - 1)[..., None] * sine + (2 * beta - 1)[..., None] * cosine
    density = np.exp(logs - logs.max(-1, keepdims=True))
    below = np.cumsum(density, -1) - density / 2
    return chances_of_being_best(below / (below[..., -1:] + density[..., -1:] / 2))
