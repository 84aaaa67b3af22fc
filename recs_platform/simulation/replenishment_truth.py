"""What is planted in a replenishment world, as numbers that a test or a benchmark can hold against what it finds."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np

from recs_platform.simulation import replenishment_goods as world
from recs_platform.simulation.spec import WorldSpec


def planted(spec: WorldSpec) -> dict[str, Any]:
    habits, who, stock = world.habits(spec), world.clients(spec), world.products(spec)
    ids = stock.ids.to_pylist()
    new = np.flatnonzero(stock.launched > spec.start.toordinal())
    return {
        "products": len(ids),
        "product_groups": int(stock.group[-1]) + 1,
        "segments": {
            name: {
                "clients": int((who.segment == number).sum()),
                "days_between_orders": int(world.ORDER_RHYTHM[number]),
                "re_ordered_products_per_client": _mean(
                    np.bincount(habits.client, minlength=spec.customers)[who.segment == number]
                ),
            }
            for number, name in enumerate(world.SEGMENTS)
        },
        "cycles": {
            "re_ordered_pairs": len(habits.cycle),
            "mean_days": _mean(habits.cycle),
            "days": {str(days): int((habits.cycle == days).sum()) for days in np.unique(habits.cycle)},
            "jitter_as_share_of_cycle": world.JITTER,
        },
        "cluster_sizes": np.bincount(who.cluster, minlength=world.cluster_count(spec)).tolist(),
        "share_of_assortment_from_cluster": world.FROM_CLUSTER,
        "trending": [_trend(spec, ids, block) for block in range(world.TREND_BLOCKS)],
        "seasonal_products": {
            name: [ids[number] for number in np.flatnonzero(stock.season == position)]
            for position, name in enumerate(world.SEASONS)
        },
        "season_months": {name: list(months) for name, months in world.SEASONS.items()},
        "new_products": {
            ids[number]: date.fromordinal(int(stock.launched[number])).isoformat() for number in new[:500]
        },
    }


def _trend(spec: WorldSpec, ids: list[str], block: int) -> dict[str, Any]:
    """The products whose orders grow in a block of 28 days against the 28 days before."""
    first = spec.start.toordinal() + world.TREND_OFFSET + block * world.TREND_DAYS
    return {
        "first": date.fromordinal(first).isoformat(),
        "last": date.fromordinal(first + world.TREND_DAYS - 1).isoformat(),
        "item_ids": [ids[number] for number in world.products(spec).trending[block]],
    }


def _mean(values: Any) -> float:
    return round(float(np.mean(values)), 2) if len(values) else 0.0
