"""What large campaigns come to is what the rates promise: the release, and the orders that each arm brings."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest

from recs_platform.simulation.campaign_plan import (
    DELIVERED_RATE,
    HOLDOUT,
    ORDER_RATES,
    PERSONALISED,
    RANDOM,
    Rates,
    plan_truth,
    rates,
    release_date,
)
from recs_platform.simulation.campaigns import sends
from recs_platform.simulation.columns import Columns, pick, rows, stack
from recs_platform.simulation.vehicle_world import PLAN
from recs_platform.simulation.world import WorldSpec
from recs_platform_tests.simulation.worlds import FEEDS, FIRST

SPEC = WorldSpec("large", "vehicle_fitment", 4, 400_000, FIRST, FEEDS)
TRUTH = plan_truth(SPEC, PLAN)


@pytest.fixture(scope="module")
def periods() -> dict[str, Columns]:
    """Six campaigns before the release and six from it on."""
    release, audience = release_date(SPEC), np.arange(SPEC.customers)
    before = [release - timedelta(days=age) for age in range(21, 0, -1)]
    after = [release + timedelta(days=age) for age in range(21)]
    return {
        name: stack([sends(SPEC, PLAN, audience, day) for day in days])
        for name, days in (("before", before), ("after", after))
    }


def of_arm(sent: Columns, arm: int) -> Columns:
    return pick(sent, sent["arm"] == arm)


def rate(sent: Columns, step: str, of: str | None = None) -> float:
    base = pick(sent, (sent["failure"] < 0) & (sent["reported_at"] >= 0)) if of is None else pick(sent, sent[of] >= 0)
    return float((base[step] >= 0).mean())


def test_the_release_multiplies_opens_and_clicks_of_the_personalised_arm_alone(periods: dict[str, Columns]) -> None:
    lift = {
        (arm, step): rate(of_arm(periods["after"], arm), step, of) / rate(of_arm(periods["before"], arm), step, of)
        for arm in (PERSONALISED, RANDOM)
        for step, of in (("opened_at", None), ("clicked_at", "opened_at"))
    }
    assert TRUTH["release"]["opens_per_delivery"] == 1.5
    assert lift[PERSONALISED, "opened_at"] == pytest.approx(1.5, rel=0.02)
    assert lift[PERSONALISED, "clicked_at"] == pytest.approx(1.3, rel=0.05)
    assert lift[RANDOM, "opened_at"] == pytest.approx(1, rel=0.07)
    assert lift[RANDOM, "clicked_at"] == pytest.approx(1, rel=0.25)


def test_the_day_before_the_release_is_as_ever() -> None:
    release = release_date(SPEC)
    assert release.isoformat() == TRUTH["release_date"] == "2025-10-16"
    assert (rates(SPEC, PLAN, release - timedelta(days=1)).open == rates(SPEC, PLAN, FIRST).open).all()
    assert (rates(SPEC, PLAN, release).open > rates(SPEC, PLAN, FIRST).open).any()


@pytest.mark.parametrize("period", ["before", "after"])
def test_each_arm_brings_the_orders_that_the_truth_expects(periods: dict[str, Columns], period: str) -> None:
    for arm, name in enumerate(TRUTH["arm_shares"]):
        sent = of_arm(periods[period], arm)
        brought, expected = int((sent["ordered_at"] >= 0).sum()), TRUTH["incremental_orders_per_send"][name][period]
        assert abs(brought - rows(sent) * expected) <= 4 * (rows(sent) * expected) ** 0.5, (name, brought)
    assert TRUTH["incremental_orders_per_send"]["holdout"][period] == 0
    assert rows(of_arm(periods[period], HOLDOUT)) > 20_000


def test_the_release_brings_more_orders_through_its_opens_and_clicks() -> None:
    personalised = TRUTH["incremental_orders_per_send"]["personalised"]
    random = TRUTH["incremental_orders_per_send"]["random"]
    assert personalised["after"] > 1.2 * personalised["before"]
    assert random["after"] == random["before"]


def test_brought_orders_by_hand() -> None:
    """Of 1,000 messages of either treatment 930 are delivered. Of those a fifth is opened, and half of that clicked."""
    arm = np.array([PERSONALISED, RANDOM])
    same = np.array([0.5, 0.5])
    planted = Rates(("a", "b"), arm, same, same, open=np.array([0.2, 0.2]), click=same)
    assert (DELIVERED_RATE, ORDER_RATES) == (0.93, {"clicked": 0.10, "opened": 0.03, "delivered": 0.003})
    by_hand = 93 * 0.10 + 93 * 0.03 + 744 * 0.003
    assert 1000 * planted.brought == pytest.approx([by_hand, 0.4 * by_hand])
