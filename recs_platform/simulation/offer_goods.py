"""The things of the offer-ranking world: groceries, and the offers on them, week by week.

Not here: who sees an offer and who redeems it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

import numpy as np

from recs_platform.simulation.columns import Arrow, Columns, numbered, pick, stack
from recs_platform.simulation.randomness import BoolArray, FloatArray, IntArray, stream
from recs_platform.simulation.spec import WorldSpec

FRESH = ("Vegetables", "Fruit", "Meat", "Fish", "Dairy")
DRY = ("Beverages", "Canned food", "Pasta and rice", "Spices", "Cleaning", "Disposables", "Frozen food")
CATEGORIES = FRESH + DRY
ITEMS_PER_CATEGORY = 80
OFFERS_PER_WEEK = 30
DRIFT_OFFSET = 100
"""Days from the start to the day on which discounts, prices paid and the readiness to redeem change for good.
"""
PAUSE_OFFSET, PAUSE_DAYS = 112, 4
"""Days from the start to a period without any active offer, and its length."""
DEEP = 0.25
"""Discounts from here on are deep."""
_WEEKS_BACK = 5


@dataclass(frozen=True)
class Goods:
    ids: Arrow
    category: IntArray
    price: FloatArray
    cost: FloatArray
    tier: IntArray
    own_brand: BoolArray

    @property
    def fresh(self) -> BoolArray:
        return self.category < len(FRESH)


def drift_day(spec: WorldSpec) -> date:
    return spec.start + timedelta(days=DRIFT_OFFSET)


def pause(spec: WorldSpec) -> tuple[date, date]:
    """First and last day without offers."""
    first = spec.start + timedelta(days=PAUSE_OFFSET)
    return first, first + timedelta(days=PAUSE_DAYS - 1)


@lru_cache(maxsize=2)
def goods(spec: WorldSpec) -> Goods:
    rng = stream(spec.seed, "goods")
    count = len(CATEGORIES) * ITEMS_PER_CATEGORY
    tier = rng.choice([1, 2, 3], count, p=[0.4, 0.4, 0.2])
    price = np.round(np.exp(rng.normal(2.2, 0.6, count)) * (0.7 + 0.3 * tier), 2)
    return Goods(
        numbered("P", np.arange(1, count + 1), 6),
        np.repeat(np.arange(len(CATEGORIES)), ITEMS_PER_CATEGORY),
        price,
        (price * rng.uniform(0.55, 0.85, count)).round(2),
        tier,
        rng.random(count) < 0.4,
    )


@lru_cache(maxsize=64)
def _offers_of_week(spec: WorldSpec, monday: date) -> Columns:
    """The offers that start in a week: number, item, discount, first and last day as ordinals."""
    rng, week = stream(spec.seed, "offers", monday), monday.toordinal()
    count = OFFERS_PER_WEEK
    first = week + rng.integers(0, 7, count)
    last = first + rng.integers(11, 18, count)
    pause_first, pause_last = (day.toordinal() for day in pause(spec))
    delayed = (first >= pause_first) & (first <= pause_last)
    first = np.where(delayed, pause_last + 1, first)
    last = np.where((first < pause_first) & (last >= pause_first), pause_first - 1, last)
    deep = rng.random(count) < np.where(first >= drift_day(spec).toordinal(), 0.8, 0.5)
    discount = np.where(deep, rng.uniform(DEEP + 0.02, 0.45, count), rng.uniform(0.05, DEEP - 0.02, count))
    return {
        "number": week * 100 + np.arange(count),
        "item": rng.integers(0, len(CATEGORIES) * ITEMS_PER_CATEGORY, count),
        "discount": discount.round(2),
        "first": first,
        "last": last,
    }


def announced_offers(spec: WorldSpec, day: date) -> Columns:
    """All offers known on a day: past ones since shortly before the start, running ones, those of next week."""
    monday = spec.start - timedelta(days=spec.start.weekday() + 7 * _WEEKS_BACK)
    last = max(day, spec.start) + timedelta(days=7 - day.weekday())
    weeks = range((last - monday).days // 7 + 1)
    return stack([_offers_of_week(spec, monday + timedelta(days=7 * week)) for week in weeks])


def active_offers(spec: WorldSpec, day: date) -> Columns:
    begin = day - timedelta(days=day.weekday() + 21)
    recent = stack([_offers_of_week(spec, begin + timedelta(days=7 * week)) for week in range(4)])
    ordinal = day.toordinal()
    return pick(recent, (recent["first"] <= ordinal) & (recent["last"] >= ordinal))
