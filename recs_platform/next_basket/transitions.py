"""What follows what: of the baskets with one item, how many of the client's next three bring another.

A follower counts by how soon it comes. Work is bounded by the number of pairs looked at: where a log has more, the
oldest baskets of every client are left out. Not here: that an item is bought again (`own.py`).
"""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp

from recs_platform.next_basket.arrays import Floats, Ints
from recs_platform.next_basket.blocks import in_blocks
from recs_platform.next_basket.log import BasketLog
from recs_platform.next_basket.neighbours import largest_entries

STEPS = 3
WEIGHTS = (1.0, 0.5, 0.25)
"""Of a follower in the next basket, the one after it, and the third; and of the last baskets that are followed."""
_ITEMS_AT_ONCE = 512


def transitions(log: BasketLog, *, followers: int = 50, pairs: int = 10_000_000, threads: int = 1) -> sp.csr_matrix:
    """Items by items: the weight of each item's `followers` strongest followers, per basket that had a next one."""
    items, size = len(log.items), log.basket_size
    newest = np.cumsum(np.bincount(log.age, _pairs(log), minlength=1))
    depth = max(1, int(np.searchsorted(newest, pairs, side="right")) - 1)
    lines = log.age[log.line_basket] <= depth
    ones = np.ones(int(lines.sum()), dtype=np.float32)
    held = sp.csr_matrix((ones, (log.line_basket[lines], log.line_item[lines])), shape=(len(size), items))
    next_ones = sum((_shift(log, step, WEIGHTS[step - 1]) @ held for step in range(1, STEPS + 1)), start=0 * held)
    has_next = (log.age > 0).astype(np.float32)
    before = sp.csr_matrix(sp.diags(has_next) @ held).T.tocsr()
    before.eliminate_zeros()
    times = np.asarray(before.sum(axis=1)).ravel()

    def strongest(rows: slice) -> sp.csr_matrix:
        found = (before[rows] @ next_ones).tocsr()
        row = np.repeat(np.arange(rows.start, rows.stop), np.diff(found.indptr))
        found.data = np.where(found.indices == row, 0, found.data / np.maximum(times[row], 1)).astype(np.float32)
        at = np.sort(largest_entries(found, followers, above=0))
        first = np.searchsorted(at, found.indptr)
        return sp.csr_matrix((found.data[at], found.indices[at], first), shape=found.shape)

    parts = list(in_blocks(strongest, items, _ITEMS_AT_ONCE, threads))
    return sp.csr_matrix(sp.vstack(parts)) if parts else sp.csr_matrix(np.zeros((0, 0), dtype=np.float32))


def last_baskets(log: BasketLog) -> sp.csr_matrix:
    """Clients by items: what the client's last three baskets hold, the last one weighing most; weights sum to 1."""
    weight = np.concatenate([WEIGHTS, [0.0]])[np.minimum(log.age, STEPS)]
    size = np.bincount(log.line_client, weight[log.line_basket], minlength=len(log.clients))
    lines = np.flatnonzero(log.age[log.line_basket] < STEPS)
    share = weight[log.line_basket[lines]] / size[log.line_client[lines]]
    shape = (len(log.clients), len(log.items))
    return sp.csr_matrix((share.astype(np.float32), (log.line_client[lines], log.line_item[lines])), shape=shape)


def _shift(log: BasketLog, step: int, weight: float) -> sp.csr_matrix:
    """Baskets by baskets: of each basket, the one `step` later of the same client."""
    basket = np.flatnonzero(log.age >= step)
    values = np.full(len(basket), weight, dtype=np.float32)
    return sp.csr_matrix((values, (basket, basket + step)), shape=(len(log.age), len(log.age)))


def _pairs(log: BasketLog) -> Floats:
    """Of each basket, how many pairs of an item and a follower it makes."""
    size = log.basket_size.astype(np.float64)
    total: Floats = np.zeros(len(size))
    for step in range(1, STEPS + 1):
        basket: Ints = np.flatnonzero(log.age >= step)
        total[basket] += size[basket] * size[basket + step]
    return total
