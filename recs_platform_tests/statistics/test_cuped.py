"""CUPED against plain rows, against the theory of a planted correlation, and where it has nothing to work with."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recs_platform.simulation.randomness import FloatArray, stream
from recs_platform.statistics.cuped import adjust
from recs_platform.statistics.ratio import Sums, difference
from recs_platform_tests.statistics.coverage import SEED
from recs_platform_tests.statistics.worlds import sums as sums_of

customer = st.tuples(st.integers(1, 9), st.integers(0, 9), st.integers(0, 9))
arm = st.lists(customer, min_size=3, max_size=30)
Rows = list[tuple[int, int, int]]


def columns(rows: Rows) -> tuple[FloatArray, FloatArray, FloatArray]:
    n, y, x = np.array(rows, dtype=float).T
    return n, y, x


@pytest.mark.parametrize("rho", [0.0, 0.3, 0.6, 0.9])
def test_the_variance_removed_is_the_square_of_the_planted_correlation(rho: float) -> None:
    rng = stream(SEED, f"planted correlation {rho}")
    x = rng.standard_normal((2, 100_000))
    y = 5 + rho * x + np.sqrt(1 - rho**2) * rng.standard_normal(x.shape)
    arms = [Sums.of(np.ones(x.shape[1]), y[which], x[which]) for which in (0, 1)]
    # Three standard errors of a squared correlation from so many customers.
    noise = 3 * 2 * max(rho, 0.01) * (1 - rho**2) / np.sqrt(x.size)
    assert adjust(arms[0], arms[1]).variance_reduction == pytest.approx(rho**2, abs=noise)


def test_theory_of_a_ratio_metric() -> None:
    """Clicks per send of customers with 1 or 3 sends: y = n (5 + e), corr(e, x) = 0.8. The linearised value is n e over
    the average n; its correlation with x is 0.8 E[n] / sqrt(E[n^2]), and 0.64 * 2^2 / 5 = 0.512 is removed."""
    rng = stream(SEED, "planted correlation of a ratio")
    x, n = rng.standard_normal((2, 100_000)), rng.choice([1.0, 3.0], (2, 100_000))
    y = n * (5 + 0.8 * x + 0.6 * rng.standard_normal(x.shape))
    found = adjust(Sums.of(n[0], y[0], x[0]), Sums.of(n[1], y[1], x[1]))
    assert found.variance_reduction == pytest.approx(0.512, abs=0.01)


def test_the_adjusted_difference_is_unbiased_and_its_error_is_true() -> None:
    """Where the truth is 0.3: over 2,000 experiments, the average is 0.3, and the spread is what each one said."""
    rng = stream(SEED, "unbiased")
    x = rng.standard_normal((2, 2_000, 100))
    y = 2 + 0.8 * x + 0.6 * rng.standard_normal(x.shape)
    y[0] += 0.3
    arms = [sums_of(np.ones(x.shape[1:]), y[which], x[which]) for which in (0, 1)]
    found = [adjust(one, other).comparison for one, other in zip(*arms, strict=True)]
    estimates = np.array([each.estimate for each in found])
    errors = np.array([each.standard_error for each in found])
    # One difference has a standard error of 0.6 sqrt(2 / 100) = 0.0849, the average of 2,000 one of 0.0019.
    assert estimates.mean() == pytest.approx(0.3, abs=3 * 0.0019)
    assert estimates.std() == pytest.approx(0.0849, rel=0.05)
    assert errors.mean() == pytest.approx(0.0849, rel=0.05)


@given(arm, arm)
def test_sums_say_what_rows_say(first: Rows, second: Rows) -> None:
    found = adjust(Sums.of(*columns(first)), Sums.of(*columns(second)))
    if found.theta == 0:
        return
    values, x = [], []
    for n, y, before in (columns(first), columns(second)):
        ratio = y.sum() / n.sum()
        values.append(ratio + (y - ratio * n) / n.mean())
        x.append(before)
    weights = [1 / len(each) for each in x]
    theta = sum(w * np.cov(v, b)[0, 1] for w, v, b in zip(weights, values, x, strict=True)) / sum(
        w * np.var(b, ddof=1) for w, b in zip(weights, x, strict=True)
    )
    adjusted = [v - theta * b for v, b in zip(values, x, strict=True)]
    error = np.sqrt(sum(np.var(a, ddof=1) / len(a) for a in adjusted))
    assert found.theta == pytest.approx(theta, rel=1e-6, abs=1e-9)
    assert found.comparison.estimate == pytest.approx(adjusted[0].mean() - adjusted[1].mean(), abs=1e-9)
    assert found.comparison.standard_error == pytest.approx(error, rel=1e-6)


@given(arm, arm)
def test_adjusting_never_costs_precision_and_the_arms_are_alike_to_it(first: Rows, second: Rows) -> None:
    one, other = Sums.of(*columns(first)), Sums.of(*columns(second))
    plain, found, back = difference(one, other), adjust(one, other), adjust(other, one)
    assert 0 <= found.variance_reduction < 1
    assert found.comparison.estimate == pytest.approx(-(back.comparison.estimate or 0.0), abs=1e-9)
    if plain.standard_error is not None:
        assert found.comparison.standard_error is not None
        assert found.comparison.standard_error <= plain.standard_error * (1 + 1e-9)


@given(arm, arm, st.integers(-5, 5))
def test_only_differences_in_the_past_matter(first: Rows, second: Rows, shift: int) -> None:
    """Everyone having `shift` more in the past changes nothing, and neither does a past that is the same for all."""
    (n, y, x), (n2, y2, x2) = columns(first), columns(second)
    found, moved = (
        adjust(Sums.of(n, y, x + more), Sums.of(n2, y2, x2 + more)).comparison for more in (0.0, float(shift))
    )
    assert moved.estimate == pytest.approx(found.estimate, abs=1e-6)
    constant = adjust(Sums.of(n, y, np.full_like(n, shift)), Sums.of(n2, y2, np.full_like(n2, shift)))
    assert (constant.theta, constant.variance_reduction) == (0.0, 0.0)
    assert constant.comparison == difference(Sums.of(n, y), Sums.of(n2, y2))


def test_a_past_that_is_the_same_for_all_is_none_even_when_rounded() -> None:
    """0.1 squared, ten thousand times, is not 0.1 times a thousand to the last digit."""
    y = stream(SEED, "rounded past").standard_normal((2, 10_000))
    one, other = (Sums.of(np.ones(10_000), arm, np.full(10_000, 0.1)) for arm in y)
    found = adjust(one, other)
    assert (found.theta, found.variance_reduction) == (0.0, 0.0)
    assert one.xx - one.x**2 / one.units != 0


def test_too_little_to_adjust_is_the_plain_comparison() -> None:
    some, nobody = Sums.of([1, 2, 3], [1, 0, 2], [0, 1, 4]), Sums()
    assert adjust(some, nobody).comparison == difference(some, nobody)
    assert adjust(nobody, nobody).variance_reduction == 0
    # The past repeats the result exactly: no randomness is left, so nothing is claimed.
    copied = Sums.of([1, 1, 1, 1], [1, 2, 3, 4], [1, 2, 3, 4])
    assert adjust(copied, copied).comparison == difference(copied, copied)
