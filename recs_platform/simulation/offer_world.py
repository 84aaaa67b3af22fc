"""The offer-ranking world as feeds: businesses that buy groceries, see offers and redeem some.

Baskets show what a customer is like (sensitive to price, keen on fresh food, has goods delivered); whether an offer
that was shown is redeemed within the next days follows the planted formula.
"""

from __future__ import annotations

from datetime import date, timedelta
from functools import lru_cache
from typing import Any

import numpy as np
import pyarrow as pa

from recs_platform.simulation import campaign_feeds, campaigns, goods, offer_formula, profiles
from recs_platform.simulation.campaign_plan import Plan, plan_truth
from recs_platform.simulation.columns import (
    Columns,
    Feed,
    labels,
    numbered,
    pc,
    stack,
)
from recs_platform.simulation.events import Names, event_feed
from recs_platform.simulation.happenings import LINE, happenings, order_key
from recs_platform.simulation.offer_goods import (
    CATEGORIES,
    DEEP_SHARES,
    drift_day,
    pause,
)
from recs_platform.simulation.offer_goods import goods as goods_of
from recs_platform.simulation.offer_impressions import (
    REDEMPTION_DAYS,
    impressions_feed,
    offer_items_feed,
    offers_feed,
    redeemed_offers,
    redemptions_feed,
    shown_offers,
)
from recs_platform.simulation.offer_people import (
    BUSINESS_TYPES,
    COLD,
    DELIVERED_TYPES,
    HUGE,
    PROMO_SHARES,
    baskets,
    businesses,
    groceries,
    people,
)
from recs_platform.simulation.randomness import stream
from recs_platform.simulation.returns import returns_truth
from recs_platform.simulation.spec import WorldSpec

PLAN = Plan(weekdays=frozenset({2}), reach=0.3, arm_shares=(0.8, 0.1, 0.1), personalised=6, random=2)
CHANNELS = pa.array(["store", "delivery"])


def feed(spec: WorldSpec, table: str, day: date) -> Feed:
    match table:
        case "events":
            names = Names(people(spec).ids, goods_of(spec).ids, CHANNELS)
            return event_feed(spec, day, _clean_events, _sends, names)
        case "treatments":
            return campaign_feeds.treatments_feed(spec, PLAN, day, _sends, people(spec).ids)
        case "deliveries":
            return campaign_feeds.deliveries_feed(spec, day, _sends)
        case "interactions":
            return campaign_feeds.interactions_feed(spec, PLAN, day, _sends)
        case "customers":
            kinds = labels(pa.array(BUSINESS_TYPES), businesses(spec).kind)
            everybody = np.ones(spec.customers, bool)
            return profiles.customers_feed(spec, day, people(spec), {"business_type": kinds}, {}, everybody)
        case "catalog":
            return goods.catalog_feed(spec, day, _catalog(spec))
        case "offers":
            return offers_feed(spec, day)
        case "offer_items":
            return offer_items_feed(spec, day)
        case "impressions":
            return impressions_feed(spec, day)
        case "redemptions":
            return redemptions_feed(spec, day)
    raise KeyError(table)


def truth(spec: WorldSpec) -> dict[str, Any]:
    # Of weeks without a campaign there is nothing to say.
    ages = [age - 7 * (age // 7 % spec.campaign_weeks) for age in (20, 40, 60, 80)]
    sample = [shown_offers(spec, spec.start + timedelta(days=age), 20_000) for age in ages]
    first, last = pause(spec)
    return {
        "strategy": spec.strategy,
        "campaigns": plan_truth(spec, PLAN),
        "returns": returns_truth(),
        "redemption": offer_formula.formula_truth(stack(sample), spec.interactions),
        "drift_date": drift_day(spec).isoformat(),
        "drift": {
            "share_of_deep_offers_shown": DEEP_SHARES,
            "promo_share_of_lines": PROMO_SHARES,
            "added_to_the_base": {"before": 0.0, "after": offer_formula.AFTER_DRIFT},
        },
        "no_offers": {"first": first.isoformat(), "last": last.isoformat()},
        "share_of_cold_customers": COLD,
        "delivered_business_types": list(DELIVERED_TYPES),
        "promo_share_of_lines": PROMO_SHARES,
        "redemption_days": REDEMPTION_DAYS + 1,
        "spread_of_habits": spec.habits,
        "items_per_offer": spec.items_per_offer,
        "campaign_weeks": spec.campaign_weeks,
        "share_of_huge_quantities": HUGE * spec.huge_quantities,
    }


@lru_cache(maxsize=10)
def _sends(spec: WorldSpec, day: date) -> Columns:
    return campaigns.sends(spec, PLAN, np.flatnonzero(people(spec).mailable(day)), day)


@lru_cache(maxsize=3)
def _clean_events(spec: WorldSpec, day: date) -> Columns:
    shop, redeemed = goods_of(spec), redeemed_offers(spec, day)
    bought = happenings(
        redeemed["redeemed_at"],
        redeemed["customer"],
        LINE,
        redeemed["item"],
        quantity=redeemed["quantity"],
        price=(shop.price[redeemed["item"]] * (1 - redeemed["discount"])).round(2),
        order=redeemed["order"],
        promo=1,
        channel=redeemed["channel"],
    )
    brought = [
        _campaign_orders(spec, day, sent_on, ordered) for sent_on, ordered in campaigns.orders(spec, day, _sends)
    ]
    return stack([baskets(spec, day), bought, *brought])


def _campaign_orders(spec: WorldSpec, day: date, sent_on: date, ordered: Columns) -> Columns:
    rng = stream(spec.seed, f"campaign orders {day.toordinal()}", sent_on)
    item = groceries(spec, rng, ordered["customer"])
    order = order_key(2, sent_on, ordered["number"])
    price = goods_of(spec).price[item]
    return happenings(
        ordered["ordered_at"], ordered["customer"], LINE, item, quantity=2, price=price, order=order, promo=0
    )


def _catalog(spec: WorldSpec) -> dict[str, Any]:
    shop = goods_of(spec)
    category = labels(pa.array(CATEGORIES), shop.category)
    return {
        "item_id": shop.ids,
        "name": pc.binary_join_element_wise(category, shop.ids, " "),
        "category": category,
        "brand": pa.array(np.where(shop.own_brand, "Own", "Brand")),
        "price": shop.price,
        "cost": shop.cost,
        "group_id": numbered("G", np.arange(len(shop.price)) // 10),
        "image_url": pc.binary_join_element_wise("https://img.example.com/", shop.ids, ""),
        "price_tier": shop.tier,
        "is_own_brand": shop.own_brand,
        "is_fresh": shop.fresh,
    }
