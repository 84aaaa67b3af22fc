"""What happened in a world, before it becomes a feed: views, carts, order lines.

Not here: how a company's feed reports it (`events`, `order_feeds`).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import numpy as np

from recs_platform.simulation.columns import Columns
from recs_platform.simulation.randomness import IntArray
from recs_platform.simulation.spec import WorldSpec

OfDay = Callable[[WorldSpec, date], Columns]
"""A world's own account of a day: its events, its sends. The same function each time, since what follows is cached."""

VIEW, CART, LINE, PLACED, REFUND = range(5)
CANONICAL = ("product_viewed", "cart_updated", "order_line", "order_placed", "order_refunded")


def happenings(
    ts: IntArray,
    customer: IntArray,
    kind: int | IntArray,
    item: IntArray,
    *,
    quantity: IntArray | int = -1,
    price: Any = -1.0,
    order: IntArray | int = -1,
    promo: IntArray | int = -1,
    channel: IntArray | int = 0,
) -> Columns:
    """Clean events in the form that worlds hand over; -1 is none."""
    count = len(ts)
    return {
        "ts": ts,
        "customer": customer,
        "kind": np.broadcast_to(np.asarray(kind, np.int64), count),
        "item": item,
        "quantity": np.broadcast_to(np.asarray(quantity, np.int64), count),
        "price": np.broadcast_to(np.asarray(price, np.float64), count),
        "order": np.broadcast_to(np.asarray(order, np.int64), count),
        "promo": np.broadcast_to(np.asarray(promo, np.int64), count),
        "channel": np.broadcast_to(np.asarray(channel, np.int64), count),
    }


def order_key(source: int, day: date, numbers: IntArray) -> IntArray:
    """A number for an order that no other source of orders and no other day gives."""
    return np.int64((source * 10_000_000 + day.toordinal()) * 10_000_000) + numbers


def cents(lines: Columns) -> IntArray:
    """What each order line costs, exactly."""
    worth: IntArray = np.rint(lines["price"] * 100).astype(np.int64) * lines["quantity"]
    return worth
