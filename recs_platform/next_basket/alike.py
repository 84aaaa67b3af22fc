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

from recs_platform.next_basket.arrays import Floats, Ints, places, spread
from recs_platform.next_basket.blocks import in_blocks
from recs_platform.next_basket.neighbours import Neighbours, largest, largest_entries

POOL = 10_000
"""Among how many clients similar ones are sought: more clients then take more time in proportion, and no more."""
ROWS_AT_ONCE, CLIENTS_AT_ONCE = 256, 64
"""What is compared with everybody is compared in smaller blocks, which stay near the processor."""
KNOWN = 1e9
"""More than all neighbours of a client weigh together."""


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


def alike(
    habits: Habits, clients: Ints, count: int, likeness: Likeness, threads: int = 1, most: int = POOL
) -> Neighbours:
    """The most similar ones of each of some clients; equal ones in the order of clients. They are sought among all
    clients, or among so many, evenly spread."""
    levels = [at_least(habits.orders, level) for level in range(1, likeness.most_orders + 1)]
    counted = np.sum([np.diff(level.indptr) for level in levels], axis=0).astype(np.float64)
    # Of two numbers the smaller is the number of levels that both reach. What one client alone orders is nobody's.
    reached = sp.csr_matrix(sp.hstack(levels))
    reached = reached[:, np.bincount(reached.indices, minlength=reached.shape[1]) > 1]
    pool = spread(np.arange(len(counted)), most)
    others, counted_others = reached[pool].T.tocsr(), counted[pool]
    own_place = places(pool, np.arange(len(counted)))
    agreeing = [
        (weight, numbers.astype(np.float64), numbers[pool].astype(np.float64))
        for weight, numbers in ((likeness.recency, habits.days_since + 1), (likeness.frequency, habits.order_count))
    ]
    whole = likeness.items + likeness.recency + likeness.frequency

    def of(rows: slice) -> tuple[Ints, Ints, Floats]:
        these = clients[rows]
        common = (reached[these] @ others).toarray()
        similar = counted[these][:, None] + counted_others
        similar -= common
        np.maximum(similar, 1, out=similar)
        # Divided first: equal shares are the same bits, so that names decide.
        np.divide(common, similar, out=similar)
        similar *= likeness.items
        for weight, numbers, numbers_of_others in agreeing:
            ours = numbers[these][:, None]
            # The smaller of two numbers over the larger.
            agreement = np.minimum(ours, numbers_of_others)
            agreement /= np.maximum(ours, numbers_of_others)
            agreement *= weight
            similar += agreement
        np.copyto(similar, 0, where=common == 0)
        pooled = np.flatnonzero(own_place[these] >= 0)
        similar[pooled, own_place[these][pooled]] = 0
        similar /= whole
        row, near = largest(similar, count, above=0)
        return these[row], pool[near], similar[row, near]

    parts = [of(slice(0, 0)), *in_blocks(of, len(clients), CLIENTS_AT_ONCE, threads)]
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


@dataclass(frozen=True, eq=False)
class Tally:
    """Who has which neighbours, and who buys and knows what: made once for all clients."""

    weights: sp.csr_matrix
    weighted: sp.csr_matrix
    counted: sp.csr_matrix


def tally(bought: sp.csr_matrix, known: sp.csr_matrix, neighbours: Neighbours) -> Tally:
    """`bought` and `known` are 1 where a client is known to buy an item, and where it knows it."""
    weights = neighbours.matrix(neighbours.similarity, bought.shape[0])
    return Tally(weights, _counting(weights), sp.csr_matrix(sp.vstack([_ones(bought), _ones(known)])))


def bought_by_neighbours(of_all: Tally, clients: Ints, count: int, threads: int = 1) -> Unknown:
    """The best of some clients; equal ones in the order of items."""

    def of(rows: slice) -> tuple[Ints, Ints, Floats, Ints]:
        these = clients[rows]
        found = (of_all.weighted[these] @ of_all.counted).tocsr()
        share = sp.csr_matrix((found.data.real.copy(), found.indices, found.indptr), shape=found.shape)
        at = largest_entries(share, count, above=0)
        row = np.searchsorted(share.indptr, at, side="right") - 1
        whole = np.asarray(of_all.weights[these].sum(axis=1), dtype=np.float64).ravel()
        how_many = found.data.imag[at].astype(np.int64)
        # What all neighbours buy is no more than all, whichever way numbers of 32 bits were added up.
        of_whole = np.minimum(share.data[at] / whole[row], 1.0)
        return these[row], share.indices[at].astype(np.int64), of_whole, how_many

    parts = [of(slice(0, 0)), *in_blocks(of, len(clients), ROWS_AT_ONCE, threads)]
    client, item, share, how_many = (np.concatenate([part[n] for part in parts]) for n in range(4))
    return Unknown(client, item, share, how_many)


def _counting(weights: sp.csr_matrix) -> sp.csr_matrix:
    """Clients by clients twice: the weight of each neighbour, and 1 as its imaginary part, so that one product adds up
    weights and counts neighbours. In the second half a client's own place, with a weight that none of them makes up
    for: what the client knows comes out below 0."""
    clients = weights.shape[0]
    ends, own = weights.indptr[1:], np.arange(clients, 2 * clients)
    data = np.insert(weights.data + np.complex64(1j), ends, np.complex64(-KNOWN))
    first = weights.indptr + np.arange(clients + 1)
    return sp.csr_matrix((data, np.insert(weights.indices, ends, own), first), shape=(clients, 2 * clients))


def _ones(matrix: sp.csr_matrix) -> sp.csr_matrix:
    return sp.csr_matrix((np.ones(matrix.nnz, np.complex64), matrix.indices, matrix.indptr), shape=matrix.shape)


def at_least(orders: sp.csr_matrix, level: int) -> sp.csr_matrix:
    """1 where there are so many orders."""
    there = sp.csr_matrix(
        ((orders.data >= level).astype(np.float32), orders.indices.copy(), orders.indptr.copy()), orders.shape
    )
    there.eliminate_zeros()
    return there
