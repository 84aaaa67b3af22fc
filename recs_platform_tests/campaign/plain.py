"""What messages earned, by the definitions, one thing after the other: slow, short, and read in a minute.

Worlds are small, so every order may look at every message. Not here: worlds, and the queries that this is held against.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any

from recs_platform_tests.campaign.worlds import Row, Rules, World
from recs_platform_tests.strategies.vehicle_fitment.worlds import AS_OF

Funnel = dict[tuple[Any, ...], tuple[Any, ...]]


def judged(world: World, rules: Rules) -> list[Row]:
    return [
        {**_shared(touch, "send_id", "kind", "happened_at"), "machine_rule": _machine_rule(touch, world, rules)}
        for touch in world["interactions"]
    ]


def _machine_rule(touch: Row, world: World, rules: Rules) -> str | None:
    reports = [r for r in world["deliveries"] if r["send_id"] == touch["send_id"] and r["status"] == "delivered"]
    opened = touch["kind"] == "VIEWED"
    soon = timedelta(seconds=rules.machine_open_seconds if opened else rules.scanner_click_seconds)
    if reports and abs(touch["happened_at"] - min(report["reported_at"] for report in reports)) <= soon:
        return "open_on_delivery" if opened else "click_on_delivery"
    alike = [t for t in world["interactions"] if (t["send_id"], t["kind"]) == (touch["send_id"], touch["kind"])]
    beside = [
        t
        for t in alike
        if abs(t["happened_at"] - touch["happened_at"]) <= timedelta(seconds=rules.scanner_burst_seconds)
    ]
    return None if opened or len(beside) < rules.scanner_burst_clicks else "click_burst"


def engagement(world: World, touches: list[Row], rules: Rules) -> list[Row]:
    return [
        _engaged(send, world, [t for t in touches if t["send_id"] == send["send_id"]], rules)
        for send in world["treatments"]
    ]


def _engaged(send: Row, world: World, touches: list[Row], rules: Rules) -> Row:
    reports = sorted(
        (r for r in world["deliveries"] if r["send_id"] == send["send_id"]), key=lambda r: r["reported_at"]
    )
    reported = reports[-1]["status"] if reports else "unreported"

    def first(kind: str) -> datetime | None:
        counts = (t for t in touches if rules.count_machine_engagement or t["machine_rule"] is None)
        return min((t["happened_at"] for t in counts if t["kind"] == kind), default=None)

    def machines(kind: str) -> int:
        return sum(t["kind"] == kind and t["machine_rule"] is not None for t in touches)

    return {
        **_shared(send, "send_id", "customer_id", "campaign_id", "treatment_id", "arm", "sent_at"),
        "sent_on": send["sent_at"].date(),
        "status": "held_out" if send["arm"] == "holdout" else reported,
        "opened_at": first("VIEWED"),
        "clicked_at": first("CLICKED"),
        "machine_opens": machines("VIEWED"),
        "machine_clicks": machines("CLICKED"),
    }


def orders(world: World, sends: list[Row], rules: Rules) -> list[Row]:
    by_order = defaultdict(list)
    for event in world["events"]:
        by_order[event["order_id"]].append(event)
    found = []
    for order_id, events in by_order.items():
        lines = [event for event in events if event["event_name"] == "order_line"]
        customers = sorted(line["customer_id"] for line in lines if line["customer_id"])
        if order_id and customers:
            found.append(_order(order_id, customers[0], lines, events, sends, rules))
    return found


def _order(order_id: str, customer: str, lines: list[Row], events: list[Row], sends: list[Row], rules: Rules) -> Row:
    at = min(line["event_ts"] for line in lines)
    sold, refunded = cents(lines), cents(e for e in events if e["event_name"] == "order_refunded")
    window = timedelta(days=rules.attribution_window_days)
    earning = [
        send
        for send in sends
        if send["customer_id"] == customer
        and send["sent_at"] <= at < send["sent_at"] + window
        and send["status"] in ("delivered", "unreported")
    ]
    send = max(earning, key=lambda send: (send["sent_at"], send["send_id"]), default={})
    opened_at, clicked_at = (
        send[s] if send and send[s] and send[s] <= at else None for s in ("opened_at", "clicked_at")
    )
    known = {"delivered": "delivered", "unreported": "sent"}.get(send.get("status", ""))
    return {
        "as_of": AS_OF,
        "order_id": order_id,
        "customer_id": customer,
        "ordered_at": at,
        "ordered_on": at.date(),
        "units": sum(_units(line) for line in lines),
        "sold": sold / 100,
        "refunded": refunded / 100,
        "revenue": (sold - refunded) / 100,
        **{name: send.get(name) for name in ("send_id", "sent_on", "campaign_id", "treatment_id", "arm")},
        "path": "clicked" if clicked_at else "opened" if opened_at else known,
        "opened_at": opened_at,
        "clicked_at": clicked_at,
        "hours_since_sent": (at - send["sent_at"]) / timedelta(seconds=1) / 3600 if send else None,
    }


def cents(events: Iterable[Row]) -> int:
    return sum(_units(event) * round(100 * (event["unit_price"] or 0)) for event in events)


def _units(event: Row) -> int:
    return 1 if event["quantity"] is None else int(event["quantity"])


def paths(placed: list[Row]) -> dict[str, tuple[int, int, float]]:
    """Customers, orders and revenue by path, and of all of them together."""
    by_path = defaultdict(list)
    for order in placed:
        if order["send_id"]:
            by_path[order["path"]].append(order)
            by_path["total"].append(order)
    return {p: (len({o["customer_id"] for o in of}), len(of), hundredths(of) / 100) for p, of in by_path.items()}


def hundredths(rows: Iterable[Row]) -> int:
    return sum(round(100 * row["revenue"]) for row in rows)


def funnel(sends: list[Row], placed: list[Row]) -> Funnel:
    """By level, campaign, treatment, arm, day and step: messages, customers, messages without the step before, orders
    and their revenue."""
    earned, groups = defaultdict(list), defaultdict(list)
    for order in placed:
        earned[order["send_id"]].append(order)
    for send in sends:
        if send["status"] != "held_out":
            for group in _groups(send):
                groups[group].append(send)
    return {key: row for group, of in groups.items() for key, row in _steps(group, of, earned)}


def _groups(send: Row) -> list[tuple[Any, ...]]:
    campaign, treatment, arm, day = (send[name] for name in ("campaign_id", "treatment_id", "arm", "sent_on"))
    return [
        ("total", None, None, None, None),
        ("campaign", campaign, None, None, None),
        ("treatment", None, treatment, None, None),
        ("arm", None, None, arm, None),
        ("day", None, None, None, day),
        ("cell", campaign, treatment, arm, day),
    ]


def _steps(group: tuple[Any, ...], of: list[Row], earned: dict[str, list[Row]]) -> Iterator[tuple[Any, Any]]:
    came = {
        "sent": of,
        "delivered": [send for send in of if send["status"] == "delivered"],
        "opened": [send for send in of if send["opened_at"]],
        "clicked": [send for send in of if send["clicked_at"]],
        "ordered": [send for send in of if send["send_id"] in earned],
    }
    before = {send["send_id"] for send in of}
    for step, there in came.items():
        lacking = sum(send["send_id"] not in before for send in there)
        orders_of = [order for send in there for order in earned[send["send_id"]]] if step == "ordered" else None
        money = (None, None) if orders_of is None else (len(orders_of), hundredths(orders_of) / 100)
        yield (*group, step), (len(there), len({send["customer_id"] for send in there}), lacking, *money)
        before = {send["send_id"] for send in there}


def _shared(row: Row, *names: str) -> Row:
    return {name: row[name] for name in names}
