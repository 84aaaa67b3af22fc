"""Where an axis has its ticks: at round numbers, and at days that people count by. Pure arithmetic, no drawing."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import date, timedelta

from recs_platform.warehouse.slices import Days

_ROUND = (1, 2, 5)
_DAY_STEPS, _MONTH_STEPS = (1, 2, 7, 14), (1, 2, 3, 6, 12)


def ticks(low: float, high: float, most: int = 6, *, whole: bool = False) -> list[float]:
    """Multiples of 1, 2 or 5 times a power of ten that enclose zero, `low` and `high`: at most so many steps of them.

    >>> ticks(0, 97)
    [0.0, 20.0, 40.0, 60.0, 80.0, 100.0]
    >>> ticks(-0.03, 0.11)
    [-0.05, 0.0, 0.05, 0.1, 0.15]
    """
    bottom, top = min(low, 0.0), max(high, 0.0)
    if bottom == top:
        top = 1.0
    for factor, power in _steps((top - bottom) / most, whole):
        step = factor * 10.0**power
        first, last = math.floor(bottom / step + 1e-9), math.ceil(top / step - 1e-9)
        if last - first <= most:
            # A whole number of tenths divided once is the nearest float; multiplied by 0.1 it is not.
            return [
                n * factor * 10.0**power if power >= 0 else n * factor / 10.0**-power for n in range(first, last + 1)
            ]
    raise AssertionError("steps grow without end")


def _steps(at_least: float, whole: bool) -> Iterator[tuple[int, int]]:
    power = math.floor(math.log10(at_least)) - 1
    if whole:
        power = max(power, 0)
    while True:
        yield from ((factor, power) for factor in _ROUND)
        power += 1


def day_ticks(days: Days, most: int) -> list[date]:
    """At most so many days: every one, every second, whole weeks, or the first days of months.

    >>> [tick.day for tick in day_ticks(Days(date(2025, 9, 3), date(2025, 9, 20)), 6)]
    [3, 10, 17]
    """
    for step in _DAY_STEPS:
        if math.ceil(len(days) / step) <= most:
            return [days.first + timedelta(days=offset) for offset in range(0, len(days), step)]
    firsts = [day for day in days if day.day == 1]
    for step in _MONTH_STEPS:
        chosen = [day for day in firsts if (day.month - 1) % step == 0]
        if len(chosen) <= most:
            return chosen
    return firsts[:: math.ceil(len(firsts) / most)]
