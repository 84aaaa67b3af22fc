"""CUPED: takes out of a comparison what customers' behavior before the send already explains.

Deng, Xu, Kohavi and Walker (2013). Ratio metrics are linearized (each customer's y - ratio n, over the average n),
then corrected by theta times the customer's own x. x must be from before the send, and x of 0 is a value like any
other for a customer without a past.
"""

from __future__ import annotations

from dataclasses import dataclass

from recs_platform.statistics.comparison import Difference, Estimate, compare
from recs_platform.statistics.intervals import LEVEL
from recs_platform.statistics.ratio import ROUNDING, Sums, difference, mean


@dataclass(frozen=True)
class Adjusted:
    """The adjusted comparison, and the share of the difference's variance which the adjustment removed."""

    comparison: Difference
    theta: float
    variance_reduction: float


@dataclass(frozen=True)
class _Arm:
    """An arm's estimate, the average of x, its variance, and its covariance with the estimate."""

    estimate: Estimate
    value: float
    variance: float
    x: float
    x_variance: float
    covariance: float
    units: int


def adjust(first: Sums, second: Sums, level: float = LEVEL) -> Adjusted:
    """First minus second, as `ratio.difference`, with what x explains taken out.

    One theta serves both arms: the one that makes the difference's variance least. Under randomisation it estimates
    the usual pooled slope; it never widens the interval, however unequal the arms are.
    """
    plain = difference(first, second, level)
    one, other = _arm(first), _arm(second)
    if one is None or other is None or one.x_variance + other.x_variance <= 0:
        return Adjusted(plain, 0.0, 0.0)
    theta = (one.covariance + other.covariance) / (one.x_variance + other.x_variance)
    left, left_other = _variance_left(one, theta), _variance_left(other, theta)
    before, after = one.variance + other.variance, left + left_other
    if min(left, left_other) <= ROUNDING * before:
        # x repeats the result exactly: nothing random is left to build an interval on.
        return Adjusted(plain, 0.0, 0.0)
    everyone = one.units + other.units
    x_of_all = (one.units * one.x + other.units * other.x) / everyone
    # Both arms are moved to the x of all customers, so they share its uncertainty; the difference is free of it.
    shared = theta**2 * (one.units**2 * one.x_variance + other.units**2 * other.x_variance) / everyone**2
    moved = [
        Estimate(arm.value - theta * (arm.x - x_of_all), variance + shared, arm.estimate.freedom)
        for arm, variance in ((one, left), (other, left_other))
    ]
    return Adjusted(compare(moved[0], moved[1], level, covariance=shared), theta, 1 - after / before)


def _variance_left(arm: _Arm, theta: float) -> float:
    return arm.variance - 2 * theta * arm.covariance + theta**2 * arm.x_variance


def _arm(sums: Sums) -> _Arm | None:
    estimate = mean(sums)
    if estimate.value is None or estimate.variance is None:
        return None
    x = sums.x / sums.units
    x_squares = sums.xx - sums.units * x**2
    # Residuals y - ratio n add up to zero, so centring x changes nothing in the covariance.
    products = sums.yx - estimate.value * sums.nx
    correction = 1 / (sums.units * (sums.units - 1))
    return _Arm(
        estimate,
        estimate.value,
        estimate.variance,
        x,
        x_squares * correction if x_squares > ROUNDING * sums.xx else 0.0,
        products * correction * sums.units / sums.n,
        sums.units,
    )
