"""The customers of the offer-ranking world and their ordinary baskets, from which one can tell what they are like."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import lru_cache

import numpy as np

from recs_platform.simulation import profiles
from recs_platform.simulation.columns import HOUR, MINUTE, Columns, midnight, stack
from recs_platform.simulation.happenings import CART, LINE, VIEW, happenings, order_key
from recs_platform.simulation.offer_goods import CATEGORIES, FRESH, ITEMS_PER_CATEGORY, drift_day
from recs_platform.simulation.offer_goods import goods as goods_of
from recs_platform.simulation.randomness import BoolArray, FloatArray, IntArray, choose, stream, zipf_weights
from recs_platform.simulation.spec import WorldSpec

DELIVERED_TYPES = ("restaurant", "hotel", "caterer")
BUSINESS_TYPES = (*DELIVERED_TYPES, "kiosk", "canteen")
HUGE = 0.001
"""Share of basket lines of thousands of units, in a world that has them."""
COLD = 0.03
"""Share of customers that never ordered before they see offers.
"""
PROMO_SHARES = {"before": (0.08, 0.6), "after": (0.2, 0.8)}
"""Share of basket lines bought on promotion, by customers that are not sensitive to price and that are."""
FRESH_SHARES, DELIVERY_SHARES = (0.15, 0.65), (0.12, 0.8)


@dataclass(frozen=True)
class Businesses:
    kind: IntArray
    sensitive: BoolArray
    fresh_buyer: BoolArray
    cold: BoolArray
    favourite: BoolArray
    """customers x categories"""
    period: FloatArray
    """Mean days between baskets."""
    habit: FloatArray
    """Readiness to redeem, in log-odds. It shows in nothing but past redemptions."""

    @property
    def delivered(self) -> BoolArray:
        return self.kind < len(DELIVERED_TYPES)


@lru_cache(maxsize=2)
def people(spec: WorldSpec) -> profiles.People:
    return profiles.people(spec)


@lru_cache(maxsize=2)
def businesses(spec: WorldSpec) -> Businesses:
    rng, count = stream(spec.seed, "businesses"), spec.customers
    ranks = rng.random((count, len(CATEGORIES)))
    fresh, dry = ranks[:, : len(FRESH)], ranks[:, len(FRESH) :]
    favourite = np.concatenate([fresh <= np.sort(fresh, axis=1)[:, 1:2], dry <= np.sort(dry, axis=1)[:, 2:3]], axis=1)
    return Businesses(
        kind=rng.choice(len(BUSINESS_TYPES), count, p=[0.25, 0.12, 0.13, 0.3, 0.2]),
        sensitive=rng.random(count) < 0.5,
        fresh_buyer=rng.random(count) < 0.5,
        cold=rng.random(count) < COLD,
        favourite=favourite,
        period=rng.uniform(4, 16, count),
        habit=stream(spec.seed, "habits").normal(0.0, 1.0, count) * spec.habits,
    )


def baskets(spec: WorldSpec, day: date) -> Columns:
    """Baskets bought without any offer in mind, some lines looked at or put in the cart before."""
    rng, who = stream(spec.seed, "baskets", day), businesses(spec)
    buys = (rng.random(spec.customers) < 1 / who.period) & ~who.cold & people(spec).present(day)
    buyer = np.flatnonzero(buys)
    lines = np.clip(rng.poisson(6, len(buyer)), 1, 15)
    basket = np.repeat(np.arange(len(buyer)), lines)
    item = groceries(spec, rng, buyer[basket])
    _, first = np.unique(basket * 10**6 + item, return_index=True)
    basket, item = basket[first], item[first]
    customer, count = buyer[basket], len(basket)
    shares = np.array(PROMO_SHARES["after" if day >= drift_day(spec) else "before"])
    promo = rng.random(count) < shares[who.sensitive[customer].astype(int)]
    delivery = (rng.random(len(buyer)) < np.array(DELIVERY_SHARES)[who.delivered[buyer].astype(int)])[basket]
    price = (goods_of(spec).price[item] * np.where(promo, rng.uniform(0.7, 0.9, count), 1.0)).round(2)
    quantity = 1 + rng.poisson(3, count)
    if spec.huge_quantities:
        tail = stream(spec.seed, "huge quantities", day)
        quantity = np.where(tail.random(count) < HUGE, tail.integers(5_000, 40_000, count), quantity)
    hour = np.clip(rng.normal(11, 3.5, len(buyer)), 4, 22)[basket]
    at = midnight(day) + (hour * HOUR).astype(np.int64)
    looked, carted = rng.random(count) < 0.3, rng.random(count) < 0.2
    before = rng.integers(MINUTE, 3 * HOUR, count)
    return stack(
        [
            happenings((at - before)[looked], customer[looked], VIEW, item[looked]),
            happenings(
                (at - before // 2)[carted],
                customer[carted],
                CART,
                item[carted],
                quantity=quantity[carted],
                price=price[carted],
            ),
            happenings(
                at,
                customer,
                LINE,
                item,
                quantity=quantity,
                price=price,
                order=order_key(1, day, basket),
                promo=promo.astype(np.int64),
                channel=delivery.astype(np.int64),
            ),
        ]
    )


def groceries(spec: WorldSpec, rng: np.random.Generator, customer: IntArray) -> IntArray:
    """What each customer buys: mostly from favourite categories, fresh or dry as the customer is inclined."""
    who, count = businesses(spec), len(customer)
    fresh = rng.random(count) < np.array(FRESH_SHARES)[who.fresh_buyer[customer].astype(int)]
    usual = rng.random(count) < 0.93
    right_kind = (np.arange(len(CATEGORIES)) < len(FRESH))[None, :] == fresh[:, None]
    weight = right_kind * np.where(usual[:, None], who.favourite[customer], 1.0)
    cumulated = np.cumsum(weight, axis=1)
    drawn = rng.random(count) * cumulated[:, -1]
    category: IntArray = (cumulated <= drawn[:, None]).sum(axis=1)
    return category * ITEMS_PER_CATEGORY + choose(rng, zipf_weights(ITEMS_PER_CATEGORY, 0.9), count)
