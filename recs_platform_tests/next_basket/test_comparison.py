"""Intervals over clients."""

from __future__ import annotations

import math

import numpy as np
import pytest

from recs_platform.next_basket.comparison import Draws
from recs_platform.statistics.intervals import UNKNOWN, Interval
from recs_platform_tests.next_basket.plain_draws import difference

RNG = np.random.default_rng(5)


def test_who_is_better_everywhere_by_as_much_is_so_without_doubt() -> None:
    better = difference(np.array([0.5, 0.7, 0.6]), np.array([0.4, 0.6, 0.5]), np.array([0, 1, 2]))
    assert [round(end, 3) for end in ends(better) if end is not None] == [0.1, 0.1, 0.1]


def test_rows_without_a_figure_count_on_neither_side() -> None:
    found = difference(np.array([1.0, math.nan, 0.5]), np.array([0.5, 0.0, math.nan]), np.arange(3))
    assert found.estimate == 0.5
    assert difference(np.array([math.nan]), np.array([1.0]), np.array([0])) == UNKNOWN


def test_a_clients_weeks_stand_and_fall_together() -> None:
    apart = RNG.normal(size=50)
    alone = difference(apart, np.zeros(50), np.arange(50))
    four_times = difference(np.repeat(apart, 4), np.zeros(200), np.repeat(np.arange(50), 4))
    as_if_free = difference(np.repeat(apart, 4), np.zeros(200), np.arange(200))
    assert four_times.width == pytest.approx(alone.width)
    assert as_if_free.width is not None and alone.width is not None
    assert as_if_free.width < 0.6 * alone.width


def test_the_interval_is_about_as_wide_as_the_normal_one_and_the_same_twice() -> None:
    apart = RNG.normal(0.1, 1, size=400)
    found = difference(apart, np.zeros(400), np.arange(400))
    assert found.width == pytest.approx(2 * 1.96 * apart.std() / 20, rel=0.08)
    assert found == difference(apart, np.zeros(400), np.arange(400))


def test_a_wider_level_is_wider() -> None:
    apart = RNG.normal(size=60)
    ninety, ninety_nine = (difference(apart, np.zeros(60), np.arange(60), level=one).width for one in (0.9, 0.99))
    assert ninety is not None and ninety_nine is not None
    assert ninety < ninety_nine


def test_columns_of_different_lengths_are_refused() -> None:
    with pytest.raises(ValueError, match="2 and 1 figures of 2 rows"):
        difference(np.zeros(2), np.zeros(1), np.arange(2))


def test_many_columns_at_once_have_the_intervals_of_each() -> None:
    clients = np.repeat(np.arange(40), 3)
    ours, theirs = RNG.normal(size=(120, 2)), RNG.normal(size=(120, 2))
    draws = Draws.of(clients)
    for column, found in enumerate(draws.drawn(ours - theirs).intervals()):
        alone = difference(ours[:, column], theirs[:, column], clients)
        assert (found.estimate, found.low, found.high) == pytest.approx((alone.estimate, alone.low, alone.high))


def test_gaps_of_a_column_are_left_out_of_its_own_mean_alone() -> None:
    values = np.array([[1.0, 5.0], [math.nan, 6.0], [0.0, math.nan], [math.nan, 7.0]])
    draws = Draws.of(np.array([0, 1, 2, 2]))
    first, second = draws.drawn(values).intervals()
    assert (first.estimate, second.estimate) == (0.5, 6.0)
    assert draws.drawn(values).clients == [2, 3]
    assert draws.drawn(np.full((4, 1), math.nan)).intervals() == [UNKNOWN]


def test_a_segment_of_many_is_as_wide_as_the_segment_alone() -> None:
    apart = RNG.normal(size=300)
    in_segment = np.where(np.arange(300) < 100, apart, math.nan)
    (found,) = Draws.of(np.arange(300)).drawn(in_segment[:, None]).intervals()
    assert found.width == pytest.approx(difference(apart[:100], np.zeros(100), np.arange(100)).width, rel=0.1)


def ends(of: Interval) -> tuple[float | None, ...]:
    return of.estimate, of.low, of.high


def test_a_difference_of_what_was_drawn_is_what_is_drawn_of_a_difference() -> None:
    ours, theirs = RNG.normal(size=(90, 3)), RNG.normal(size=(90, 3))
    ours[::4, 1] = theirs[::4, 1] = math.nan
    draws = Draws.of(np.repeat(np.arange(30), 3))
    one, other = draws.drawn(ours).less(draws.drawn(theirs)), draws.drawn(ours - theirs)
    assert one.clients == other.clients
    for found, expected in zip(one.intervals(), other.intervals(), strict=True):
        assert (found.estimate, found.low, found.high) == pytest.approx(
            (expected.estimate, expected.low, expected.high)
        )
    with pytest.raises(ValueError, match="other rows have a figure"):
        draws.drawn(ours).less(draws.drawn(np.nan_to_num(theirs)))


def test_some_rows_alone_are_drawn_as_all_without_the_figures_of_others() -> None:
    values, rows = RNG.normal(size=(60, 2)), RNG.random(60) < 0.4
    draws = Draws.of(np.repeat(np.arange(20), 3))
    (alone, among) = draws.within(rows).drawn(values[rows]), draws.drawn(np.where(rows[:, None], values, math.nan))
    assert alone.clients == among.clients
    for found, expected in zip(alone.intervals(), among.intervals(), strict=True):
        assert (found.estimate, found.low, found.high) == pytest.approx(
            (expected.estimate, expected.low, expected.high)
        )
