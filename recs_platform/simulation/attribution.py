"""What each order owes to a message, from what really happened: the truth that the platform's attribution must meet.

An order goes to the customer's latest message of the 7 x 24 hours before it, of those that were sent and did not fail.
Its path is how far the customer came with that message until the order. Machines that open and click do not count here:
a send only knows what its person did.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

import numpy as np

from recs_platform.simulation.campaign_plan import HOLDOUT
from recs_platform.simulation.columns import DAY, Columns, pick
from recs_platform.simulation.happenings import LINE, OfDay, cents
from recs_platform.simulation.order_feeds import believed_at
from recs_platform.simulation.randomness import IntArray
from recs_platform.simulation.returns import returned
from recs_platform.simulation.spec import WorldSpec

WINDOW_DAYS = 7
PATHS = ("clicked", "opened", "delivered", "sent", "none")
CLICKED, OPENED, DELIVERED, SENT, NONE = range(5)
UNKNOWN_CUSTOMER = -1
"""In place of a path: nobody knows whose order it is."""


@dataclass(frozen=True)
class Settled:
    """The orders of a day, settled."""

    earned: dict[str, dict[str, int]]
    """Orders and cents by path."""
    returned: Columns
    """Their lines that come back, with the instant of the return and the order's path."""


@lru_cache(maxsize=16)
def settled(spec: WorldSpec, day: date, clean_of: OfDay, sends_of: OfDay) -> Settled:
    clean = clean_of(spec, day)
    lines = pick(clean, clean["kind"] == LINE)
    orders = believed_orders(spec, day, lines)
    sent = [sends_of(spec, day - timedelta(days=age)) for age in range(WINDOW_DAYS, -1, -1)]
    orders["path"] = paths(orders, sent, spec.customers)
    back = returned(spec, day, lines)
    back["path"] = orders["path"][np.searchsorted(orders["order"], back["order"])]
    return Settled(earned(orders), back)


def believed_orders(spec: WorldSpec, day: date, lines: Columns) -> Columns:
    """The orders of a day, each at the instant at which the feeds say that it began."""
    return orders_of(lines, believed_at(spec, day, lines))


def orders_of(lines: Columns, believed: IntArray) -> Columns:
    """One row per order, by its number: whose it is, when it began and what it cost. An order lies within one day."""
    order, first, inverse = np.unique(lines["order"], return_index=True, return_inverse=True)
    ordered_at, worth = np.full(len(order), np.iinfo(np.int64).max), np.zeros(len(order), np.int64)
    np.minimum.at(ordered_at, inverse, believed)
    np.add.at(worth, inverse, cents(lines))
    return {"order": order, "customer": lines["customer"][first], "ordered_at": ordered_at, "cents": worth}


def paths(orders: Columns, sent: Sequence[Columns], customers: int) -> IntArray:
    """The path of each order. `sent` are the sends of one day after the other, at most one per customer and day, so
    that a later day's message is the later one."""
    customer, at = orders["customer"], orders["ordered_at"]
    path = np.where(customer < 0, UNKNOWN_CUSTOMER, NONE)
    for sends in sent:
        reached = pick(sends, (sends["arm"] != HOLDOUT) & (sends["failure"] < 0))
        position = np.full(customers + 1, -1)  # the last one is that of unknown customers
        position[reached["customer"]] = np.arange(len(reached["customer"]))
        known = np.flatnonzero(position[customer] >= 0)
        message, at_found = pick(reached, position[customer[known]]), at[known]
        begin = message["sent_at"]
        counts = (begin <= at_found) & (at_found < begin + WINDOW_DAYS * DAY)
        path[known[counts]] = _furthest_step(pick(message, counts), at_found[counts])
    return path


def _furthest_step(message: Columns, until: IntArray) -> IntArray:
    clicked, opened = ((message[step] >= 0) & (message[step] <= until) for step in ("clicked_at", "opened_at"))
    return np.select([clicked, opened, message["reported_at"] >= 0], [CLICKED, OPENED, DELIVERED], SENT)


def earned(orders: Columns) -> dict[str, dict[str, int]]:
    """Orders and cents by path; orders of unknown customers have none."""
    by_path = ((name, orders["path"] == number) for number, name in enumerate(PATHS))
    return {name: {"orders": int(of.sum()), "cents": int(orders["cents"][of].sum())} for name, of in by_path}


def taken_off(back: Columns) -> dict[str, int]:
    """Cents of returned lines by the path of their order."""
    worth = cents(back)
    return {name: int(worth[back["path"] == number].sum()) for number, name in enumerate(PATHS)}
