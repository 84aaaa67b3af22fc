"""Ratio metrics per customer: clicks per send, orders per send, revenue per send, average order value.

A customer gets several sends and behaves alike in all of them, so customers are the independent units and sends are
not. Everything is computed from sums over customers, which SQL makes and which add up over days of *different*
customers (a customer who comes back is one unit: sum the days per customer first).

Not here: shares that count each customer once (`intervals.py` is better at small counts).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import numpy.typing as npt

from recs_platform.statistics.comparison import Difference, Estimate, around, compare
from recs_platform.statistics.intervals import LEVEL, Interval

# Sums of squares lose digits when they are centered; what is below this share of them is rounding, not variance.
ROUNDING = 1e-12


@dataclass(frozen=True)
class Sums:
    """Sums over customers of n (denominator, such as sends), y (numerator, such as clicks) and x (from before)."""

    units: int = 0
    n: float = 0.0
    y: float = 0.0
    x: float = 0.0
    nn: float = 0.0
    yy: float = 0.0
    xx: float = 0.0
    ny: float = 0.0
    nx: float = 0.0
    yx: float = 0.0

    @classmethod
    def of(cls, n: npt.ArrayLike, y: npt.ArrayLike, x: npt.ArrayLike | None = None) -> Sums:
        """The sums of customers held one by one."""
        sends, results = np.asarray(n, dtype=np.float64), np.asarray(y, dtype=np.float64)
        before = np.zeros_like(sends) if x is None else np.asarray(x, dtype=np.float64)
        pairs: tuple[tuple[Any, Any], ...] = (
            (sends, sends),
            (results, results),
            (before, before),
            (sends, results),
            (sends, before),
            (results, before),
        )
        totals = (float(values.sum()) for values in (sends, results, before))
        return cls(len(sends), *totals, *(float((one * other).sum()) for one, other in pairs))

    @classmethod
    def of_values(cls, count: int, total: float, total_of_squares: float) -> Sums:
        """A plain average of independent values, such as order values of customers with one order each."""
        return cls(units=count, n=count, y=total, nn=count, yy=total_of_squares, ny=total)

    def __add__(self, other: Sums) -> Sums:
        return Sums(*(getattr(self, field.name) + getattr(other, field.name) for field in fields(self)))


def mean(sums: Sums) -> Estimate:
    """Sum of y over sum of n, with the delta method's variance over customers. Unknown without a denominator."""
    if sums.n <= 0:
        return Estimate(None, None, 0)
    ratio, freedom = sums.y / sums.n, sums.units - 1
    spread = residual_squares(sums, ratio)
    if freedom < 1 or spread <= 0:
        return Estimate(ratio, None, max(freedom, 0))
    return Estimate(ratio, spread / sums.n**2 * sums.units / freedom, freedom)


def ratio_interval(sums: Sums, level: float = LEVEL) -> Interval:
    return around(mean(sums), level)


def difference(first: Sums, second: Sums, level: float = LEVEL) -> Difference:
    """First minus second, of two separate sets of customers. With a denominator of one each, this is Welch's test."""
    return compare(mean(first), mean(second), level)


def deviation(sums: Sums) -> float | None:
    """The standard deviation that one customer contributes: what `power.py` asks for."""
    variance = mean(sums).variance
    return None if variance is None else math.sqrt(variance * sums.units)


def residual_squares(sums: Sums, ratio: float) -> float:
    """The sum over customers of (y - ratio n)^2, or zero when that is nothing but rounding."""
    squares = sums.yy - 2 * ratio * sums.ny + ratio**2 * sums.nn
    return squares if squares > ROUNDING * sums.yy else 0.0
