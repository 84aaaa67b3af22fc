"""Decay by baskets is that of TIFU-KNN; decay by days is a half-life."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recs_platform.next_basket.decayed import Decay, by_baskets, by_days
from recs_platform.next_basket.own import own
from recs_platform_tests.next_basket import plain
from recs_platform_tests.next_basket.worlds import histories_of, log_of, worlds


@given(worlds, st.sampled_from([0.5, 0.9, 1.0]), st.sampled_from([0.4, 1.0]), st.integers(1, 9))
@settings(max_examples=60, deadline=None)
def test_vectors_as_client_by_client(world: plain.Histories, in_group: float, between: float, size: int) -> None:
    log = log_of(world)
    history = own(log)
    vectors = history.matrix(history.summed(by_baskets(log, Decay(in_group, between, size)))).toarray()
    for client, baskets in histories_of(log).items():
        expected = plain.tifu_vector(baskets, in_group, between, size)
        there = {item: value for item, value in enumerate(vectors[client].tolist()) if value}
        assert there == pytest.approx(expected, rel=1e-5)


def test_days_by_hand() -> None:
    log = log_of({0: [{0}, {0}, {1}]}, days=True)
    assert by_days(log, np.array([20]), half_life=10).tolist() == [0.25, 0.5, 1.0]
    assert by_days(log, np.array([30]), half_life=10).tolist() == [0.125, 0.25, 0.5]


def test_days_need_days() -> None:
    with pytest.raises(ValueError, match="no days"):
        by_days(log_of({0: [{0}]}), np.array([0]), 10)
