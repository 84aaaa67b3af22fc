"""Small made-up worlds of messages, reports on them, opens and clicks, orders and refunds: many side by side.

Worlds do not meet: customers, messages and orders bear the number of theirs. Things happen at few instants, at the
bounds of the rules, and a second beside them, so that ties and bounds are common. Not here: what must come out
(plain.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, time, timedelta
from random import Random
from typing import Any, NamedTuple

from recs_platform_tests.strategies.vehicle_fitment.worlds import AS_OF

Row = dict[str, Any]
World = Mapping[str, list[Row]]

TABLES = ("treatments", "deliveries", "interactions", "events", "customers")
_BEGIN = datetime.combine(AS_OF - timedelta(days=5), time())
_SECOND = timedelta(seconds=1)


class Rules(NamedTuple):
    """The company's parameters that decide what a message earned."""

    attribution_window_days: int = 7
    machine_open_seconds: int = 10
    scanner_click_seconds: int = 10
    scanner_burst_clicks: int = 3
    scanner_burst_seconds: int = 3
    count_machine_engagement: bool = False


def worlds(seed: int, count: int, rules: Rules) -> list[World]:
    return [_world(Random(f"{seed} {number}"), f"w{number}", rules) for number in range(count)]


def together(parts: list[World]) -> World:
    """The tables in which all worlds stand side by side."""
    return {name: [row for part in parts for row in part[name]] for name in TABLES}


def _world(draw: Random, world: str, rules: Rules) -> World:
    sends = [_send(draw, world, number) for number in range(draw.choice([0, 1, 2, 2, 3, 4, 6]))]
    reports = [report for send in sends for report in _reports(draw, send)]
    events = _orders(draw, world, sends, rules)
    touched = [touch for send in sends for touch in _interactions(draw, send, reports, events, rules)]
    return {"treatments": sends, "deliveries": reports, "interactions": touched, "events": events, "customers": []}


def _moment(draw: Random) -> datetime:
    """Six hours apart, also at midnight; now and then the second before."""
    return _BEGIN + timedelta(hours=6 * draw.randrange(20)) - draw.choice([0, 0, 0, 1]) * _SECOND


def _on(moment: datetime, /, **row: Any) -> Row:
    return {**row, "event_date": moment.date()}


def _send(draw: Random, world: str, number: int) -> Row:
    at = _moment(draw)
    return _on(
        at,
        send_id=f"{world}-s{number}",
        customer_id=f"{world}-c{draw.randrange(2)}",
        campaign_id=draw.choice(["k1", "k2"]),
        treatment_id=draw.choice(["t1", "t2"]),
        arm=draw.choice(["personalised", "random", "holdout"]),
        sent_at=at,
    )


def _reports(draw: Random, send: Row) -> list[Row]:
    """None, one, or another one the next day."""
    at = send["sent_at"] + 2 * _SECOND
    said = draw.choices(["delivered", "delivered", "failed"], k=draw.choice([0, 1, 1, 1, 2]))
    stated = [(status, at + timedelta(days=day)) for day, status in enumerate(said)]
    return [
        _on(at, send_id=send["send_id"], status=status, failure_reason=None, reported_at=at) for status, at in stated
    ]


def _orders(draw: Random, world: str, sends: list[Row], rules: Rules) -> list[Row]:
    events: list[Row] = []
    for number in range(draw.choice([0, 1, 2, 3, 5])):
        order, at = f"{world}-o{number}", _order_time(draw, sends, rules)
        customer = draw.choice([f"{world}-c0", f"{world}-c0", f"{world}-c1", None])
        for _ in range(draw.choice([0, 1, 1, 2, 3])):
            events.append(_event(draw, "order_line", order, customer, at + draw.choice([0, 0, 30, 86_400]) * _SECOND))
        for name in draw.sample(["order_refunded", "order_refunded", "order_placed", "product_viewed"], 1):
            events.append(
                _event(draw, name, order, draw.choice([customer, None]), at + timedelta(hours=draw.choice([0, 9])))
            )
    events = [event for event in events if event["event_date"] <= AS_OF]
    return [{**event, "event_id": f"{world}-e{number}"} for number, event in enumerate(events)]


def _order_time(draw: Random, sends: list[Row], rules: Rules) -> datetime:
    """As a message is sent, as its window is over, a second off either, or at any other time."""
    if not sends or draw.random() < 0.3:
        return _moment(draw)
    days = draw.choice([0, rules.attribution_window_days, 0.1, 0.5, 1])
    sent: datetime = draw.choice(sends)["sent_at"]
    return sent + timedelta(days=days) + draw.choice([-1, 0, 0, 1]) * _SECOND


def _event(draw: Random, name: str, order: str, customer: str | None, at: datetime) -> Row:
    return _on(
        at,
        event_name=name,
        event_ts=at,
        customer_id=customer,
        order_id=draw.choice([order] * 9 + [None]) if name == "order_line" else order,
        quantity=draw.choice([None, 1, 1, 2, 3]),
        unit_price=draw.choice([None, 0.1, 9.99, draw.randrange(30_000) / 100]),
    )


def _interactions(draw: Random, send: Row, reports: list[Row], events: list[Row], rules: Rules) -> list[Row]:
    """Before and after its delivery and orders, and hours later; opens and clicks one by one, and clicks in bursts."""
    known = [report["reported_at"] for report in reports if report["send_id"] == send["send_id"]] or [send["sent_at"]]
    near = [*known, *(event["event_ts"] for event in events)]
    soon = {"VIEWED": rules.machine_open_seconds, "CLICKED": rules.scanner_click_seconds}
    found = set()
    for _ in range(draw.choice([0, 1, 2, 4])):
        kind = draw.choice(["VIEWED", "VIEWED", "CLICKED"])
        off = draw.choice([0, 1, soon[kind], soon[kind] + 1, 3_600])
        found.add((kind, draw.choice(near) + draw.choice([-1, 1, 1]) * off * _SECOND))
    if draw.random() < 0.3:
        at, usual = (
            draw.choice(known) + draw.choice([0, 60, 7_200]) * _SECOND,
            draw.choice(["CLICKED", "CLICKED", "VIEWED"]),
        )
        for _ in range(draw.randint(2, rules.scanner_burst_clicks + 2)):
            found.add((draw.choice([usual] * 5 + ["VIEWED", "CLICKED"]), at))
            at += draw.choice([0, 1, 1, rules.scanner_burst_seconds, rules.scanner_burst_seconds + 1]) * _SECOND
    return [_on(at, send_id=send["send_id"], kind=kind, happened_at=at) for kind, at in sorted(found)]
