"""Sample-ratio mismatch: found where planted, rarely claimed elsewhere, and never judged on a handful of customers."""

from __future__ import annotations

import pytest

from recs_platform.simulation.randomness import stream
from recs_platform.statistics.sample_ratio import THRESHOLD, sample_ratio
from recs_platform_tests.statistics.coverage import SEED

PLAN = {"personalised": 0.8, "random": 0.15, "holdout": 0.05}


def test_by_hand() -> None:
    """100 customers as 60:40 against an even plan: (10^2 + 10^2) / 50 = 4, p = 0.0455 with one degree of freedom."""
    found = sample_ratio({"a": 60, "b": 40}, {"a": 1, "b": 1})
    assert found.expected == {"a": 50, "b": 50}
    assert found.statistic == pytest.approx(4)
    assert found.p_value == pytest.approx(0.0455, abs=5e-5)
    assert not found.mismatch
    assert sample_ratio({"a": 60, "b": 40}, {"a": 1, "b": 1}, threshold=0.05).mismatch


def test_p_values_are_even_where_the_plan_was_kept_and_small_where_it_was_not() -> None:
    """20,000 customers, 2,000 times: 1 in 20 below 0.05 by chance; a holdout of 4% for 5% is nearly always seen."""
    rng = stream(SEED, "sample ratio")

    def found(shares: list[float]) -> list[float]:
        drawn = rng.multinomial(20_000, shares, 2_000).tolist()
        return [sample_ratio(dict(zip(PLAN, row, strict=True)), PLAN).p_value or 0.0 for row in drawn]

    kept, broken = found([0.8, 0.15, 0.05]), found([0.81, 0.15, 0.04])
    assert sum(p < 0.05 for p in kept) / 2_000 == pytest.approx(0.05, abs=0.015)
    assert sum(p < THRESHOLD for p in kept) <= 8
    assert sum(p < THRESHOLD for p in broken) > 1_950


def test_an_arm_that_nobody_planned_is_a_mismatch() -> None:
    assert sample_ratio({"a": 50, "b": 50, "stray": 1}, {"a": 1, "b": 1}).mismatch
    assert sample_ratio({"a": 50, "b": 50, "off": 1}, {"a": 1, "b": 1, "off": 0}).p_value == 0
    assert not sample_ratio({"a": 50, "b": 50, "off": 0}, {"a": 1, "b": 1, "off": 0}).mismatch


def test_a_planned_arm_that_got_nobody_is_a_mismatch() -> None:
    found = sample_ratio({"a": 100}, {"a": 1, "b": 1})
    assert found.statistic == pytest.approx(100)
    assert found.mismatch


@pytest.mark.parametrize(("customers", "plan"), [({}, PLAN), ({"personalised": 60}, PLAN), ({"a": 9}, {"a": 1.0})])
def test_too_few_customers_or_arms_are_not_judged(customers: dict[str, int], plan: dict[str, float]) -> None:
    """60 customers leave 3 expected in the holdout."""
    found = sample_ratio(customers, plan)
    assert (found.statistic, found.p_value, found.mismatch) == (None, None, False)


@pytest.mark.parametrize("plan", [{}, {"a": 0.0}, {"a": 2.0, "b": -1.0}])
def test_plans_that_cannot_be_are_refused(plan: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="planned shares"):
        sample_ratio({"a": 1}, plan)
