"""The things of the vehicle-fitment world: its vehicles and its items.

Everything here follows from the spec alone and holds for all days. A model's parts have roles by their slot: five
favourites that its owners buy most, traps (popular parts at the edge of the merchandising rules), and ordinary ones.
What fits what, and who prefers what, stands in `vehicle_fits`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pyarrow as pa

from recs_platform.simulation import vehicle_names
from recs_platform.simulation.columns import Arrow, labels, numbered, pc
from recs_platform.simulation.randomness import BoolArray, FloatArray, IntArray, stream, zipf_weights
from recs_platform.simulation.spec import WorldSpec

FAVOURITE_SHARES = (0.20, 0.15, 0.11, 0.08, 0.06)
"""Shares of what owners buy of fitting parts, for the model's five favourites.
"""
COIL_VARIANTS = (0.5, 0.3, 0.2)
"""The second favourite is a family: base, B and R, with these parts of its share."""
TRAPS = (
    ("Head Gaskets", 64.0, 0.03),
    ("Refurbished", 180.0, 0.02),
    ("Insecure image", 180.0, 0.02),
    ("Just below 50", 49.99, 0.03),
    ("Distributor Caps", 50.0, 0.03),
    ("Engine Bolt Kits", 59.95, 0.02),
)
"""Popular parts at the edge of the rules; the last two may be recommended. Name or kind, price, share."""
HEADLIGHT = vehicle_names.UNIVERSAL[0][0]
VARIANTS_AT = len(FAVOURITE_SHARES)
TRAPS_AT = VARIANTS_AT + 2
ORDINARY_AT = TRAPS_AT + len(TRAPS)


@dataclass(frozen=True)
class Vehicles:
    year: IntArray
    model: IntArray
    share: FloatArray
    """Of the owners."""
    makes: Arrow
    """Names, by model."""
    models: Arrow
    thin: BoolArray
    """By model: too few parts that may be recommended, and no universal item fits."""
    rare: BoolArray
    """By model: hardly any owners."""
    sister: IntArray
    """By model: the next model of the same make, itself if there is none."""


@dataclass(frozen=True)
class Items:
    sku: Arrow
    """One per item; after these come `ghosts`, variants that occur in events but not in the catalog."""
    ghost_of: IntArray
    name: Arrow
    category: Arrow
    brand: IntArray
    price: FloatArray
    refurbished: BoolArray
    insecure: BoolArray
    group: IntArray
    outside: IntArray
    """Positions of the items that the fitment data does not cover."""
    universal: IntArray
    ghost_skus: Arrow


def size(spec: WorldSpec) -> tuple[int, int]:
    """Number of models and of parts per model: more customers, a wider range."""
    models = max(5, round(11 * (spec.customers / 4000) ** 0.82))
    return models, int(np.clip(60 * (spec.customers / 4000) ** 0.4, 44, 440))


@lru_cache(maxsize=2)
def vehicles(spec: WorldSpec) -> Vehicles:
    rng = stream(spec.seed, "vehicles")
    count, _ = size(spec)
    named = [vehicle_names.MODELS[number % len(vehicle_names.MODELS)] for number in range(count)]
    suffix = [number // len(vehicle_names.MODELS) for number in range(count)]
    makes = [make for make, _ in named]
    models = [f"{model} Mk{mark + 1}" if mark else model for (_, model), mark in zip(named, suffix, strict=True)]
    rare = np.arange(count) >= round(count * 0.8)
    thin = np.arange(count) == round(count * 0.8) - 1
    if count > 100:
        thin = thin | ((np.arange(count) % 40 == 39) & ~rare)
    share = np.where(rare, 0.0, zipf_weights(count, 0.75))
    share[thin] = 0.0
    share = share / share.sum() * 0.95
    share[rare], share[thin] = 0.035 / rare.sum(), 0.015 / thin.sum()
    years = rng.integers(4, 8, count)
    years[0] = 6
    first_year = np.where(np.arange(count) == 0, 1967, rng.integers(1960, 1985, count))
    model = np.repeat(np.arange(count), years)
    within_model = np.arange(len(model)) - np.repeat(np.cumsum(years) - years, years)
    popularity = rng.gamma(4.0, 1.0, len(model))
    popularity /= np.bincount(model, popularity)[model]
    return Vehicles(
        first_year[model] + within_model,
        model,
        share[model] * popularity,
        pa.array(makes),
        pa.array(models),
        thin,
        rare,
        _sisters(makes, thin),
    )


def _sisters(makes: list[str], thin: BoolArray) -> IntArray:
    sisters = np.arange(len(makes))
    for make in sorted(set(makes)):
        family = [number for number, name in enumerate(makes) if name == make and not thin[number]]
        for number, sister in zip(family, family[1:] + family[:1], strict=True):
            sisters[number] = sister
    return sisters


@lru_cache(maxsize=2)
def items(spec: WorldSpec) -> Items:
    rng = stream(spec.seed, "items")
    model_count, per_model = size(spec)
    slot = np.tile(np.arange(per_model), model_count)
    model = np.repeat(np.arange(model_count), per_model)
    fitting, outside = len(slot), max(300, int(len(slot) * 0.3))
    universal = len(vehicle_names.UNIVERSAL)
    category, price = _kinds(rng, slot, model, outside)
    brand = rng.integers(0, len(vehicle_names.BRANDS), fitting + universal + outside)
    brand = np.where(np.isin(np.arange(len(brand)), np.flatnonzero(_is_coil(slot))), 4, brand)
    sku, ghosts, ghost_of = _skus(rng, slot, brand, universal, outside)
    refurbished, insecure, free = _flaws(rng, slot, universal, outside)
    for_model = labels(vehicles(spec).models, np.concatenate([model, np.full(universal + outside, -1)]))
    name = [
        f"{kind} for {of}" if of else kind for kind, of in zip(category.to_pylist(), for_model.to_pylist(), strict=True)
    ]
    for number, (_, title, _, _, _) in enumerate(vehicle_names.UNIVERSAL):
        name[fitting + number] = title
    name[0] = "Console Latch for Camaro"
    return Items(
        sku=sku,
        ghost_of=ghost_of,
        name=pa.array(name),
        category=category,
        brand=brand,
        price=np.where(free, 0.0, price),
        refurbished=refurbished,
        insecure=insecure,
        group=np.concatenate([model * 50 + slot // 4, np.full(universal + outside, -1)]),
        outside=np.arange(fitting + universal, fitting + universal + outside),
        universal=np.arange(fitting, fitting + universal),
        ghost_skus=ghosts,
    )


def _is_coil(slot: IntArray) -> BoolArray:
    """The family of the second favourite: base and two variants."""
    family: BoolArray = np.isin(slot, (1, VARIANTS_AT, VARIANTS_AT + 1))
    return family


def _kinds(rng: np.random.Generator, slot: IntArray, model: IntArray, outside: int) -> tuple[Arrow, FloatArray]:
    """Category and price of every item: fitting, universal, outside."""
    table = [
        *vehicle_names.ORDINARY,
        *(kind for choice in vehicle_names.FAVOURITES for kind in choice),
        *vehicle_names.OUTSIDE,
    ]
    position = {name: number for number, (name, _) in enumerate(table)}
    typical = np.array([price for _, price in table])
    kind = rng.integers(0, len(vehicle_names.ORDINARY), len(slot))
    chosen = rng.integers(0, 60, model.max() + 1)
    for favourite, choice in enumerate(vehicle_names.FAVOURITES):
        options = np.array([position[name] for name, _ in choice])
        mine = _is_coil(slot) if favourite == 1 else slot == favourite
        kind[mine] = options[(chosen[model[mine]] // (favourite + 1)) % len(options)]
    kind[0] = position["Console Parts"]
    fixed = np.full(len(slot), np.nan)
    for trap, (name, fixed_price, _) in enumerate(TRAPS):
        mine = slot == TRAPS_AT + trap
        kind[mine] = position.get(name, position["Gauges"])
        fixed[mine] = fixed_price
    kind = np.concatenate([kind, rng.integers(position[vehicle_names.OUTSIDE[0][0]], len(table), outside)])
    price = typical[kind] * np.exp(rng.normal(0.0, 0.45, len(kind)))
    price = np.maximum(np.round(price), 5.0) - 0.05
    price[: len(slot)] = np.where(np.isnan(fixed), price[: len(slot)], fixed)
    price[: len(slot)] = np.where(slot < TRAPS_AT, np.maximum(price[: len(slot)], 54.95), price[: len(slot)])
    names = labels(pa.array([name for name, _ in table]), kind)
    universal = vehicle_names.UNIVERSAL
    category = pa.concat_arrays(
        [names[: len(slot)], pa.array([kind for _, _, kind, _, _ in universal]), names[len(slot) :]]
    )
    prices = np.concatenate([price[: len(slot)], [price for _, _, _, price, _ in universal], price[len(slot) :]])
    return category, prices.round(2)


def _skus(
    rng: np.random.Generator, slot: IntArray, brand: IntArray, universal: int, outside: int
) -> tuple[Arrow, Arrow, IntArray]:
    """SKUs, and SKUs of variants that only events know, with the item that each of them is a variant of."""
    root = np.arange(len(slot) + universal + outside) + 10_000
    ending = np.zeros(len(root), np.int64)
    endings = pa.array(["", "B", "R", "G", "P"])
    for offset, letter in ((0, 1), (1, 2)):
        mine = np.flatnonzero(slot == VARIANTS_AT + offset)
        root[mine], ending[mine] = root[mine - VARIANTS_AT - offset + 1], letter
    twins = np.flatnonzero((slot[:-1] >= ORDINARY_AT) & (slot[1:] > slot[:-1]) & (slot[:-1] % 2 == 0))
    twins = twins[rng.random(len(twins)) < 0.06]
    with_base = rng.random(len(twins)) < 0.5
    root[twins + 1], brand[twins + 1] = root[twins], brand[twins]
    ending[twins] = np.where(with_base, 0, 1)
    ending[twins + 1] = np.where(with_base, rng.choice([3, 4], len(twins)), 2)
    codes = labels(pa.array(vehicle_names.BRAND_CODES), brand)
    sku = pc.binary_join_element_wise(codes, numbered("", root), labels(endings, ending), "")
    at = pa.array((np.arange(len(root)) >= len(slot)) & (np.arange(len(root)) < len(slot) + universal))
    universal_skus = pa.array([sku for sku, *_ in vehicle_names.UNIVERSAL])
    sku = pc.replace_with_mask(sku, at, universal_skus)
    bases = np.flatnonzero(ending[: len(slot)] == 0)
    has_ghost = bases[(rng.random(len(bases)) < 0.05) & (slot[bases] != 1)]
    has_ghost = np.setdiff1d(has_ghost, twins)
    ghosts = pc.binary_join_element_wise(sku.take(pa.array(has_ghost)), "G", "")
    return sku, ghosts, has_ghost


def _flaws(
    rng: np.random.Generator, slot: IntArray, universal: int, outside: int
) -> tuple[BoolArray, BoolArray, BoolArray]:
    """Refurbished, insecure image, no price: some ordinary and outside items, and the traps."""
    ordinary = np.concatenate([slot >= ORDINARY_AT, np.zeros(universal, bool), np.ones(outside, bool)])
    draw = rng.random(len(ordinary))
    refurbished, insecure = ordinary & (draw < 0.03), ordinary & (draw >= 0.03) & (draw < 0.05)
    free = ordinary & (draw >= 0.05) & (draw < 0.06)
    refurbished[: len(slot)] |= slot == TRAPS_AT + 1
    insecure[: len(slot)] |= slot == TRAPS_AT + 2
    return refurbished, insecure, free
