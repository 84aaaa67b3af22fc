"""The event feed: what customers did on a day, in the company's own event names, with the dirt of event streams.

The worlds say what happened (views, carts, order lines); here it becomes a feed. An order line stands in the
preferred order feed, in one of the other order feeds, or in both, there sometimes only after midnight; every order
also has one event at order level.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np
import pyarrow as pa

from recs_platform.schemas.sources import Events
from recs_platform.simulation import dirt
from recs_platform.simulation.columns import (
    DAY,
    HOUR,
    MINUTE,
    Arrow,
    Columns,
    Feed,
    instants,
    known,
    labels,
    landing_schema,
    landing_table,
    midnight,
    numbered,
    pick,
    rows,
    stack,
)
from recs_platform.simulation.randomness import BoolArray, IntArray, stream
from recs_platform.simulation.spec import WorldSpec

VIEW, CART, LINE, PLACED = range(4)
CANONICAL = ("product_viewed", "cart_updated", "order_line", "order_placed")
GAP_OFFSET = 40
"""Days from the start to the one day without events."""

IN_BOTH, ONLY_PREFERRED = 0.55, 0.10
"""Shares of order lines by feed, where a company has other order feeds; the rest is only in another feed."""
AFTER_MIDNIGHT = 0.03
"""Share of lines in both feeds that the other feed shows on the next day."""


@dataclass(frozen=True)
class Names:
    customers: Arrow
    items: Arrow
    channels: Arrow


def gap_day(spec: WorldSpec) -> date:
    return spec.start + timedelta(days=GAP_OFFSET)


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


def event_feed(spec: WorldSpec, day: date, clean_of: Callable[[date], Columns], names: Names) -> Feed:
    """The feed of a day; `clean_of` gives what happened on a day."""
    if day == gap_day(spec) or day < spec.start:
        counts = {
            "repeated_events": 0,
            "order_lines_in_another_feed": 0,
            "days_without_events": int(day == gap_day(spec)),
        }
        empty = landing_schema(Events).empty_table()
        return Feed(empty, {"rejected": {"events": {}}, "merged": {"events": 0}, "reported": counts})
    clean = clean_of(day)
    listed, in_other_feed, twice = _as_listed(spec, day, clean, clean_of)
    order = np.argsort(listed["ts"], kind="stable")
    listed, in_other_feed = pick(listed, order), in_other_feed[order]
    table = _landed(spec, day, listed, names)

    rng = stream(spec.seed, "event dirt", day)
    repeated = dirt.copies(table, rng, 0.004, ~in_other_feed)
    spoilt, rejected = dirt.spoil(table, rng, _defects(day, listed), key="event_id")
    lines = pick(clean, clean["kind"] == LINE)
    return Feed(
        pa.concat_tables([spoilt, repeated]),
        {
            "rejected": {"events": rejected},
            "merged": {"events": len(repeated) + twice},
            "reported": {
                "repeated_events": len(repeated),
                "order_lines_in_another_feed": twice,
                "days_without_events": 0,
            },
            "events": {
                "views": int((clean["kind"] == VIEW).sum()),
                "carts": int((clean["kind"] == CART).sum()),
                "order_lines": rows(lines),
                "orders": len(np.unique(lines["order"])),
                "revenue": round(float((lines["quantity"] * lines["price"]).sum()), 2),
            },
        },
    )


def _as_listed(
    spec: WorldSpec, day: date, clean: Columns, clean_of: Callable[[date], Columns]
) -> tuple[Columns, BoolArray, int]:
    """The rows of the feed with the raw name of each (`name`), which of them stand in another order feed, and how many
    of those repeat a line of the preferred one."""
    by_name = {raw: number for number, raw in enumerate(spec.raw_event_names)}
    preferred = {kind: spec.raw_names(CANONICAL[kind])[:1] for kind in (VIEW, CART, LINE, PLACED)}
    lines = pick(clean, clean["kind"] == LINE)
    placed = _placed(lines)
    in_preferred, in_other, other_ts, other_name = _spread(spec, day, lines)
    today = other_ts < midnight(day) + DAY
    parts, other = [], []
    for kind, rows_of_kind in (
        (VIEW, pick(clean, clean["kind"] == VIEW)),
        (CART, pick(clean, clean["kind"] == CART)),
        (LINE, pick(lines, in_preferred)),
        (PLACED, placed),
    ):
        for raw in preferred[kind]:
            parts.append(_named(rows_of_kind, by_name[raw]))
            other.append(np.zeros(rows(rows_of_kind), bool))
    elsewhere = in_other & today
    parts.append(pick({**lines, "ts": other_ts, "name": other_name}, elsewhere))
    twice = int((elsewhere & in_preferred).sum())
    overnight = _from_the_night_before(spec, day, clean_of)
    if overnight is not None:
        parts.append(overnight)
        twice += rows(overnight)
    listed = stack(parts)
    other.append(np.ones(rows(listed) - sum(map(len, other)), bool))
    return listed, np.concatenate(other), twice


def _spread(spec: WorldSpec, day: date, lines: Columns) -> tuple[BoolArray, BoolArray, IntArray, IntArray]:
    """For each order line of a day: is it in the preferred feed, is it in another, when and in which one."""
    count = rows(lines)
    by_name = {raw: number for number, raw in enumerate(spec.raw_event_names)}
    others = [by_name[raw] for raw in spec.raw_names("order_line")[1:]]
    if not others:
        return np.ones(count, bool), np.zeros(count, bool), lines["ts"], np.zeros(count, np.int64)
    rng = stream(spec.seed, "order feeds", day)
    where, lag, night = rng.random(count), rng.exponential(10 * MINUTE, count), rng.random(count)
    into_night = rng.integers(0, 6 * HOUR, count)
    both = where < IN_BOTH
    only_preferred = ~both & (where < IN_BOTH + ONLY_PREFERRED)
    tomorrow = midnight(day) + DAY
    same_day = np.minimum(lines["ts"] + lag.astype(np.int64), tomorrow - 1)
    other_ts = np.where(both & (night < AFTER_MIDNIGHT), tomorrow + into_night, same_day)
    other_name = np.asarray(others, np.int64)[rng.integers(0, len(others), count)]
    return both | only_preferred, ~only_preferred, other_ts, other_name


def _from_the_night_before(spec: WorldSpec, day: date, clean_of: Callable[[date], Columns]) -> Columns | None:
    """Order lines of the day before that another feed shows today."""
    before = day - timedelta(days=1)
    if before < spec.start or before == gap_day(spec) or len(spec.raw_names("order_line")) < 2:
        return None
    clean = clean_of(before)
    lines = pick(clean, clean["kind"] == LINE)
    _, in_other, ts, name = _spread(spec, before, lines)
    return pick({**lines, "ts": ts, "name": name}, in_other & (ts >= midnight(day)))


def _named(events: Columns, number: int) -> Columns:
    return {**events, "name": np.full(rows(events), number, np.int64)}


def _placed(lines: Columns) -> Columns:
    """One event per order, at the order's first line; its price is the order's total."""
    order = np.lexsort((lines["ts"], lines["order"]))
    ordered = pick(lines, order)
    _, firsts, inverse = np.unique(ordered["order"], return_index=True, return_inverse=True)
    totals = np.bincount(inverse, ordered["quantity"] * ordered["price"], minlength=len(firsts))
    placed = pick(ordered, firsts)
    none = np.full(len(firsts), -1, np.int64)
    no_line = {"item": none, "quantity": none, "promo": none}
    return {**placed, **no_line, "kind": np.full(len(firsts), PLACED), "price": totals.round(2)}


def _landed(spec: WorldSpec, day: date, listed: Columns, names: Names) -> pa.Table:
    return landing_table(
        Events,
        {
            "event_id": numbered(f"E{day:%Y%m%d}-", np.arange(rows(listed))),
            "event_ts": instants(listed["ts"]),
            "customer_id": labels(names.customers, listed["customer"]),
            "event_name": labels(pa.array(list(spec.raw_event_names), pa.string()), listed["name"]),
            "item_id": labels(names.items, listed["item"]),
            "quantity": known(listed["quantity"]),
            "unit_price": known(listed["price"]),
            "order_id": numbered("O", listed["order"]),
            "is_promo": pa.array(listed["promo"] == 1, mask=listed["promo"] < 0),
            "channel": labels(names.channels, listed["channel"]),
        },
    )


def _defects(day: date, listed: Columns) -> list[dirt.Defect]:
    rate = 0.0005

    def impossible(rng: np.random.Generator, count: int) -> Arrow:
        past, future = rng.integers(0, DAY, count), midnight(day) + 366 * DAY + rng.integers(0, DAY, count)
        return instants(np.where(rng.random(count) < 0.5, past, future))

    def negative(rng: np.random.Generator, count: int) -> Arrow:
        return pa.array(-rng.integers(100, 90000, count) / 100)

    views, lines = listed["kind"] == VIEW, listed["kind"] == LINE
    return [
        dirt.Defect("event_id is missing", rate, {"event_id": dirt.nothing}),
        dirt.Defect("event_ts is outside its day", rate, {"event_ts": impossible}),
        dirt.Defect("event_name is unknown", rate, {"event_name": dirt.constant("Scroll Depth")}, views),
        dirt.Defect("unit_price is negative", rate * 2, {"unit_price": negative}, lines),
        dirt.Defect("item_id is missing", rate, {"item_id": dirt.nothing}, views),
    ]
