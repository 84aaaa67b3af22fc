"""Shares of independent trials: what holds for every count, and what is said when there is nothing to count."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recs_platform.statistics.intervals import (
    Interval,
    normal_quantile,
    proportion,
    proportion_difference,
    relative_lift,
)

levels = st.sampled_from([0.8, 0.9, 0.95, 0.99])


@st.composite
def counts(draw: st.DrawFn) -> tuple[int, int]:
    trials = draw(st.integers(1, 5_000))
    return draw(st.integers(0, trials)), trials


def shifted(interval: Interval, ratio: float) -> tuple[float, float]:
    """The ends of the ratio's interval, infinite when open."""
    assert interval.low is not None
    return interval.low + ratio, math.inf if interval.high is None else interval.high + ratio


@given(counts(), levels)
def test_wilson_holds_the_shares_whose_own_spread_explains_the_count(count: tuple[int, int], level: float) -> None:
    """The definition: at both ends, the count is exactly z standard deviations (of that end's share) away."""
    successes, trials = count
    found = proportion(successes, trials, level)
    assert found.low is not None
    assert found.high is not None
    assert 0 <= found.low <= successes / trials <= found.high <= 1
    for end, is_sharp in ((found.low, successes > 0), (found.high, successes < trials)):
        if is_sharp:
            spread = math.sqrt(end * (1 - end) / trials)
            assert abs(successes / trials - end) == pytest.approx(normal_quantile(level) * spread, abs=1e-9)


@given(counts(), levels)
def test_failures_are_successes_seen_from_the_other_side(count: tuple[int, int], level: float) -> None:
    successes, trials = count
    found, mirrored = proportion(successes, trials, level), proportion(trials - successes, trials, level)
    assert found.low == pytest.approx(1 - (mirrored.high or 0), abs=1e-12)


@given(counts(), counts(), levels)
def test_the_order_of_arms_flips_the_sign(one: tuple[int, int], other: tuple[int, int], level: float) -> None:
    there, back = proportion_difference(*one, *other, level), proportion_difference(*other, *one, level)
    for forwards, backwards in ((there.estimate, back.estimate), (there.low, back.high), (there.high, back.low)):
        assert forwards is not None
        assert backwards is not None
        assert forwards == pytest.approx(-backwards, abs=1e-12)


@given(counts(), counts(), levels)
def test_the_order_of_arms_inverts_the_ratio(one: tuple[int, int], other: tuple[int, int], level: float) -> None:
    low, high = shifted(relative_lift(*one, *other, level), 1)
    back_low, back_high = shifted(relative_lift(*other, *one, level), 1)
    assert low == pytest.approx(1 / back_high if back_high else math.inf, rel=1e-6, abs=1e-9)
    assert back_low == pytest.approx(1 / high if high else math.inf, rel=1e-6, abs=1e-9)


@given(counts(), counts(), levels)
def test_lift_and_difference_never_contradict_each_other(
    one: tuple[int, int], other: tuple[int, int], level: float
) -> None:
    difference, lift = proportion_difference(*one, *other, level), relative_lift(*one, *other, level)
    assert difference.low is not None
    assert difference.high is not None
    if min(abs(difference.low), abs(difference.high)) > 1e-9:
        assert difference.contains(0) == lift.contains(0)
    for found in (difference, lift):
        assert found.estimate is None or found.contains(found.estimate)


@given(counts(), counts())
def test_more_confidence_is_a_wider_interval(one: tuple[int, int], other: tuple[int, int]) -> None:
    for narrow, wide in (
        (proportion(*one, 0.9), proportion(*one, 0.99)),
        (proportion_difference(*one, *other, 0.9), proportion_difference(*one, *other, 0.99)),
    ):
        assert narrow.width is not None
        assert wide.width is not None
        assert narrow.width < wide.width


def test_nothing_to_count_leaves_everything_possible() -> None:
    assert proportion(0, 0) == Interval(None, 0.0, 1.0)
    assert proportion_difference(0, 0, 3, 10) == proportion_difference(3, 10, 0, 0) == Interval(None, -1.0, 1.0)
    assert relative_lift(0, 0, 3, 10) == relative_lift(3, 10, 0, 0) == Interval(None, -1.0, None)


def test_a_base_without_successes_leaves_the_lift_open_upwards() -> None:
    """Low of 3 of 10 is 0.107789, high of 0 of 10 is 0.277533: sqrt(0.107789 (0.6 - 0.107789)) / 0.277533 = 0.8300."""
    found = relative_lift(3, 10, 0, 10)
    assert (found.estimate, found.high) == (None, None)
    assert found.low == pytest.approx(0.82995 - 1, abs=1e-5)
    assert relative_lift(0, 10, 0, 10) == Interval(None, -1.0, None)
    assert relative_lift(0, 10, 3, 10).estimate == relative_lift(0, 10, 3, 10).low == -1


@pytest.mark.parametrize("wrong", [(3, 2), (-1, 2), (0, -1)])
def test_counts_that_cannot_be_are_refused(wrong: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="0 <= successes <= trials"):
        proportion(*wrong)
