"""The published methods and simple baselines that a ranking is held against, on whole matrices.

TIFU-KNN: Hu et al., SIGIR 2020. UP-CF@r: Faggioli, Polato and Aiolli, UMAP 2020. Tests hold them against the same
client by client, as the papers tell it. Whatever the number of threads, the same bits come out. Scores are items by
clients, and of a block of clients at a time; methods that have work in common share it. Not here: how they are tuned
(`tuning.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from recs_platform.next_basket.arrays import Floats, Ints, Singles, within
from recs_platform.next_basket.blocks import in_blocks
from recs_platform.next_basket.decayed import Decay, by_baskets
from recs_platform.next_basket.lists import Lists
from recs_platform.next_basket.neighbours import Neighbours, largest_of_columns, neighbours
from recs_platform.next_basket.own import Own

LENGTH = 25
ROWS_AT_ONCE = 100
M = TypeVar("M")
_M = TypeVar("_M", contravariant=True)
Scores = npt.NDArray[np.float32] | npt.NDArray[np.float64]
"""Items by clients."""


@dataclass(frozen=True)
class Tifu:
    in_group: float
    between_groups: float
    group: int
    neighbours: int
    alpha: float

    @property
    def decay(self) -> Decay:
        return Decay(self.in_group, self.between_groups, self.group)


@dataclass(frozen=True)
class UpCf:
    recency: int
    """How many of a client's last baskets count; 0 for all."""
    asymmetry: float
    locality: int


class Family(Protocol[_M]):
    """Methods that share what they are made of."""

    def scores(self, clients: Ints, methods: Sequence[_M]) -> Iterator[Scores]:
        """Of each method in turn; those that are alike are best named one after the other."""


@dataclass(frozen=True, eq=False)
class TifuFamily:
    """Of one decay."""

    vectors: sp.csr_matrix
    turned: sp.csr_matrix
    closest: dict[int, sp.csr_matrix]
    """By the number of neighbours, what each counts for."""

    @classmethod
    def of(cls, history: Own, clients: Ints, decay: Decay, counts: Iterable[int], threads: int = 1) -> TifuFamily:
        vectors = history.matrix(history.summed(by_baskets(history.log, decay)))
        pool = np.flatnonzero(history.log.baskets > 0)
        near = neighbours(vectors, pool, max(counts), ("l2",), threads, clients)["l2"]
        return cls(vectors, vectors.T.tocsr(), {count: _closest(near, count, vectors.shape[0]) for count in counts})

    def scores(self, clients: Ints, methods: Sequence[Tifu]) -> Iterator[Scores]:
        mine = _turned(self.vectors[clients])
        others: dict[int, Singles] = {}
        for method in methods:
            if method.neighbours not in others:
                others = {method.neighbours: self._of_others(self.closest[method.neighbours][clients])}
            yield method.alpha * mine + (1 - method.alpha) * others[method.neighbours]

    def _of_others(self, closest: sp.csr_matrix) -> Singles:
        # A product with many of all clients is faster as one with all.
        if closest.nnz * 8 > closest.shape[0] * closest.shape[1]:
            found: Singles = self.turned @ _turned(closest)
            return found
        return _turned(closest @ self.vectors)


def _closest(near: Neighbours, count: int, clients: int) -> sp.csr_matrix:
    rows = within(near.client) < count
    kept = Neighbours(near.client[rows], near.neighbour[rows], near.similarity[rows])
    return kept.matrix(1 / np.bincount(kept.client)[kept.client], clients)


@dataclass(frozen=True, eq=False)
class UpCfFamily:
    held: sp.csr_matrix
    """Clients by items: 1 where a client ever bought an item."""
    size: Floats
    recent: dict[int, sp.csr_matrix]
    """By recency, items by clients: in which share of its last baskets each client has each item."""

    @classmethod
    def of(cls, history: Own, recencies: Iterable[int]) -> UpCfFamily:
        held = history.matrix(np.ones(len(history.item))).astype(np.float64)
        size = np.maximum(np.diff(held.indptr), 1).astype(np.float64)
        return cls(held, size, {recency: _recent(history, recency) for recency in recencies})

    def scores(self, clients: Ints, methods: Sequence[UpCf]) -> Iterator[Scores]:
        common = (self.held @ self.held[clients].T).toarray()
        similar: dict[tuple[float, int], Floats] = {}
        for method in methods:
            key = method.asymmetry, method.locality
            if key not in similar:
                lengths = self.size[clients] ** method.asymmetry * self.size[:, None] ** (1 - method.asymmetry)
                similar = {key: (common / lengths) ** method.locality}
            found: Floats = self.recent[method.recency] @ similar[key]
            yield found


def _recent(history: Own, recency: int) -> sp.csr_matrix:
    log = history.log
    recency = recency or int(log.baskets.max(initial=1))
    popularity = history.summed((log.age < recency).astype(np.float64))
    popularity /= np.minimum(recency, log.baskets)[history.client]
    vectors = history.matrix(popularity)
    vectors.eliminate_zeros()
    return vectors.T.tocsr().astype(np.float64)


def tifu_scores(history: Own, clients: Ints, method: Tifu) -> Scores:
    """Clients by items."""
    family = TifuFamily.of(history, clients, method.decay, (method.neighbours,))
    return next(family.scores(clients, (method,))).T


def tifu_lists(history: Own, clients: Ints, method: Tifu, threads: int = 1) -> Lists:
    family = TifuFamily.of(history, clients, method.decay, (method.neighbours,), threads)
    return lists_of_each(family, clients, (method,), threads)[0]


def up_cf_scores(history: Own, clients: Ints, method: UpCf) -> Scores:
    """Clients by items."""
    return next(UpCfFamily.of(history, (method.recency,)).scores(clients, (method,))).T


def up_cf_lists(history: Own, clients: Ints, method: UpCf, threads: int = 1) -> Lists:
    return lists_of_each(UpCfFamily.of(history, (method.recency,)), clients, (method,), threads)[0]


def own_top_lists(history: Own, clients: Ints) -> Lists:
    counts = _counts(history)
    return _lists(lambda rows: _turned(counts[rows]), clients)


def global_top_lists(history: Own, clients: Ints) -> Lists:
    popularity = _popularity(history)
    one = _lists(lambda rows: np.tile(popularity[:, None], len(rows)), clients[:1])
    return Lists(clients, np.repeat(one.items, len(clients), axis=0) if len(clients) else one.items)


def own_then_global_lists(history: Own, clients: Ints) -> Lists:
    counts, popularity = _counts(history), _popularity(history)
    share = popularity[:, None] / (popularity.max(initial=0) + 1)
    return _lists(lambda rows: _turned(counts[rows]) + share, clients)


def _counts(history: Own) -> sp.csr_matrix:
    return history.matrix(history.count.astype(np.float64))


def _popularity(history: Own) -> Floats:
    return np.bincount(history.log.line_item, minlength=len(history.log.items)).astype(np.float64)


def _turned(rows: sp.csr_matrix) -> Singles:
    """Columns by rows, in full."""
    turned: Singles = rows.T.toarray(order="C")
    return turned


def _lists(scores: Callable[[Ints], Scores], clients: Ints) -> Lists:
    return _of_each(lambda rows: (scores(rows),), 1, clients)[0]


def lists_of_each(family: Family[M], clients: Ints, methods: Sequence[M], threads: int = 1) -> list[Lists]:
    """The best of each client by each method: nothing without a score."""
    return _of_each(lambda rows: family.scores(rows, methods), len(methods), clients, threads)


def _of_each(scores: Callable[[Ints], Iterable[Scores]], methods: int, clients: Ints, threads: int = 1) -> list[Lists]:
    items = np.full((methods, len(clients), LENGTH), -1)

    def listed(rows: slice) -> tuple[slice, list[tuple[Ints, Ints]]]:
        return rows, [largest_of_columns(of_method, LENGTH, above=0) for of_method in scores(clients[rows])]

    for rows, found in in_blocks(listed, len(clients), ROWS_AT_ONCE, threads):
        for number, (row, item) in enumerate(found):
            items[number, rows.start + row, within(row)] = item
    return [Lists(clients, of_method) for of_method in items]
