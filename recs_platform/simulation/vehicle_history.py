"""Order history of the vehicle-fitment world: a year of order lines from before the event stream.

Coarse (no views, no carts, one line per order) and by the same preferences as the events; the same on every day that
it is asked for, since nothing in it can change any more.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from recs_platform.schemas.sources import OrderHistory
from recs_platform.simulation import dirt
from recs_platform.simulation.columns import DAY, Arrow, Feed, instants, labels, landing_table, midnight, numbered
from recs_platform.simulation.randomness import IntArray, stream
from recs_platform.simulation.spec import WorldSpec
from recs_platform.simulation.vehicle_catalog import items
from recs_platform.simulation.vehicle_fits import fitting_item, outside_item, universal_item

LINES_PER_CUSTOMER = 2.0
OUTSIDE_SHARE = 0.65


def stranger_lines(spec: WorldSpec) -> int:
    """Order lines of unknown people: so many that what fits everything leads the global counts by far."""
    return min(14 * spec.customers, 50_000 + spec.customers * 3 // 2)


def history_feed(spec: WorldSpec, ids: Arrow, vehicle: IntArray, joined: IntArray) -> Feed:
    rng = stream(spec.seed, "order history")
    known_before = np.flatnonzero(joined < spec.start.toordinal())
    buyers = rng.choice(known_before, int(LINES_PER_CUSTOMER * len(known_before)))
    customer = np.concatenate([buyers, np.full(stranger_lines(spec), -1)])
    customer = customer[rng.permutation(len(customer))]
    count = len(customer)
    car = np.where(customer >= 0, vehicle[customer], -1)
    fitting = np.where(car >= 0, fitting_item(spec, rng, np.maximum(car, 0)), universal_item(spec, rng, count))
    outside = rng.random(count) < OUTSIDE_SHARE
    item = np.where(outside, outside_item(spec, rng, count), fitting)
    age = rng.integers(1, 365 * DAY, count)
    order = np.argsort(-age, kind="stable")
    clean = landing_table(
        OrderHistory,
        {
            "order_line_id": numbered("H", np.arange(count), 8),
            "item_id": labels(items(spec).sku, item[order]),
            "ordered_at": instants(midnight(spec.start) - age[order]),
            "customer_id": labels(ids, customer[order]),
            "quantity": 1 + (rng.random(count) < 0.1).astype(np.int64),
            "unit_price": items(spec).price[item[order]],
        },
    )
    spoilt, rejected = dirt.spoil(
        clean, rng, [dirt.Defect("item_id is missing", 0.0008, {"item_id": dirt.nothing})], key="order_line_id"
    )
    repeated = dirt.copies(clean, rng, 0.002)
    table = pa.concat_tables([spoilt, repeated])
    return Feed(table, {"rejected": {"order_history": rejected}, "merged": {"order_history": len(repeated)}})
