"""Measures by hand, and as their definitions on made-up lists."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recs_platform.next_basket.holdout import last_basket
from recs_platform.next_basket.lists import KS, Lists, by_segment, figures, judged, mean, ranked_lists
from recs_platform_tests.next_basket.worlds import log_of

LOG = {0: [{1, 2}, {1, 3, 5}], 1: [{4}, {4}], 2: [{6}]}
"""Client 0 buys 1 again and 3 and 5 for the first time; client 1 only buys again; client 2 is not judged."""
LISTS = Lists(np.array([0, 1]), np.array([[3, 2, 1, -1], [6, 4, -1, -1]]))


def of(measure: str, part: str, k: int) -> list[float]:
    return figures(judged(LISTS, last_basket(log_of(LOG)), part), measure, k).tolist()  # type: ignore[arg-type]


def test_measures_by_hand() -> None:
    second, third = 1 / math.log2(3), 1 / math.log2(4)
    assert of("recall", "all", 2) == pytest.approx([1 / 3, 1])
    assert of("precision", "all", 4) == pytest.approx([2 / 4, 1 / 4])
    assert of("hit_rate", "all", 1) == [1, 0]
    # The ideal list of three wanted items is cut at k = 2; that of one wanted item is one place long.
    assert of("ndcg", "all", 2) == pytest.approx([1 / (1 + second), second])
    assert of("ndcg", "all", 4) == pytest.approx([(1 + third) / (1 + second + third), second])


def test_parts_by_hand() -> None:
    assert of("recall", "repeat", 3) == pytest.approx([1, 1])
    assert of("recall", "repeat", 2) == pytest.approx([0, 1])
    assert of("recall", "explore", 3) == pytest.approx([1 / 2, math.nan], nan_ok=True)
    assert of("ndcg", "repeat", 4) == pytest.approx([1 / math.log2(4), 1 / math.log2(3)])


def test_who_has_no_list_has_an_empty_one() -> None:
    holdout = last_basket(log_of(LOG))
    assert figures(judged(Lists(np.array([1]), np.array([[4]])), holdout), "recall", 1).tolist() == [0, 1]


def test_a_longer_list_than_was_given_is_refused() -> None:
    with pytest.raises(ValueError, match="first 5 places of lists of 4"):
        of("recall", "all", 5)


def test_segments_and_means_leave_out_who_has_no_figure() -> None:
    values = np.array([0.5, math.nan, 1.0])
    assert mean(values) == 0.75
    assert mean(values[1:2]) is None
    assert by_segment(values, np.array([0, 1, 0]), ("light", "heavy")) == {"light": 0.75, "heavy": None}


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_measures_as_defined(data: st.DataObject) -> None:
    wanted = data.draw(st.frozensets(st.integers(0, 30), min_size=1))
    shown = data.draw(st.lists(st.integers(0, 30), unique=True, min_size=0, max_size=25))
    k = data.draw(st.sampled_from(KS))
    holdout = last_basket(log_of({0: [{30}, wanted]}, items=31))
    found = judged(Lists(np.array([0]), np.array([shown + [-1] * (25 - len(shown))])), holdout)
    hits = [item in wanted for item in shown[:k]]
    worth = sum(hit / math.log2(place + 2) for place, hit in enumerate(hits))
    ideal = sum(1 / math.log2(place + 2) for place in range(min(k, len(wanted))))
    assert figures(found, "recall", k)[0] == pytest.approx(sum(hits) / len(wanted))
    assert figures(found, "precision", k)[0] == pytest.approx(sum(hits) / k)
    assert figures(found, "hit_rate", k)[0] == any(hits)
    assert figures(found, "ndcg", k)[0] == pytest.approx(worth / ideal)


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 6), st.integers(0, 3)), unique_by=lambda row: row[:2]))
@settings(max_examples=60, deadline=None)
def test_the_best_scores_come_first_and_equal_ones_by_item(rows: list[tuple[int, int, int]]) -> None:
    columns = (np.array([row[place] for row in rows], dtype=np.int64) for place in range(3))
    client, item, score = columns
    lists = ranked_lists(np.array([0, 2, 3]), client, item, score.astype(np.float64), 3)
    for place, one in enumerate((0, 2, 3)):
        expected = [item for _, item in sorted((-score, item) for owner, item, score in rows if owner == one)][:3]
        assert lists.items[place].tolist() == expected + [-1] * (3 - len(expected))
