"""A row of the offline evaluation, and the average over customers with its interval. Not here: which rows there are."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np

from recs_platform.models.features import Floats
from recs_platform.statistics.comparison import around
from recs_platform.statistics.intervals import Interval
from recs_platform.statistics.ratio import Sums, mean

Row: TypeAlias = dict[str, Any]


def figure(
    section: str,
    name: str,
    k: int = 0,
    *,
    value: float | None = None,
    interval: Interval | None = None,
    baseline: float | None = None,
    sample_size: int | None = None,
) -> Row:
    """`interval` brings the value with it."""
    estimate = interval or Interval(value, None, None)
    ends = {"value": estimate.estimate, "low": estimate.low, "high": estimate.high}
    return {"section": section, "name": name, "k": k, **ends, "baseline": baseline, "sample_size": sample_size}


def average(figures: Floats) -> Interval:
    """The mean over the customers for whom the figure has a value, with its t interval over customers.

    >>> average(np.array([0.0, 1.0, np.nan, 0.5])).estimate
    0.5
    """
    values = figures[~np.isnan(figures)]
    return around(mean(Sums.of(n=np.ones(len(values)), y=values)))
