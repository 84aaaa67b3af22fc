"""The anytime-valid interval's shape. That it keeps its promise is measured in `test_measured.py`."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recs_platform.statistics.intervals import Interval, normal_quantile
from recs_platform.statistics.sequential import anytime, reach, shortest_reach

errors = st.floats(1e-6, 1e6)
levels = st.sampled_from([0.8, 0.9, 0.95, 0.99])


@given(errors, errors, levels)
def test_it_is_always_wider_than_the_fixed_interval(error: float, tuned_for: float, level: float) -> None:
    assert reach(error, tuned_for=tuned_for, level=level) > normal_quantile(level)


@given(errors, errors, levels)
def test_it_is_tightest_where_it_is_tuned_for(error: float, other: float, level: float) -> None:
    tuned = reach(error, tuned_for=error, level=level)
    assert tuned == pytest.approx(shortest_reach(level))
    assert reach(error, tuned_for=other, level=level) >= tuned * (1 - 1e-12)


def test_by_hand() -> None:
    """u - ln u = 1 - 2 ln 0.05 = 6.991465 has its larger root at u = 9.211968: 3.035122 standard errors when tuned.

    With a standard error three times that, k = 8.211968 / 9 = 0.912441: sqrt(2.095962 (0.648380 + 5.991465))."""
    assert shortest_reach(0.95) == pytest.approx(math.sqrt(9.211968), abs=1e-6)
    assert reach(0.3, tuned_for=0.1) == pytest.approx(math.sqrt(2.095962 * (0.648380 + 5.991465)), abs=1e-5)
    found = anytime(1.0, 0.1, tuned_for=0.1)
    assert found.low == pytest.approx(1 - 0.3035122)
    assert found.high == pytest.approx(1 + 0.3035122)


def test_units_of_measurement_do_not_matter() -> None:
    assert reach(0.2, tuned_for=0.1) == pytest.approx(reach(200.0, tuned_for=100.0))


def test_before_anything_is_known_it_is_open() -> None:
    assert anytime(None, None, tuned_for=1.0) == Interval(None, None, None)
    assert anytime(0.5, None, tuned_for=1.0) == anytime(0.5, 0.0, tuned_for=1.0) == Interval(0.5, None, None)


def test_tuning_for_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="above zero"):
        anytime(0.5, 0.1, tuned_for=0.0)
