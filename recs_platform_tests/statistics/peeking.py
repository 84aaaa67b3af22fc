"""Two arms without any difference, looked at every day: how often does an interval, on any day, say there is one?"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from recs_platform.simulation.randomness import FloatArray, stream
from recs_platform.statistics.ratio import Sums, difference
from recs_platform.statistics.sequential import anytime
from recs_platform_tests.statistics.coverage import SEED

EXPERIMENTS = 2_000
HABIT = (1.0, 9.0)


@dataclass(frozen=True)
class EverWrong:
    """Shares of experiments: wrong on the last day, and wrong on any day."""

    fixed_at_the_end: float
    fixed: float
    anytime: float


def new_customers_daily(name: str, rate: float, daily: int, days: int) -> EverWrong:
    """Each customer gets one send, and reacts to it or not. What the arms react with is only noise."""
    reactions = stream(SEED, name).binomial(daily, rate, (2, EXPERIMENTS, days)).cumsum(axis=2)
    planned = _planned_error(daily * days, float(np.sqrt(rate * (1 - rate))))

    def looks(experiment: int) -> Iterator[tuple[Sums, Sums]]:
        treated, control = (arm[experiment].tolist() for arm in reactions)
        for day, (one, other) in enumerate(zip(treated, control, strict=True), 1):
            yield Sums.of_values(daily * day, one, one), Sums.of_values(daily * day, other, other)

    return watch(looks, planned)


def same_customers_daily(name: str, customers: int, days: int) -> EverWrong:
    """Every customer gets a send every day and has a habit: customers count as units, however many sends they get."""
    clicks, squares = _clicks_so_far(stream(SEED, name), customers, days)
    # A Beta habit: what customers differ by stays, what a habit leaves to chance is averaged over the days.
    average = HABIT[0] / sum(HABIT)
    between = average * (1 - average) / (sum(HABIT) + 1)
    within = average * (1 - average) - between
    planned = _planned_error(customers, float(np.sqrt(between + within / days)))

    def looks(experiment: int) -> Iterator[tuple[Sums, Sums]]:
        for day in range(1, days + 1):
            one, other = (
                _sums(customers, day, float(clicks[arm, experiment, day - 1]), float(squares[arm, experiment, day - 1]))
                for arm in (0, 1)
            )
            yield one, other

    return watch(looks, planned)


def watch(looks: Callable[[int], Iterator[tuple[Sums, Sums]]], planned: float) -> EverWrong:
    """`planned` is the standard error expected on the last day."""
    wrong = np.zeros((EXPERIMENTS, 3), dtype=bool)
    for experiment in range(EXPERIMENTS):
        fixed_wrong = False
        for treated, control in looks(experiment):
            found = difference(treated, control)
            fixed_wrong = not found.interval.contains(0)
            wrong[experiment, 1] |= fixed_wrong
            always = anytime(found.estimate, found.standard_error, tuned_for=planned)
            wrong[experiment, 2] |= not always.contains(0)
        wrong[experiment, 0] = fixed_wrong
    return EverWrong(*wrong.mean(axis=0).tolist())


def _planned_error(customers: int, deviation: float) -> float:
    """The standard error of the difference at the end, of so many customers in each arm: what watching is tuned for."""
    return deviation * math.sqrt(1 / customers + 1 / customers)


def _clicks_so_far(rng: np.random.Generator, customers: int, days: int) -> tuple[FloatArray, FloatArray]:
    """Arms x experiments x days: clicks of all customers up to that day, and the sum of the customers' squares."""
    habits = rng.beta(*HABIT, (2, EXPERIMENTS, customers)).astype(np.float32)
    so_far = np.zeros(habits.shape, dtype=np.float32)
    clicks, squares = np.zeros((2, EXPERIMENTS, days)), np.zeros((2, EXPERIMENTS, days))
    for day in range(days):
        so_far += rng.random(habits.shape, dtype=np.float32) < habits
        clicks[..., day], squares[..., day] = so_far.sum(axis=2), (so_far**2).sum(axis=2)
    return clicks, squares


def _sums(customers: int, day: int, clicks: float, squares: float) -> Sums:
    return Sums(customers, n=customers * day, y=clicks, nn=customers * day**2, yy=squares, ny=clicks * day)


WATCHED: dict[str, Callable[[str], EverWrong]] = {
    "10% of 200 new customers per arm and day, 60 days": lambda name: new_customers_daily(name, 0.10, 200, 60),
    "0.5% of 1,000 new customers per arm and day, 60 days": lambda name: new_customers_daily(name, 0.005, 1_000, 60),
    "the same 100 customers per arm every day, 30 days": lambda name: same_customers_daily(name, 100, 30),
}


def table() -> str:
    head = [
        "| looked at every day | 95% interval, last day only | 95% interval, any day | anytime, any day |",
        "|---|---|---|---|",
    ]
    return "\n".join([*head, *(row(name, watched(name)) for name, watched in WATCHED.items())])


def row(name: str, found: EverWrong) -> str:
    return f"| {name} | {found.fixed_at_the_end:.1%} | {found.fixed:.1%} | {found.anytime:.1%} |"
