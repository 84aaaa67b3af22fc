"""The backtest: what share of later purchases each contender's list would have shown, and how sure that is.

A resample draws as many customers as there are, with replacement. Customers with the same purchases and matches are
alike to it, so it draws how often each *kind* of customer comes up: the same distribution, at a fraction of the work.

Not here: which purchases count and what the contenders' lists are (`sql/vehicle_fitment/backtest_purchases.sql`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from recs_platform.pipeline.frame_asset import table_asset
from recs_platform.schemas.reporting import CONTENDERS, Backtest
from recs_platform.schemas.table import spec_of
from recs_platform.schemas.vehicle_fitment import TIERS
from recs_platform.strategies.vehicle_fitment.diagnostic_presentations import show_backtest
from recs_platform.warehouse.slices import Days

RESAMPLES = 1_000
LEVEL = 0.95
SEED = 20_251_203

BASELINE = "global"
Ints: TypeAlias = npt.NDArray[np.int64]
Floats: TypeAlias = npt.NDArray[np.float64]

CELLS = tuple(
    (contender, section, value)
    for contender in CONTENDERS
    for section, value in (
        ("all", "all"),
        *(("position", str(place)) for place in range(1, 5)),
        *(("tier", tier) for tier in TIERS),
    )
)
"""What is counted: every contender altogether, by position and by tier."""
_BASELINE_CELL = CELLS.index((BASELINE, "all", "all"))


@dataclass(frozen=True)
class Counts:
    """Per customer who bought anything: order lines, and those of them that each cell had in its list."""

    purchases: Ints
    matched: Ints
    """Customers x cells."""


@dataclass(frozen=True)
class MatchRates:
    """Per cell, with resamples of the customers in the first axis where there is one."""

    match: Floats
    hit: Floats
    over_baseline: Floats


@table_asset(Backtest, present=show_backtest)
def backtest(days: Days, backtest_purchases: pa.Table) -> pa.Table:
    """Each contender's rates with their intervals; no rows while there is nothing to test."""
    spec = spec_of(Backtest)
    if backtest_purchases.num_rows == 0:
        return spec.arrow_table([])
    counts = count(backtest_purchases.to_pylist())
    given = {"as_of": days.last, "recommended_on": backtest_purchases["recommended_on"][0].as_py()}
    return spec.arrow_table({**given, **row} for row in rows_of(counts))


def count(purchases: list[dict[str, Any]]) -> Counts:
    """Order lines and matches per customer, in a fixed order."""
    customers = {name: number for number, name in enumerate(sorted({row["customer_id"] for row in purchases}))}
    cells = {cell: number for number, cell in enumerate(CELLS)}
    bought = np.zeros(len(customers), dtype=np.int64)
    matched = np.zeros((len(customers), len(CELLS)), dtype=np.int64)
    for row in purchases:
        customer, contender = customers[row["customer_id"]], row["contender"]
        # Every contender judges the same order lines.
        bought[customer] += contender == BASELINE
        if row["position"] is not None:
            for section, value in (("all", "all"), ("position", str(row["position"])), ("tier", row["tier"])):
                matched[customer, cells[contender, section, value]] += 1
    return Counts(bought, matched)


def rows_of(counts: Counts) -> list[dict[str, Any]]:
    """The backtest's rows, without its days."""
    customers = len(counts.purchases)
    once = np.ones((1, customers), dtype=np.int64)
    measured, resampled = rates(counts, once), resample(counts)
    purchases, matched = int(counts.purchases.sum()), counts.matched.sum(axis=0)
    hit = (counts.matched > 0).sum(axis=0)
    match_ends, hit_ends = interval(resampled.match), interval(resampled.hit)
    has_ratio = matched[_BASELINE_CELL] > 0
    over_ends = interval(resampled.over_baseline) if has_ratio else np.zeros((2, len(CELLS)))
    return [
        {
            "contender": contender,
            "section": section,
            "value": value,
            "purchases": purchases,
            "matched": int(matched[cell]),
            "match_rate": float(measured.match[0, cell]),
            "match_rate_low": float(match_ends[0, cell]),
            "match_rate_high": float(match_ends[1, cell]),
            "customers": customers,
            "customers_hit": int(hit[cell]),
            "hit_rate": float(measured.hit[0, cell]),
            "hit_rate_low": float(hit_ends[0, cell]),
            "hit_rate_high": float(hit_ends[1, cell]),
            **_over_global(
                contender, section, measured.over_baseline[0, cell], over_ends[:, cell], has_ratio=has_ratio
            ),
        }
        for cell, (contender, section, value) in enumerate(CELLS)
    ]


def resample(counts: Counts) -> MatchRates:
    """Rates of RESAMPLES draws of the customers."""
    kinds, of_kind = np.unique(np.column_stack([counts.purchases, counts.matched]), axis=0, return_counts=True)
    drawn = np.random.default_rng(SEED).multinomial(of_kind.sum(), of_kind / of_kind.sum(), size=RESAMPLES)
    return rates(Counts(kinds[:, 0], kinds[:, 1:]), drawn)


def rates(counts: Counts, times: Ints) -> MatchRates:
    """The rates when each customer stands there so many times; `times` is samples x customers."""
    purchases, customers = times @ counts.purchases, times.sum(axis=1)
    matched = times @ counts.matched
    baseline = matched[:, _BASELINE_CELL]
    with np.errstate(divide="ignore", invalid="ignore"):
        over = matched / baseline[:, None]
    return MatchRates(matched / purchases[:, None], (times @ (counts.matched > 0)) / customers[:, None], over)


def interval(resampled: Floats) -> Floats:
    """The ends of the middle 95%, per cell. Samples in which a ratio has no value say nothing and are left out."""
    tail = (1 - LEVEL) / 2
    # Neighboring samples are not averaged: one end may be infinite.
    return np.nanquantile(resampled, [tail, 1 - tail], axis=0, method="nearest")


def _over_global(
    contender: str, section: str, ratio: float, ends: Floats, *, has_ratio: bool
) -> dict[str, float | None]:
    if section != "all" or contender == BASELINE or not has_ratio:
        return {"over_global": None, "over_global_low": None, "over_global_high": None}
    high = float(ends[1])
    return {
        "over_global": float(ratio),
        "over_global_low": float(ends[0]),
        "over_global_high": high if np.isfinite(high) else None,
    }
