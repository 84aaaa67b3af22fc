"""The published methods: by hand, and on whole matrices as client by client."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recs_platform.next_basket import published, tuning
from recs_platform.next_basket.holdout import last_basket
from recs_platform.next_basket.lists import figures, judged, mean
from recs_platform.next_basket.own import own
from recs_platform.next_basket.published import Tifu, UpCf
from recs_platform_tests.next_basket import plain
from recs_platform_tests.next_basket.worlds import histories_of, log_of, worlds

BREAD, MILK, TEA, SOAP = range(4)


def test_tifu_vector_by_hand() -> None:
    # Newest first: {milk}, {bread, milk} are a group of two, {bread} a group of its own.
    vector = plain.tifu_vector([frozenset({BREAD}), frozenset({BREAD, MILK}), frozenset({MILK})], 0.5, 0.8, 2)
    assert vector == pytest.approx({BREAD: (0.5 / 2 + 0.8 / 1) / 2, MILK: (1 + 0.5) / 2 / 2})


def test_tifu_scores_by_hand() -> None:
    histories = {0: [frozenset({BREAD})], 1: [frozenset({BREAD, MILK})], 2: [frozenset({TEA, SOAP})]}
    # Client 1 is at a distance of 1, client 2 at the square root of 3.
    scores = plain.tifu_scores(histories, 0, 0.9, 0.7, 7, neighbours=1, alpha=0.6)
    assert scores == pytest.approx({BREAD: 1.0, MILK: 0.4})


def test_up_cf_scores_by_hand() -> None:
    histories = {
        0: [frozenset({BREAD}), frozenset({MILK})],
        1: [frozenset({TEA}), frozenset({MILK, SOAP})],
    }
    # What they have in common is milk: 1 of 2 items of the one, 1 of 3 of the other.
    similarity = 1 / (2**0.25 * 3**0.75)
    scores = plain.up_cf_scores(histories, 0, recency=1, asymmetry=0.25, locality=2)
    assert scores == pytest.approx({MILK: 1 + similarity**2, SOAP: similarity**2})


def test_own_then_global_by_hand() -> None:
    histories = {
        0: [frozenset({BREAD, MILK})],
        1: [frozenset({MILK}), frozenset({TEA, SOAP}), frozenset({SOAP})],
    }
    assert plain.own_then_global(histories, 0, 3) == [MILK, BREAD, SOAP]


@given(
    worlds,
    st.sampled_from([0.5, 1.0]),
    st.sampled_from([0.3, 0.9]),
    st.integers(1, 4),
    st.integers(1, 4),
    st.sampled_from([0.0, 0.7]),
)
@settings(max_examples=60, deadline=None)
def test_tifu_on_matrices_ranks_as_client_by_client(
    world: plain.Histories, in_group: float, between: float, size: int, neighbours: int, alpha: float
) -> None:
    log = log_of(world)
    histories = histories_of(log)
    clients = log.basket_client[log.number == 0]
    found = published.tifu_scores(own(log), clients, Tifu(in_group, between, size, neighbours, alpha))
    for row, client in enumerate(clients.tolist()):
        expected = plain.tifu_scores(histories, client, in_group, between, size, neighbours, alpha)
        assert dict(enumerate(found[row].tolist())) == pytest.approx(
            {item: expected.get(item, 0.0) for item in range(len(log.items))}, abs=1e-5
        )


@given(worlds, st.integers(0, 3), st.sampled_from([0.0, 0.25, 1.0]), st.sampled_from([1, 5]))
@settings(max_examples=60, deadline=None)
def test_up_cf_on_matrices_ranks_as_client_by_client(
    world: plain.Histories, recency: int, asymmetry: float, locality: int
) -> None:
    log = log_of(world)
    clients = log.basket_client[log.number == 0]
    found = published.up_cf_scores(own(log), clients, UpCf(recency, asymmetry, locality))
    for row, client in enumerate(clients.tolist()):
        expected = plain.up_cf_scores(histories_of(log), client, recency, asymmetry, locality)
        assert dict(enumerate(found[row].tolist())) == pytest.approx(
            {item: expected.get(item, 0.0) for item in range(len(log.items))}, abs=1e-5
        )


@given(worlds)
@settings(max_examples=40, deadline=None)
def test_baselines_rank_as_client_by_client(world: plain.Histories) -> None:
    log = log_of(world)
    history, histories, clients = own(log), histories_of(log), log.basket_client[log.number == 0]
    length = published.LENGTH
    for lists, expected in (
        (published.own_top_lists(history, clients), lambda c: plain.ranked(plain.own_top(histories, c), length)),
        (published.global_top_lists(history, clients), lambda c: plain.ranked(plain.global_top(histories), length)),
        (published.own_then_global_lists(history, clients), lambda c: plain.own_then_global(histories, c, length)),
    ):
        for row, client in enumerate(clients.tolist()):
            assert [item for item in lists.items[row].tolist() if item >= 0] == expected(client)


def test_what_is_best_on_validation_clients_is_chosen() -> None:
    # Everybody buys again what was in the basket before; long memories only see bread.
    habit = [{BREAD}, {BREAD}, {BREAD}, {MILK}, {MILK}]
    holdout = last_basket(log_of(dict.fromkeys(range(4), habit)))
    long, short = UpCf(0, 0.5, 1), UpCf(1, 0.5, 1)
    assert tuning.tuned_up_cf(holdout, [long, short], k=1) == short
    assert tuning.tuned_up_cf(holdout, [long], k=1) == long
    # As many methods as there are kinds of sharing: decay, number of neighbours, alpha.
    methods = [
        Tifu(*decay, count, alpha)
        for decay in ((1.0, 1.0, 5), (0.1, 1.0, 5))
        for count in (1, 3)
        for alpha in (0.2, 0.9)
    ]
    assert tuning.tuned_tifu(holdout, methods, k=1) == methods[4]


@given(worlds)
@settings(max_examples=30, deadline=None)
def test_tuning_ranks_as_the_method_does(world: plain.Histories) -> None:
    holdout = last_basket(log_of(world))
    methods = [Tifu(0.5, 0.5, 2, count, alpha) for count in (1, 2) for alpha in (0.0, 0.6)]
    values = [
        mean(figures(judged(published.tifu_lists(own(holdout.history), holdout.clients, one), holdout), "ndcg", 2)) or 0
        for one in methods
    ]
    assert tuning.tuned_tifu(holdout, methods, k=2) == methods[values.index(max(values))]
