"""Power: sample sizes by hand, checked by simulation, and consistent with each other."""

from __future__ import annotations

import math

import pytest

from recs_platform.simulation.randomness import stream
from recs_platform.statistics.intervals import normal_quantile
from recs_platform.statistics.power import (
    Customers,
    customers_for_mean,
    days_until_visible,
)
from recs_platform_tests.statistics.coverage import SEED


def test_by_hand() -> None:
    """(1.959964 + 0.841621)^2 = 7.848879. An effect of a tenth of the deviation: 2 * 100 * 7.848879 = 1569.8 per arm.
    With one in four treated: 7.848879 * 100 * (1 + 1/3) = 1046.5 treated, three times as many in control."""
    assert customers_for_mean(0.1, 1.0) == Customers(1_570, 1_570)
    assert customers_for_mean(-0.1, 1.0, share=0.25) == Customers(1_047, 3_140)
    assert customers_for_mean(0.1, 1.0, share=0.75) == Customers(3_140, 1_047)


@pytest.mark.parametrize(("effect", "deviation", "share"), [(0.02, 0.22, 0.5), (-0.03, 0.3, 0.5), (4.0, 60.0, 0.8)])
def test_so_many_customers_see_the_effect_4_times_in_5(effect: float, deviation: float, share: float) -> None:
    needed = customers_for_mean(effect, deviation, share=share)
    assert needed is not None
    error = deviation * math.sqrt(1 / needed.treated + 1 / needed.control)
    found = stream(SEED, f"power {effect} {deviation} {share}").normal(effect, error, 4_000)
    assert (abs(found) > normal_quantile(0.95) * error).mean() == pytest.approx(0.8, abs=0.03)


def test_days_until_visible() -> None:
    """1,570 per arm at 400 new customers a day: 200 per arm and day, so 8 days. A tenth treated: 7.848879 * 100 *
    (1 + 1/9) = 872.1 treated at 40 a day, 22 days. Watched, 1.914826 = ((3.035122 + 0.841621) / 2.801585)^2 times."""
    assert days_until_visible(0.1, 1.0, 400) == 8
    assert days_until_visible(0.1, 1.0, 400, share=0.1) == 22
    assert days_until_visible(0.1, 1.0, 400, watched=True) == math.ceil(1.914826 * 1569.776 / 200)
    assert days_until_visible(0.1, 0.0, 400) == 1
    # One customer in each arm is enough, and the treated one comes with the tenth.
    assert days_until_visible(10.0, 1.0, 1, share=0.1) == 10


def test_what_is_never_visible() -> None:
    assert customers_for_mean(0.0, 1.0) is None
    assert days_until_visible(0.0, 1.0, 400) is None
    assert days_until_visible(0.1, 1.0, 0) is None


def test_shares_that_cannot_be_are_refused() -> None:
    with pytest.raises(ValueError, match="both excluded"):
        customers_for_mean(0.1, 1.0, share=1.0)
