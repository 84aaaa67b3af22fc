"""Trials and successes from a log: the reward, fading, and what is refused as a count."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recs_platform.campaign.bandit.counts import older_and_newer, tally
from recs_platform_tests.campaign.bandit.logs import log_of

LOG = log_of(
    {"segment": "new", "treatment": "b", "sends": 100, "views": 20, "clicks": 4},
    {"segment": "new", "treatment": "b", "sends": 60, "views": 10, "clicks": 1, "propensity": None},
    {"segment": "loyal", "treatment": "a", "sends": 80, "views": 40, "clicks": 8, "age_days": 14},
)


def test_sends_or_views_are_trials_and_clicks_are_successes() -> None:
    per_view, per_send = tally(LOG, "click_per_view"), tally(LOG, "click_per_send")
    assert (per_view.segments, per_view.treatments) == (("loyal", "new"), ("a", "b"))
    assert per_view.trials.tolist() == [[40, 0], [0, 30]]
    assert per_send.trials.tolist() == [[80, 0], [0, 160]]
    assert per_view.successes.tolist() == per_send.successes.tolist() == [[8, 0], [0, 5]]


def test_a_send_counts_half_for_every_half_life() -> None:
    faded = tally(LOG, "click_per_view", half_life_days=7)
    assert faded.trials.tolist() == [[10, 0], [0, 30]]
    assert faded.successes.tolist() == [[2, 0], [0, 5]]


def test_a_click_without_a_tracked_view_is_a_view() -> None:
    hidden = tally(log_of({"treatment": "a", "sends": 10, "views": 1, "clicks": 3}), "click_per_view")
    assert hidden.trials.tolist() == [[3]]


def test_a_treatment_that_was_never_sent_has_no_trials() -> None:
    counts = tally(log_of({"treatment": "b", "sends": 10, "clicks": 1}, unsent=("a", "b")), "click_per_send")
    assert counts.treatments == ("a", "b")
    assert counts.trials.tolist() == [[0, 10]]


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"sends": 10, "views": 10, "clicks": 11}, "clicks exceed sends, first for treatment b in segment all .row 1."),
        ({"sends": 10, "views": 11, "clicks": 1}, "views exceed sends"),
        ({"sends": 10, "views": 5, "clicks": -1}, "clicks are negative"),
        ({"age_days": -1}, "an age is negative"),
    ],
)
def test_impossible_counts_are_refused_with_their_place(row: dict[str, float], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        log_of({"treatment": "a"}, {"treatment": "b", **row})


def test_the_newer_part_is_the_smallest_with_half_of_the_sends() -> None:
    log = log_of(
        {"treatment": "a", "age_days": 3, "sends": 100},
        {"treatment": "a", "age_days": 2, "sends": 90},
        {"treatment": "b", "age_days": 1, "sends": 60},
        {"treatment": "b", "age_days": 0, "sends": 50},
    )
    older, newer = older_and_newer(log)
    assert (older.age_days.tolist(), newer.age_days.tolist()) == ([3], [2, 1, 0])
    assert newer.treatments == ("a", "b")


@given(
    st.lists(st.tuples(st.integers(0, 9), st.integers(1, 99)), min_size=1, max_size=12),
)
def test_no_day_is_on_both_sides_of_the_cut(days: list[tuple[int, int]]) -> None:
    log = log_of(*({"treatment": "a", "age_days": age, "sends": sends, "clicks": 0} for age, sends in days))
    older, newer = older_and_newer(log)
    assert older.sends.sum() + newer.sends.sum() == log.sends.sum()
    assert 2 * newer.sends.sum() >= log.sends.sum()
    assert not set(older.age_days) & set(newer.age_days)
    oldest_of_newer = newer.age_days.max()
    assert 2 * newer.sends[newer.age_days < oldest_of_newer].sum() < log.sends.sum()
