"""The sums from which arms and periods are compared are those that a person would add up, customer by customer.

Drawn crowds of customers, whose messages and orders meet the bounds of every window by the second. Mutations show that
the crowds would find a window that is off. Not here: what statistics make of the sums (statistics/).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import date, datetime, time, timedelta
from fractions import Fraction
from random import Random
from typing import Any, NamedTuple

import pytest
from hypothesis import Phase, example, given, settings
from hypothesis import strategies as st

from recs_platform.companies.model import Company
from recs_platform.companies.query_parameters import query_parameters
from recs_platform.schemas.campaign import METRICS
from recs_platform.strategies.catalogue import KNOWN
from recs_platform.warehouse.query import sql_folder
from recs_platform_tests.strategies.vehicle_fitment.engine import Engine, arrow
from recs_platform_tests.strategies.vehicle_fitment.worlds import AS_OF

Row = dict[str, Any]
Tables = Mapping[str, list[Row]]
Sums = dict[tuple[str, str, str], dict[str, Any]]

_CUSTOMERS = 60
_DAY = timedelta(days=1)
_START = AS_OF - 9 * _DAY
_QUERY = (sql_folder() / "campaign" / "metric_sums.sql").read_text()


class Windows(NamedTuple):
    """The parameters that say which messages and orders belong together, in days."""

    attribution: int
    covariate: int
    comparison: int
    releases: tuple[date, ...]

    @property
    def newest(self) -> date | None:
        return max((day for day in self.releases if day <= AS_OF), default=None)


def crowd(seed: int, windows: Windows) -> Tables:
    """Messages at midnight, at noon and a second before; orders as far from one as the windows are, or a second off."""
    made: dict[str, list[Row]] = {"send_engagement": [], "campaign_orders": []}
    for number in range(_CUSTOMERS):
        draw, customer = Random(f"{seed} {number}"), f"c{number}"
        sends = [_send(draw, customer, f"{customer}-{n}") for n in range(draw.randint(1, 4))]
        orders = [_order(draw, windows, draw.choice(sends), f"{customer}-{n}") for n in range(draw.randint(0, 5))]
        made["send_engagement"] += sends
        made["campaign_orders"] += orders
    return made


def _send(draw: Random, customer: str, send_id: str) -> Row:
    noon = datetime.combine(AS_OF, time(12))
    at = noon - timedelta(hours=12 * draw.randint(-1, 24)) - timedelta(seconds=draw.choice([0, 0, 1]))
    arm = draw.choice(["personalised", "random", "holdout"])
    return {
        "send_id": send_id,
        "customer_id": customer,
        "arm": arm,
        "status": "held_out" if arm == "holdout" else draw.choice(["delivered", "failed", "unreported"]),
        "sent_at": at,
        "sent_on": at.date(),
        "opened_at": draw.choice([None, at]),
        "clicked_at": draw.choice([None, None, at]),
    }


def _order(draw: Random, windows: Windows, send: Row, order_id: str) -> Row:
    days = draw.choice([0, windows.attribution, -windows.covariate, draw.uniform(-6, 6)])
    credited = send["status"] != "held_out" and draw.random() < 0.6
    return {
        "order_id": order_id,
        "customer_id": send["customer_id"],
        "ordered_at": send["sent_at"] + timedelta(seconds=int(days * 86400) + draw.choice([-1, 0, 0, 1])),
        "revenue": draw.choice([0, 1999, 4250, -4250, draw.randint(-2_000, 50_000)]) / 100,
        "send_id": send["send_id"] if credited else None,
    }


def by_query(tables: Tables, windows: Windows, query: str = _QUERY) -> Sums:
    company = Company.model_validate(
        {
            "name": "shop",
            "dataset": "shop",
            "strategy": "vehicle_fitment",
            "timezone": "Europe/Berlin",
            "currency": "EUR",
            "start_date": _START,
            "simulation": {},
            "parameters": {
                "attribution_window_days": windows.attribution,
                "covariate_days": windows.covariate,
                "comparison_days": windows.comparison,
                "releases": windows.releases,
            },
        },
        context=KNOWN,
    )
    engine = Engine(arrow({"events": [], **tables}))
    try:
        rows = engine.rows(query, {**query_parameters(company), "as_of": AS_OF}).to_pylist()
    finally:
        engine.close()
    found = {(row["cut"], row["part"], row["metric"]): row for row in rows}
    assert len(found) == len(rows)
    return found


class Customer(NamedTuple):
    """One customer's messages of an arm or period, and the orders that count."""

    messages: list[Row]
    after: list[Row]
    """Once for each message in whose window they are."""
    before: list[Row]
    """Of the days before the first message of any arm."""

    def measured(self, metric: str) -> tuple[int, Fraction, Fraction]:
        opened = [m for m in self.messages if m["opened_at"]]
        n = len(opened) if metric == "clicks_per_open" else len(self.messages)
        if metric in ("orders", "revenue"):
            return n, _worth(self.after, metric), _worth(self.before, metric)
        if metric == "opens":
            return n, Fraction(len(opened)), Fraction(0)
        clickable = opened if metric == "clicks_per_open" else self.messages
        return n, Fraction(sum(m["clicked_at"] is not None for m in clickable)), Fraction(0)


def _worth(orders: list[Row], metric: str) -> Fraction:
    if metric == "orders":
        return Fraction(len(orders))
    return Fraction(sum(round(100 * order["revenue"]) for order in orders), 100)


def by_hand(tables: Tables, windows: Windows) -> Sums:
    grouped: dict[tuple[str, str], dict[str, Customer]] = defaultdict(dict)
    for cut, part, message, after, before in (*_arms(tables, windows), *_periods(tables, windows)):
        customer = grouped[cut, part].setdefault(message["customer_id"], Customer([], [], before))
        customer.messages.append(message)
        customer.after.extend(after)
    sums = {
        (cut, part, metric): _summed(list(customers.values()), metric)
        for (cut, part), customers in grouped.items()
        for metric in METRICS[cut]
    }
    return {key: row for key, row in sums.items() if row["units"]}


Counted = Iterator[tuple[str, str, Row, list[Row], list[Row]]]


def _arms(tables: Tables, windows: Windows) -> Counted:
    first, last = windows.newest or _START, AS_OF - windows.attribution * _DAY
    messages = [message for message in tables["send_engagement"] if first <= message["sent_on"] <= last]
    for message in messages:
        sent_at, customer = message["sent_at"], message["customer_id"]
        drawn_at = min(other["sent_at"] for other in messages if other["customer_id"] == customer)
        theirs = [order for order in tables["campaign_orders"] if order["customer_id"] == customer]
        after = [o for o in theirs if timedelta(0) <= o["ordered_at"] - sent_at < windows.attribution * _DAY]
        before = [o for o in theirs if timedelta(0) < drawn_at - o["ordered_at"] <= windows.covariate * _DAY]
        yield "arm", message["arm"], message, after, before


def _periods(tables: Tables, windows: Windows) -> Counted:
    split = windows.newest or AS_OF - (windows.comparison - 1) * _DAY
    for message in tables["send_engagement"]:
        day = message["sent_on"]
        near = split - windows.comparison * _DAY <= day < split + windows.comparison * _DAY
        over = day <= AS_OF - windows.attribution * _DAY
        if near and over and message["status"] != "held_out":
            earned = [o for o in tables["campaign_orders"] if o["send_id"] == message["send_id"]]
            yield "period", "before" if day < split else "after", message, earned, []


def _summed(customers: list[Customer], metric: str) -> dict[str, Any]:
    measured = [(customer, *customer.measured(metric)) for customer in customers]
    counted = [(n, y, x) for _, n, y, x in measured if n]
    days = [m["sent_on"] for customer, n, _, _ in measured if n for m in customer.messages]
    return {
        "first_day": min(days, default=None),
        "last_day": max(days, default=None),
        "units": len(counted),
        "n": sum(n for n, _, _ in counted),
        "y": sum(y for _, y, _ in counted),
        "x": sum(x for _, _, x in counted),
        "nn": sum(n * n for n, _, _ in counted),
        "yy": sum(y * y for _, y, _ in counted),
        "xx": sum(x * x for _, _, x in counted),
        "ny": sum(n * y for n, y, _ in counted),
        "nx": sum(n * x for n, _, x in counted),
        "yx": sum(y * x for _, y, x in counted),
    }


def differing(found: Sums, expected: Sums) -> list[str]:
    """Where they differ by more than the rounding of each customer's square to a hundredth."""
    wrong = [f"{key} is in one of them" for key in sorted(found.keys() ^ expected.keys())]
    for key in sorted(found.keys() & expected.keys()):
        for column, value in expected[key].items():
            rounding = 0.005 * expected[key]["units"] if column in ("yy", "xx", "yx") else 0.0
            if not _same(found[key][column], value, rounding):
                wrong.append(f"{key} {column}: {found[key][column]} is not {value}")
    return wrong


def _same(found: Any, value: Any, rounding: float) -> bool:
    if isinstance(value, date):
        return isinstance(found, date) and found == value
    difference: float = abs(float(found) - float(value))
    return difference <= rounding + 1e-9 * abs(float(value))


_DAYS = st.integers(1, 4)
_WINDOWS = st.builds(
    Windows,
    attribution=_DAYS,
    covariate=_DAYS,
    comparison=_DAYS,
    releases=st.lists(st.integers(-2, 8).map(lambda back: AS_OF - back * _DAY), max_size=3).map(tuple),
)
_USUAL = Windows(attribution=2, covariate=3, comparison=3, releases=(AS_OF - 6 * _DAY, AS_OF + _DAY))
_UNRELEASED = Windows(attribution=3, covariate=2, comparison=4, releases=())


@pytest.mark.slow
@settings(max_examples=30, phases=(Phase.explicit, Phase.generate))
@example(seed=1, windows=_USUAL)
@example(seed=2, windows=_UNRELEASED)
@given(seed=st.integers(0, 2**32), windows=_WINDOWS)
def test_the_sums_are_those_of_every_customer(seed: int, windows: Windows) -> None:
    tables = crowd(seed, windows)
    assert differing(by_query(tables, windows), by_hand(tables, windows)) == []


@settings(max_examples=8, phases=(Phase.generate,))
@given(seed=st.integers(0, 2**32), windows=_WINDOWS)
def test_the_order_of_rows_changes_nothing(seed: int, windows: Windows) -> None:
    """To the last digit: a table made again must be the same table."""
    tables = crowd(seed, windows)
    shuffled = {name: Random(seed).sample(rows, len(rows)) for name, rows in tables.items()}
    assert by_query(shuffled, windows) == by_query(tables, windows)


def test_the_crowd_is_of_all_kinds() -> None:
    """Every arm, period and metric; customers with several messages; negative revenue; orders before and after."""
    sums = by_hand(crowd(1, _USUAL), _USUAL)
    parts = {"arm": ("personalised", "random", "holdout"), "period": ("before", "after")}
    assert sums.keys() == {(cut, part, metric) for cut in parts for part in parts[cut] for metric in METRICS[cut]}
    for cut, part in (("arm", "personalised"), ("arm", "holdout")):
        orders, revenue = sums[cut, part, "orders"], sums[cut, part, "revenue"]
        assert orders["y"] > 5
        assert orders["x"] > 5
        assert orders["nn"] > orders["n"] > orders["units"]
        assert revenue["yx"] != 0
    assert any(order["revenue"] < 0 for order in crowd(1, _USUAL)["campaign_orders"])


# What is changed in the query, and what to.
_MUTATIONS = {
    "an order at the end of the window": ("ordered_at < TIMESTAMP_ADD(", "ordered_at <= TIMESTAMP_ADD("),
    "an order at the start of the days before": ("ordered_at >= TIMESTAMP_SUB(", "ordered_at > TIMESTAMP_SUB("),
    "an order with the message is none of it": ("ordered_at >= sent.sent_at", "ordered_at > sent.sent_at"),
    "an order with the first message is before it": ("ordered_at < drawn.first_at", "ordered_at <= drawn.first_at"),
    "a past that an arm has touched": ("MIN(sent_at) AS first_at", "MAX(sent_at) AS first_at"),
    "a past in each arm": (
        "AS first_at FROM arm_sends GROUP BY customer_id",
        "AS first_at FROM arm_sends GROUP BY customer_id, arm",
    ),
    "credited orders only": ("JOIN placed\n    ON ", "JOIN placed\n    ON placed.send_id IS NOT NULL AND "),
    "an arm's window that is not over": (
        "AND bounds.settled_until",
        "AND DATE_ADD(bounds.settled_until, INTERVAL 1 DAY)",
    ),
    "a period's window that is not over": ("    AND send.sent_on <= bounds.settled_until\n", ""),
    "a day less whose window is over": ("send.sent_on <= bounds.settled", "send.sent_on < bounds.settled"),
    "a day less before": ("send.sent_on >= DATE_SUB(", "send.sent_on > DATE_SUB("),
    "a day more after": ("send.sent_on < DATE_ADD(", "send.sent_on <= DATE_ADD("),
    "the day of the release is before it": ("IF(send.sent_on < bounds", "IF(send.sent_on <= bounds"),
    "a release that is to come": ("<= @as_of", "<= DATE_ADD(@as_of, INTERVAL 1 DAY)"),
    "held-out messages are sent": ("WHERE send.status <> 'held_out'", "WHERE TRUE"),
    "customers who opened nothing count": ("WHERE counted.n > 0", "WHERE TRUE"),
    "messages instead of customers": ("GROUP BY arm, customer_id", "GROUP BY arm, customer_id, sent_at"),
}


@pytest.mark.parametrize("mutation", _MUTATIONS)
def test_the_crowds_find_a_wrong_sum(mutation: str) -> None:
    """Where a release is old, its days end the period after it; where there is none, the windows that are open do."""
    old, new = _MUTATIONS[mutation]
    assert old in _QUERY, f"{mutation}: the query does not say {old} any more"
    wrong = _QUERY.replace(old, new)
    assert any(
        differing(by_query(crowd(1, windows), windows, wrong), by_hand(crowd(1, windows), windows))
        for windows in (_USUAL, _UNRELEASED)
    )
