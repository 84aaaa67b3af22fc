"""An experiment between versions, as a company's file names it: its arms, and the shares of clients that they get from
which day on.

Who is drawn for which arm follows from the experiment's name and the client alone, and from the shares of the day on
which it comes. Shares that add up to less than 1 leave the other clients out, for later steps to draw. Not here: the
draw itself (`sql/replenishment/experiment_assignments.sql`), and what came of it (experiment_results.py).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import accumulate, pairwise
from typing import TypeAlias

from recs_platform.schemas.replenishment import Version

Shares: TypeAlias = Mapping[date, Mapping[Version, float]]
"""From which day on: each arm's share of all clients."""

ENDLESS = date(9999, 12, 31)
_NAME = r"[a-z0-9][a-z0-9 _-]{0,39}"
_ROUNDING = 1e-6


@dataclass(frozen=True)
class Step:
    """An arm's part of the draw, from one day up to another."""

    first_day: date
    until: date
    arm: str
    drawn: float
    """Share of clients that are drawn for any arm."""
    low: float
    high: float
    """Of those, the arm has the ones from here to here."""

    @property
    def share(self) -> float:
        """Of those that are drawn."""
        return self.high - self.low

    def __str__(self) -> str:
        """As the query reads it."""
        return f"{self.first_day} {self.until} {self.arm} {self.drawn!r} {self.low!r} {self.high!r}"


def steps(shares: Shares) -> Iterator[Step]:
    """The parts of the draw, in the order of days, arms in the order of their names.

    >>> from datetime import date
    >>> [str(step) for step in steps({date(2025, 11, 3): {"v32": 0.25, "v31": 0.25}})]
    ['2025-11-03 9999-12-31 v31 0.5 0.0 0.5', '2025-11-03 9999-12-31 v32 0.5 0.5 1.0']
    """
    for first_day, until in pairwise([*sorted(shares), ENDLESS]):
        arms = sorted(shares[first_day])
        reached = list(accumulate((shares[first_day][arm] for arm in arms), initial=0.0))
        bounds = [each / reached[-1] for each in reached]
        # What adds up to 1 but for rounding leaves nobody out.
        drawn = 1.0 if reached[-1] > 1 - _ROUNDING else reached[-1]
        for arm, (low, high) in zip(arms, pairwise(bounds), strict=True):
            yield Step(first_day, until, arm, drawn, low, high)


def refuse_unclear(name: str | None, shares: Shares, control: Version) -> None:
    """A ValueError that says what to write instead."""
    if (name is None) != (not shares):
        missing, given = ("experiment", "experiment_shares") if name is None else ("experiment_shares", "experiment")
        raise ValueError(f"{given} needs {missing} beside it: a name, and from which day on which shares")
    if name is None:
        return
    if not re.fullmatch(_NAME, name):
        raise ValueError(
            f"experiment should be lower-case letters, digits, spaces, _ and -, at most 40, and is {name!r}"
        )
    first, *later = sorted(shares)
    for day in (first, *later):
        _refuse_arms(day, shares[day], first, shares[first])
    if control not in shares[first]:
        raise ValueError(
            f"experiment_shares has no share for {control}, which is the company's version and so the arm that the "
            f"others are compared with: it names {', '.join(sorted(shares[first]))}"
        )


def _refuse_arms(day: date, arms: Mapping[Version, float], first: date, at_first: Mapping[Version, float]) -> None:
    if len(arms) < 2:
        raise ValueError(
            f"experiment_shares of {day} names {', '.join(arms) or 'no version'}: at least two are compared"
        )
    if sum(arms.values()) > 1 + _ROUNDING:
        raise ValueError(f"experiment_shares of {day} add up to {sum(arms.values()):g}, which is more than 1")
    if set(arms) != set(at_first):
        raise ValueError(
            f"experiment_shares of {day} names {', '.join(sorted(arms))}, and {first} names "
            f"{', '.join(sorted(at_first))}: an experiment keeps its arms. Give one with other arms a name of its own"
        )
