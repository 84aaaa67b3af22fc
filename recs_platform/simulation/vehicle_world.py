"""The vehicle-fitment world as feeds: owners of cars who look at parts, put them in the cart and order them.

A visit begins on one day and may go on for some days: views, then a cart, then an order, of parts that fit the
visitor's vehicle or of items outside the fitment data. So the events of a day are made of the visits that began on it
and on the days before. Buyers without a known vehicle buy what fits everything, above all one headlight.
"""

from __future__ import annotations

from datetime import date, timedelta
from functools import lru_cache
from typing import Any

import numpy as np
import pyarrow as pa

from recs_platform.schemas.sources import Fitment
from recs_platform.simulation import campaign_feeds, campaigns, dirt, goods, profiles, vehicle_names, vehicle_truth
from recs_platform.simulation.campaign_plan import Plan, plan_truth
from recs_platform.simulation.columns import (
    Arrow,
    Columns,
    Feed,
    known,
    labels,
    landing_table,
    numbered,
    pc,
    rows,
    stack,
    within,
)
from recs_platform.simulation.events import Names, event_feed
from recs_platform.simulation.happenings import LINE, happenings, order_key
from recs_platform.simulation.randomness import BoolArray, IntArray, choose, stream
from recs_platform.simulation.returns import returns_truth
from recs_platform.simulation.spec import WorldSpec
from recs_platform.simulation.vehicle_catalog import Vehicles, items, vehicles
from recs_platform.simulation.vehicle_fits import fits, fitting_item, outside_item
from recs_platform.simulation.vehicle_history import history_feed
from recs_platform.simulation.vehicle_owners import COLD, WITHOUT_VEHICLE, owners, people
from recs_platform.simulation.vehicle_visits import OUTSIDE_SHARE, VISIT_DAYS, event_skus, prices, visits

PLAN = Plan(weekdays=frozenset({1, 3}), reach=0.10, arm_shares=(0.8, 0.1, 0.1), personalised=18, random=6)
CHANNELS = pa.array(["web", "phone", "store"])


def feed(spec: WorldSpec, table: str, day: date) -> Feed:
    match table:
        case "events":
            names = Names(people(spec).ids, event_skus(spec), CHANNELS)
            return event_feed(spec, day, _clean_events, _sends, names)
        case "treatments":
            return campaign_feeds.treatments_feed(spec, PLAN, day, _sends, people(spec).ids)
        case "deliveries":
            return campaign_feeds.deliveries_feed(spec, day, _sends)
        case "interactions":
            return campaign_feeds.interactions_feed(spec, PLAN, day, _sends)
        case "customers":
            return _customers(spec, day)
        case "catalog":
            return goods.catalog_feed(spec, day, _catalog(spec, day))
        case "fitment":
            return _fitment(spec, day)
        case "order_history":
            return history_feed(spec, people(spec).ids, owners(spec).vehicle, people(spec).joined)
    raise KeyError(table)


def truth(spec: WorldSpec) -> dict[str, Any]:
    return {
        "strategy": spec.strategy,
        "campaigns": plan_truth(spec, PLAN),
        "returns": returns_truth(),
        "share_of_purchases_outside_fitment": OUTSIDE_SHARE,
        "share_of_cold_customers": COLD,
        "share_of_customers_without_vehicle": WITHOUT_VEHICLE,
        **vehicle_truth.planted(spec, owners(spec).vehicle),
    }


@lru_cache(maxsize=10)
def _sends(spec: WorldSpec, day: date) -> Columns:
    reachable = people(spec).mailable(day) & (owners(spec).vehicle >= 0)
    return campaigns.sends(spec, PLAN, np.flatnonzero(reachable), day)


@lru_cache(maxsize=3)
def _clean_events(spec: WorldSpec, day: date) -> Columns:
    begun = [day - timedelta(days=age) for age in range(VISIT_DAYS, -1, -1)]
    gone_on = [within(visits(spec, first), "ts", day) for first in begun]
    brought = [
        _campaign_orders(spec, day, sent_on, ordered) for sent_on, ordered in campaigns.orders(spec, day, _sends)
    ]
    return stack([*gone_on, *brought])


def _campaign_orders(spec: WorldSpec, day: date, sent_on: date, ordered: Columns) -> Columns:
    """Orders on top of the usual ones: one line each, of what owners of the customer's vehicle buy."""
    order = order_key(2, sent_on, ordered["number"])
    rng = stream(spec.seed, f"campaign orders {day.toordinal()}", sent_on)
    customer = ordered["customer"]
    vehicle = np.maximum(owners(spec).vehicle_on(sent_on)[customer], 0)
    outside = rng.random(rows(ordered)) < OUTSIDE_SHARE
    item = np.where(outside, outside_item(spec, rng, len(customer)), fitting_item(spec, rng, vehicle))
    price = prices(spec, sent_on)[item]
    return happenings(ordered["ordered_at"], customer, LINE, item, quantity=1, price=price, order=order, promo=0)


def _customers(spec: WorldSpec, day: date) -> Feed:
    who, cars = owners(spec), vehicles(spec)
    vehicle = who.vehicle_on(day)
    rng = stream(spec.seed, "vehicles as typed")
    lacking = np.where(who.incomplete, rng.integers(0, 4, spec.customers), -1)
    elsewhere = (vehicle < 0) & ~who.incomplete
    stand_in = np.where(vehicle >= 0, vehicle, choose(rng, cars.share, spec.customers))
    year = np.where(elsewhere, 1955, cars.year[stand_in])
    attributes = {
        "vehicle_year": known(np.where((lacking == 0) | (lacking == 3), -1, year)),
        "vehicle_make": _given(cars, cars.makes, stand_in, (lacking == 1) | (lacking == 3)),
        "vehicle_model": _given(cars, cars.models, stand_in, (lacking == 2) | (lacking == 3)),
    }
    return profiles.customers_feed(
        spec, day, people(spec), attributes, {"customers_without_vehicle": who.incomplete}, ~who.incomplete
    )


def _given(cars: Vehicles, names: Arrow, vehicle: IntArray, missing: BoolArray) -> Arrow:
    return labels(names, np.where(missing, -1, cars.model[vehicle]))


def _catalog(spec: WorldSpec, day: date) -> dict[str, Any]:
    stock, price = items(spec), prices(spec, day)
    scheme = np.where(stock.insecure, "http", "https")
    tags = np.where(stock.refurbished, goods.REFURBISHED + ",clearance", "")
    return {
        "item_id": stock.sku,
        "name": stock.name,
        "category": stock.category,
        "brand": labels(pa.array(vehicle_names.BRANDS), stock.brand),
        "price": price,
        "cost": (price * 0.62).round(2),
        "group_id": numbered("G", stock.group),
        "tags": pa.array(tags, mask=tags == ""),
        "image_url": pc.binary_join_element_wise(pa.array(scheme), "://img.example.com/", stock.sku, ".jpg", ""),
    }


def _fitment(spec: WorldSpec, day: date) -> Feed:
    pairs, cars = fits(spec), vehicles(spec)
    model = cars.model[pairs.vehicle]
    clean = landing_table(
        Fitment,
        {
            "vehicle_year": cars.year[pairs.vehicle],
            "vehicle_make": labels(cars.makes, model),
            "vehicle_model": labels(cars.models, model),
            "item_id": labels(items(spec).sku, pairs.item),
        },
    )
    rng = stream(spec.seed, "fitment dirt", day)

    def impossible(rng: np.random.Generator, count: int) -> Arrow:
        return pa.array(rng.choice([0, 9999], count))

    spoilt, rejected = dirt.spoil(
        clean, rng, [dirt.Defect("vehicle_year is impossible", 0.0008, {"vehicle_year": impossible})]
    )
    repeated = dirt.copies(clean, rng, 0.002)
    table = pa.concat_tables([spoilt, repeated])
    return Feed(table, {"rejected": {"fitment": rejected}, "merged": {"fitment": len(repeated)}})
