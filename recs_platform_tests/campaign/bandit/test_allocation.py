"""Shares: the floor, retiring, and whole millionths."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recs_platform.campaign.bandit.allocation import MILLION, Rules, allocate, floored
from recs_platform.errors import ConfigError

NO_RETIRING = {"min_trials": float("inf")}


def test_shares_are_the_chances_of_being_best() -> None:
    given_ = allocate(np.array([0.25, 0.7, 0.05]), np.array([10.0, 10, 10]), Rules(floor=0.0))
    assert given_.millionths.tolist() == [250_000, 700_000, 50_000]
    assert not given_.retired.any()


def test_the_floor_takes_from_the_others_in_proportion() -> None:
    """Two at 10% leave 80% for the chances 0.6 and 0.3."""
    given_ = allocate(np.array([0.6, 0.3, 0.06, 0.04]), np.zeros(4), Rules(floor=0.1))
    assert given_.millionths.tolist() == [533_333, 266_667, 100_000, 100_000]


def test_who_falls_below_the_floor_by_paying_for_others_is_given_it_too() -> None:
    """0.105 pays for the first two and would fall to 0.1 x (0.8 / 0.9)."""
    given_ = allocate(np.array([0.05, 0.04, 0.105, 0.805]), np.zeros(4), Rules(floor=0.1))
    assert given_.millionths.tolist() == [100_000, 100_000, 100_000, 700_000]


def test_retired_after_enough_trials_only_and_the_likeliest_never() -> None:
    best, rules = np.array([0.9, 0.098, 0.001, 0.001]), Rules(floor=0.01, min_trials=200)
    given_ = allocate(best, np.array([5_000.0, 5_000, 200, 199]), rules)
    assert given_.retired.tolist() == [False, False, True, False]
    assert given_.millionths[2:].tolist() == [0, 10_000]
    everybody_hopeless = allocate(np.full(300, 1 / 300), np.full(300, 1e6), Rules(floor=0.0))
    assert np.flatnonzero(~everybody_hopeless.retired).tolist() == [0]
    assert everybody_hopeless.millionths[0] == MILLION


def test_thirds_add_up_and_the_first_of_equals_gets_the_rest() -> None:
    given_ = allocate(np.full(3, 1 / 3), np.zeros(3), Rules(floor=1 / 3))
    assert given_.millionths.tolist() == [333_334, 333_333, 333_333]


def test_a_floor_that_is_more_than_there_is_says_which_would_do() -> None:
    best = np.full(24, 1 / 24)
    with pytest.raises(ConfigError, match=r"5\.00% for each of 24 treatments is 120% .* to at most 4\.1666%"):
        allocate(best, np.zeros(24), Rules(floor=0.05))
    assert allocate(best, np.zeros(24), Rules(floor=0.041666)).millionths.sum() == MILLION


def test_without_treatments_there_is_nothing_to_allocate() -> None:
    with pytest.raises(ValueError, match="no treatment"):
        allocate(np.array([]), np.array([]), Rules())


chances = st.lists(st.floats(0, 1), min_size=1, max_size=30).filter(lambda found: sum(found) > 0.01)


@given(chances, st.floats(0, 1), st.data())
def test_always_a_whole_with_everybody_at_the_floor(found: list[float], part: float, data: st.DataObject) -> None:
    best = np.array(found) / sum(found)
    trials = np.array(data.draw(st.lists(st.integers(0, 400), min_size=len(found), max_size=len(found))), float)
    rules = Rules(floor=part / len(found), retire_below=0.02)
    given_ = allocate(best, trials, rules)
    assert given_.millionths.sum() == MILLION
    assert (given_.millionths[~given_.retired] >= round(rules.floor * MILLION)).all()
    assert (given_.millionths[given_.retired] == 0).all()
    assert given_.retired.tolist() == [
        tried >= 200 and chance < 0.02 and at != int(best.argmax())
        for at, (tried, chance) in enumerate(zip(trials, best, strict=True))
    ]
    # Whoever is likelier to be best is never given less, but for the millionth of rounding.
    order = np.argsort(best, kind="stable")
    assert (np.diff(given_.millionths[order][~given_.retired[order]]) >= -1).all()


@given(chances, st.floats(0, 1))
def test_the_floor_moves_no_more_than_it_must(found: list[float], part: float) -> None:
    """Those above the floor keep the ratios of their chances: the plain reference tries every cut."""
    best = np.array(found) / sum(found)
    floor = 0.999 * part / len(found)
    shares = floored(best, np.zeros(len(found), bool), floor)
    order = np.argsort(-best, kind="stable")
    for above in range(len(found), 0, -1):
        rest = order[:above]
        scaled = best[rest] * (1 - floor * (len(found) - above)) / best[rest].sum()
        if (scaled >= floor).all():
            expected = np.full(len(found), floor)
            expected[rest] = scaled
            break
    assert shares == pytest.approx(expected, abs=1e-9)
