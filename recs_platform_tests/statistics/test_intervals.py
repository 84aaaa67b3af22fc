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
)

levels = st.sampled_from([0.8, 0.9, 0.95, 0.99])


@st.composite
def counts(draw: st.DrawFn) -> tuple[int, int]:
    trials = draw(st.integers(1, 5_000))
    return draw(st.integers(0, trials)), trials


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


@given(counts())
def test_more_confidence_is_a_wider_interval(count: tuple[int, int]) -> None:
    narrow, wide = proportion(*count, 0.9), proportion(*count, 0.99)
    assert narrow.width is not None
    assert wide.width is not None
    assert narrow.width < wide.width


def test_nothing_to_count_leaves_everything_possible() -> None:
    assert proportion(0, 0) == Interval(None, 0.0, 1.0)


@pytest.mark.parametrize("wrong", [(3, 2), (-1, 2), (0, -1)])
def test_counts_that_cannot_be_are_refused(wrong: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="0 <= successes <= trials"):
        proportion(*wrong)
