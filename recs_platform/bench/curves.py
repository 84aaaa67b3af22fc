"""How what a day costs grows with a company: exponents of measured points, and whether that is too fast. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from math import isclose, log
from statistics import fmean
from typing import Any

WORST = 1.15
"""The exponent of a straight line is 1; what is above this is not measurement alone."""
FLAT = 1.25
"""Ten times the history may make a day this much dearer."""
_TELLING = 0.2
"""What a step adds must be at least this share of the smallest day, or it says nothing."""


@dataclass(frozen=True)
class Point:
    times: int
    """The size, as a multiple of the smallest one."""
    size: int
    seconds: float
    cpu: float
    peak_mb: float
    spilled_mb: float


@dataclass(frozen=True)
class Curve:
    strategy: str
    over: str
    """`customers`, or `days` of history."""
    points: tuple[Point, ...]
    """The smallest first."""

    @property
    def exponent(self) -> float:
        """Of CPU seconds by size, by least squares in logarithms. What a day costs at any size makes it smaller.

        >>> linear = [Point(n, n, 0, 5.0 * n, 0, 0) for n in (1, 10, 100)]
        >>> round(Curve("s", "customers", tuple(linear)).exponent, 3)
        1.0
        """
        return _slope([(log(point.times), log(point.cpu)) for point in self.points])

    @property
    def exponent_of_growth(self) -> float | None:
        """The same of what grows alone: p of `fixed + x ** p`, which three sizes with equal steps between them give.
        None where there are no three, or what a step adds is too little to tell.

        >>> points = [Point(n, n, 0, 7.0 + 0.4 * n**1.5, 0, 0) for n in (1, 10, 100)]
        >>> round(Curve("s", "customers", tuple(points)).exponent_of_growth, 3)
        1.5
        >>> round(Curve("s", "customers", tuple(points)).exponent, 3)
        0.87
        """
        if len(self.points) != 3:
            return None
        first, second, third = self.points
        step, more = second.times / first.times, third.times / second.times
        if not isclose(step, more) or second.cpu - first.cpu < _TELLING * first.cpu or third.cpu <= second.cpu:
            return None
        return log((third.cpu - second.cpu) / (second.cpu - first.cpu)) / log(step)

    @property
    def too_fast(self) -> bool:
        if self.over == "days":
            return self.points[-1].cpu > FLAT * self.points[0].cpu
        return max(self.exponent, self.exponent_of_growth or 0.0) > WORST

    @property
    def verdict(self) -> str:
        """In words.

        >>> day = Point(1, 30, 9.0, 8.0, 500, 0)
        >>> Curve("offer_ranking", "days", (day, Point(10, 300, 9.0, 8.4, 500, 0))).verdict
        'flat: 1.05 times the CPU with 10 times the days'
        """
        if self.over == "days":
            first, last = self.points[0], self.points[-1]
            flat = "not flat" if self.too_fast else "flat"
            return f"{flat}: {last.cpu / first.cpu:.2f} times the CPU with {last.times / first.times:g} times the days"
        of_growth = self.exponent_of_growth
        alone = "too little growth to tell its own exponent" if of_growth is None else f"{of_growth:.2f} what grows"
        worse = "worse than linear" if self.too_fast else "not worse than linear"
        return f"{worse}: CPU to the power of {self.exponent:.2f} as a whole, {alone}"

    def to_json(self) -> dict[str, Any]:
        return {
            "strategy": self.strategy,
            "over": self.over,
            "exponent": round(self.exponent, 4),
            "exponent_of_growth": self.exponent_of_growth,
            "too_fast": self.too_fast,
            "verdict": self.verdict,
            "points": [asdict(point) for point in self.points],
        }


def curve_from(told: Mapping[str, Any]) -> Curve:
    """What `to_json` told."""
    return Curve(told["strategy"], told["over"], tuple(Point(**point) for point in told["points"]))


def _slope(points: Sequence[tuple[float, float]]) -> float:
    across, up = fmean(x for x, _ in points), fmean(y for _, y in points)
    rise = sum((x - across) * (y - up) for x, y in points)
    return rise / sum((x - across) * (x - across) for x, _ in points)
