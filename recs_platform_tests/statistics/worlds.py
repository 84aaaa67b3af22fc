"""Customers with a known truth: what the simulations of this folder draw, many replications at once."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt

from recs_platform.simulation.randomness import FloatArray, IntArray
from recs_platform.statistics.ratio import Sums

SENDS, SENDS_SHARES = np.array([1, 2, 4, 8]), np.array([0.4, 0.3, 0.2, 0.1])
"""How many sends a customer gets, and how many customers get so many."""
CLICKS = np.array([0.03, 0.05, 0.08, 0.12])
"""What a customer with so many sends clicks on average: those who click much are mailed more."""
CLICKS_PER_SEND = float((SENDS_SHARES * SENDS * CLICKS).sum() / (SENDS_SHARES * SENDS).sum())
SPREAD = 4.0
"""Customers of the same average differ as a Beta distribution of this concentration: some click nearly always."""


@dataclass(frozen=True)
class Customers:
    """Replications x customers."""

    sends: IntArray
    results: FloatArray
    before: FloatArray

    def sums(self) -> list[Sums]:
        return sums(self.sends, self.results, self.before)


def sums(n: npt.ArrayLike, y: npt.ArrayLike, x: npt.ArrayLike) -> list[Sums]:
    """One Sums per replication."""
    sends, results, before = (np.asarray(values, dtype=np.float64) for values in (n, y, x))
    products = [(sends, sends), (results, results), (before, before), (sends, results), (sends, before)]
    columns = [values.sum(axis=1) for values in (sends, results, before)]
    columns += [(one * other).sum(axis=1) for one, other in (*products, (results, before))]
    assert len(columns) == len(fields(Sums)) - 1
    return [Sums(sends.shape[1], *row) for row in np.column_stack(columns).tolist()]


def clickers(rng: np.random.Generator, replications: int, customers: int, lift: float = 1.0) -> Customers:
    """Customers who get several sends and have a habit each; `before` counts clicks of an earlier period."""
    kind = rng.choice(len(SENDS), size=(replications, customers), p=SENDS_SHARES)
    habit = rng.beta(SPREAD * CLICKS[kind], SPREAD * (1 - CLICKS[kind]))
    sends = SENDS[kind]
    clicks = rng.binomial(sends, habit * lift).astype(np.float64)
    return Customers(sends, clicks, rng.binomial(10, habit).astype(np.float64))


def buyers(rng: np.random.Generator, replications: int, customers: int, order_rate: float) -> Customers:
    """One send each; a few order, for 400 on average, and some of them for much more."""
    sends = np.ones((replications, customers), dtype=np.int64)
    orders = rng.random(sends.shape) < order_rate
    value = np.zeros(sends.shape)
    value[orders] = order_values(rng, int(orders.sum()))
    return Customers(sends, value, np.zeros(sends.shape))


def order_values(rng: np.random.Generator, size: int | tuple[int, int], average: float = 400.0) -> FloatArray:
    sigma = 0.7
    values: FloatArray = rng.lognormal(np.log(average) - sigma**2 / 2, sigma, size)
    return values
