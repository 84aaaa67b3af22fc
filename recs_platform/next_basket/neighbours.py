"""The clients nearest to each client by their vectors: by cosine and by Euclidean distance (L2) in one pass.

A client is not its own neighbour. Equal neighbours stand in the order of clients, and the same bits come out whatever
the number of threads. By cosine only clients with something in common are neighbours; by distance everybody can be, as
in TIFU-KNN. Not here: what neighbours recommend (`neighbour_scores.py`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
import scipy.sparse as sp

from recs_platform.next_basket.arrays import Floats, Ints, Singles, parts, places, within
from recs_platform.next_basket.blocks import blocks, in_blocks

Measure: TypeAlias = Literal["cosine", "l2"]
ROWS_AT_ONCE = 256
GROUP = 16


@dataclass(frozen=True, eq=False)
class Neighbours:
    """By client, then from the nearest on."""

    client: Ints
    neighbour: Ints
    similarity: Singles
    """The cosine, or the distance with its sign turned: the more, the nearer."""

    def matrix(self, weight: Floats | Singles, clients: int) -> sp.csr_matrix:
        """Clients by clients."""
        first = np.searchsorted(self.client, np.arange(clients + 1))
        return sp.csr_matrix((weight.astype(np.float32), self.neighbour, first), shape=(clients, clients))


def neighbours(
    vectors: sp.csr_matrix,
    pool: Ints,
    count: int,
    measures: tuple[Measure, ...],
    threads: int = 1,
    clients: Ints | None = None,
) -> dict[Measure, Neighbours]:
    """The `count` nearest of `pool` (clients in order) for every row of `vectors`, or for some (in order)."""
    asked = np.arange(vectors.shape[0]) if clients is None else clients
    empty = np.zeros(0, dtype=np.int64)
    others = vectors[pool].T.tocsr()
    squares = squared_norms(vectors)
    lengths = np.sqrt(squares)
    inverse = np.divide(1, lengths[pool], out=np.ones(len(pool), dtype=np.float32), where=lengths[pool] > 0)
    own_place = places(pool, asked)

    def nearest(rows: slice) -> list[tuple[Ints, Ints, Singles]]:
        these = asked[rows]
        common = (vectors[these] @ others).toarray()
        pooled = np.flatnonzero(own_place[rows] >= 0)
        common[pooled, own_place[rows][pooled]] = -np.inf
        listed = []
        for measure in measures:
            # What is the same for all others of a client does not change their order, and is left out of it.
            if measure == "cosine":
                row, column = largest(common * inverse, count, above=0)
                near = common[row, column] * inverse[column] / lengths[these][row]
            else:
                row, column = largest(2 * common - squares[pool], count)
                apart = squares[these][row] + squares[pool[column]] - 2 * common[row, column]
                near = -np.sqrt(np.maximum(apart, 0))
            listed.append((these[row], pool[column], near.astype(np.float32)))
        return listed

    found = list(in_blocks(nearest, len(asked), ROWS_AT_ONCE, threads))
    result: dict[Measure, Neighbours] = {}
    for place, measure in enumerate(measures):
        client, neighbour = (np.concatenate([empty, *(block[place][n] for block in found)]) for n in range(2))
        near = np.concatenate([empty.astype(np.float32), *(block[place][2] for block in found)])
        result[measure] = Neighbours(client, neighbour, near)
    return result


def squared_norms(vectors: sp.csr_matrix) -> Singles:
    squares = sp.csr_matrix((vectors.data**2, vectors.indices, vectors.indptr), shape=vectors.shape)
    return np.asarray(squares.sum(axis=1), dtype=np.float32).ravel()


def largest(values: Singles, count: int, above: float = -np.inf) -> tuple[Ints, Ints]:
    """Of each row, the columns of its largest values, from the largest on; equal ones in the order of columns, and none
    that is not above a value.

    >>> row, column = largest(np.array([[1, 3, 3, 0]], dtype=np.float32), 2)
    >>> row.tolist(), column.tolist()
    ([0, 0], [1, 2])
    >>> largest(np.array([[1, 3, 3, 0]], dtype=np.float32), 4, above=1)[1].tolist()
    [1, 2]
    """
    groups = _groups(values.shape[1], count)
    maxima = values if not groups else values[:, : groups * GROUP].reshape(len(values), GROUP, groups).max(axis=1)
    least = _threshold(maxima, count, above)
    row, column = parts(np.flatnonzero(values >= least[:, None]), values.shape[1])
    return _first(row, column, values[row, column], count)


def largest_of_columns(values: Singles | Floats, count: int, above: float = -np.inf) -> tuple[Ints, Ints]:
    """The same of each column: columns, and the rows of their largest values.

    >>> column, row = largest_of_columns(np.array([[1], [3], [3], [0]], dtype=np.float32), 2)
    >>> column.tolist(), row.tolist()
    ([0, 0], [1, 2])
    """
    groups = _groups(len(values), count)
    maxima = values if not groups else values[: groups * GROUP].reshape(GROUP, groups, values.shape[1]).max(axis=0)
    row, column = parts(np.flatnonzero(values >= _threshold(maxima.T, count, above)), values.shape[1])
    return _first(column, row, values[row, column], count)


def _first(of: Ints, what: Ints, value: Singles | Floats, count: int) -> tuple[Ints, Ints]:
    order = np.lexsort((what, -value, of))
    of, what = of[order], what[order]
    kept = within(of) < count
    return of[kept], what[kept]


def largest_entries(matrix: sp.csr_matrix, count: int, above: float = -np.inf) -> Ints:
    """Where in `matrix.data` the largest entries of each row stand, by row and from the largest on; equal ones in the
    order of columns, and none that is not above a value.

    >>> matrix = sp.csr_matrix((np.array([1, 3, 3], dtype=np.float32), np.array([4, 7, 2]), np.array([0, 3])), (1, 9))
    >>> largest_entries(matrix, 2).tolist()
    [2, 1]
    """
    lengths = np.diff(matrix.indptr)
    least = np.full(len(lengths), np.nextafter(np.float32(above), np.float32(np.inf)), dtype=np.float32)
    # Row by row: rows of one length would be the longest one's, and most of that nothing.
    for row in np.flatnonzero(lengths > count):
        values = matrix.data[matrix.indptr[row] : matrix.indptr[row + 1]]
        place = len(values) - count
        least[row] = max(np.partition(values, place)[place], least[row])
    chosen = np.flatnonzero(matrix.data >= np.repeat(least, lengths))
    of = np.searchsorted(matrix.indptr, chosen, side="right") - 1
    order = np.lexsort((matrix.indices[chosen], -matrix.data[chosen], of))
    return chosen[order[within(of[order]) < count]]


def _groups(width: int, count: int) -> int:
    """In how many groups values are looked at by their maxima: what the `count` largest maxima reach so many values do,
    and few others, and maxima are soon sorted out. 0 where there are too few values."""
    groups = width // GROUP
    return groups if groups >= 2 * count else 0


def _threshold(values: Singles | Floats, count: int, above: float) -> Singles | Floats:
    """Per row, the value that its `count` largest ones reach, or the next one above a value."""
    of = values.dtype.type
    least = np.nextafter(of(above), of(np.inf))
    if values.shape[1] <= count:
        return np.full(len(values), least, dtype=values.dtype)
    place = values.shape[1] - count
    reached: Singles | Floats = np.maximum(np.partition(values, place, axis=1)[:, place], least)
    return reached


def entry_limit(vectors: sp.csr_matrix, mean: float) -> int:
    """How many entries each row may keep, so that rows have this many on average: long ones pay first.

    >>> rows = sp.csr_matrix(np.array([[1, 1, 1, 1], [1, 0, 0, 0]], dtype=np.float32))
    >>> entry_limit(rows, 2.0), entry_limit(rows, 9.0)
    (3, 4)
    """
    lengths = np.sort(np.diff(vectors.indptr).astype(np.int64))
    if not len(lengths) or lengths.mean() <= mean:
        return int(lengths.max(initial=1))
    limits = np.arange(1, int(lengths[-1]) + 1)
    shorter = np.searchsorted(lengths, limits)
    totals = np.concatenate([[0], np.cumsum(lengths)])[shorter] + limits * (len(lengths) - shorter)
    return max(1, int(np.searchsorted(totals, mean * len(lengths), side="right")))


def thinned(vectors: sp.csr_matrix, kept: int) -> sp.csr_matrix:
    """Only the `kept` largest entries of each row; equal ones in the order of columns. Long histories then cost no more
    than those of ordinary clients."""
    lengths = np.diff(vectors.indptr)
    if not len(lengths) or lengths.max() <= kept:
        return vectors
    stays = np.sort(
        np.concatenate(
            [
                vectors.indptr[rows.start] + largest_entries(vectors[rows], kept)
                for rows in blocks(vectors.shape[0], ROWS_AT_ONCE)
            ]
        )
    )
    first = np.concatenate([[0], np.cumsum(np.minimum(lengths, kept))])
    return sp.csr_matrix((vectors.data[stays], vectors.indices[stays], first), shape=vectors.shape)
