"""Campaigns: what is sent to whom in which arm, what becomes of it, and the orders it brings.

A row of the hold-out arm is a send that is not sent: the customer was drawn for the campaign and assigned a
treatment, and then nothing was delivered. Its orders are those that would have happened anyway; the other arms have
their orders on top. A send's deliveries, interactions and orders follow from the day of the send alone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np
import pyarrow as pa

from recs_platform.schemas.sources import Deliveries, Interactions, Treatments
from recs_platform.simulation import dirt
from recs_platform.simulation.columns import (
    DAY,
    HOUR,
    MINUTE,
    SECOND,
    Arrow,
    Columns,
    Feed,
    instants,
    labels,
    landing_table,
    midnight,
    numbered,
    pick,
    rows,
    stack,
    within,
)
from recs_platform.simulation.randomness import FloatArray, IntArray, choose, stream
from recs_platform.simulation.spec import WorldSpec

ARMS = ("personalised", "random", "holdout")
PERSONALISED, RANDOM, HOLDOUT = range(3)
DELIVERED_RATE = 0.93
FAILURES = ("rate_limit", "api_error", "bounce")
FAILURE_SHARES = np.array([0.5, 0.3, 0.2])
LATE_RATE = 0.08
"""Share of interactions that arrive the day after they happened."""
OPEN_DAYS = 3
"""Days after a send within which it is opened, if ever."""
ORDER_DAYS = 6
"""Days after the day of a send on which it still brings orders."""
SECOND_OPEN = 0.15
ORDER_RATES = {"clicked": 0.10, "opened": 0.03, "delivered": 0.003}
"""Chance that a send brings an order that would not have happened, by how far the customer came (personalised arm)."""
ARM_LIFT = np.array([1.0, 0.4, 0.0])
"""What those chances are multiplied with, by arm."""


@dataclass(frozen=True)
class Plan:
    weekdays: frozenset[int]
    reach: float
    """Share of the mailable customers that one campaign draws."""
    arm_shares: tuple[float, float, float]
    personalised: int
    """Number of treatments of the personalised (and hold-out) arm."""
    random: int
    """Number of treatments of the random arm."""


@dataclass(frozen=True)
class Rates:
    """The planted behaviour, per treatment."""

    ids: tuple[str, ...]
    shares: FloatArray
    open: FloatArray
    click: FloatArray
    """Clicks per open."""


def rates(spec: WorldSpec, plan: Plan) -> Rates:
    rng = stream(spec.seed, "treatments")
    count = plan.personalised + plan.random
    is_random = np.arange(count) >= plan.personalised
    opens = rng.beta(12, 88, count) * np.where(is_random, 0.75, 1.0)
    clicks = rng.beta(6, 60, count) * np.where(is_random, 0.7, 1.0)
    ids = tuple(f"T{17_049_000 + 13 * number}" for number in range(count))
    return Rates(ids, rng.dirichlet(np.full(count, 4.0)), opens.round(4), clicks.round(4))


def plan_truth(spec: WorldSpec, plan: Plan) -> dict[str, Any]:
    planted = rates(spec, plan)
    return {
        "weekdays": sorted(plan.weekdays),
        "reach": plan.reach,
        "arm_shares": dict(zip(ARMS, plan.arm_shares, strict=True)),
        "delivered_rate": DELIVERED_RATE,
        "failure_shares": dict(zip(FAILURES, FAILURE_SHARES.tolist(), strict=True)),
        "late_interaction_rate": LATE_RATE,
        "incremental_order_rates": {
            arm: {path: rate * lift for path, rate in ORDER_RATES.items()}
            for arm, lift in zip(ARMS, ARM_LIFT.tolist(), strict=True)
        },
        "treatments": {
            name: {
                "arm": ARMS[PERSONALISED] if number < plan.personalised else ARMS[RANDOM],
                "open_rate": float(planted.open[number]),
                "click_per_open": float(planted.click[number]),
            }
            for number, name in enumerate(planted.ids)
        },
    }


def sends(spec: WorldSpec, plan: Plan, audience: IntArray, day: date) -> Columns:
    """The sends of a day with all that becomes of them; an instant of -1 never comes."""
    rng = stream(spec.seed, "sends", day)
    if day < spec.start or day.weekday() not in plan.weekdays:
        audience = audience[:0]
    customer = audience[rng.random(len(audience)) < plan.reach]
    count, planted = len(customer), rates(spec, plan)
    arm = choose(rng, np.asarray(plan.arm_shares), count)
    treatment = np.where(
        arm == RANDOM,
        plan.personalised + choose(rng, planted.shares[plan.personalised :], count),
        choose(rng, planted.shares[: plan.personalised], count),
    )
    sent_at = midnight(day) + 14 * HOUR + rng.integers(0, 3 * HOUR, count)
    reported = sent_at + rng.integers(5 * SECOND, 300 * SECOND, count)
    delivered = (arm != HOLDOUT) & (rng.random(count) < DELIVERED_RATE)
    opened = delivered & (rng.random(count) < planted.open[treatment])
    clicked = opened & (rng.random(count) < planted.click[treatment])
    lag = np.minimum(rng.exponential(7 * HOUR, count), (OPEN_DAYS - 1) * DAY).astype(np.int64)
    opened_at = reported + MINUTE + lag
    clicked_at = opened_at + rng.integers(5 * SECOND, 10 * MINUTE, count)
    again = opened & (rng.random(count) < SECOND_OPEN)
    again_at = clicked_at + rng.integers(MINUTE, 6 * HOUR, count)
    chance = np.select([clicked, opened, delivered], list(ORDER_RATES.values()), 0.0) * ARM_LIFT[arm]
    ordered = rng.random(count) < chance
    reached = np.select([clicked, opened], [clicked_at, opened_at], reported)
    delay = np.minimum(rng.exponential(DAY, count).astype(np.int64) + 5 * MINUTE, ORDER_DAYS * DAY)
    ordered_at = np.minimum(reached + delay, midnight(day) + (ORDER_DAYS + 1) * DAY - 1)
    return {
        "number": np.arange(count),
        "customer": customer,
        "arm": arm,
        "treatment": treatment,
        "failure": np.where(delivered | (arm == HOLDOUT), -1, choose(rng, FAILURE_SHARES, count)),
        "sent_at": sent_at,
        "reported_at": np.where(arm == HOLDOUT, -1, reported),
        "opened_at": np.where(opened, opened_at, -1),
        "again_at": np.where(again, again_at, -1),
        "clicked_at": np.where(clicked, clicked_at, -1),
        "ordered_at": np.where(ordered, ordered_at, -1),
    }


def orders(day: date, sends_of: Callable[[date], Columns]) -> list[tuple[date, Columns]]:
    """The orders of a day that sends brought, by the day of the send."""
    sent_days = (day - timedelta(days=age) for age in range(ORDER_DAYS, -1, -1))
    return [(sent, within(sends_of(sent), "ordered_at", day)) for sent in sent_days]


def treatments_feed(
    spec: WorldSpec, plan: Plan, day: date, sends_of: Callable[[date], Columns], customers: Arrow
) -> Feed:
    sent = sends_of(day)
    clean = landing_table(
        Treatments,
        {
            "send_id": _send_ids(day, sent),
            "customer_id": labels(customers, sent["customer"]),
            "treatment_id": labels(pa.array(rates(spec, plan).ids), sent["treatment"]),
            "campaign_id": pa.array([f"weekly-{day.isoformat()}"] * rows(sent), pa.string()),
            "arm": labels(pa.array(ARMS), sent["arm"]),
            "sent_at": instants(sent["sent_at"]),
        },
    )
    rng = stream(spec.seed, "treatment dirt", day)
    table, rejected = dirt.spoil(clean, rng, [dirt.Defect("send_id is missing", 0.003, {"send_id": dirt.nothing})])
    return Feed(table, {"rejected": {"treatments": rejected}, "campaign": _funnel(spec, plan, sent)})


def deliveries_feed(spec: WorldSpec, day: date, sends_of: Callable[[date], Columns]) -> Feed:
    sent = pick(sends_of(day), sends_of(day)["reported_at"] >= 0)
    failed = sent["failure"] >= 0
    clean = landing_table(
        Deliveries,
        {
            "send_id": _send_ids(day, sent),
            "status": labels(pa.array(["delivered", "failed"]), failed.astype(np.int64)),
            "failure_reason": labels(pa.array(FAILURES), sent["failure"]),
            "at": instants(sent["reported_at"]),
        },
    )
    rng = stream(spec.seed, "delivery dirt", day)
    table, rejected = dirt.spoil(clean, rng, [dirt.Defect("send_id is missing", 0.003, {"send_id": dirt.nothing})])
    return Feed(table, {"rejected": {"deliveries": rejected}})


def interactions_feed(spec: WorldSpec, day: date, sends_of: Callable[[date], Columns]) -> Feed:
    """What arrives on a day: its own interactions but for the late ones, and the late ones of the day before."""
    happened = _interactions(spec, day, sends_of)
    before = _interactions(spec, day - timedelta(days=1), sends_of)
    on_time = _landed(pick(happened, ~happened["late"]))
    late = _landed(pick(before, before["late"]))
    rng = stream(spec.seed, "interaction dirt", day)
    table, rejected = dirt.spoil(
        on_time, rng, [dirt.Defect("kind is unknown", 0.003, {"kind": dirt.constant("UNSUBSCRIBED")})]
    )
    counts = {
        "interactions_that_arrive_late": int(happened["late"].sum()),
        "late_interactions_arriving": len(late),
    }
    return Feed(table, {"rejected": {"interactions": rejected}, "late": counts}, late)


def _interactions(spec: WorldSpec, day: date, sends_of: Callable[[date], Columns]) -> Columns:
    """Opens and clicks of a day, by time, with the mark of those that arrive late."""
    parts = []
    for age in range(OPEN_DAYS, -1, -1):
        sent_on = day - timedelta(days=age)
        sent = sends_of(sent_on)
        for column, kind in (("opened_at", 0), ("again_at", 0), ("clicked_at", 1)):
            happened = within(sent, column, day)
            count = rows(happened)
            parts.append(
                {
                    "sent_on": np.full(count, int(f"{sent_on:%Y%m%d}"), np.int64),
                    "number": happened["number"],
                    "kind": np.full(count, kind, np.int64),
                    "at": happened[column],
                }
            )
    found = stack(parts)
    found = pick(found, np.lexsort((found["kind"], found["number"], found["sent_on"], found["at"])))
    found["late"] = stream(spec.seed, "late interactions", day).random(rows(found)) < LATE_RATE
    return found


def _landed(found: Columns) -> pa.Table:
    send_ids = numbered("S", found["sent_on"] * 10**8 + found["number"])
    kinds = labels(pa.array(["VIEWED", "CLICKED"]), found["kind"])
    return landing_table(Interactions, {"send_id": send_ids, "kind": kinds, "at": instants(found["at"])})


def _send_ids(day: date, sent: Columns) -> Arrow:
    return numbered("S", int(f"{day:%Y%m%d}") * 10**8 + sent["number"])


def _funnel(spec: WorldSpec, plan: Plan, sent: Columns) -> dict[str, dict[str, int]]:
    """Per arm and treatment, what becomes of this day's sends in the end. Orders are those the sends brought."""
    ids = rates(spec, plan).ids
    funnel = {}
    for key in np.unique(sent["arm"] * len(ids) + sent["treatment"]):
        arm, treatment = divmod(int(key), len(ids))
        of_cell = pick(sent, (sent["arm"] == arm) & (sent["treatment"] == treatment))
        funnel[f"{ARMS[arm]}/{ids[treatment]}"] = {
            "sends": rows(of_cell),
            "delivered": int(((of_cell["reported_at"] >= 0) & (of_cell["failure"] < 0)).sum()),
            "opened": int((of_cell["opened_at"] >= 0).sum()),
            "clicked": int((of_cell["clicked_at"] >= 0).sum()),
            "brought_orders": int((of_cell["ordered_at"] >= 0).sum()),
        }
    return funnel
