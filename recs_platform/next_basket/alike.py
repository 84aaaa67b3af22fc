"""The clients most like each client by what they order, how lately and how often.

Two clients are alike by the share of their orders that is common: of every item, the smaller number of the two, over
the larger, summed. With every number taken for one that is Jaccard's share of common items. How lately and how often
they order adds to it, but makes nobody alike who has nothing in common. Not here: neighbours by decayed vectors
(neighbours.py).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from recs_platform.next_basket.arrays import Floats, Ints
from recs_platform.next_basket.blocks import in_blocks
from recs_platform.next_basket.neighbours import Neighbours, largest, largest_entries

ROWS_AT_ONCE = 256


@dataclass(frozen=True)
class Likeness:
    """What counts, and how much of each."""

    most_orders: int
    """Orders of one item that count, at most: 1 asks only whether it was ordered."""
    items: float = 1.0
    recency: float = 0.0
    frequency: float = 0.0


JACCARD = Likeness(most_orders=1)


@dataclass(frozen=True, eq=False)
class Habits:
    """Of every client, in order."""

    orders: sp.csr_matrix
    """Clients by items: orders with the item."""
    days_since: Ints
    """Days since the last order."""
    order_count: Ints


def alike(habits: Habits, clients: Ints, count: int, likeness: Likeness, threads: int = 1) -> Neighbours:
    """The most similar ones of each of some clients; equal ones in the order of clients."""
    levels = [at_least(habits.orders, level) for level in range(1, likeness.most_orders + 1)]
    counted = np.sum([np.diff(level.indptr) for level in levels], axis=0)
    columns = [level.T.tocsr() for level in levels]
    whole = likeness.items + likeness.recency + likeness.frequency

    def of(rows: slice) -> tuple[Ints, Ints, Floats]:
        these = clients[rows]
        common = np.sum(
            [(level[these] @ column).toarray() for level, column in zip(levels, columns, strict=True)], axis=0
        )
        # Divided first: equal shares are the same bits, so that names decide.
        similar = likeness.items * (common / np.maximum(counted[these][:, None] + counted - common, 1))
        similar += likeness.recency * _agreement(habits.days_since + 1, these)
        similar += likeness.frequency * _agreement(habits.order_count, these)
        similar[common == 0] = 0
        similar[np.arange(len(these)), these] = 0
        similar /= whole
        row, neighbour = largest(similar, count, above=0)
        return these[row], neighbour, similar[row, neighbour]

    parts = [of(slice(0, 0)), *in_blocks(of, len(clients), ROWS_AT_ONCE, threads)]
    client, neighbour, similarity = (np.concatenate([part[n] for part in parts]) for n in range(3))
    return Neighbours(client, neighbour, similarity.astype(np.float32))


@dataclass(frozen=True, eq=False)
class Unknown:
    """Items that clients do not know and their neighbours buy: by client, then from the best on."""

    client: Ints
    item: Ints
    share: Floats
    """Of the likeness of all neighbours, that of those who buy it."""
    neighbours: Ints
    """How many of them do."""


def bought_by_neighbours(
    bought: sp.csr_matrix, known: sp.csr_matrix, neighbours: Neighbours, clients: Ints, count: int, threads: int = 1
) -> Unknown:
    """The best of some clients; equal ones in the order of items. `bought` and `known` are 1 where a client is known to
    buy an item, and where it knows it."""
    weights = neighbours.matrix(neighbours.similarity, bought.shape[0])
    heads = neighbours.matrix(np.ones(len(neighbours.client)), bought.shape[0])

    def of(rows: slice) -> tuple[Ints, Ints, Floats, Ints]:
        these = clients[rows]
        share = (weights[these] @ bought).tocsr()
        share -= share.multiply(known[these])
        share.eliminate_zeros()
        share.sort_indices()
        at = largest_entries(share, count, above=0)
        row = np.searchsorted(share.indptr, at, side="right") - 1
        item = share.indices[at].astype(np.int64)
        # Of no places at all scipy gives a matrix.
        how_many = np.asarray((heads[these] @ bought).tocsr()[row, item]).ravel() if len(row) else np.zeros(0)
        of_all = np.asarray(weights[these].sum(axis=1), dtype=np.float64).ravel()
        # What all neighbours buy is no more than all, whichever way numbers of 32 bits were added up.
        of_them = np.minimum(share.data[at] / of_all[row], 1.0)
        return these[row], item, of_them, np.rint(how_many).astype(np.int64)

    parts = [of(slice(0, 0)), *in_blocks(of, len(clients), ROWS_AT_ONCE, threads)]
    client, item, share, how_many = (np.concatenate([part[n] for part in parts]) for n in range(4))
    return Unknown(client, item, share, how_many)


def at_least(orders: sp.csr_matrix, level: int) -> sp.csr_matrix:
    """1 where there are so many orders."""
    there = sp.csr_matrix(
        ((orders.data >= level).astype(np.float32), orders.indices.copy(), orders.indptr.copy()), orders.shape
    )
    there.eliminate_zeros()
    return there


def _agreement(numbers: Ints, these: Ints) -> Floats:
    """The smaller of two numbers over the larger."""
    ours = numbers[these][:, None]
    agreement: Floats = np.minimum(ours, numbers) / np.maximum(ours, numbers)
    return agreement
