"""How much of the traffic each treatment is given next: its chance of being best, within rules.

That is Thompson sampling: drawing a rate for every treatment from its posterior and sending the one that drew the
highest gives each treatment exactly its probability of being best.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from recs_platform.campaign.bandit.counts import Bools, Floats, Ints
from recs_platform.errors import ConfigError

MILLION = 1_000_000


@dataclass(frozen=True)
class Rules:
    """What an allocation keeps to."""

    floor: float = 0.01
    """Least share of every treatment that is not retired, so that it can still surprise."""
    min_trials: float = 200
    """Trials (views or sends, as rewarded) before a treatment may be retired. Faded trials count as faded: evidence
    grown old lets a treatment come back."""
    retire_below: float = 0.005
    """A treatment with enough trials is retired when its chance of being best falls below this."""


@dataclass(frozen=True)
class Allocation:
    """In the order of the treatments it was asked for."""

    millionths: Ints
    """Whole millionths of the traffic; they add up to exactly one million."""
    retired: Bools

    @property
    def shares(self) -> Floats:
        shares: Floats = self.millionths / MILLION
        return shares


def allocate(best: Floats, trials: Floats, rules: Rules) -> Allocation:
    """Shares by the chances of being best, with a floor, and nothing for those who have had their chance."""
    if not len(best):
        raise ValueError("There is no treatment to give traffic to.")
    gone = retired(best, trials, rules)
    floor = round(rules.floor * MILLION)
    active = int((~gone).sum())
    if floor * active > MILLION:
        most = math.floor(MILLION / active) / MILLION
        raise ConfigError(
            f"An exploration floor of {rules.floor:.2%} for each of {active} treatments is "
            f"{rules.floor * active:.0%} of the traffic. Lower bandit_exploration_floor to at most {most:.4%}, "
            "or send fewer treatments."
        )
    return Allocation(_whole_millionths(floored(best, gone, floor / MILLION), floor, gone), gone)


def retired(best: Floats, trials: Floats, rules: Rules) -> Bools:
    """Who has been tried enough and is hardly ever best. The one that is best most often is never retired.

    Along the last axis.
    """
    gone: Bools = (trials >= rules.min_trials) & (best < rules.retire_below)
    likeliest = best.argmax(-1, keepdims=True)
    np.put_along_axis(gone, likeliest, False, -1)
    return gone


def floored(best: Floats, gone: Bools, floor: float) -> Floats:
    """Nothing for the retired, the floor for those below it, and the rest in proportion. Along the last axis.

    The floor takes no more than it needs: giving it to everybody first would explore twice.
    """
    chances = np.where(gone, 0.0, best)
    low = np.zeros_like(gone)
    shares = chances
    for _ in range(best.shape[-1]):
        left = 1 - floor * low.sum(-1, keepdims=True)
        high = np.where(low, 0.0, chances)
        scale = left / np.maximum(high.sum(-1, keepdims=True), 1e-300)
        shares = np.where(low, floor, high * scale)
        newly = ~gone & ~low & (shares < floor)
        if not newly.any():
            break
        low |= newly
    return np.where(gone, 0.0, shares)


def _whole_millionths(shares: Floats, floor: int, gone: Bools) -> Ints:
    """Rounded so that they add up: down, and the millionths left over to the largest remainders, the first of equals.

    Nobody falls below the floor by rounding. Should lifting somebody to it take a millionth too many, the largest
    share gives it.
    """
    exact = shares * MILLION
    whole = np.maximum(np.floor(exact + 1e-6).astype(np.int64), np.where(gone, 0, floor))
    left = MILLION - int(whole.sum())
    order = np.argsort(np.where(gone, np.inf, whole - exact), kind="stable")
    if left > 0:
        whole[order[:left]] += 1
    elif left < 0:
        whole[int(whole.argmax())] += left
    return whole
