"""Campaigns: what is sent to whom in which arm, what becomes of it, and the orders it brings.

A row of the hold-out arm is a send that is not sent: the customer was drawn for the campaign and assigned a
treatment, and then nothing was delivered. Its orders are those that would have happened anyway; the other arms have
their orders on top. A send's deliveries, interactions and orders follow from the day of the send alone.
Not here: what is planned (`campaign_plan`), and the feeds (`campaign_feeds`).
"""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np

from recs_platform.simulation.campaign_plan import (
    ARM_LIFT,
    DELIVERED_RATE,
    FAILURE_SHARES,
    HOLDOUT,
    ORDER_RATES,
    RANDOM,
    UNREPORTED_SHARE,
    Plan,
    rates,
)
from recs_platform.simulation.columns import DAY, HOUR, MINUTE, SECOND, Columns, midnight, within
from recs_platform.simulation.happenings import OfDay
from recs_platform.simulation.randomness import IntArray, choose, stream
from recs_platform.simulation.spec import WorldSpec

OPEN_DAYS = 3
"""Days after a send within which it is opened, if ever."""
ORDER_DAYS = 6
"""Days after the day of a send on which it still brings orders."""
SECOND_OPEN = 0.15


def sends(spec: WorldSpec, plan: Plan, audience: IntArray, day: date) -> Columns:
    """The sends of a day with all that becomes of them; an instant of -1 never comes."""
    rng = stream(spec.seed, "sends", day)
    if day < spec.start or day.weekday() not in plan.weekdays:
        audience = audience[:0]
    customer = audience[rng.random(len(audience)) < plan.reach]
    count, planted = len(customer), rates(spec, plan, day)
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
    failure = choose(rng, FAILURE_SHARES, count)
    unreported = ~delivered & (rng.random(count) < UNREPORTED_SHARE)
    return {
        "number": np.arange(count),
        "customer": customer,
        "arm": arm,
        "treatment": treatment,
        "failure": np.where(delivered | unreported | (arm == HOLDOUT), -1, failure),
        "sent_at": sent_at,
        "reported_at": np.where(unreported | (arm == HOLDOUT), -1, reported),
        "opened_at": np.where(opened, opened_at, -1),
        "again_at": np.where(again, again_at, -1),
        "clicked_at": np.where(clicked, clicked_at, -1),
        "ordered_at": np.where(ordered, ordered_at, -1),
    }


def orders(spec: WorldSpec, day: date, sends_of: OfDay) -> list[tuple[date, Columns]]:
    """The orders of a day that sends brought, by the day of the send."""
    sent_days = (day - timedelta(days=age) for age in range(ORDER_DAYS, -1, -1))
    return [(sent, within(sends_of(spec, sent), "ordered_at", day)) for sent in sent_days]
