"""Candidates are the best of every source in turn, never more than asked for, and the same on every machine."""

from __future__ import annotations

from dataclasses import replace
from unittest import mock

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recs_platform.next_basket import candidates as module
from recs_platform.next_basket.candidates import DEPTH, candidates
from recs_platform.next_basket.sources import SLOW, Settings, Sources, pool, sources
from recs_platform_tests.next_basket import plain
from recs_platform_tests.next_basket.worlds import log_of, worlds

SETTINGS = Settings(neighbours=3)


def plain_candidates(found: Sources, client: int, most: int) -> list[int]:
    own = found.own.matrix(found.decayed[SLOW])[client]
    listed = [(own, module.OWN_SHARE, most)]
    for (scale, _), weights in found.weights.items():
        listed.append(
            (weights[client] @ found.vectors[scale], module.NEIGHBOUR_SHARE, DEPTH * int(module.NEIGHBOUR_SHARE))
        )
    for other in (found.followed[client] @ found.followers, found.new_items[client]):
        listed.append((other, module.OTHER_SHARE, DEPTH * int(module.OTHER_SHARE)))
    turns: dict[int, float] = {}

    def take(scores: list[float], share: float, depth: int) -> None:
        order = sorted((-score, item) for item, score in enumerate(scores) if score > 0)[:depth]
        for place, (_, item) in enumerate(order, start=1):
            turns[item] = min(turns.get(item, np.inf), place / share)

    for scores, share, depth in listed:
        take(scores.toarray()[0].tolist(), share, depth)
    for of_item in (found.popularity.baskets, found.popularity.recent):
        take(of_item.tolist(), module.OTHER_SHARE, most)
    return sorted(item for _, item in sorted((turn, item) for item, turn in turns.items())[:most])


@pytest.mark.slow
@given(worlds, st.sampled_from([2, 5, 150]), st.booleans())
@settings(max_examples=60, deadline=None)
def test_as_client_by_client(world: plain.Histories, most: int, has_groups: bool) -> None:
    log = log_of(world, items=20)
    chosen = replace(SETTINGS, candidates=most)
    found = sources(log, chosen, attributes={"group": np.arange(20) % 3} if has_groups else None)
    # Shares as small as these worlds.
    with mock.patch.multiple(module, OWN_SHARE=2.0, NEIGHBOUR_SHARE=1.0, OTHER_SHARE=1.0):
        listed = candidates(found, np.arange(len(log.clients)), chosen)
        for client in range(len(log.clients)):
            assert listed.item[listed.client == client].tolist() == plain_candidates(found, client, most)


def test_own_items_come_first_and_others_fill_in() -> None:
    loyal = [{item} for item in range(40)]
    log = log_of({0: loyal, 1: [{50}, {51}], 2: [{52, 53}, {50}]}, items=60)
    chosen = replace(SETTINGS, candidates=30)
    found = sources(log, chosen)
    listed = candidates(found, np.array([0, 1]), chosen)
    own_items = listed.item[(listed.client == 0) & (listed.item < 40)]
    assert len(own_items) > 20
    assert (np.diff(own_items) > 0).all()
    others = listed.item[listed.client == 1]
    assert {50, 51, 52, 53} <= set(others.tolist())
    assert len(others) == 30


def test_a_hundred_tied_items_are_taken_in_the_order_of_items() -> None:
    log = log_of({0: [set(range(100))]})
    chosen = replace(SETTINGS, candidates=25)
    assert candidates(sources(log, chosen), np.array([0]), chosen).item.tolist() == list(range(25))


def test_some_clients_get_what_they_get_among_all() -> None:
    rng = np.random.default_rng(9)
    world = {c: [{int(i) for i in rng.integers(0, 30, 4)} for _ in range(3)] for c in range(40)}
    found = sources(log_of(world), SETTINGS)
    everybody = candidates(found, np.arange(40), SETTINGS)
    some = candidates(found, np.array([7, 31]), SETTINGS)
    rows = np.isin(everybody.client, [7, 31])
    assert some.item.tolist() == everybody.item[rows].tolist()
    for name, scores in some.scores.items():
        assert scores.tobytes() == everybody.scores[name][rows].tobytes()


def test_nobody_is_asked_about() -> None:
    none = candidates(sources(log_of({0: [{1}]}), SETTINGS), np.zeros(0, dtype=np.int64), SETTINGS)
    assert (none.client.tolist(), none.item.tolist()) == ([], [])


@pytest.mark.parametrize(("most", "expected"), [(9, [0, 1, 3, 4]), (4, [0, 1, 3, 4]), (2, [0, 3])])
def test_the_pool_is_spread_over_those_who_bought(most: int, expected: list[int]) -> None:
    log = log_of({0: [{1}], 1: [{1}], 2: [], 3: [{2}], 4: [{2}]})
    assert pool(log, most).tolist() == expected
