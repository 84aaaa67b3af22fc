"""Similar clients, and what they buy, are what comparing every two clients plainly finds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from recs_platform.next_basket.alike import JACCARD, Habits, Likeness, alike, at_least, bought_by_neighbours, tally
from recs_platform.next_basket.neighbours import Neighbours

ITEMS = 6
Orders = Mapping[int, int]
clients = st.lists(
    st.tuples(
        st.dictionaries(st.integers(0, ITEMS - 1), st.integers(1, 4), max_size=4), st.integers(0, 9), st.integers(1, 5)
    ),
    min_size=1,
    max_size=7,
)
likenesses = st.sampled_from([JACCARD, Likeness(3, 0.6, 0.2, 0.2), Likeness(2, 0.0, 1.0, 0.0), Likeness(4)])


def matrix(of: Sequence[Orders]) -> sp.csr_matrix:
    dense = np.zeros((len(of), ITEMS), dtype=np.float32)
    for row, orders in enumerate(of):
        for item, number in orders.items():
            dense[row, item] = number
    return sp.csr_matrix(dense)


def habits(of: Sequence[tuple[Orders, int, int]]) -> Habits:
    orders, since, count = zip(*of, strict=True)
    return Habits(matrix(orders), np.array(since), np.array(count))


def likeness(one: tuple[Orders, int, int], other: tuple[Orders, int, int], by: Likeness) -> float:
    a, b = ({item: min(number, by.most_orders) for item, number in orders.items()} for orders, _, _ in (one, other))
    common = sum(min(a.get(item, 0), b.get(item, 0)) for item in {*a, *b})
    if not common:
        return 0.0
    parts = common / sum(max(a.get(item, 0), b.get(item, 0)) for item in {*a, *b})
    recency = min(one[1] + 1, other[1] + 1) / max(one[1] + 1, other[1] + 1)
    frequency = min(one[2], other[2]) / max(one[2], other[2])
    weighed = by.items * parts + by.recency * recency + by.frequency * frequency
    return weighed / (by.items + by.recency + by.frequency)


def of_client(found: Neighbours, client: int) -> list[tuple[int, float]]:
    rows = found.client == client
    return list(zip(found.neighbour[rows].tolist(), found.similarity[rows].tolist(), strict=True))


@given(clients, likenesses, st.integers(1, 4), st.integers(1, 2), st.integers(1, 7))
@settings(max_examples=200, deadline=None)
def test_as_comparing_every_two(
    of: Sequence[tuple[Orders, int, int]], by: Likeness, count: int, threads: int, most: int
) -> None:
    wanted = np.arange(0, len(of), 2)
    found = alike(habits(of), wanted, count, by, threads, most)
    among = {place * len(of) // most for place in range(most)} if len(of) > most else set(range(len(of)))
    assert set(found.client.tolist()) <= set(wanted.tolist())
    for client in wanted.tolist():
        near = {other: likeness(of[client], of[other], by) for other in among - {client}}
        best = sorted((other for other in near if near[other] > 0), key=lambda other: (-near[other], other))[:count]
        listed = of_client(found, client)
        assert [similarity for _, similarity in listed] == pytest.approx([near[other] for other in best], abs=1e-6)
        assert dict(listed) == pytest.approx({other: near[other] for other, _ in listed}, abs=1e-6)


def test_a_hundred_alike_are_in_the_order_of_clients() -> None:
    same = habits([({0: 2, 1: 1}, 3, 4)] * 101)
    assert of_client(alike(same, np.array([3]), 5, JACCARD), 3) == [(other, 1.0) for other in (0, 1, 2, 4, 5)]


def test_nothing_in_common_is_not_alike_however_lately_both_order() -> None:
    found = alike(habits([({0: 1}, 0, 1), ({1: 1}, 0, 1)]), np.arange(2), 2, Likeness(2, 0.2, 0.4, 0.4))
    assert len(found.client) == 0


@given(clients, st.integers(1, 3), st.integers(1, 2))
@settings(max_examples=200, deadline=None)
def test_what_neighbours_buy(of: Sequence[tuple[Orders, int, int]], count: int, threads: int) -> None:
    orders = [one[0] for one in of]
    wanted = np.arange(len(of))
    found = alike(habits(of), wanted, 3, JACCARD)
    # The first item is known to everybody, and the second is not sold any more.
    known = [{0: 1, **one} for one in orders]
    sold = [{item: number for item, number in one.items() if item != 1} for one in orders]
    counted = tally(at_least(matrix(sold), 1), at_least(matrix(known), 1), found)
    unknown = bought_by_neighbours(counted, wanted, count, threads)
    for client in wanted.tolist():
        near = of_client(found, client)
        shares, heads = {}, {}
        for item in range(ITEMS):
            who = [(other, like) for other, like in near if item in sold[other]]
            if who and item not in known[client]:
                shares[item] = sum(like for _, like in who) / sum(like for _, like in near)
                heads[item] = len(who)
        rows = unknown.client == client
        listed = dict(zip(unknown.item[rows].tolist(), unknown.share[rows].tolist(), strict=True))
        assert sorted(listed.values(), reverse=True) == pytest.approx(sorted(shares.values(), reverse=True)[:count])
        assert listed == pytest.approx({item: shares[item] for item in listed})
        assert unknown.neighbours[rows].tolist() == [heads[item] for item in listed]


def test_nobody_is_asked_about() -> None:
    nobody = np.zeros(0, dtype=np.int64)
    found = alike(habits([({0: 1}, 0, 1)]), nobody, 3, JACCARD)
    bought = at_least(matrix([{0: 1}]), 1)
    assert len(found.client) == len(bought_by_neighbours(tally(bought, bought, found), nobody, 3).item) == 0


def test_what_all_neighbours_buy_has_no_more_than_all_of_their_likeness() -> None:
    """Sums of 32-bit numbers differ in their last digits by the order of adding, and the table's rule is at most 1."""
    heads = 50
    like = np.random.default_rng(7).random((200, heads)).astype(np.float32)
    clients = np.arange(200)
    others = 200 + np.tile(np.arange(heads), 200)
    neighbours = Neighbours(np.repeat(clients, heads), others, like.ravel())
    bought = at_least(matrix([*({} for _ in clients), *({0: 1} for _ in range(heads))]), 1)
    unknown = bought_by_neighbours(tally(bought, bought, neighbours), clients, 3)
    assert len(unknown.share) == 200
    assert unknown.share.min() > 1 - 1e-6
    assert unknown.share.max() <= 1


def test_five_of_ten_is_as_alike_as_one_of_two() -> None:
    """Equal shares tie, whatever numbers they are shares of: the order of clients decides."""
    of = [({0: 5}, 3, 4), ({0: 5, 1: 3, 2: 2}, 3, 4), ({0: 5, 3: 5}, 3, 4), ({0: 2, 4: 1}, 3, 4), ({0: 3, 5: 1}, 3, 4)]
    found = of_client(alike(habits(of), np.array([0]), 4, Likeness(8, 0.6, 0.2, 0.2)), 0)
    assert [(other, round(similarity, 6)) for other, similarity in found] == [(1, 0.7), (2, 0.7), (4, 0.7), (3, 0.6)]
