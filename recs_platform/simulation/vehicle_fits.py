"""What fits what in the vehicle-fitment world, and what people prefer to buy.

Each model of car has a generation of neighbouring years that share most parts. Universal items fit nearly every
vehicle and are bought by people whose vehicle is unknown; owners hardly buy them. A model's first favourite also fits
the next model of the same make, whose owners buy it a sixth as often.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from recs_platform.simulation import vehicle_names
from recs_platform.simulation.randomness import BoolArray, FloatArray, IntArray, choose, stream, zipf_weights
from recs_platform.simulation.spec import WorldSpec
from recs_platform.simulation.vehicle_catalog import (
    COIL_VARIANTS,
    FAVOURITE_SHARES,
    ORDINARY_AT,
    TRAPS,
    TRAPS_AT,
    VARIANTS_AT,
    items,
    size,
    vehicles,
)

LIFT = 6.0
"""How much likelier owners of a model buy its first favourite than owners of the sister model that it also fits."""
UNIVERSAL_SHARE = 0.006
"""Share of all universal items together in what owners buy of fitting parts."""
THIN_PARTS = 2
"""Favourites that a thin model has besides its traps; too few for four recommendations."""


@dataclass(frozen=True)
class Fits:
    """Pairs of vehicle and item, by vehicle."""

    vehicle: IntArray
    item: IntArray
    weight: FloatArray
    """Share of the item in what the vehicle's owners buy of fitting parts."""
    cumulated: FloatArray
    first: IntArray
    """By vehicle: where its pairs begin; one more entry for the end."""


@lru_cache(maxsize=2)
def fits(spec: WorldSpec) -> Fits:
    rng, cars = stream(spec.seed, "fitment"), vehicles(spec)
    model_count, per_model = size(spec)
    years = np.bincount(cars.model, minlength=model_count)
    first_vehicle = np.cumsum(years) - years
    slot = np.tile(np.arange(per_model), model_count)
    model = np.repeat(np.arange(model_count), per_model)
    part = np.arange(len(slot))
    kept = ~cars.thin[model] | (slot < THIN_PARTS) | ((slot >= TRAPS_AT) & (slot < TRAPS_AT + 4))
    whole = slot < ORDINARY_AT
    begin = np.where(whole, 0, rng.integers(0, 3, len(slot)))
    end = np.where(whole, years[model], np.maximum(years[model] - rng.integers(0, 3, len(slot)), begin + 1))
    weight = _weights(rng, slot)
    pairs = [_pairs(part[kept], first_vehicle[model] + begin, first_vehicle[model] + end, weight)]
    lent = ((slot == 0) | (slot >= ORDINARY_AT)) & (cars.sister[model] != model) & ~cars.thin[model]
    host, lent_weight = cars.sister[model], weight / np.where(slot == 0, LIFT, 1.0)
    pairs.append(_pairs(part[lent], first_vehicle[host], first_vehicle[host] + years[host], lent_weight))
    ordinary_vehicles = np.flatnonzero(~cars.thin[cars.model])
    for number, item in enumerate(items(spec).universal):
        share = np.full(len(ordinary_vehicles), UNIVERSAL_SHARE * vehicle_names.UNIVERSAL[number][4])
        pairs.append((ordinary_vehicles, np.full(len(ordinary_vehicles), item), share))
    vehicle, item, weights = (np.concatenate(column) for column in zip(*pairs, strict=True))
    order = np.lexsort((item, vehicle))
    vehicle, item, weights = vehicle[order], item[order], weights[order]
    weights = _adding_up(vehicle, weights, (item < len(slot)) & (slot[np.minimum(item, len(slot) - 1)] >= ORDINARY_AT))
    first = np.searchsorted(vehicle, np.arange(len(cars.year) + 1))
    return Fits(vehicle, item, weights, vehicle + _running_share(weights, first, vehicle), first)


def _weights(rng: np.random.Generator, slot: IntArray) -> FloatArray:
    by_slot = np.zeros(slot.max() + 1)
    by_slot[: len(FAVOURITE_SHARES)] = FAVOURITE_SHARES
    family = FAVOURITE_SHARES[1] * np.array(COIL_VARIANTS)
    by_slot[1], by_slot[VARIANTS_AT : VARIANTS_AT + 2] = family[0], family[1:]
    by_slot[TRAPS_AT:ORDINARY_AT] = [share for _, _, share in TRAPS]
    return np.where(slot >= ORDINARY_AT, rng.gamma(1.0, 1.0, len(slot)), by_slot[slot])


def _adding_up(vehicle: IntArray, weights: FloatArray, ordinary: BoolArray) -> FloatArray:
    """Shares that add up to one per vehicle: ordinary parts share what the planted shares leave."""
    planted = np.bincount(vehicle, np.where(ordinary, 0.0, weights))
    rest = np.bincount(vehicle, np.where(ordinary, weights, 0.0))
    scale = np.where(rest > 0, (1.0 - planted) / np.where(rest > 0, rest, 1.0), 1.0)
    weights = np.where(ordinary, weights * scale[vehicle], weights)
    return weights / np.bincount(vehicle, weights)[vehicle]


def _pairs(part: IntArray, begin: IntArray, end: IntArray, weight: FloatArray) -> tuple[IntArray, IntArray, FloatArray]:
    """Every part with the vehicles from `begin` up to `end`; the latter three are indexed by part."""
    length = (end - begin)[part]
    offset = np.arange(length.sum()) - np.repeat(np.cumsum(length) - length, length)
    return np.repeat(begin[part], length) + offset, np.repeat(part, length), np.repeat(weight[part], length)


def _running_share(weights: FloatArray, first: IntArray, vehicle: IntArray) -> FloatArray:
    """Cumulated weights that begin anew with each vehicle, up to one."""
    total = np.concatenate([[0.0], np.cumsum(weights)])
    running: FloatArray = np.minimum(total[1:] - total[first[vehicle]], 1.0)
    return running


def fitting_item(spec: WorldSpec, rng: np.random.Generator, vehicle: IntArray) -> IntArray:
    """For each vehicle a part that fits it, as its owners prefer."""
    pairs = fits(spec)
    drawn = np.searchsorted(pairs.cumulated, vehicle + rng.random(len(vehicle)), side="right")
    chosen: IntArray = pairs.item[np.clip(drawn, pairs.first[vehicle], pairs.first[vehicle + 1] - 1)]
    return chosen


def any_fitting_item(spec: WorldSpec, rng: np.random.Generator, vehicle: IntArray) -> IntArray:
    """For each vehicle a part that fits it, each as likely as any other."""
    pairs = fits(spec)
    begin, end = pairs.first[vehicle], pairs.first[vehicle + 1]
    chosen: IntArray = pairs.item[begin + (rng.random(len(vehicle)) * (end - begin)).astype(np.int64)]
    return chosen


def universal_item(spec: WorldSpec, rng: np.random.Generator, count: int) -> IntArray:
    """What people without a known vehicle buy of the items that fit something."""
    shares = np.array([share for *_, share in vehicle_names.UNIVERSAL])
    chosen: IntArray = items(spec).universal[choose(rng, shares, count)]
    return chosen


def outside_item(spec: WorldSpec, rng: np.random.Generator, count: int) -> IntArray:
    """An item that the fitment data does not cover."""
    outside = items(spec).outside
    chosen: IntArray = outside[choose(rng, zipf_weights(len(outside), 0.5), count)]
    return chosen
