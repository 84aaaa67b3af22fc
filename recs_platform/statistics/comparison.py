"""Two independent estimates side by side: their difference, its p-value, and the lift in per cent.

The test is Welch's, whatever the estimates are made of. The lift has Fieller's interval, so it excludes zero exactly
when the difference does. Not here: where an estimate and its variance come from (`ratio.py`, `cuped.py`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import scipy

from recs_platform.statistics.intervals import LEVEL, UNKNOWN, Interval


@dataclass(frozen=True)
class Estimate:
    """A value, the variance of that estimate, and the degrees of freedom which the variance has.

    The variance is None when the data say nothing about it: fewer than two units, or units that are all alike.
    """

    value: float | None
    variance: float | None
    freedom: int

    @property
    def standard_error(self) -> float | None:
        return None if self.variance is None else math.sqrt(self.variance)


@dataclass(frozen=True)
class Difference:
    """The difference (first minus second) with its interval, and as a share of the second.

    What cannot be known is None. The relative figures need a second value above zero, and its interval off zero.
    """

    estimate: float | None
    low: float | None
    high: float | None
    p_value: float | None
    standard_error: float | None
    relative: float | None
    relative_low: float | None
    relative_high: float | None

    @property
    def interval(self) -> Interval:
        return Interval(self.estimate, self.low, self.high)

    @property
    def lift(self) -> Interval:
        return Interval(self.relative, self.relative_low, self.relative_high)


def compare(first: Estimate, second: Estimate, level: float = LEVEL, covariance: float = 0.0) -> Difference:
    """First minus second; `covariance` is what the two estimates share, none for separate customers."""
    if first.value is None or second.value is None:
        return Difference(None, None, None, None, None, None, None, None)
    difference = first.value - second.value
    relative = difference / second.value if second.value > 0 else None
    if first.variance is None or second.variance is None:
        return Difference(difference, None, None, None, None, relative, None, None)
    own, other = first.variance - covariance, second.variance - covariance
    error, freedom = math.sqrt(own + other), _welch_freedom(own, first.freedom, other, second.freedom)
    reach = t_quantile(level, freedom)
    ratio = UNKNOWN
    if relative is not None:
        ratio = _fieller(first.value, second.value, (first.variance, second.variance, covariance), reach)
    return Difference(
        estimate=difference,
        low=difference - reach * error,
        high=difference + reach * error,
        p_value=2 * float(scipy.special.stdtr(freedom, -abs(difference) / error)),
        standard_error=error,
        relative=relative,
        relative_low=None if ratio.low is None else ratio.low - 1,
        relative_high=None if ratio.high is None else ratio.high - 1,
    )


def around(estimate: Estimate, level: float = LEVEL) -> Interval:
    """The estimate's own t interval."""
    if estimate.value is None or estimate.standard_error is None:
        return Interval(estimate.value, None, None)
    half = t_quantile(level, estimate.freedom) * estimate.standard_error
    return Interval(estimate.value, estimate.value - half, estimate.value + half)


def t_quantile(level: float, freedom: float) -> float:
    """Student's counterpart of the normal 1.96: wider, the less is known about the variance."""
    return float(scipy.special.stdtrit(freedom, (1 + level) / 2))


def _welch_freedom(own: float, own_freedom: int, other: float, other_freedom: int) -> float:
    # As shares, because squares of tiny variances would underflow.
    share = own / (own + other)
    return 1 / (share**2 / own_freedom + (1 - share) ** 2 / other_freedom)


def _fieller(first: float, second: float, moments: tuple[float, float, float], reach: float) -> Interval:
    """All ratios R for which (first - R second) is within `reach` standard errors of zero.

    `moments` are the variances and the covariance. When the second value is itself not told from zero, that set has
    no ends, or none that an analyst could use.
    """
    first_variance, second_variance, covariance = (reach**2 * moment for moment in moments)
    under = second**2 - second_variance
    if under <= 0:
        return UNKNOWN
    middle, over = first * second - covariance, first**2 - first_variance
    root = math.sqrt(max(middle**2 - under * over, 0.0))
    return Interval(first / second, (middle - root) / under, (middle + root) / under)
