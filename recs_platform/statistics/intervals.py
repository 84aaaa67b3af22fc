"""Intervals for shares of independent trials: one share, the difference of two, and the lift of one over another.

All three stand on Wilson's score interval, so they agree: the lift excludes zero exactly when the difference does.
Counts of nothing and of everything need no special treatment.

Not here: several trials of the same customer (`ratio.py`), and the same customers before and after (`paired.py`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from scipy.special import ndtri

LEVEL = 0.95


@dataclass(frozen=True)
class Interval:
    """An estimate and its interval. An end that is None is open: nothing is known in that direction."""

    estimate: float | None
    low: float | None
    high: float | None

    def contains(self, value: float) -> bool:
        return (self.low is None or self.low <= value) and (self.high is None or value <= self.high)

    @property
    def width(self) -> float | None:
        return None if self.low is None or self.high is None else self.high - self.low


UNKNOWN = Interval(None, None, None)


def normal_quantile(level: float) -> float:
    """How many standard errors an interval of this level goes to each side: 1.96 for 95%."""
    return float(ndtri((1 + level) / 2))


def proportion(successes: int, trials: int, level: float = LEVEL) -> Interval:
    """Wilson's score interval (Wilson 1927). Without a trial, the whole range from 0 to 1."""
    share, low, high = _wilson(successes, trials, level)
    return Interval(share if trials else None, low, high)


def proportion_difference(
    successes: int, trials: int, base_successes: int, base_trials: int, level: float = LEVEL
) -> Interval:
    """The share minus the base share: Newcombe's hybrid score interval (Newcombe 1998, method 10).

    When one of them has no trial, the whole range from -1 to 1.
    """
    share, low, high = _wilson(successes, trials, level)
    base, base_low, base_high = _wilson(base_successes, base_trials, level)
    if not trials or not base_trials:
        return Interval(None, -1.0, 1.0)
    down, up = math.hypot(share - low, base_high - base), math.hypot(high - share, base - base_low)
    return Interval(share - base, share - base - down, share - base + up)


def relative_lift(successes: int, trials: int, base_successes: int, base_trials: int, level: float = LEVEL) -> Interval:
    """The share over the base share, minus one: the MOVER-R interval from Wilson's limits (Donner & Zou 2012).

    Katz's log interval, which is better known, has no value without a success and can contradict the interval of the
    difference. Here a base without successes leaves the upper end open, and the estimate unknown.
    """
    share, low, high = _wilson(successes, trials, level)
    base, base_low, base_high = _wilson(base_successes, base_trials, level)
    if not trials or not base_trials:
        return Interval(None, -1.0, None)
    highest = _highest_ratio(share, high, base, base_low)
    return Interval(
        share / base - 1 if base_successes else None,
        _lowest_ratio(share, low, base, base_high) - 1,
        None if highest is None else highest - 1,
    )


def _wilson(successes: int, trials: int, level: float) -> tuple[float, float, float]:
    """Share, low and high. Nothing and everything keep their exact ends, whatever the rounding."""
    if not 0 <= successes <= trials:
        raise ValueError(f"{successes} successes of {trials} trials: a share needs 0 <= successes <= trials")
    if trials == 0:
        return 0.0, 0.0, 1.0
    share, z2 = successes / trials, normal_quantile(level) ** 2
    centre = (successes + z2 / 2) / (trials + z2)
    half = math.sqrt(z2) * math.sqrt(trials * share * (1 - share) + z2 / 4) / (trials + z2)
    return share, 0.0 if successes == 0 else centre - half, 1.0 if successes == trials else centre + half


def _lowest_ratio(share: float, low: float, base: float, base_high: float) -> float:
    """The least R for which Newcombe's interval of (share - R base) holds zero: the root of a quadratic."""
    over, under = low * (2 * share - low), base_high * (2 * base - base_high)
    divisor = share * base + math.sqrt(max((share * base) ** 2 - over * under, 0.0))
    # Written so that it holds for `under` of any sign, zero included.
    return over / divisor if divisor > 0 else 0.0


def _highest_ratio(share: float, high: float, base: float, base_low: float) -> float | None:
    """The greatest such R; None when the base may be zero."""
    over, under = high * (2 * share - high), base_low * (2 * base - base_low)
    if under <= 0:
        return None
    return (share * base + math.sqrt(max((share * base) ** 2 - over * under, 0.0))) / under
