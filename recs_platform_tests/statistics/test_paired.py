"""The same customers before and after: by hand, against plain summation, and with nobody to compare."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recs_platform.statistics.intervals import Interval
from recs_platform.statistics.paired import paired

cell = st.integers(0, 60)
customers = st.tuples(cell, cell, cell, cell).filter(lambda cells: sum(cells) > 0)
Cells = tuple[int, int, int, int]


def test_by_hand() -> None:
    """100 customers: 12 opened the old version, 19 the new one. 9 changed to opening, 2 away from it: of 11 changes, at
    most 2 one way has the chance (1 + 11 + 55) / 2048, doubled 0.0654. Adjusted shares 10/102 and 3/102."""
    found = paired(both=10, before_only=2, after_only=9, neither=79)
    assert (found.customers, found.before, found.after) == (100, 0.12, 0.19)
    assert found.p_value == pytest.approx(2 * 67 / 2048)
    assert found.lift.estimate == pytest.approx(0.19 / 0.12 - 1)
    half = 1.959964 * math.sqrt((13 / 102 - (7 / 102) ** 2) / 102)
    assert found.difference.estimate == pytest.approx(0.07)
    assert found.difference.low == pytest.approx(7 / 102 - half, abs=1e-6)
    assert found.difference.high == pytest.approx(7 / 102 + half, abs=1e-6)


@given(customers)
def test_the_exact_p_value_is_the_sum_of_what_is_no_likelier(cells: Cells) -> None:
    """The "small p" rule, summed plainly: the doubled tail is the same, as the binomial is symmetric."""
    _, before_only, after_only, _ = cells
    changed = before_only + after_only
    seen = math.comb(changed, before_only)
    likely = [math.comb(changed, count) for count in range(changed + 1)]
    assert paired(*cells).p_value == pytest.approx(sum(each for each in likely if each <= seen) / 2**changed)


@given(customers)
def test_before_and_after_are_alike(cells: Cells) -> None:
    both, before_only, after_only, neither = cells
    there, back = paired(*cells), paired(both, after_only, before_only, neither)
    assert there.p_value == back.p_value
    assert (there.before, there.after) == (back.after, back.before)
    assert there.difference.low == pytest.approx(-(back.difference.high or 0.0), abs=1e-12)
    if there.lift.high is not None and back.lift.low is not None:
        assert 1 + back.lift.low == pytest.approx(1 / (1 + there.lift.high))


@given(customers)
def test_intervals_hold_their_estimates(cells: Cells) -> None:
    found = paired(*cells)
    for interval in (found.difference, found.lift):
        assert interval.estimate is None or interval.contains(interval.estimate)
    assert found.difference.low is not None
    assert found.difference.high is not None
    assert -1 <= found.difference.low < found.difference.high <= 1


def test_more_customers_who_do_neither_make_no_lift() -> None:
    """They shrink the difference and say nothing about how much more often the doers do it."""
    few, many = paired(10, 2, 9, 79), paired(10, 2, 9, 79_000)
    assert few.lift == many.lift
    assert few.p_value == many.p_value
    assert (few.difference.estimate or 0) > (many.difference.estimate or 0)


def test_nobody_and_nobody_who_changed() -> None:
    nobody = paired(0, 0, 0, 0)
    assert (nobody.before, nobody.after, nobody.p_value) == (None, None, None)
    assert nobody.difference == Interval(None, -1.0, 1.0)
    assert nobody.lift == Interval(None, -1.0, None)
    steady = paired(5, 0, 0, 95)
    assert (steady.p_value, steady.lift.estimate) == (1.0, 0.0)
    assert steady.difference.contains(0)
    assert paired(0, 0, 0, 50).lift == Interval(None, -1.0, None)
    started = paired(0, 0, 4, 50)
    assert (started.lift.estimate, started.lift.high) == (None, None)
    assert started.lift.low is not None
    assert started.lift.low > -1


def test_counts_that_cannot_be_are_refused() -> None:
    with pytest.raises(ValueError, match="negative"):
        paired(1, -1, 0, 0)
