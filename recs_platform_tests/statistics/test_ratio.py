"""Ratio metrics from sums: the same as from rows, by hand, and for quiet campaigns."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recs_platform.statistics.comparison import Difference
from recs_platform.statistics.intervals import Interval, normal_quantile
from recs_platform.statistics.ratio import Sums, deviation, difference, mean, ratio_interval

customer = st.tuples(st.integers(1, 9), st.integers(0, 9), st.integers(0, 9))
arm = st.lists(customer, min_size=2, max_size=30)
Rows = list[tuple[int, int, int]]


def sums(rows: Rows) -> Sums:
    n, y, x = np.array(rows, dtype=float).reshape(-1, 3).T
    return Sums.of(n, y, x)


def test_by_hand() -> None:
    """Three customers with 1, 2 and 3 sends and 1, 0 and 2 clicks: 3 of 6. What is left over: 0.5, -1 and 0.5, squares
    add up to 1.5; variance 1.5 / 6^2 * 3 / 2 = 0.0625, standard error 0.25; t of 95% and 2 degrees is 4.302653."""
    found = sums([(1, 1, 0), (2, 0, 0), (3, 2, 0)])
    assert mean(found).value == 0.5
    assert mean(found).standard_error == pytest.approx(0.25)
    assert ratio_interval(found).low == pytest.approx(0.5 - 4.302653 * 0.25)
    assert ratio_interval(found).high == pytest.approx(0.5 + 4.302653 * 0.25)
    assert deviation(found) == pytest.approx(0.25 * math.sqrt(3))


def test_a_customer_mailed_often_counts_as_one() -> None:
    """100 customers who click always or never, with 1 send or with 10: the same interval, not one sqrt(10) narrower."""
    once, often = (sums([(sends, sends * (who % 2), 0) for who in range(100)]) for sends in (1, 10))
    assert ratio_interval(often).width == pytest.approx(ratio_interval(once).width)
    # z sqrt(0.25 / 99) to each side, but with Student's t
    assert ratio_interval(once).width == pytest.approx(2 * normal_quantile(0.95) * math.sqrt(0.25 / 99), rel=0.02)


@given(arm)
def test_sums_say_what_rows_say(rows: Rows) -> None:
    n, y, _ = np.array(rows, dtype=float).T
    ratio = y.sum() / n.sum()
    linearised = (y - ratio * n) / n.mean()
    found = mean(sums(rows))
    assert found.value == pytest.approx(ratio)
    expected = float(np.var(linearised, ddof=1)) / len(rows)
    assert found.variance == (pytest.approx(expected, rel=1e-6) if expected > 1e-12 else None)


@given(arm, arm)
def test_the_order_of_arms_flips_the_sign(first: Rows, second: Rows) -> None:
    there, back = difference(sums(first), sums(second)), difference(sums(second), sums(first))
    assert there.estimate == pytest.approx(-(back.estimate or 0.0))
    assert there.p_value == (None if back.p_value is None else pytest.approx(back.p_value))
    if there.low is not None and back.high is not None:
        assert there.low == pytest.approx(-back.high)


@given(arm, arm)
def test_difference_lift_and_p_value_never_contradict_each_other(first: Rows, second: Rows) -> None:
    found = difference(sums(first), sums(second))
    for interval in (found.interval, found.lift):
        assert interval.estimate is None or interval.contains(interval.estimate)
    if found.p_value is not None and abs(found.p_value - 0.05) > 1e-6:
        assert (found.p_value < 0.05) == (not found.interval.contains(0))
        if found.relative_low is not None:
            assert found.lift.contains(0) == found.interval.contains(0)


@given(st.lists(customer, max_size=30), st.lists(customer, max_size=30))
def test_sums_of_separate_customers_add_up(first: Rows, second: Rows) -> None:
    assert sums(first) + sums(second) == sums(first + second)


@given(arm, arm, st.sampled_from([0.01, 7.0]))
def test_the_unit_of_money_does_not_matter(first: Rows, second: Rows, rate: float) -> None:
    def changed(rows: Rows) -> Sums:
        n, y, _ = np.array(rows, dtype=float).T
        return Sums.of(n, y * rate)

    own, other = difference(sums(first), sums(second)), difference(changed(first), changed(second))
    assert other.estimate == pytest.approx((own.estimate or 0.0) * rate, abs=1e-12)
    assert other.p_value == (None if own.p_value is None else pytest.approx(own.p_value, rel=1e-6))
    assert other.relative_high == (None if own.relative_high is None else pytest.approx(own.relative_high, rel=1e-6))


def test_a_quiet_campaign_says_what_it_does_not_know() -> None:
    nobody, one, silent = sums([]), sums([(3, 1, 0)]), sums([(3, 0, 0), (1, 0, 0)])
    some = sums([(1, 1, 0), (2, 0, 0), (3, 2, 0)])
    assert ratio_interval(nobody) == Interval(None, None, None)
    assert ratio_interval(one) == Interval(1 / 3, None, None)
    # Customers who are all alike say nothing about how they would vary; zero is not a standard error.
    assert ratio_interval(silent) == Interval(0.0, None, None)
    assert difference(nobody, some) == Difference(None, None, None, None, None, None, None, None)
    assert difference(silent, silent) == Difference(0.0, None, None, None, None, None, None, None)
    lone = difference(one, some)
    assert lone == Difference(1 / 3 - 0.5, None, None, None, None, lone.relative, None, None)
    assert lone.relative == pytest.approx(-1 / 3)
    assert deviation(silent) is None


def test_a_base_that_may_be_zero_has_no_lift_interval() -> None:
    """The base is 0.5 with a standard error of 0.25 from three customers: its own interval holds zero."""
    base, other = sums([(1, 1, 0), (2, 0, 0), (3, 2, 0)]), sums([(1, 1, 0), (2, 1, 0), (3, 3, 0)])
    found = difference(other, base)
    assert found.relative == pytest.approx(5 / 6 / 0.5 - 1)
    assert (found.relative_low, found.relative_high) == (None, None)
    assert found.low is not None


def test_large_amounts_that_hardly_vary_are_not_mistaken_for_variance() -> None:
    alike = Sums.of(np.ones(1_000), np.full(1_000, 1e6 / 3))
    assert mean(alike).variance is None
    nearly = Sums.of(np.ones(1_000), 1e6 + np.arange(1_000) % 2 * 10.0)
    assert mean(nearly).variance == pytest.approx(25 / 999, rel=1e-3)
