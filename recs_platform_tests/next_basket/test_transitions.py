"""What follows what, by hand and basket by basket."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
import pytest
from hypothesis import given, settings

from recs_platform.next_basket.transitions import WEIGHTS, last_baskets, transitions
from recs_platform_tests.next_basket import plain
from recs_platform_tests.next_basket.worlds import histories_of, log_of, worlds

PRINTER, INK, PAPER = range(3)


def test_by_hand() -> None:
    log = log_of({0: [{PRINTER}, {INK}, {PAPER}, {PAPER}], 1: [{PRINTER}, {PRINTER}]})
    found = transitions(log).toarray()
    # Three baskets with a printer, of which the last of client 1 has no next one.
    assert found[PRINTER].tolist() == pytest.approx([0, 1 / 2, (0.5 + 0.25) / 2])
    assert found[INK].tolist() == pytest.approx([0, 0, 1 + 0.5])
    assert found[PAPER].tolist() == [0, 0, 0]


def test_only_the_strongest_followers_stay() -> None:
    log = log_of({0: [{PRINTER}, {INK}, {PAPER}]})
    assert transitions(log, followers=1).toarray()[PRINTER].tolist() == [0, 1, 0]


def test_the_oldest_baskets_are_left_out_where_there_are_too_many() -> None:
    log = log_of({0: [{PRINTER}, {INK}, {PAPER}, {INK}, {PAPER}]})
    assert transitions(log, pairs=1).toarray().tolist() == [[0, 0, 0], [0, 0, 1], [0, 0, 0]]


def plain_transitions(histories: plain.Histories) -> dict[tuple[int, int], float]:
    weight: dict[tuple[int, int], float] = defaultdict(float)
    times: dict[int, int] = defaultdict(int)
    for baskets in histories.values():
        for number, basket in enumerate(baskets[:-1]):
            for item in basket:
                times[item] += 1
                for step, later in enumerate(baskets[number + 1 : number + 4]):
                    for follower in later - {item}:
                        weight[item, follower] += WEIGHTS[step]
    return {(item, follower): value / times[item] for (item, follower), value in weight.items()}


@given(worlds)
@settings(max_examples=60, deadline=None)
def test_as_basket_by_basket(world: plain.Histories) -> None:
    log = log_of(world)
    found = transitions(log, threads=2).tocoo()
    listed = dict(zip(zip(found.row.tolist(), found.col.tolist(), strict=True), found.data.tolist(), strict=True))
    assert listed == pytest.approx(plain_transitions(histories_of(log)), rel=1e-5)


@given(worlds)
@settings(max_examples=40, deadline=None)
def test_what_is_followed_are_the_last_three_baskets(world: plain.Histories) -> None:
    log = log_of(world)
    found = last_baskets(log).toarray()
    for client, baskets in histories_of(log).items():
        weight: plain.Vector = defaultdict(float)
        for step, basket in enumerate(reversed(baskets[-3:])):
            for item in basket:
                weight[item] += WEIGHTS[step]
        expected = [weight.get(item, 0.0) / sum(weight.values()) for item in range(len(log.items))]
        assert found[client].tolist() == pytest.approx(expected, rel=1e-5)
    assert np.isfinite(found).all()
