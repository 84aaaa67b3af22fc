"""Anytime-valid intervals: they may be looked at every day, and stopped on, without cheating oneself.

A 95% interval is wrong 1 time in 20 *per look*; this one is wrong at *any* look, ever, at most 1 time in 20. It is the
normal-mixture boundary of Robbins (1970), which Johari et al. (2017) use as mixture SPRT and which Waudby-Smith et al.
(2021) show to hold asymptotically for an average with a standard error from the data:

    half width = se * sqrt((1 + 1/k) * (ln(1 + k) - 2 ln alpha)),   k = tau^2 / se^2

tau^2 is the mixture's variance. It is set so that the interval is tightest at one chosen standard error.
"""

from __future__ import annotations

import math

import scipy

from recs_platform.statistics.intervals import LEVEL, Interval


def anytime(
    estimate: float | None, standard_error: float | None, *, tuned_for: float, level: float = LEVEL
) -> Interval:
    """The interval of this look. `tuned_for` is the standard error expected at the end.

    It must be fixed before the data are seen and stay the same at every look. A poor choice costs width, not validity.
    """
    if estimate is None or not standard_error:
        return Interval(estimate, None, None)
    half = standard_error * reach(standard_error, tuned_for=tuned_for, level=level)
    return Interval(estimate, estimate - half, estimate + half)


def reach(standard_error: float, *, tuned_for: float, level: float = LEVEL) -> float:
    """How many standard errors the interval goes to each side: what 1.96 is to one single look."""
    k = _information(standard_error, tuned_for, level)
    return math.sqrt((1 + 1 / k) * (math.log1p(k) - 2 * math.log(1 - level)))


def shortest_reach(level: float = LEVEL) -> float:
    """The reach at the standard error which the interval is tuned for: 3.03 for 95%."""
    return math.sqrt(1 + _tightest(level))


def _information(standard_error: float, tuned_for: float, level: float) -> float:
    """k: the mixture's variance over the estimate's."""
    if tuned_for <= 0 or standard_error < 0:
        raise ValueError(f"standard errors must be above zero: {standard_error}, tuned for {tuned_for}")
    return _tightest(level) * (tuned_for / standard_error) ** 2


def _tightest(level: float) -> float:
    """The k of the least reach: (1 + k) - ln(1 + k) = 1 - 2 ln alpha, which Lambert's W solves."""
    return -float(scipy.special.lambertw(-((1 - level) ** 2) / math.e, k=-1).real) - 1
