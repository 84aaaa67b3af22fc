"""What a company plans to send and how its customers take it: arms, treatments, planted rates, the release.

From the day of the release on, the personalised arm is better. Not here: the sends of a day (`campaigns`) and what
mail machines add to them (`machines`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np

from recs_platform.simulation.machines import machines_truth
from recs_platform.simulation.randomness import FloatArray, IntArray, stream
from recs_platform.simulation.spec import WorldSpec

ARMS = ("personalised", "random", "holdout")
PERSONALISED, RANDOM, HOLDOUT = range(3)
DELIVERED_RATE = 0.93
UNREPORTED_SHARE = 0.2
"""Share of the undelivered messages on which the mail provider never reports anything; the others are said to fail."""
FAILURES = ("rate_limit", "api_error", "bounce")
FAILURE_SHARES = np.array([0.5, 0.3, 0.2])
LATE_RATE = 0.08
"""Share of interactions that arrive the day after they happened."""
OUTAGE_OFFSET = 60
"""Days from the start after which, on the next day of a campaign, the interactions of the afternoon arrive late."""
RELEASE_OFFSET = 45
"""Days from the start to the first day of the better version."""
RELEASE_OPENS, RELEASE_CLICKS, MOST = 1.5, 1.3, 0.6
"""What it multiplies the personalised arm's opens per delivery and clicks per open with, and where they end."""
ORDER_RATES = {"clicked": 0.10, "opened": 0.03, "delivered": 0.003}
"""Chance that a send brings an order that would not have happened, by how far the customer came (personalised arm)."""
ARM_LIFT = np.array([1.0, 0.4, 0.0])
"""What those chances are multiplied with, by arm."""
EVEN_SHARE = 0.4
"""Share of an arm's sends that is spread evenly over its treatments, so that none is rare."""


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
    arm: IntArray
    """The arm that sends it; the hold-out arm has the treatments of the personalised one."""
    shares: FloatArray
    """Share of its arm's sends."""
    propensity: FloatArray
    """Chance that a message that is sent has it."""
    open: FloatArray
    click: FloatArray
    """Clicks per open."""

    @property
    def brought(self) -> FloatArray:
        """Orders that one send brings on top of those that happen anyway, in expectation."""
        clicked = self.open * self.click
        steps = clicked, self.open - clicked, 1 - self.open
        chance = sum(share * rate for share, rate in zip(steps, ORDER_RATES.values(), strict=True))
        expected: FloatArray = DELIVERED_RATE * chance * ARM_LIFT[self.arm]
        return expected


def release_date(spec: WorldSpec) -> date:
    return spec.start + timedelta(days=RELEASE_OFFSET)


def outage_date(spec: WorldSpec, plan: Plan) -> date:
    """A day of a campaign, since there are hardly any interactions on others."""
    after = (spec.start + timedelta(days=OUTAGE_OFFSET + wait) for wait in range(7))
    return next(day for day in after if day.weekday() in plan.weekdays)


def rates(spec: WorldSpec, plan: Plan, day: date) -> Rates:
    """Of the sends of a day."""
    rng = stream(spec.seed, "treatments")
    count = plan.personalised + plan.random
    arm = np.where(np.arange(count) < plan.personalised, PERSONALISED, RANDOM)
    is_random = arm == RANDOM
    opens = (rng.beta(12, 88, count) * np.where(is_random, 0.75, 1.0)).round(4)
    clicks = (rng.beta(6, 60, count) * np.where(is_random, 0.7, 1.0)).round(4)
    if day >= release_date(spec):
        opens = np.where(is_random, opens, np.minimum(opens * RELEASE_OPENS, MOST))
        clicks = np.where(is_random, clicks, np.minimum(clicks * RELEASE_CLICKS, MOST))
    sizes = (plan.personalised, plan.random)
    shares = np.concatenate([_uneven(rng, size) for size in sizes])
    of_arm = np.asarray(plan.arm_shares)[arm] / sum(plan.arm_shares[:HOLDOUT])
    ids = tuple(f"T{17_049_000 + 13 * number}" for number in range(count))
    return Rates(ids, arm, shares, of_arm * shares, opens, clicks)


def _uneven(rng: np.random.Generator, count: int) -> FloatArray:
    shares: FloatArray = EVEN_SHARE / count + (1 - EVEN_SHARE) * rng.dirichlet(np.full(count, 4.0))
    return shares


def plan_truth(spec: WorldSpec, plan: Plan) -> dict[str, Any]:
    before, after = rates(spec, plan, spec.start), rates(spec, plan, release_date(spec))
    return {
        "weekdays": sorted(plan.weekdays),
        "reach": plan.reach,
        "arm_shares": dict(zip(ARMS, plan.arm_shares, strict=True)),
        "delivered_rate": DELIVERED_RATE,
        "unreported_share_of_undelivered": UNREPORTED_SHARE,
        "failure_shares": dict(zip(FAILURES, FAILURE_SHARES.tolist(), strict=True)),
        "late_interaction_rate": LATE_RATE,
        "outage_date": outage_date(spec, plan).isoformat(),
        "release_date": release_date(spec).isoformat(),
        "release": {
            "arm": ARMS[PERSONALISED],
            "opens_per_delivery": RELEASE_OPENS,
            "clicks_per_open": RELEASE_CLICKS,
            "most": MOST,
        },
        "machines": machines_truth(),
        "incremental_order_rates": {
            arm: {path: rate * lift for path, rate in ORDER_RATES.items()}
            for arm, lift in zip(ARMS, ARM_LIFT.tolist(), strict=True)
        },
        "incremental_orders_per_send": {
            name: {"before": _mean_brought(before, arm), "after": _mean_brought(after, arm)}
            for arm, name in enumerate(ARMS)
        },
        "treatments": {name: _treatment(before, after, number) for number, name in enumerate(before.ids)},
    }


def _mean_brought(planted: Rates, arm: int) -> float:
    """Of a send of the arm; nothing for the hold-out, which has no treatments of its own."""
    return float((planted.shares * planted.brought)[planted.arm == arm].sum())


def _treatment(before: Rates, after: Rates, number: int) -> dict[str, Any]:
    return {
        "arm": ARMS[int(before.arm[number])],
        "share_of_arm": float(before.shares[number]),
        "propensity": float(before.propensity[number]),
        "open_rate": float(before.open[number]),
        "open_rate_after_release": float(after.open[number]),
        "click_per_open": float(before.click[number]),
        "click_per_open_after_release": float(after.click[number]),
        "incremental_orders_per_send": {
            "before": float(before.brought[number]),
            "after": float(after.brought[number]),
        },
    }
