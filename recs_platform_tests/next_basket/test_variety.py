"""What lists reach, by hand."""

from __future__ import annotations

import numpy as np
import pytest

from recs_platform.next_basket.holdout import last_basket
from recs_platform.next_basket.lists import Lists
from recs_platform.next_basket.variety import reach
from recs_platform_tests.next_basket.worlds import log_of

BREAD, MILK, TEA, SOAP = range(4)
HOLDOUT = last_basket(log_of({0: [{BREAD}, {BREAD, TEA}], 1: [{MILK}, {SOAP}], 2: [{TEA}, {TEA}]}, items=4))
"""Tea is a discovery of client 0, soap of client 1. Nobody ever had soap before."""


def test_discoveries_clients_and_items_are_counted_over_all_lists() -> None:
    lists = Lists(np.array([0, 1]), np.array([[BREAD, TEA, -1], [TEA, BREAD, -1]]))
    found = reach([lists, lists], [HOLDOUT, HOLDOUT])
    assert found == {
        "discoveries_bought": pytest.approx(1 / 3),
        "clients_reached": pytest.approx(2 / 3),
        "items_shown": 2,
        "items_reached": pytest.approx(2 / 3),
        "groups": 2,
    }


def test_an_item_without_a_group_is_a_group_of_its_own() -> None:
    lists = Lists(np.array([0, 1]), np.array([[BREAD, MILK, TEA, SOAP], [BREAD, MILK, -1, -1]]))
    assert reach([lists], [HOLDOUT], np.array([0, 0, -1, -1]))["groups"] == 2
    assert reach([lists], [HOLDOUT], np.array([0, 0, 1, -1]))["groups"] == 2
    assert reach([lists], [HOLDOUT], np.array([0, 1, 1, 1]))["groups"] == 2
    assert reach([lists], [HOLDOUT], np.array([0, 0, 0, 0]))["groups"] == 1


def test_lists_of_nobody_reach_nobody() -> None:
    empty = Lists(np.zeros(0, dtype=np.int64), np.zeros((0, 3), dtype=np.int64))
    found = reach([empty], [HOLDOUT])
    assert (found["clients_reached"], found["items_shown"], found["groups"]) == (0, 0, None)
