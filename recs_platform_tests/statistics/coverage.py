"""How often a 95% interval holds the truth, by simulation: the two coverage tables of `docs/statistics.md`.

`python -m recs_platform_tests.statistics.tables` prints all tables of that page.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np

from recs_platform.simulation.randomness import stream
from recs_platform.statistics.cuped import adjust
from recs_platform.statistics.intervals import Interval, proportion
from recs_platform.statistics.paired import Paired, paired
from recs_platform.statistics.ratio import difference, ratio_interval
from recs_platform_tests.statistics.worlds import (
    CLICKS_PER_SEND,
    Customers,
    buyers,
    clickers,
    order_values,
    sums,
)

SEED = 20_251_203
REPLICATIONS = 4_000
CLUSTERED = 2_000
"""Fewer where every replication draws its customers one by one."""


def share(name: str, trials: int, truth: float) -> float:
    counts = stream(SEED, name).binomial(trials, truth, REPLICATIONS).tolist()
    return covered(truth, (proportion(count, trials) for count in counts))


def clicks_per_send(name: str, customers: int) -> float:
    drawn = clickers(stream(SEED, name), CLUSTERED, customers)
    return covered(CLICKS_PER_SEND, (ratio_interval(each) for each in drawn.sums()))


def clicks_per_send_as_if_sends_were_independent(name: str, customers: int) -> float:
    drawn = clickers(stream(SEED, name), CLUSTERED, customers)
    found = (proportion(int(each.y), int(each.n)) for each in drawn.sums())
    return covered(CLICKS_PER_SEND, found)


def two_arms_of_clickers(name: str, arms: tuple[int, int], *, lift: bool = False, cuped: bool = False) -> float:
    rng = stream(SEED, name)
    # The control arm clicks less; more than a habit's chance of one could not be clicked.
    treated, control = clickers(rng, CLUSTERED, arms[0]), clickers(rng, CLUSTERED, arms[1], 0.75)
    found = compared(treated, control, lift=lift, cuped=cuped)
    return covered(1 / 0.75 - 1 if lift else CLICKS_PER_SEND * (1 - 0.75), found)


def revenue_per_send(name: str, customers: int, order_rate: float) -> float:
    drawn = buyers(stream(SEED, name), CLUSTERED, customers, order_rate)
    return covered(order_rate * 400, (ratio_interval(each) for each in drawn.sums()))


def difference_of_revenue_per_send(name: str, customers: int, order_rate: float) -> float:
    rng = stream(SEED, name)
    treated, control = (buyers(rng, CLUSTERED, customers, rate) for rate in (order_rate * 1.2, order_rate))
    return covered(order_rate * 0.2 * 400, compared(treated, control))


def order_value(name: str, arms: tuple[int, int]) -> float:
    rng = stream(SEED, name)
    drawn = [
        order_values(rng, (REPLICATIONS, orders), average) for orders, average in zip(arms, (416, 400), strict=True)
    ]
    treated, control = (sums(np.ones(values.shape), values, np.zeros(values.shape)) for values in drawn)
    return covered(16, (difference(one, other).interval for one, other in zip(treated, control, strict=True)))


def same_customers(name: str, customers: int, *, lift: bool = False) -> float:
    """Both periods 2%, before only 2.25%, after only 5%: 4.25% before, 7% after."""
    kinds = np.array([0.02, 0.0225, 0.05, 0.9075])
    counts = stream(SEED, name).multinomial(customers, kinds, REPLICATIONS).tolist()

    def wanted(result: Paired) -> Interval:
        return result.lift if lift else result.difference

    return covered(0.07 / 0.0425 - 1 if lift else 0.07 - 0.0425, (wanted(paired(*each)) for each in counts))


def compared(treated: Customers, control: Customers, *, lift: bool = False, cuped: bool = False) -> Iterable[Interval]:
    for one, other in zip(treated.sums(), control.sums(), strict=True):
        result = adjust(one, other).comparison if cuped else difference(one, other)
        yield result.lift if lift else result.interval


def covered(truth: float, intervals: Iterable[Interval]) -> float:
    """The share of intervals that hold the truth. An interval with an open end is no success here: it says nothing."""
    hits = [found.low is not None and found.high is not None and found.contains(truth) for found in intervals]
    assert len(hits) >= 2_000
    return sum(hits) / len(hits)


HOLDS: dict[str, Callable[[str], float]] = {
    "share: 0.93% of 4,000 customers": lambda name: share(name, 4_000, 0.0093),
    "share: 74.1% of 300 customers": lambda name: share(name, 300, 0.741),
    "clicks per send, 500 customers": lambda name: clicks_per_send(name, 500),
    "difference of clicks per send, 600 and 300 customers": lambda name: two_arms_of_clickers(name, (600, 300)),
    "lift of clicks per send, 600 and 300 customers": lambda name: two_arms_of_clickers(name, (600, 300), lift=True),
    "difference with CUPED, 600 and 300 customers": lambda name: two_arms_of_clickers(name, (600, 300), cuped=True),
    "lift with CUPED, 600 and 300 customers": lambda name: two_arms_of_clickers(
        name, (600, 300), lift=True, cuped=True
    ),
    "revenue per send, about 100 orders": lambda name: revenue_per_send(name, 2_000, 0.05),
    "difference of revenue per send, about 50 orders per arm": lambda name: difference_of_revenue_per_send(
        name, 1_000, 0.05
    ),
    "difference of order values, 176 and 60 orders": lambda name: order_value(name, (176, 60)),
    "same customers: difference, 500 customers": lambda name: same_customers(name, 500),
    "same customers: lift, 500 customers": lambda name: same_customers(name, 500, lift=True),
}
"""What `docs/statistics.md` promises."""

DOES_NOT_HOLD: dict[str, Callable[[str], float]] = {
    "clicks per send as if sends were independent, 500 customers": lambda name: (
        clicks_per_send_as_if_sends_were_independent(name, 500)
    ),
    "revenue per send, about 5 orders": lambda name: revenue_per_send(name, 500, 0.01),
}
"""What it warns of."""


def table(scenarios: dict[str, Callable[[str], float]]) -> str:
    return "\n".join(["| interval | holds the truth |", "|---|---|", *(line(name, scenarios) for name in scenarios)])


def line(name: str, scenarios: dict[str, Callable[[str], float]]) -> str:
    return row(name, scenarios[name](name))


def row(name: str, found: float) -> str:
    return f"| {name} | {found:.1%} |"
