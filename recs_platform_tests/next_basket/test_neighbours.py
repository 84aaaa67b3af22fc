"""Neighbours are those that comparing every two clients finds, in an order that nothing accidental decides."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from recs_platform.next_basket import neighbours as module
from recs_platform.next_basket.neighbours import (
    Measure,
    Neighbours,
    entry_limit,
    largest,
    largest_of_columns,
    neighbours,
    thinned,
)
from recs_platform_tests.next_basket import plain

BOTH: tuple[Measure, ...] = ("l2", "cosine")
vectors = st.lists(
    st.dictionaries(st.integers(0, 6), st.sampled_from([0.25, 0.5, 1.0]), max_size=4), min_size=1, max_size=8
)


def matrix(of: list[plain.Vector]) -> sp.csr_matrix:
    dense = np.zeros((len(of), 7), dtype=np.float32)
    for row, vector in enumerate(of):
        for item, value in vector.items():
            dense[row, item] = value
    return sp.csr_matrix(dense)


def of_client(found: Neighbours, client: int) -> list[tuple[int, float]]:
    rows = found.client == client
    return list(zip(found.neighbour[rows].tolist(), found.similarity[rows].tolist(), strict=True))


@given(vectors, st.integers(1, 5), st.data())
@settings(max_examples=100, deadline=None)
def test_as_comparing_every_two(of: list[plain.Vector], count: int, data: st.DataObject) -> None:
    pool = sorted(data.draw(st.frozensets(st.integers(0, len(of) - 1), min_size=1)))
    found = neighbours(matrix(of), np.array(pool), count, BOTH)
    for client, vector in enumerate(of):
        others = [other for other in pool if other != client]
        distances = {other: -plain.distance(vector, of[other]) for other in others}
        cosines = {o: c for o in others if (c := plain.cosine(vector, of[o])) > 0}
        for measure, expected in (("l2", distances), ("cosine", cosines)):
            listed = of_client(found[measure], client)
            best = sorted(expected.values(), reverse=True)[:count]
            assert [near for _, near in listed] == pytest.approx(best, abs=1e-3)
            assert dict(listed) == pytest.approx({other: expected[other] for other, _ in listed}, abs=1e-3)


def test_a_hundred_equal_neighbours_are_in_the_order_of_clients() -> None:
    alike = matrix([{0: 1.0, 1: 0.5}] * 101)
    for found in neighbours(alike, np.arange(101), 7, BOTH).values():
        assert [other for other, _ in of_client(found, 3)] == [0, 1, 2, 4, 5, 6, 7]


def test_nothing_in_common_is_near_by_distance_only() -> None:
    found = neighbours(matrix([{0: 1.0}, {1: 0.5}, {1: 1.0}]), np.arange(3), 2, BOTH)
    assert [other for other, _ in of_client(found["l2"], 0)] == [1, 2]
    assert of_client(found["cosine"], 0) == []


def test_the_same_bits_with_one_thread_and_two_and_in_other_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(3)
    many = sp.random(300, 500, 0.05, format="csr", dtype=np.float32, random_state=rng)
    one, two = (neighbours(many, np.arange(300), 20, BOTH, threads) for threads in (1, 2))
    monkeypatch.setattr(module, "ROWS_AT_ONCE", 17)
    blocks = neighbours(many, np.arange(300), 20, BOTH, 2)
    for measure in BOTH:
        for name in ("client", "neighbour", "similarity"):
            first = getattr(one[measure], name).tobytes()
            assert first == getattr(two[measure], name).tobytes()
            assert first == getattr(blocks[measure], name).tobytes()


def test_a_log_of_one_client_has_no_neighbours() -> None:
    for found in neighbours(matrix([{0: 1.0}]), np.array([0]), 5, BOTH).values():
        assert found.client.tolist() == []
        assert found.matrix(found.similarity, 1).toarray().tolist() == [[0]]


@given(vectors, st.integers(1, 4))
@settings(max_examples=60, deadline=None)
def test_the_heaviest_entries_stay(of: list[plain.Vector], kept: int) -> None:
    rows = thinned(matrix(of), kept).toarray()
    for vector, row in zip(of, rows, strict=True):
        order = sorted((-value, item) for item, value in vector.items())[:kept]
        assert {item: value for item, value in enumerate(row.tolist()) if value} == {i: -v for v, i in order}


@given(vectors, st.sampled_from([0.5, 1.0, 1.5, 2.0, 3.0]))
@settings(max_examples=60, deadline=None)
def test_the_limit_is_the_largest_that_keeps_the_mean(of: list[plain.Vector], mean: float) -> None:
    lengths = [len(vector) for vector in of]

    def after(limit: int) -> float:
        return sum(min(limit, length) for length in lengths) / len(lengths)

    limit = entry_limit(matrix(of), mean)
    assert after(limit) <= mean or limit == 1
    assert after(limit + 1) > mean or limit >= max(lengths)


@pytest.mark.parametrize("columns", [1, 6, 7, 200, 333])
@pytest.mark.parametrize("values", [3, 1000])
def test_the_largest_are_those_of_a_sort(columns: int, values: int) -> None:
    """Few columns and many, few different values and many; and of rows as of columns."""
    drawn = np.random.default_rng(columns).integers(-values, values, (5, columns)).astype(np.float32)
    for above in (-np.inf, 0.0):
        expected = []
        for number, row in enumerate(drawn.tolist()):
            order = sorted((-value, column) for column, value in enumerate(row) if value > above)
            expected += [(number, column) for _, column in order[:6]]
        for found in (largest(drawn, 6, above), largest_of_columns(np.ascontiguousarray(drawn.T), 6, above)):
            assert list(zip(*(part.tolist() for part in found), strict=True)) == expected


def test_the_smallest_number_above_nothing_is_one_of_the_largest() -> None:
    tiny = np.array([[0.0, 1e-300, 0.0]])
    assert [part.tolist() for part in largest_of_columns(tiny.T, 2, above=0)] == [[0], [1]]
