"""The things of the offer-ranking world: groceries, and the offers on them, week by week.

Not here: who sees an offer and who redeems it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

import numpy as np

from recs_platform.simulation.columns import Arrow, Columns, numbered, pick, rows, stack
from recs_platform.simulation.randomness import BoolArray, FloatArray, IntArray, stream
from recs_platform.simulation.spec import WorldSpec

FRESH = ("Vegetables", "Fruit", "Meat", "Fish", "Dairy")
DRY = ("Beverages", "Canned food", "Pasta and rice", "Spices", "Cleaning", "Disposables", "Frozen food")
CATEGORIES = FRESH + DRY
ITEMS_PER_CATEGORY = 80
OFFERS_PER_WEEK = 30
DRIFT_OFFSET = 100
"""Days from the start to the day on which discounts, prices paid and the readiness to redeem change for good, unless
the spec says another.
"""
PAUSE_OFFSET, PAUSE_DAYS = 112, 4
"""Days from the start to a period without any active offer, and its length."""
DEEP = 0.25
"""Discounts from here on are deep."""
DEEP_SHARES = {"before": 0.5, "after": 0.95}
"""Share of deep offers among those that start before the drift day, and from it on."""
_WEEKS_BACK = 5
_SUCCESSORS = 50
"""Added to an offer's number, it is the number of the offer that takes its place on the drift day."""
_NEVER = date.max.toordinal()


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
    return spec.start + timedelta(days=DRIFT_OFFSET if spec.drift_after_days is None else spec.drift_after_days)


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
    """The offers that start in a week: number, item, discount, first and last day as ordinals, and the day from which
    another one is shown in their place."""
    rng, week = stream(spec.seed, "offers", monday), monday.toordinal()
    count = OFFERS_PER_WEEK
    first = week + rng.integers(0, 7, count)
    last = first + rng.integers(11, 18, count)
    pause_first, pause_last = (day.toordinal() for day in pause(spec))
    delayed = (first >= pause_first) & (first <= pause_last)
    first = np.where(delayed, pause_last + 1, first)
    last = np.where((first < pause_first) & (last >= pause_first), pause_first - 1, last)
    drift = drift_day(spec).toordinal()
    offers = {
        "number": week * 100 + np.arange(count),
        "discount": _discounts(rng, np.where(first >= drift, DEEP_SHARES["after"], DEEP_SHARES["before"])),
        "item": rng.integers(0, len(CATEGORIES) * ITEMS_PER_CATEGORY, count),
        "first": first,
        "last": last,
        "replaced": np.where((first < drift) & (last >= drift), drift, _NEVER),
    }
    return stack([offers, _successors(spec, monday, offers)])


def _successors(spec: WorldSpec, monday: date, offers: Columns) -> Columns:
    """Of each offer that runs across the drift day: another one on the same item, for the days that are left.

    Both run, and the shop shows the successor. So all that customers see changes in a day, although no offer that was
    announced changes.
    """
    taken = pick(offers, offers["replaced"] < _NEVER)
    rng = stream(spec.seed, "offers after the drift", monday)
    return {
        **taken,
        "number": taken["number"] + _SUCCESSORS,
        "discount": _discounts(rng, np.full(rows(taken), DEEP_SHARES["after"])),
        "first": taken["replaced"],
        "replaced": np.full(rows(taken), _NEVER),
    }


def _discounts(rng: np.random.Generator, deep_shares: FloatArray) -> FloatArray:
    count = len(deep_shares)
    deep = rng.random(count) < deep_shares
    discounts: FloatArray = np.where(
        deep, rng.uniform(DEEP + 0.02, 0.45, count), rng.uniform(0.05, DEEP - 0.02, count)
    ).round(2)
    return discounts


def announced_offers(spec: WorldSpec, day: date) -> Columns:
    """All offers known on a day: past ones since shortly before the start, running ones, those of next week."""
    monday = spec.start - timedelta(days=spec.start.weekday() + 7 * _WEEKS_BACK)
    last = max(day, spec.start) + timedelta(days=7 - day.weekday())
    weeks = range((last - monday).days // 7 + 1)
    return stack([_offers_of_week(spec, monday + timedelta(days=7 * week)) for week in weeks])


def active_offers(spec: WorldSpec, day: date) -> Columns:
    """The offers that run on a day."""
    begin = day - timedelta(days=day.weekday() + 21)
    recent = stack([_offers_of_week(spec, begin + timedelta(days=7 * week)) for week in range(4)])
    ordinal = day.toordinal()
    return pick(recent, (recent["first"] <= ordinal) & (recent["last"] >= ordinal))


def offers_on_show(spec: WorldSpec, day: date) -> Columns:
    """Those of them that customers are shown: not the ones that have a successor."""
    active = active_offers(spec, day)
    return pick(active, active["replaced"] > day.toordinal())
