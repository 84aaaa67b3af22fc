"""Axes have few, round ticks that enclose what is drawn."""

from __future__ import annotations

import math
from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recs_platform.reporting.axis import day_ticks, ticks
from recs_platform.warehouse.slices import Days

_VALUES = st.floats(-1e9, 1e9).filter(lambda value: value == 0 or abs(value) > 1e-6)


@pytest.mark.parametrize(
    "low, high, most, expected",
    [
        (0, 97, 6, [0, 20, 40, 60, 80, 100]),
        (0, 100, 6, [0, 20, 40, 60, 80, 100]),
        (0, 101, 6, [0, 20, 40, 60, 80, 100, 120]),
        (0, 0.0093, 5, [0, 0.002, 0.004, 0.006, 0.008, 0.01]),
        (12, 30, 5, [0, 10, 20, 30]),
        (-30, 110, 4, [-50, 0, 50, 100, 150]),
        (-7, -2, 4, [-8, -6, -4, -2, 0]),
        (0, 0, 6, [0, 0.2, 0.4, 0.6, 0.8, 1.0]),
    ],
)
def test_ticks_by_hand(low: float, high: float, most: int, expected: list[float]) -> None:
    assert ticks(low, high, most) == expected


def test_what_is_counted_has_whole_ticks() -> None:
    assert ticks(0, 2, 6) == [0, 0.5, 1, 1.5, 2]
    assert ticks(0, 2, 6, whole=True) == [0, 1, 2]
    assert ticks(0, 0, 6, whole=True) == [0, 1]


@given(_VALUES, _VALUES, st.integers(2, 12))
def test_ticks_enclose_all_and_zero_in_few_equal_round_steps(one: float, other: float, most: int) -> None:
    low, high = min(one, other), max(one, other)
    found = ticks(low, high, most)
    assert 2 <= len(found) <= most + 1
    assert 0 in found
    step = found[1] - found[0]
    assert found[0] <= low + 1e-6 * step
    assert found[-1] >= high - 1e-6 * step
    mantissa = step / 10 ** math.floor(math.log10(step) + 1e-9)
    assert min(abs(mantissa - round_) for round_ in (1, 2, 5)) < 1e-6
    assert all(b - a == pytest.approx(step) for a, b in pairwise(found))


def test_days_are_labelled_by_steps_that_people_count_by() -> None:
    first = date(2025, 9, 1)
    five = day_ticks(Days.ending(date(2025, 9, 5), 5), 6)
    assert five == [first + timedelta(days=n) for n in range(5)]
    month = day_ticks(Days(first, date(2025, 9, 30)), 6)
    assert month == [date(2025, 9, day) for day in (1, 8, 15, 22, 29)]
    quarter = day_ticks(Days(first, date(2025, 12, 2)), 5)
    assert quarter == [date(2025, month, 1) for month in (9, 10, 11, 12)]
    years = day_ticks(Days(date(2024, 1, 15), date(2025, 12, 2)), 5)
    assert years == [date(2024, 7, 1), date(2025, 1, 1), date(2025, 7, 1)]


@given(st.integers(1, 800), st.integers(2, 16))
def test_there_are_never_more_labels_than_have_room(length: int, most: int) -> None:
    days = Days.ending(date(2025, 12, 2), length)
    found = day_ticks(days, most)
    assert len(found) <= most
    assert all(tick in days for tick in found)
