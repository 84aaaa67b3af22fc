"""What everybody buys, by hand."""

from __future__ import annotations

import math

import pytest

from recs_platform.next_basket.own import own
from recs_platform.next_basket.popularity import RECENT_BASKETS, popularity
from recs_platform_tests.next_basket.worlds import log_of

WORLD = {0: [{1}, {1, 2}, {2}, {1}], 1: [{2}]}


def test_by_hand() -> None:
    found = popularity(own(log_of(WORLD, items=4)))
    assert found.baskets.tolist() == [0, 3 / 5, 3 / 5, 0]
    assert found.clients.tolist() == [0, 1 / 2, 1, 0]
    assert found.bought_again.tolist() == pytest.approx([math.nan, 1, 1 / 2, math.nan], nan_ok=True)
    # Client 0 bought item 1 in its baskets 0, 1 and 3: 3 baskets in two gaps.
    assert found.gap.tolist() == pytest.approx([math.nan, 3 / 2, 1, math.nan], nan_ok=True)


def test_recent_is_by_baskets_where_there_are_no_days() -> None:
    assert RECENT_BASKETS == 3
    assert popularity(own(log_of(WORLD))).recent.tolist() == [0, 2 / 4, 3 / 4]


def test_recent_is_by_days_where_there_are() -> None:
    # Days 0, 10, 20, 30 and 0: as of day 38, the 28 days before begin on day 10.
    history = own(log_of(WORLD, days=True))
    assert popularity(history, 38).recent.tolist() == [0, 2 / 3, 2 / 3]
    assert popularity(history, 39).recent.tolist() == [0, 1 / 2, 1 / 2]
    # Without a day: as of the day after the last one, which is 31.
    assert popularity(history).recent.tolist() == [0, 2 / 3, 2 / 3]
