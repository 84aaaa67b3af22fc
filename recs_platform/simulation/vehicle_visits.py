"""Visits of the vehicle-fitment world: views, then perhaps a cart, then perhaps an order, over some days.

A visit is of parts that fit the visitor's vehicle or of items outside the fitment data. Not here: orders that campaigns
bring, and the feed that all of it becomes.
"""

from __future__ import annotations

from datetime import date
from functools import lru_cache

import numpy as np
import pyarrow as pa

from recs_platform.simulation.columns import DAY, HOUR, MINUTE, Arrow, Columns, midnight, stack
from recs_platform.simulation.happenings import CART, LINE, VIEW, happenings, order_key
from recs_platform.simulation.randomness import BoolArray, FloatArray, IntArray, stream
from recs_platform.simulation.spec import WorldSpec
from recs_platform.simulation.vehicle_catalog import items
from recs_platform.simulation.vehicle_fits import any_fitting_item, fitting_item, outside_item, universal_item
from recs_platform.simulation.vehicle_owners import owners, people

OUTSIDE_SHARE = 0.65
"""Share of purchases that are of items outside the fitment data."""
VISIT_DAYS = 6
"""Days after its first on which a visit still goes on."""
SHOPPERS, SECOND_ITEM, SECOND_VIEW, CARTED, ORDERED = 0.6, 0.2, 0.2, 0.55, 0.6
"""Shares of visits by shoppers (the others only look), with a second item, with another view; of shoppers that fill a
cart; of carts that are ordered."""
STRANGERS = 0.15
"""Visits of unknown people per visit of a customer."""


@lru_cache(maxsize=10)
def visits(spec: WorldSpec, day: date) -> Columns:
    """The events of all visits that begin on a day."""
    rng = stream(spec.seed, "visits", day)
    visitor = _visitors(spec, rng, day)
    visit = np.repeat(np.arange(len(visitor)), 1 + (rng.random(len(visitor)) < SECOND_ITEM))
    second = np.concatenate([[False], visit[1:] == visit[:-1]])[: len(visit)]
    customer, count = visitor[visit], len(visit)
    shops = (rng.random(len(visitor)) < SHOPPERS)[visit]
    carted = shops & (rng.random(len(visitor)) < CARTED)[visit]
    ordered = carted & (rng.random(len(visitor)) < ORDERED)[visit] & ~(second & (rng.random(count) < 0.5))
    again = shops & (rng.random(count) < SECOND_VIEW)
    item = _wanted(spec, rng, day, customer, shops)
    kept = ~(second & (item == np.roll(item, 1)))
    viewed, again_at, cart_at, order_at = _instants(rng, day, visit, second)
    price = prices(spec, day)[base_items(spec)[item]]
    quantity = 1 + (rng.random(count) < 0.1).astype(np.int64)
    channel = np.where(rng.random(len(visitor)) < 0.92, 0, 1)[visit]
    order = order_key(1, day, visit)
    c, o = kept & carted, kept & ordered
    return stack(
        [
            happenings(viewed[kept], customer[kept], VIEW, item[kept]),
            happenings(again_at[kept & again], customer[kept & again], VIEW, item[kept & again]),
            happenings(cart_at[c], customer[c], CART, item[c], quantity=quantity[c], price=price[c]),
            happenings(
                order_at[o],
                customer[o],
                LINE,
                item[o],
                quantity=quantity[o],
                price=price[o],
                order=order[o],
                promo=0,
                channel=channel[o],
            ),
        ]
    )


def _visitors(spec: WorldSpec, rng: np.random.Generator, day: date) -> IntArray:
    """Who begins a visit: the customers whose turn it is, and strangers (-1)."""
    who = owners(spec)
    due = (day.toordinal() + who.phase) % who.period == 0
    customers = np.flatnonzero(due & ~who.cold & people(spec).present(day))
    return np.concatenate([customers, np.full(rng.poisson(STRANGERS * spec.customers / 75), -1)])


def _instants(
    rng: np.random.Generator, day: date, visit: IntArray, second: BoolArray
) -> tuple[IntArray, IntArray, IntArray, IntArray]:
    """When each item is viewed, viewed again, carted and ordered, should it come to that; one order per visit."""
    count, visitors = len(visit), int(visit[-1]) + 1 if len(visit) else 0
    hour = np.clip(rng.normal(17.5, 3.5, visitors), 0, 23.7) * HOUR
    viewed = midnight(day) + hour.astype(np.int64)[visit] + second * 3 * MINUTE
    again_at = viewed + rng.integers(MINUTE, 20 * MINUTE, count)
    lag = np.minimum(rng.exponential(14 * HOUR, visitors), 2 * DAY).astype(np.int64)[visit]
    cart_at = again_at + MINUTE + lag
    wait = np.minimum(rng.exponential(30 * HOUR, visitors), 3.9 * DAY).astype(np.int64)[visit]
    last_cart = np.zeros(visitors, np.int64)
    np.maximum.at(last_cart, visit, cart_at)
    order_at = last_cart[visit] + 5 * MINUTE + wait
    return viewed, again_at, cart_at, np.minimum(order_at, midnight(day) + (VISIT_DAYS + 1) * DAY - 1)


def _wanted(spec: WorldSpec, rng: np.random.Generator, day: date, customer: IntArray, shops: BoolArray) -> IntArray:
    """The item of each visit: what shoppers buy and what others only look at; now and then under a SKU that only
    events know."""
    vehicle = np.where(customer >= 0, owners(spec).vehicle_on(day)[customer], -1)
    owner = vehicle >= 0
    car = np.maximum(vehicle, 0)
    count = len(customer)
    fitting = np.where(shops, fitting_item(spec, rng, car), any_fitting_item(spec, rng, car))
    fitting = np.where(owner, fitting, universal_item(spec, rng, count))
    outside = rng.random(count) < OUTSIDE_SHARE
    item = np.where(outside, outside_item(spec, rng, count), fitting)
    ghosts = items(spec).ghost_of
    slot = np.searchsorted(ghosts, item)
    has_ghost = ghosts[np.minimum(slot, len(ghosts) - 1)] == item
    return np.where(has_ghost & (rng.random(count) < 0.1), len(items(spec).sku) + slot, item)


def base_items(spec: WorldSpec) -> IntArray:
    """The catalog item of every item that events know."""
    return np.concatenate([np.arange(len(items(spec).sku)), items(spec).ghost_of])


@lru_cache(maxsize=12)
def prices(spec: WorldSpec, day: date) -> FloatArray:
    """Prices of a day: one item in fifty changes its price once in the first year."""
    price, rng = items(spec).price, stream(spec.seed, "price changes")
    changed_on = np.where(
        rng.random(len(price)) < 0.02, spec.start.toordinal() + rng.integers(1, 365, len(price)), date.max.toordinal()
    )
    factor = np.where(rng.random(len(price)) < 0.7, 1.05, 0.9)
    current: FloatArray = np.where(changed_on <= day.toordinal(), price * factor, price).round(2)
    return current


def event_skus(spec: WorldSpec) -> Arrow:
    return pa.concat_arrays([items(spec).sku, items(spec).ghost_skus])
