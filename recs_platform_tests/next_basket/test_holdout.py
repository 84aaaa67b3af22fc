"""What is known and what is to be predicted never overlap."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings

from recs_platform.next_basket.holdout import Holdout, last_basket, newest_weeks, week
from recs_platform_tests.next_basket import plain
from recs_platform_tests.next_basket.worlds import histories_of, log_of, worlds

WORLD = {0: [{1}, {2, 3}, {4}], 1: [{5}], 2: [{6}, {7}]}


def targets(holdout: Holdout) -> list[tuple[int, int]]:
    return list(zip(holdout.target_client.tolist(), holdout.target_item.tolist(), strict=True))


def test_the_last_basket_is_the_target() -> None:
    holdout = last_basket(log_of(WORLD))
    assert targets(holdout) == [(0, 4), (2, 7)]
    assert holdout.clients.tolist() == [0, 2]
    assert histories_of(holdout.history) == {0: [{1}, {2, 3}], 1: [{5}], 2: [{6}]}
    assert holdout.as_of is None


def test_the_basket_before_the_last_forgets_the_last() -> None:
    holdout = last_basket(log_of(WORLD), back=2)
    assert targets(holdout) == [(0, 2), (0, 3)]
    assert histories_of(holdout.history) == {0: [{1}], 2: [{6}]}


def test_nothing_is_known_of_the_day_of_the_last_basket() -> None:
    holdout = last_basket(log_of(WORLD, days=True))
    assert holdout.as_of is not None
    assert holdout.as_of.tolist() == [10, 0, 0]


def test_a_week_is_judged_by_all_that_was_bought_in_it() -> None:
    holdout = week(log_of({0: [{1}, {2}, {1, 3}, {4}], 1: [{5}]}, days=True), 10, days=20)
    assert targets(holdout) == [(0, 1), (0, 2), (0, 3)]
    assert histories_of(holdout.history) == {0: [{1}], 1: [{5}]}
    assert holdout.as_of is not None
    assert holdout.as_of.tolist() == [10, 10]


def test_who_has_no_history_is_not_judged() -> None:
    assert targets(week(log_of({0: [{1}, {2}]}, days=True), 0)) == []


def test_the_newest_week_ends_with_the_log() -> None:
    weeks = newest_weeks(log_of({0: [{1}, {2}, {3}, {4}]}, days=True), 2)
    assert [int(one.as_of[0]) for one in weeks if one.as_of is not None] == [17, 24]
    assert [targets(one) for one in weeks] == [[(0, 3)], [(0, 4)]]


def test_given_clients_are_judged_on_the_same_history() -> None:
    holdout = last_basket(log_of(WORLD))
    some = holdout.of(np.array([1, 2]))
    assert (some.clients.tolist(), targets(some)) == ([2], [(2, 7)])
    assert some.history is holdout.history


def test_who_has_no_history_tells_nothing_of_later_days() -> None:
    """The one basket of the second client is forgotten, and so is its day."""
    holdout = last_basket(log_of({0: [{1}, {1}, {1}, {1}], 1: [{2}]}, days=True), back=3)
    assert holdout.as_of is not None
    assert (holdout.history.baskets.tolist(), holdout.as_of.tolist()) == ([1, 0], [0, 0])


def test_weeks_need_days() -> None:
    for made in (lambda log: week(log, 3), lambda log: newest_weeks(log, 1)):
        with pytest.raises(ValueError, match="no days"):
            made(log_of(WORLD))


@given(worlds)
@settings(max_examples=60, deadline=None)
def test_history_and_target_are_the_log_cut_in_two(world: plain.Histories) -> None:
    log = log_of(world)
    holdout = last_basket(log)
    for client, baskets in histories_of(log).items():
        known = histories_of(holdout.history)[client]
        wanted = {item for one, item in targets(holdout) if one == client}
        assert (known, wanted) == ((baskets[:-1], baskets[-1]) if len(baskets) > 1 else (baskets, set()))
