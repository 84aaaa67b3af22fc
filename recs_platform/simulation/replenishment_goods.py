"""The things of the replenishment world: products in groups, clusters of like-minded clients, what each client
re-orders.

Everything here holds for all days. When a re-order falls due, and what else is bought, stands in
`replenishment_world`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import lru_cache

import numpy as np

from recs_platform.simulation.columns import Arrow, numbered
from recs_platform.simulation.randomness import BoolArray, FloatArray, IntArray, choose, stream, zipf_weights
from recs_platform.simulation.spec import WorldSpec

SEGMENTS = ("light", "regular", "heavy")
SEGMENT_SHARES = (0.5, 0.35, 0.15)
ORDER_RHYTHM = np.array([14, 7, 2])
"""Days between a client's order days, by segment."""
ASSORTMENT = np.array([8, 18, 45])
"""Mean number of products that a client re-orders, by segment."""
CYCLES = np.array([14, 21, 28, 35, 42, 56])
"""Days after which a client re-orders a product."""
JITTER = 0.15
"""How far a re-order strays from its cycle, as a share of it."""
CLUSTER_POOL = 70
FROM_CLUSTER = 0.8
"""Share of a client's assortment that comes from the pool of its cluster; the rest comes from all products."""
SEASONAL = 0.03
"""Share of products that are bought in one season only."""
SEASONS = {"winter": (11, 12, 1, 2), "summer": (5, 6, 7, 8)}
LAUNCHED_LATER = 0.04
"""Share of products that come into the catalog in the first 200 days."""
TRENDING_PER_BLOCK, TREND_BLOCKS, TREND_DAYS, TREND_OFFSET = 5, 13, 28, 9
"""Trending products per block of 28 days; the first block begins 9 days after the start."""
DEPARTMENTS = ("Fasteners", "Electrical", "Plumbing", "Safety", "Tools", "Lubricants", "Filters", "Packaging")


@dataclass(frozen=True)
class Products:
    ids: Arrow
    group: IntArray
    department: IntArray
    brand: IntArray
    price: FloatArray
    season: IntArray
    """-1 all year, else the position in SEASONS."""
    launched: IntArray
    """Ordinal of the first day in the catalog."""
    trending: IntArray
    """blocks x products per block"""
    pool: IntArray
    """clusters x products: what the clients of a cluster re-order, the most popular first."""


@dataclass(frozen=True)
class Clients:
    segment: IntArray
    cluster: IntArray
    offset: IntArray
    """Where in its rhythm a client's order days fall."""


@dataclass(frozen=True)
class Habits:
    """Pairs of client and product that is re-ordered."""

    client: IntArray
    product: IntArray
    cycle: IntArray
    phase: FloatArray
    quantity: IntArray


def in_season(products: Products, day: date) -> BoolArray:
    open_now = [day.month in months for months in SEASONS.values()]
    allowed: BoolArray = np.array([*open_now, True])[products.season]
    return allowed


def trend_block(spec: WorldSpec, day: date) -> int:
    """The block that a day lies in; negative before the first, TREND_BLOCKS or more after the last."""
    return (day.toordinal() - spec.start.toordinal() - TREND_OFFSET) // TREND_DAYS


@lru_cache(maxsize=2)
def products(spec: WorldSpec) -> Products:
    rng = stream(spec.seed, "products")
    count = int(np.clip(14 * spec.customers, 3000, 370_000))
    clusters = cluster_count(spec)
    group = np.arange(count) // 12
    group_price = np.exp(rng.normal(3.0, 0.9, group[-1] + 1))
    trending = rng.permutation(count)[: TREND_BLOCKS * TRENDING_PER_BLOCK]
    ordinary = np.setdiff1d(np.arange(count), trending)
    later, season = rng.random(count) < LAUNCHED_LATER, rng.random(count) < SEASONAL
    later[trending], season[trending] = False, False
    settled = ordinary[~later[ordinary]]
    start = spec.start.toordinal()
    return Products(
        ids=numbered("R", np.arange(1, count + 1), 7),
        group=group,
        department=rng.integers(0, len(DEPARTMENTS), group[-1] + 1)[group],
        brand=rng.integers(0, 40, count),
        price=np.round(group_price[group] * np.exp(rng.normal(0, 0.3, count)) + 0.5, 2),
        season=np.where(season, rng.integers(0, len(SEASONS), count), -1),
        launched=np.where(later, start + rng.integers(1, 200, count), start - 1000),
        trending=trending.reshape(TREND_BLOCKS, TRENDING_PER_BLOCK),
        pool=np.stack([rng.choice(settled, CLUSTER_POOL, replace=False) for _ in range(clusters)]),
    )


def cluster_count(spec: WorldSpec) -> int:
    return max(4, min(60, round(spec.customers / 30)))


@lru_cache(maxsize=2)
def clients(spec: WorldSpec) -> Clients:
    rng, count = stream(spec.seed, "clients"), spec.customers
    return Clients(
        rng.choice(len(SEGMENTS), count, p=SEGMENT_SHARES),
        choose(rng, zipf_weights(cluster_count(spec), 0.4), count),
        rng.integers(0, 14, count),
    )


@lru_cache(maxsize=2)
def habits(spec: WorldSpec) -> Habits:
    rng, who, stock = stream(spec.seed, "habits"), clients(spec), products(spec)
    length = np.maximum(rng.poisson(ASSORTMENT[who.segment]), 3)
    client = np.repeat(np.arange(spec.customers), length)
    settled = np.flatnonzero(stock.launched < spec.start.toordinal())
    settled = np.setdiff1d(settled, stock.trending)
    of_cluster = stock.pool[who.cluster[client], choose(rng, zipf_weights(CLUSTER_POOL, 0.6), len(client))]
    any_product = settled[choose(rng, zipf_weights(len(settled), 0.5), len(client))]
    product = np.where(rng.random(len(client)) < FROM_CLUSTER, of_cluster, any_product)
    _, first = np.unique(client * len(stock.price) + product, return_index=True)
    client, product = client[first], product[first]
    cycle = np.maximum(rng.choice(CYCLES, len(client)), 2 * ORDER_RHYTHM[who.segment[client]])
    phase = rng.random(len(client)) * cycle
    return Habits(client, product, cycle, phase, 1 + rng.poisson(4, len(client)))
