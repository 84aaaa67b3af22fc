"""What each client bought before, by hand and client by client."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings

from recs_platform.next_basket import own as own_module
from recs_platform.next_basket.own import Rows, own
from recs_platform_tests.next_basket import plain
from recs_platform_tests.next_basket.worlds import histories_of, log_of, worlds


@pytest.mark.parametrize("bits", [62, 0], ids=["one number", "three columns"])
def test_pairs_by_hand(bits: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(own_module, "_BITS", bits)
    found = own(log_of({0: [{1, 2}, {2}, {1, 2}], 1: [{0}]}))
    assert list(zip(found.client.tolist(), found.item.tolist(), found.count.tolist(), strict=True)) == [
        (0, 1, 2),
        (0, 2, 3),
        (1, 0, 1),
    ]
    assert (found.earliest_basket.tolist(), found.last_basket.tolist()) == ([0, 0, 3], [2, 2, 3])
    assert found.summed(np.array([1.0, 10.0, 100.0, 1000.0])).tolist() == [101, 111, 1000]
    assert found.at(np.array([0, 1, 1]), np.array([2, 0, 2])).tolist() == [1, 2, -1]
    assert Rows(np.array([1, -1])).take(found.count, 0).tolist() == [3, 0]
    assert np.isnan(Rows(np.array([-1, 0])).take(found.count)).tolist() == [True, False]
    assert found.matrix(found.count).toarray().tolist() == [[0, 2, 3], [1, 0, 0]]


@given(worlds)
@settings(max_examples=60, deadline=None)
def test_pairs_as_client_by_client(world: plain.Histories) -> None:
    log = log_of(world)
    found = own(log)
    expected = {
        (client, item): [number for number, basket in enumerate(baskets) if item in basket]
        for client, baskets in histories_of(log).items()
        for item in sorted(frozenset[int]().union(*baskets))
    }
    assert list(zip(found.client.tolist(), found.item.tolist(), strict=True)) == list(expected)
    assert found.count.tolist() == [len(numbers) for numbers in expected.values()]
    assert log.number[found.earliest_basket].tolist() == [numbers[0] for numbers in expected.values()]
    assert log.number[found.last_basket].tolist() == [numbers[-1] for numbers in expected.values()]
    assert found.summed(log.number + 1.0).tolist() == [sum(numbers) + len(numbers) for numbers in expected.values()]


def test_an_empty_log_has_no_pairs() -> None:
    found = own(log_of({}))
    assert (
        found.client.tolist(),
        found.summed(np.zeros(0)).tolist(),
        found.at(np.array([]), np.array([])).tolist(),
    ) == (
        [],
        [],
        [],
    )
