"""The replenishment world as feeds: businesses that re-order supplies on their order days, and try something new.

Every client re-orders each of its products after that product's own cycle, give or take some days, on the first of
its order days from then on. Beside that it buys things that clients of its cluster buy, and what is trending.
"""

from __future__ import annotations

from datetime import date
from functools import lru_cache
from typing import Any

import numpy as np
import pyarrow as pa

from recs_platform.simulation import campaign_feeds, campaigns, goods, profiles
from recs_platform.simulation import replenishment_goods as world
from recs_platform.simulation.campaign_plan import Plan, plan_truth
from recs_platform.simulation.columns import (
    DAY,
    HOUR,
    MINUTE,
    Columns,
    Feed,
    labels,
    midnight,
    numbered,
    pc,
    rows,
    stack,
)
from recs_platform.simulation.events import Names, event_feed
from recs_platform.simulation.happenings import CART, LINE, VIEW, happenings, order_key
from recs_platform.simulation.randomness import IntArray, choose, hashed_uniform, stream, zipf_weights
from recs_platform.simulation.replenishment_truth import planted
from recs_platform.simulation.returns import returns_truth
from recs_platform.simulation.spec import WorldSpec

PLAN = Plan(weekdays=frozenset({0}), reach=0.5, arm_shares=(0.8, 0.1, 0.1), personalised=4, random=2)
CHANNELS = pa.array(["portal", "phone"])
BUSINESS_TYPES = ("workshop", "builder", "facility", "farm", "retailer")
DISCOVERY = 0.35
"""Lines per order that are of a product outside the client's own assortment."""
TREND_BASE, TREND_GROWTH = 0.0025, 3.0
"""Orders of a trending product per client and day in the block before its own, and their multiple in its own."""


def feed(spec: WorldSpec, table: str, day: date) -> Feed:
    match table:
        case "events":
            names = Names(people(spec).ids, world.products(spec).ids, CHANNELS)
            return event_feed(spec, day, _clean_events, _sends, names)
        case "treatments":
            return campaign_feeds.treatments_feed(spec, PLAN, day, _sends, people(spec).ids)
        case "deliveries":
            return campaign_feeds.deliveries_feed(spec, day, _sends)
        case "interactions":
            return campaign_feeds.interactions_feed(spec, PLAN, day, _sends)
        case "customers":
            kinds = labels(pa.array(BUSINESS_TYPES), world.clients(spec).cluster % len(BUSINESS_TYPES))
            everybody = np.ones(spec.customers, bool)
            return profiles.customers_feed(spec, day, people(spec), {"business_type": kinds}, {}, everybody)
        case "catalog":
            return goods.catalog_feed(spec, day, _catalog(spec, day))
    raise KeyError(table)


def truth(spec: WorldSpec) -> dict[str, Any]:
    return {
        "strategy": spec.strategy,
        "campaigns": plan_truth(spec, PLAN),
        "returns": returns_truth(),
        "discovery_lines_per_order": DISCOVERY,
        "trend": {"orders_per_client_and_day": TREND_BASE, "growth": TREND_GROWTH},
        **planted(spec),
    }


@lru_cache(maxsize=2)
def people(spec: WorldSpec) -> profiles.People:
    return profiles.people(spec)


@lru_cache(maxsize=10)
def _sends(spec: WorldSpec, day: date) -> Columns:
    return campaigns.sends(spec, PLAN, np.flatnonzero(people(spec).mailable(day)), day)


@lru_cache(maxsize=3)
def _clean_events(spec: WorldSpec, day: date) -> Columns:
    brought = [
        _campaign_orders(spec, day, sent_on, ordered) for sent_on, ordered in campaigns.orders(spec, day, _sends)
    ]
    return stack([_usual_orders(spec, day), _trending_orders(spec, day), *brought])


def _usual_orders(spec: WorldSpec, day: date) -> Columns:
    """The orders of the clients whose order day it is: what fell due since their last one, and some discoveries."""
    rng, habits = stream(spec.seed, "orders", day), world.habits(spec)
    due = _due(spec, day)
    client, product, quantity = habits.client[due], habits.product[due], habits.quantity[due]
    orderers = np.unique(client)
    curious = np.repeat(orderers, rng.poisson(DISCOVERY, len(orderers)))
    client = np.concatenate([client, curious])
    product = np.concatenate([product, _discoveries(spec, rng, day, curious)])
    quantity = np.concatenate([quantity, 1 + rng.poisson(2, len(curious))])
    _, first = np.unique(client * len(world.products(spec).price) + product, return_index=True)
    client, product, quantity = client[first], product[first], quantity[first]
    _, order = np.unique(client, return_inverse=True)
    hour = np.clip(rng.normal(14, 3, len(orderers)), 7, 22)[order]
    at = midnight(day) + (hour * HOUR).astype(np.int64)
    return _as_events(spec, rng, at, client, product, quantity, order_key(1, day, order))


def _due(spec: WorldSpec, day: date) -> IntArray:
    """Positions of the habits that are ordered on a day."""
    habits, who = world.habits(spec), world.clients(spec)
    rhythm = world.ORDER_RHYTHM[who.segment]
    order_day = (day.toordinal() + who.offset) % rhythm == 0
    ready = order_day[habits.client] & people(spec).present(day)[habits.client]
    ready &= world.in_season(world.products(spec), day)[habits.product]
    chosen = np.flatnonzero(ready)
    cycle, phase = habits.cycle[chosen], habits.phase[chosen]
    window = rhythm[habits.client[chosen]]
    now = day.toordinal()
    latest = np.floor((now - phase) / cycle).astype(np.int64)
    falls_due = np.zeros(len(chosen), bool)
    for turn in (latest - 1, latest, latest + 1):
        stray = (2 * hashed_uniform(spec.seed, chosen, turn) - 1) * world.JITTER * cycle
        due_on = phase + turn * cycle + stray
        falls_due |= (due_on > now - window) & (due_on <= now)
    return chosen[falls_due]


def _discoveries(spec: WorldSpec, rng: np.random.Generator, day: date, client: IntArray) -> IntArray:
    """For each line a product that clients of the same cluster re-order, or any of the catalog, also a new one."""
    stock, who = world.products(spec), world.clients(spec)
    liked = stock.pool[who.cluster[client], choose(rng, zipf_weights(world.CLUSTER_POOL, 0.6), len(client))]
    listed = np.flatnonzero((stock.launched <= day.toordinal()) & world.in_season(stock, day))
    anything = listed[rng.integers(0, len(listed), len(client))]
    fits_cluster = (rng.random(len(client)) < 0.8) & world.in_season(stock, day)[liked]
    return np.where(fits_cluster, liked, anything)


def _trending_orders(spec: WorldSpec, day: date) -> Columns:
    """Orders of the products that trend now and of those that will next, one line each."""
    rng, stock = stream(spec.seed, "trend", day), world.products(spec)
    block = world.trend_block(spec, day) - np.arange(world.TREND_BLOCKS)[:, None]
    rate = np.select([block == -1, block == 0], [TREND_BASE, TREND_BASE * TREND_GROWTH], 0.0)
    rate = np.broadcast_to(rate, stock.trending.shape)
    present = np.flatnonzero(people(spec).present(day))
    product = np.repeat(stock.trending.ravel(), rng.poisson(rate.ravel() * len(present)))
    client = present[rng.integers(0, len(present), len(product))]
    at = midnight(day) + 8 * HOUR + rng.integers(0, 10 * HOUR, len(product))
    order = order_key(4, day, np.arange(len(product)))
    return _as_events(spec, rng, at, client, product, 1 + rng.poisson(2, len(product)), order)


def _campaign_orders(spec: WorldSpec, day: date, sent_on: date, ordered: Columns) -> Columns:
    rng = stream(spec.seed, f"campaign orders {day.toordinal()}", sent_on)
    product = _discoveries(spec, rng, day, ordered["customer"])
    order = order_key(2, sent_on, ordered["number"])
    quantity = np.full(rows(ordered), 2)
    return _as_events(spec, rng, ordered["ordered_at"], ordered["customer"], product, quantity, order)


def _as_events(
    spec: WorldSpec,
    rng: np.random.Generator,
    at: IntArray,
    client: IntArray,
    product: IntArray,
    quantity: IntArray,
    order: IntArray,
) -> Columns:
    """Order lines, after a look at some of the products and a cart for some."""
    count = len(at)
    price = world.products(spec).price[product]
    looked, carted = rng.random(count) < 0.5, rng.random(count) < 0.3
    before = np.minimum(rng.integers(MINUTE, 2 * HOUR, count), at % DAY)
    return stack(
        [
            happenings((at - before)[looked], client[looked], VIEW, product[looked]),
            happenings(
                (at - before // 2)[carted],
                client[carted],
                CART,
                product[carted],
                quantity=quantity[carted],
                price=price[carted],
            ),
            happenings(at, client, LINE, product, quantity=quantity, price=price, order=order, promo=0),
        ]
    )


def _catalog(spec: WorldSpec, day: date) -> dict[str, Any]:
    stock = world.products(spec)
    listed = np.flatnonzero(stock.launched <= day.toordinal())
    ids = stock.ids.take(pa.array(listed))
    department = labels(pa.array(world.DEPARTMENTS), stock.department[listed])
    return {
        "item_id": ids,
        "name": pc.binary_join_element_wise(department, ids, " "),
        "category": department,
        "brand": numbered("Brand ", stock.brand[listed], 2),
        "price": stock.price[listed],
        "cost": (stock.price[listed] * 0.7).round(2),
        "group_id": numbered("G", stock.group[listed], 5),
        "image_url": pc.binary_join_element_wise("https://img.example.com/", ids, ""),
    }
