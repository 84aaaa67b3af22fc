"""What is planted in a vehicle-fitment world, as numbers that a test or a benchmark can hold against what it finds."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from recs_platform.simulation import goods, vehicle_fits, vehicle_names
from recs_platform.simulation.randomness import IntArray
from recs_platform.simulation.spec import WorldSpec
from recs_platform.simulation.vehicle_catalog import (
    FAVOURITE_SHARES,
    HEADLIGHT,
    ORDINARY_AT,
    TRAPS,
    TRAPS_AT,
    items,
    size,
    vehicles,
)


def planted(spec: WorldSpec, vehicle: IntArray) -> dict[str, Any]:
    """`vehicle` is each customer's, -1 for none."""
    cars, stock = vehicles(spec), items(spec)
    model_count, per_model = size(spec)
    skus = stock.sku.to_pylist()
    names = list(zip(cars.makes.to_pylist(), cars.models.to_pylist(), strict=True))
    sister = int(cars.sister[0])
    owned = np.bincount(vehicle[vehicle >= 0], minlength=len(cars.year))
    rare_or_thin = (cars.rare | cars.thin)[cars.model]
    return {
        "vehicles": len(cars.year),
        "items": len(skus),
        "vehicle_item_pairs": len(vehicle_fits.fits(spec).item),
        "share_of_owners_with_ample_evidence": round(float(owned[~rare_or_thin].sum() / max(owned.sum(), 1)), 4),
        "thin_models": [list(names[number]) for number in np.flatnonzero(cars.thin)],
        "rare_models": [list(names[number]) for number in np.flatnonzero(cars.rare)],
        "console_latch": {
            "item_id": skus[0],
            "model": list(names[0]),
            "share_of_fitting_purchases_of_its_owners": FAVOURITE_SHARES[0],
            "also_fits": list(names[sister]),
            "lift_over_owners_of_that_model": vehicle_fits.LIFT,
        },
        "favourites": {
            "shares_of_fitting_purchases": list(FAVOURITE_SHARES),
            "items": [
                {"model": list(names[number]), "item_ids": _of_model(skus, number, per_model, 0, 5)}
                for number in range(min(model_count, 50))
            ],
        },
        "popular_but_excluded": {
            "parts": [name for name, _, _ in TRAPS[:4]],
            "shares_of_fitting_purchases": [share for _, _, share in TRAPS[:4]],
            "items_of_the_first_model": _of_model(skus, 0, per_model, TRAPS_AT, TRAPS_AT + 4),
        },
        "popular_and_kept": _of_model(skus, 0, per_model, TRAPS_AT + 4, ORDINARY_AT),
        "universal": {
            "headlight": HEADLIGHT,
            "items": {
                sku: {
                    "share_of_fitting_purchases_of_strangers": share,
                    "share_of_fitting_purchases_of_owners": vehicle_fits.UNIVERSAL_SHARE * share,
                }
                for sku, _, _, _, share in vehicle_names.UNIVERSAL
            },
        },
        "excluded_part_types": list(vehicle_names.EXCLUDED),
        "kept_part_types": list(vehicle_names.KEPT),
        "service_prefixes": list(goods.SERVICE_PREFIXES),
        "variants_only_in_events": len(pa.array(stock.ghost_skus)),
    }


def _of_model(skus: list[str], model: int, per_model: int, begin: int, end: int) -> list[str]:
    return skus[model * per_model + begin : model * per_model + end]
