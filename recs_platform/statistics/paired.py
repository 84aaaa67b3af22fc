"""The same customers before and after: did more of them open the new version than the old one?

Only customers who changed their behavior say anything about that, and the test is exact. Season and audience are
not the same before and after; pairing removes the audience, not the season.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import scipy

from recs_platform.statistics.intervals import LEVEL, Interval, normal_quantile


@dataclass(frozen=True)
class Paired:
    """Shares before and after, what lies between them, and how likely that is if nothing had changed."""

    customers: int
    before: float | None
    after: float | None
    difference: Interval
    """After minus before."""
    lift: Interval
    """After over before, minus one: 0.58 is "58% more often"."""
    p_value: float | None


def paired(both: int, before_only: int, after_only: int, neither: int, level: float = LEVEL) -> Paired:
    """Customers who did it in both periods, in one of them only, and in neither.

    The p-value is McNemar's exact one: the binomial tail of the changes, doubled and at most 1. (It is the same by the
    "small p" rule, as the binomial with one half is symmetric.) Without a customer, nothing is known; without a
    customer who changed, it is 1.
    """
    if min(both, before_only, after_only, neither) < 0:
        raise ValueError(f"counts cannot be negative: {both}, {before_only}, {after_only}, {neither}")
    customers, changed = both + before_only + after_only + neither, before_only + after_only
    if not customers:
        return Paired(0, None, None, Interval(None, -1.0, 1.0), Interval(None, -1.0, None), None)
    return Paired(
        customers,
        (both + before_only) / customers,
        (both + after_only) / customers,
        _difference(customers, before_only, after_only, level),
        _lift(both, before_only, after_only, level),
        min(1.0, 2 * float(scipy.special.bdtr(min(before_only, after_only), changed, 0.5))),
    )


def _difference(customers: int, before_only: int, after_only: int, level: float) -> Interval:
    """Bonett and Price (2012): the Wald interval after adding one customer to each kind of change."""
    estimate = (after_only - before_only) / customers
    more, less = (after_only + 1) / (customers + 2), (before_only + 1) / (customers + 2)
    error = math.sqrt((more + less - (more - less) ** 2) / (customers + 2))
    half = normal_quantile(level) * error
    return Interval(estimate, max(more - less - half, -1.0), min(more - less + half, 1.0))


def _lift(both: int, before_only: int, after_only: int, level: float) -> Interval:
    """Bonett and Price (2006): Wilson limits of the two shares, narrowed for what they have in common."""
    before, after, doers = both + before_only, both + after_only, both + before_only + after_only
    if not doers:
        return Interval(None, -1.0, None)
    together = math.sqrt((before_only + after_only + 2) / ((before + 1) * (after + 1)))
    apart = sum(math.sqrt((1 - (count + 1) / (doers + 2)) / (count + 1)) for count in (before, after))
    z = normal_quantile(level) * together / apart
    before_low, before_high = _wilson_of_reach(before, doers, z)
    after_low, after_high = _wilson_of_reach(after, doers, z)
    return Interval(
        after / before - 1 if before else None,
        after_low / before_high - 1,
        after_high / before_low - 1 if before else None,
    )


def _wilson_of_reach(count: int, doers: int, z: float) -> tuple[float, float]:
    half = z * math.sqrt(z**2 + 4 * count * (1 - count / doers))
    centre, scale = 2 * count + z**2, 2 * (doers + z**2)
    return 0.0 if count == 0 else (centre - half) / scale, 1.0 if count == doers else (centre + half) / scale
