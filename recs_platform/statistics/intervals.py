"""The interval of a share of independent trials, and what intervals are. Counts of nothing and of everything need no
special treatment.

Not here: several trials of the same customer (`ratio.py`), and the same customers before and after (`paired.py`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import scipy

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
    return float(scipy.special.ndtri((1 + level) / 2))


def proportion(successes: float, trials: float, level: float = LEVEL) -> Interval:
    """Wilson's score interval (Wilson 1927). Without a trial, the whole range from 0 to 1.

    Counts are fractions where trials are alike and each is worth less than one.
    """
    share, low, high = _wilson(successes, trials, level)
    return Interval(share if trials else None, low, high)


def _wilson(successes: float, trials: float, level: float) -> tuple[float, float, float]:
    """Share, low and high. Nothing and everything keep their exact ends, whatever the rounding."""
    if not 0 <= successes <= trials:
        raise ValueError(f"{successes} successes of {trials} trials: a share needs 0 <= successes <= trials")
    if trials == 0:
        return 0.0, 0.0, 1.0
    share, z2 = successes / trials, normal_quantile(level) ** 2
    centre = (successes + z2 / 2) / (trials + z2)
    half = math.sqrt(z2) * math.sqrt(trials * share * (1 - share) + z2 / 4) / (trials + z2)
    return share, 0.0 if successes == 0 else centre - half, 1.0 if successes == trials else centre + half
