"""Power: sample sizes by hand, checked by simulation, and consistent with each other."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recs_platform.simulation.randomness import stream
from recs_platform.statistics.intervals import proportion_difference
from recs_platform.statistics.power import (
    Customers,
    customers_for_mean,
    customers_for_share,
    days_until_visible,
    detectable_effect,
    expected_error,
)
from recs_platform_tests.statistics.coverage import SEED

shares = st.floats(0.05, 0.95)


def test_by_hand() -> None:
    """(1.959964 + 0.841621)^2 = 7.848879. An effect of a tenth of the deviation: 2 * 100 * 7.848879 = 1569.8 per arm.
    With one in four treated: 7.848879 * 100 * (1 + 1/3) = 1046.5 treated, three times as many in control."""
    assert customers_for_mean(0.1, 1.0) == Customers(1_570, 1_570)
    assert customers_for_mean(-0.1, 1.0, share=0.25) == Customers(1_047, 3_140)
    assert customers_for_mean(0.1, 1.0, share=0.75) == Customers(3_140, 1_047)


@pytest.mark.parametrize(("base", "effect", "share"), [(0.05, 0.02, 0.5), (0.10, -0.03, 0.5), (0.02, 0.01, 0.8)])
def test_so_many_customers_see_the_effect_4_times_in_5(base: float, effect: float, share: float) -> None:
    needed = customers_for_share(base, effect, share=share)
    assert needed is not None
    rng = stream(SEED, f"power {base} {effect} {share}")
    treated = rng.binomial(needed.treated, base + effect, 4_000).tolist()
    control = rng.binomial(needed.control, base, 4_000).tolist()
    found = (
        proportion_difference(one, needed.treated, other, needed.control)
        for one, other in zip(treated, control, strict=True)
    )
    assert sum(not each.contains(0) for each in found) / 4_000 == pytest.approx(0.8, abs=0.03)


@given(st.floats(0.01, 1), st.floats(0.1, 10), shares, st.booleans())
def test_what_is_detectable_is_what_the_size_was_made_for(
    effect: float, deviation: float, share: float, watched: bool
) -> None:
    needed = customers_for_mean(effect, deviation, share=share, watched=watched)
    assert needed is not None
    shown = detectable_effect(needed.treated, needed.control, deviation, watched=watched)
    fewer = detectable_effect(max(needed.treated - 1, 1), max(needed.control - 1, 1), deviation, watched=watched)
    assert shown is not None
    assert fewer is not None
    assert shown <= effect * (1 + 1e-9)
    assert fewer >= effect * (1 - 1e-9) or min(needed.treated, needed.control) == 1


def test_small_shares_need_what_their_deviation_says() -> None:
    """For a small effect, the formula for shares and the one for averages agree."""
    by_share, by_mean = customers_for_share(0.05, 0.001), customers_for_mean(0.001, math.sqrt(0.0505 * 0.9495))
    assert by_share is not None
    assert by_mean is not None
    assert by_share.treated == pytest.approx(by_mean.treated, rel=1e-3)


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
    assert customers_for_share(0.05, 0.0) is None
    assert customers_for_mean(0.0, 1.0) is None
    assert days_until_visible(0.0, 1.0, 400) is None
    assert days_until_visible(0.1, 1.0, 0) is None
    assert detectable_effect(0, 100, 1.0) is None
    assert expected_error(100, 0, 1.0) is None
    assert expected_error(100, 400, 2.0) == pytest.approx(2 * math.sqrt(0.0125))


def test_shares_that_cannot_be_are_refused() -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        customers_for_share(0.9, 0.2)
    with pytest.raises(ValueError, match="both excluded"):
        customers_for_mean(0.1, 1.0, share=1.0)
