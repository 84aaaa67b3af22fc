"""Before an experiment: how many customers an effect needs, and how long that takes.

Effects are absolute (0.001 is a tenth of a percentage point). `deviation` is what one customer varies by:
`ratio.deviation` of past sums, or sqrt(p (1 - p)) for a share. `share` is the treated arm's share of customers.
With `watched`, the result is to be read off the anytime-valid interval, which needs about twice as many.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import scipy

from recs_platform.statistics.intervals import LEVEL, normal_quantile
from recs_platform.statistics.sequential import shortest_reach

POWER = 0.8


@dataclass(frozen=True)
class ArmSizes:
    """Customers needed in each arm."""

    treated: int
    control: int

    @property
    def total(self) -> int:
        return self.treated + self.control


def customers_for_mean(
    effect: float,
    deviation: float,
    *,
    share: float = 0.5,
    power: float = POWER,
    level: float = LEVEL,
    watched: bool = False,
) -> ArmSizes | None:
    """For an average or a ratio metric whose customers vary by `deviation` in both arms; None for no effect at all."""
    if effect == 0:
        return None
    per_treated = _odds(share)
    wanted = _reach(level, watched=watched) + float(scipy.special.ndtri(power))
    needed = (wanted * deviation / effect) ** 2 * (1 + 1 / per_treated)
    return ArmSizes(math.ceil(needed), math.ceil(needed * per_treated))


def days_until_visible(
    effect: float,
    deviation: float,
    daily_customers: float,
    *,
    share: float = 0.5,
    power: float = POWER,
    level: float = LEVEL,
    watched: bool = False,
) -> int | None:
    """Days until both arms hold enough customers; None when that never happens. Only *new* customers count as daily."""
    needed = customers_for_mean(effect, deviation, share=share, power=power, level=level, watched=watched)
    if needed is None or daily_customers <= 0:
        return None
    slower = max(needed.treated / share, needed.control / (1 - share))
    return max(1, math.ceil(slower / daily_customers))


def _reach(level: float, *, watched: bool) -> float:
    return shortest_reach(level) if watched else normal_quantile(level)


def _odds(share: float) -> float:
    """Customers in control for each treated one."""
    if not 0 < share < 1:
        raise ValueError(f"the treated arm's share lies between 0 and 1, both excluded: {share}")
    return (1 - share) / share
