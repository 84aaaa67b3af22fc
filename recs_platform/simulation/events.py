"""The event feed: what customers did on a day, in the company's own event names, with the dirt of event streams.

The worlds say what happened (views, carts, order lines); here it becomes a feed. Every order also has one event at
order level, and a line that comes back has an event on the day of its return.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np
import pyarrow as pa

from recs_platform.schemas.sources import Events
from recs_platform.simulation import dirt
from recs_platform.simulation.attribution import earned, settled, taken_off
from recs_platform.simulation.columns import (
    DAY,
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
    within,
)
from recs_platform.simulation.happenings import CANONICAL, CART, LINE, PLACED, REFUND, VIEW, OfDay, cents
from recs_platform.simulation.order_feeds import after_midnight, reports
from recs_platform.simulation.randomness import BoolArray, stream
from recs_platform.simulation.returns import RETURN_DAYS
from recs_platform.simulation.spec import WorldSpec

GAP_OFFSET = 40
"""Days from the start to the one day without events."""


@dataclass(frozen=True)
class Names:
    customers: Arrow
    items: Arrow
    channels: Arrow


def gap_day(spec: WorldSpec) -> date:
    return spec.start + timedelta(days=GAP_OFFSET)


def event_feed(spec: WorldSpec, day: date, clean_of: OfDay, sends_of: OfDay, names: Names) -> Feed:
    """The feed of a day; `clean_of` gives what happened on a day, `sends_of` what was sent on it."""
    if not _has_events(spec, day):
        return _silence(spec, day)
    returned = _returned_on(spec, day, clean_of, sends_of)
    clean = clean_of(spec, day)
    listed, in_other_feed, twice = _as_listed(spec, day, clean, returned, clean_of)
    order = np.argsort(listed["ts"], kind="stable")
    listed, in_other_feed = pick(listed, order), in_other_feed[order]
    table = _landed(spec, day, listed, names)

    rng = stream(spec.seed, "event dirt", day)
    repeated = dirt.copies(table, rng, 0.004, ~in_other_feed)
    spoilt, rejected = dirt.spoil(table, rng, _defects(day, listed), key="event_id")
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
            "events": _counts(clean, returned),
            "attributed": settled(spec, day, clean_of, sends_of).earned,
            "refunded": taken_off(returned),
        },
    )


def _has_events(spec: WorldSpec, day: date) -> bool:
    return day >= spec.start and day != gap_day(spec)


def _silence(spec: WorldSpec, day: date) -> Feed:
    is_gap = day == gap_day(spec)
    counts = {"repeated_events": 0, "order_lines_in_another_feed": 0, "days_without_events": int(is_gap)}
    nothing = np.empty(0, np.int64)
    return Feed(
        landing_schema(Events).empty_table(),
        {
            "rejected": {"events": {}},
            "merged": {"events": 0},
            "reported": counts,
            "attributed": earned({"path": nothing, "cents": nothing}),
            "refunded": taken_off({"path": nothing, "quantity": nothing, "price": nothing}),
        },
    )


def _counts(clean: Columns, returned: Columns) -> dict[str, Any]:
    lines = pick(clean, clean["kind"] == LINE)
    return {
        "views": int((clean["kind"] == VIEW).sum()),
        "carts": int((clean["kind"] == CART).sum()),
        "order_lines": rows(lines),
        "orders": len(np.unique(lines["order"])),
        "revenue": round(float((lines["quantity"] * lines["price"]).sum()), 2),
        "refunds": {"lines": rows(returned), "cents": int(cents(returned).sum())},
    }


def _returned_on(spec: WorldSpec, day: date, clean_of: OfDay, sends_of: OfDay) -> Columns:
    """The order lines that come back on a day. Those of an order that no feed reported, or of a company whose feed
    has no name for it, come back unseen."""
    ordered_on = [day - timedelta(days=age) for age in range(RETURN_DAYS[1], RETURN_DAYS[0] - 1, -1)]
    seen = [of for of in ordered_on if _has_events(spec, of)] if spec.raw_names(CANONICAL[REFUND]) else []
    parts = [within(settled(spec, of, clean_of, sends_of).returned, "ts", day) for of in seen]
    return stack(parts or [pick(settled(spec, day, clean_of, sends_of).returned, slice(0, 0))])


def _as_listed(
    spec: WorldSpec, day: date, clean: Columns, returned: Columns, clean_of: OfDay
) -> tuple[Columns, BoolArray, int]:
    """The rows of the feed with the raw name of each (`name`), which of them stand in another order feed, and how many
    of those repeat a line of the preferred one."""
    by_name = {raw: number for number, raw in enumerate(spec.raw_event_names)}
    lines = pick(clean, clean["kind"] == LINE)
    reported = reports(spec, day, lines)
    parts = [
        _named(of_kind, by_name[raw])
        for kind, of_kind in (
            (VIEW, pick(clean, clean["kind"] == VIEW)),
            (CART, pick(clean, clean["kind"] == CART)),
            (LINE, pick(lines, reported.in_preferred)),
            (PLACED, _placed(lines)),
            (REFUND, returned),
        )
        for raw in spec.raw_names(CANONICAL[kind])[:1]
    ]
    preferred = sum(map(rows, parts))
    elsewhere = reported.in_other & (reported.other_ts < midnight(day) + DAY)
    parts.append(pick({**lines, "ts": reported.other_ts, "name": reported.other_name}, elsewhere))
    twice = int((elsewhere & reported.in_preferred).sum())
    overnight = _from_the_night_before(spec, day, clean_of)
    if overnight is not None:
        parts.append(overnight)
        twice += rows(overnight)
    listed = stack(parts)
    return listed, np.arange(rows(listed)) >= preferred, twice


def _from_the_night_before(spec: WorldSpec, day: date, clean_of: OfDay) -> Columns | None:
    """Order lines of the day before that another feed shows today."""
    before = day - timedelta(days=1)
    if not _has_events(spec, before) or len(spec.raw_names("order_line")) < 2:
        return None
    clean = clean_of(spec, before)
    return after_midnight(spec, before, pick(clean, clean["kind"] == LINE))


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
