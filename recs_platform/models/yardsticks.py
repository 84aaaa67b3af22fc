"""What a sceptic would try first: one column alone. A model that does not beat it is not worth serving.

Not here: what a measure adds that needs no column, such as the base rate, and what follows from a comparison
(`chances.py`, `list_order.py`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from recs_platform.models.data import Examples
from recs_platform.models.features import Floats, numbers
from recs_platform.statistics.intervals import Interval


@dataclass(frozen=True)
class Yardstick:
    """A column that sorts well by itself: the more, the likelier."""

    name: str
    """For people: "past redemptions"."""
    column: str

    def values(self, examples: Examples) -> Floats:
        """Nothing known is nothing."""
        return np.nan_to_num(numbers(self.name, examples.table[self.column]))


@dataclass(frozen=True)
class Measured:
    """What a model or a yardstick makes of the test window."""

    scores: Floats
    """What it sorts by."""
    chances: Floats
    """Where chances are judged; otherwise the scores again."""


def known(yardsticks: Sequence[Yardstick], examples: Examples) -> Iterator[Yardstick]:
    """Those whose column the examples have."""
    return (yardstick for yardstick in yardsticks if yardstick.column in examples.table.column_names)


def is_above(interval: Interval) -> bool:
    """The data tell that it is above 0."""
    return interval.low is not None and interval.low > 0


def is_below(interval: Interval) -> bool:
    return interval.high is not None and interval.high < 0


def difference_text(interval: Interval, digits: int) -> str:
    """
    >>> difference_text(Interval(0.01, -0.004, 0.024), 3)
    '+0.010 (-0.004 to +0.024)'
    """
    if interval.estimate is None:
        return "unknown"
    if interval.low is None or interval.high is None:
        return f"{interval.estimate:+.{digits}f} (too few customers for an interval)"
    return f"{interval.estimate:+.{digits}f} ({interval.low:+.{digits}f} to {interval.high:+.{digits}f})"
