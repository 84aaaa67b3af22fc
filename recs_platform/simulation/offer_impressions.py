"""Which offers are shown to whom and which of them are redeemed, and the feeds of both.

An offer is shown to the same customer at most once in eight days, so every redemption belongs to one impression.
"""

from __future__ import annotations

from datetime import date, timedelta
from functools import lru_cache

import numpy as np

from recs_platform.schemas.sources import Impressions, OfferItems, Offers, Redemptions
from recs_platform.simulation import dirt, offer_formula
from recs_platform.simulation.columns import (
    DAY,
    HOUR,
    MINUTE,
    Columns,
    Feed,
    days,
    instants,
    labels,
    landing_table,
    midnight,
    numbered,
    pick,
    rows,
    stack,
    within,
)
from recs_platform.simulation.happenings import order_key
from recs_platform.simulation.offer_goods import (
    ITEMS_PER_CATEGORY,
    active_offers,
    announced_offers,
    drift_day,
    offers_on_show,
)
from recs_platform.simulation.offer_goods import goods as goods_of
from recs_platform.simulation.offer_people import DELIVERY_SHARES, businesses, people
from recs_platform.simulation.randomness import FloatArray, IntArray, stream
from recs_platform.simulation.spec import WorldSpec

REDEMPTION_DAYS = 6
"""Days after the day of an impression on which it may still be redeemed."""
TURN_DAYS = 8
"""Days between the days on which an offer may be shown to the same customer."""
_ITEM_STEP = 7
"""Has no divisor in common with the number of a category's items, so that no item stands twice in an offer."""
SHOWN = (0.12, 0.35)
"""Chance that an offer whose turn it is is shown, outside and inside the customer's categories."""


@lru_cache(maxsize=10)
def shown_offers(spec: WorldSpec, day: date, limit: int | None = None) -> Columns:
    """The impressions of a day with what decides about them, and when they are redeemed (-1: never)."""
    rng, who, shop = stream(spec.seed, "impressions", day), businesses(spec), goods_of(spec)
    offers = offers_on_show(spec, day)
    if day < spec.start or not is_campaign_week(spec, day):
        offers = pick(offers, slice(0, 0))
    everybody = np.arange(spec.customers)
    turn = (offers["number"][None, :] + 3 * everybody[:, None] - day.toordinal()) % TURN_DAYS == 0
    turn &= people(spec).present(day)[:, None]
    customer, offer = np.nonzero(turn)
    item = offers["item"][offer]
    favourite = who.favourite[customer, shop.category[item]]
    shown = np.flatnonzero(rng.random(len(customer)) < np.array(SHOWN)[favourite.astype(int)])[:limit]
    customer, offer, item, favourite = customer[shown], offer[shown], item[shown], favourite[shown]
    count = len(customer)
    hour = np.clip(rng.normal(10, 3, count), 5, 20)
    pairs: Columns = {
        "number": np.arange(count),
        "customer": customer,
        "offer": offers["number"][offer],
        "item": item,
        "discount": offers["discount"][offer],
        "days_left": offers["last"][offer] - day.toordinal(),
        "known_category": favourite,
        "sensitive": who.sensitive[customer],
        "delivered": who.delivered[customer],
        "fresh_buyer": who.fresh_buyer[customer],
        "cold": who.cold[customer],
        "habit": who.habit[customer],
        "own_brand": shop.own_brand[item],
        "drifted": np.full(count, day >= drift_day(spec)),
        "shown_at": midnight(day) + (hour * HOUR).astype(np.int64),
    }
    pairs["redeemed_at"] = _redeemed_at(rng, day, pairs, offer_formula.chance(pairs, spec.interactions))
    pairs["quantity"] = 1 + rng.poisson(3, count)
    pairs["channel"] = (rng.random(count) < np.array(DELIVERY_SHARES)[pairs["delivered"].astype(int)]).astype(np.int64)
    return pairs


def _redeemed_at(rng: np.random.Generator, day: date, pairs: Columns, chance: FloatArray) -> IntArray:
    """When each impression is redeemed while its offer runs; -1 for never."""
    count = rows(pairs)
    redeemed = rng.random(count) < chance
    wait = 10 * MINUTE + np.minimum(rng.exponential(2 * DAY, count), 9 * DAY).astype(np.int64)
    over = midnight(day) + (np.minimum(pairs["days_left"], REDEMPTION_DAYS) + 1) * DAY
    at = pairs["shown_at"] + wait
    at = np.where(at < over, at, over - rng.integers(1, 3 * HOUR, count))
    return np.where(redeemed, at, -1)


def redeemed_offers(spec: WorldSpec, day: date) -> Columns:
    """The redemptions of a day, each with its order."""
    parts = []
    for age in range(REDEMPTION_DAYS, -1, -1):
        shown_on = day - timedelta(days=age)
        redeemed = within(shown_offers(spec, shown_on), "redeemed_at", day)
        parts.append({**redeemed, "order": order_key(3, shown_on, redeemed["number"])})
    return stack(parts)


def impressions_feed(spec: WorldSpec, day: date) -> Feed:
    pairs = shown_offers(spec, day)
    clean = landing_table(
        Impressions,
        {
            "impression_id": numbered(f"I{day:%Y%m%d}-", pairs["number"]),
            "customer_id": labels(people(spec).ids, pairs["customer"]),
            "offer_id": numbered("F", pairs["offer"]),
            "shown_at": instants(pairs["shown_at"]),
        },
    )
    rng = stream(spec.seed, "impression dirt", day)
    table, rejected = dirt.spoil(
        clean,
        rng,
        [dirt.Defect("customer_id is missing", 0.001, {"customer_id": dirt.nothing})],
        key="impression_id",
    )
    counts = {
        "impressions": rows(pairs),
        "redeemed_within_seven_days": int((pairs["redeemed_at"] >= 0).sum()),
        "active_offers": rows(active_offers(spec, day)),
    }
    return Feed(table, {"rejected": {"impressions": rejected}, "offers": counts})


def redemptions_feed(spec: WorldSpec, day: date) -> Feed:
    redeemed = redeemed_offers(spec, day)
    redeemed = pick(redeemed, np.argsort(redeemed["redeemed_at"], kind="stable"))
    clean = landing_table(
        Redemptions,
        {
            "customer_id": labels(people(spec).ids, redeemed["customer"]),
            "offer_id": numbered("F", redeemed["offer"]),
            "redeemed_at": instants(redeemed["redeemed_at"]),
            "order_id": numbered("O", redeemed["order"]),
        },
    )
    rng = stream(spec.seed, "redemption dirt", day)
    keys = ("customer_id", "offer_id", "order_id")
    table, rejected = dirt.spoil(
        clean, rng, [dirt.Defect(f"{key} is missing", 0.001, {key: dirt.nothing}) for key in keys]
    )
    return Feed(table, {"rejected": {"redemptions": rejected}, "offers": {"redemptions": rows(redeemed)}})


def offers_feed(spec: WorldSpec, day: date) -> Feed:
    known = announced_offers(spec, day)
    clean = landing_table(
        Offers,
        {
            "offer_id": numbered("F", known["number"]),
            "item_id": labels(goods_of(spec).ids, known["item"]),
            "discount": known["discount"],
            "starts_on": days(known["first"]),
            "ends_on": days(known["last"]),
        },
    )
    before = days(known["first"].min(keepdims=True) - 1)[0]
    rng = stream(spec.seed, "offer dirt", day)
    table, rejected = dirt.spoil(
        clean,
        rng,
        [dirt.Defect("ends_on is before starts_on", 0.004, {"ends_on": dirt.constant(before)})],
        key="offer_id",
    )
    return Feed(table, {"rejected": {"offers": rejected}})


def is_campaign_week(spec: WorldSpec, day: date) -> bool:
    return (day - spec.start).days // 7 % spec.campaign_weeks == 0


def offer_items_feed(spec: WorldSpec, day: date) -> Feed:
    """The items of each offer beside the one that `offers` names: others of its category. None where an offer is on one
    item."""
    known, more = announced_offers(spec, day), np.arange(1, spec.items_per_offer)
    place = (known["item"][:, None] + more * _ITEM_STEP) % ITEMS_PER_CATEGORY
    item = known["item"][:, None] // ITEMS_PER_CATEGORY * ITEMS_PER_CATEGORY + place
    columns = {
        "offer_id": numbered("F", np.repeat(known["number"], len(more))),
        "item_id": labels(goods_of(spec).ids, item.ravel()),
    }
    return Feed(landing_table(OfferItems, columns), {})
