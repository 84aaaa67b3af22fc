"""New items are found by what kind of things a client buys, as an item-by-item computation finds them."""

from __future__ import annotations

from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recs_platform.next_basket import new_items as module
from recs_platform.next_basket.candidates import candidates
from recs_platform.next_basket.new_items import new_items
from recs_platform.next_basket.own import own
from recs_platform.next_basket.sources import Settings, sources
from recs_platform_tests.next_basket import plain
from recs_platform_tests.next_basket.worlds import histories_of, log_of, worlds

ITEMS = 20
attributes = st.lists(st.integers(-1, 3), min_size=ITEMS, max_size=ITEMS)


def share(baskets: list[plain.Basket], of: list[int], item: int) -> float:
    lines = [of[one] for basket in baskets for one in basket if of[one] >= 0]
    return lines.count(of[item]) / len(lines) if lines and of[item] >= 0 else 0.0


@given(worlds, attributes, attributes)
@settings(max_examples=80, deadline=None)
def test_as_item_by_item(world: plain.Histories, group: list[int], brand: list[int]) -> None:
    log = log_of(world, items=ITEMS)
    found = new_items(own(log), {"group": np.array(group), "brand": np.array(brand)}).toarray()
    histories = histories_of(log)
    bought = frozenset[int]().union(*(basket for baskets in histories.values() for basket in baskets))
    for client, baskets in histories.items():
        expected = [
            0.0 if item in bought else share(baskets, group, item) * (0.5 + 0.5 * share(baskets, brand, item))
            for item in range(ITEMS)
        ]
        assert found[client].tolist() == pytest.approx(expected, rel=1e-5)


@given(worlds, attributes, attributes, attributes, st.integers(1, 4))
@settings(max_examples=150, deadline=None)
def test_groups_left_out_hold_none_of_the_best(
    world: plain.Histories, group: list[int], brand: list[int], band: list[int], best: int
) -> None:
    history = own(log_of(world, items=ITEMS))
    of = {"group": np.array(group), "brand": np.array(brand), "price_band": np.array(band)}
    with patch.object(module, "PER_CLIENT", best):
        found = new_items(history, of).toarray()
        with patch.object(module, "LEAST", 0):
            assert found.tolist() == new_items(history, of).toarray().tolist()


def test_work_is_bounded_by_group_and_by_client(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PER_GROUP", 3)
    monkeypatch.setattr(module, "PER_CLIENT", 4)
    log = log_of({0: [{0, 1, 2}, {0}]}, items=20)
    group = np.array([0, 0, 1, *[0] * 8, *[1] * 9])
    found = new_items(own(log), {"group": group}).toarray()[0]
    # Three of the group that the client buys most, by their names, and the first of the other.
    assert np.flatnonzero(found).tolist() == [3, 4, 5, 11]
    assert found[[3, 11]].tolist() == pytest.approx([3 / 4, 1 / 4])


def test_a_new_item_of_the_clients_group_is_a_candidate() -> None:
    log = log_of({0: [{0}, {0}], 1: [{1}]}, items=4)
    found = sources(log, Settings(), attributes={"group": np.array([0, 1, 0, 1])})
    listed = candidates(found, np.array([0, 1]), Settings())
    scores = dict(
        zip(zip(listed.client.tolist(), listed.item.tolist(), strict=True), listed.scores["new_item"], strict=True)
    )
    assert scores == {(0, 0): 0, (0, 1): 0, (0, 2): 1, (1, 0): 0, (1, 1): 0, (1, 3): 1}


def test_without_groups_there_is_no_telling() -> None:
    log = log_of({0: [{0}]}, items=3)
    assert new_items(own(log), {"brand": np.array([0, 0, 0])}).nnz == 0
    assert new_items(own(log_of({})), {"group": np.zeros(0, dtype=np.int64)}).shape == (0, 0)
