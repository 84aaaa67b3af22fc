"""The published methods and simple baselines that a ranking is held against, on whole matrices, and how they are tuned.

TIFU-KNN: Hu et al., SIGIR 2020. UP-CF@r: Faggioli, Polato and Aiolli, UMAP 2020. Tests hold them against the same
client by client, as the papers tell it. Whatever the number of threads, the same bits come out.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias, TypeVar

import numpy as np
import scipy.sparse as sp

from recs_platform.next_basket.arrays import Floats, Ints, spread, within
from recs_platform.next_basket.blocks import in_blocks
from recs_platform.next_basket.decayed import Decay, by_baskets
from recs_platform.next_basket.holdout import Holdout
from recs_platform.next_basket.lists import Lists, figures, judged, mean
from recs_platform.next_basket.neighbours import Neighbours, largest, neighbours
from recs_platform.next_basket.own import Own, own

Scores: TypeAlias = Callable[[Ints], Floats]
LENGTH = 25
ROWS_AT_ONCE = 200
MOST_TUNED_ON = 600
"""Validation clients that methods are tuned on: the best of a grid is soon found, and a grid has many methods."""


@dataclass(frozen=True)
class Tifu:
    in_group: float
    between_groups: float
    group: int
    neighbours: int
    alpha: float


@dataclass(frozen=True)
class UpCf:
    recency: int
    """How many of a client's last baskets count; 0 for all."""
    asymmetry: float
    locality: int


def tifu_scores(history: Own, clients: Ints, method: Tifu) -> Floats:
    return _tifu(history, clients, method)(clients)


def tifu_lists(history: Own, clients: Ints, method: Tifu, threads: int = 1) -> Lists:
    return _lists(_tifu(history, clients, method, threads), clients, threads)


def _tifu(history: Own, clients: Ints, method: Tifu, threads: int = 1) -> Scores:
    vectors, near = _nearest(history, clients, method, method.neighbours, threads)
    return _tifu_scores(vectors, _closest(near, method.neighbours, vectors.shape[0]), method.alpha)


def _nearest(history: Own, clients: Ints, method: Tifu, count: int, threads: int) -> tuple[sp.csr_matrix, Neighbours]:
    decay = Decay(method.in_group, method.between_groups, method.group)
    vectors = history.matrix(history.summed(by_baskets(history.log, decay)))
    pool = np.flatnonzero(history.log.baskets > 0)
    return vectors, neighbours(vectors, pool, count, ("l2",), threads, clients)["l2"]


def _closest(near: Neighbours, count: int, clients: int) -> sp.csr_matrix:
    rows = within(near.client) < count
    kept = Neighbours(near.client[rows], near.neighbour[rows], near.similarity[rows])
    return kept.matrix(1 / np.bincount(kept.client)[kept.client], clients)


def _tifu_scores(vectors: sp.csr_matrix, mine: sp.csr_matrix, alpha: float) -> Scores:
    def scores(rows: Ints) -> Floats:
        of: Floats = alpha * vectors[rows].toarray() + (1 - alpha) * (mine[rows] @ vectors).toarray()
        return of

    return scores


def up_cf_scores(history: Own, clients: Ints, method: UpCf) -> Floats:
    return _up_cf(history, method)(clients)


def up_cf_lists(history: Own, clients: Ints, method: UpCf, threads: int = 1) -> Lists:
    return _lists(_up_cf(history, method), clients, threads)


def _up_cf(history: Own, method: UpCf) -> Scores:
    log = history.log
    recency = method.recency or int(log.baskets.max(initial=1))
    popularity = history.summed((log.age < recency).astype(np.float64))
    popularity /= np.minimum(recency, log.baskets)[history.client]
    vectors = history.matrix(popularity)
    vectors.eliminate_zeros()
    held = history.matrix(np.ones(len(history.item))).astype(np.float64)
    size = np.maximum(np.diff(held.indptr), 1).astype(np.float64)

    def scores(rows: Ints) -> Floats:
        common = (held[rows] @ held.T).toarray()
        lengths = size[rows, None] ** method.asymmetry * size ** (1 - method.asymmetry)
        of: Floats = (sp.csr_matrix((common / lengths) ** method.locality) @ vectors).toarray()
        return of

    return scores


def own_top_lists(history: Own, clients: Ints) -> Lists:
    counts = history.matrix(history.count.astype(np.float64))
    return _lists(lambda rows: counts[rows].toarray(), clients)


def global_top_lists(history: Own, clients: Ints) -> Lists:
    popularity = np.bincount(history.log.line_item, minlength=len(history.log.items)).astype(np.float64)
    return _lists(lambda rows: np.tile(popularity, (len(rows), 1)), clients)


def own_then_global_lists(history: Own, clients: Ints) -> Lists:
    counts = history.matrix(history.count.astype(np.float64))
    popularity = np.bincount(history.log.line_item, minlength=len(history.log.items)).astype(np.float64)
    return _lists(lambda rows: counts[rows].toarray() + popularity / (popularity.max() + 1), clients)


def _lists(scores: Scores, clients: Ints, threads: int = 1) -> Lists:
    items = np.full((len(clients), LENGTH), -1)

    def listed(rows: slice) -> tuple[slice, Ints, Ints]:
        values = np.asarray(scores(clients[rows]), dtype=np.float64)
        return rows, *largest(np.where(values > 0, values, -np.inf), LENGTH)

    for rows, row, column in in_blocks(listed, len(clients), ROWS_AT_ONCE, threads):
        items[rows.start + row, within(row)] = column
    return Lists(clients, items)


def tuned_tifu(validation: Holdout, methods: list[Tifu], k: int = 10, threads: int = 1) -> Tifu:
    """The one whose lists have the best NDCG on the validation's clients; the first of equals. Methods that have a
    decay in common share their neighbours."""
    validation = _some(validation)
    history, clients = own(validation.history), validation.clients
    most, parts = max(method.neighbours for method in methods), _Last()
    near = _Last()

    def lists(method: Tifu) -> Lists:
        decay = method.in_group, method.between_groups, method.group
        vectors, nearest = near.of(decay, lambda: _nearest(history, clients, method, most, threads))
        mine = parts.of((decay, method.neighbours), lambda: _closest(nearest, method.neighbours, vectors.shape[0]))
        return _lists(_tifu_scores(vectors, mine, method.alpha), clients, threads)

    return _best(methods, lists, validation, k)


def tuned_up_cf(validation: Holdout, methods: list[UpCf], k: int = 10, threads: int = 1) -> UpCf:
    validation = _some(validation)
    history = own(validation.history)
    return _best(methods, lambda method: up_cf_lists(history, validation.clients, method, threads), validation, k)


def _some(validation: Holdout) -> Holdout:
    return validation.of(spread(validation.clients, MOST_TUNED_ON))


M = TypeVar("M")
V = TypeVar("V")


class _Last:
    """What was made last, as long as it is asked for again."""

    def __init__(self) -> None:
        self.key: object = None
        self.value: Any = None

    def of(self, key: object, make: Callable[[], V]) -> V:
        if self.key != key:
            self.key, self.value = key, make()
        value: V = self.value
        return value


def _best(methods: list[M], lists: Callable[[M], Lists], validation: Holdout, k: int) -> M:
    values = [mean(figures(judged(lists(method), validation), "ndcg", k)) or 0.0 for method in methods]
    return methods[int(np.argmax(values))]


_DECAYS = ((3, 0.9, 0.6), (3, 0.9, 0.9), (7, 0.7, 0.7), (7, 0.9, 0.3), (7, 0.9, 0.7), (7, 1.0, 0.8), (20, 1.0, 0.6))
"""Group size, decay in it and between groups: around what the paper found best on its logs."""


def tifu_grid() -> list[Tifu]:
    return [
        Tifu(in_group, between, group, count, alpha)
        for group, in_group, between in _DECAYS
        for count in (100, 300, 900)
        for alpha in (0.1, 0.2, 0.5, 0.7, 0.9)
    ]


def up_cf_grid() -> list[UpCf]:
    return [
        UpCf(recency, asymmetry, locality)
        for recency in (1, 5, 25, 100, 0)
        for asymmetry in (0.25, 0.5, 0.75)
        for locality in (5, 10, 50, 1000)
    ]
