"""Items that nobody bought yet, by what kind of things each client buys: group, brand and price band of the catalog.

An item's worth for a client is the share of its lines in the item's group, times one half and more for its brand and
for its price band. An item without a group is not found this way. Not here: how many of a list may be new.
"""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp

from recs_platform.next_basket.arrays import Ints, Singles, within
from recs_platform.next_basket.neighbours import largest_entries
from recs_platform.next_basket.own import Own
from recs_platform.next_basket.taste import Attributes, shares

GROUP, REST = "group", ("brand", "price_band")
PER_GROUP = 20
"""How many new items of a group are looked at: the first ones by their names, so that work is bounded."""
PER_CLIENT = 30
LEAST = 0.249
"""Of its group's worth, what an item is worth at least: a quarter, less what numbers of 32 bits round away."""


def new_items(own: Own, attributes: Attributes) -> sp.csr_matrix:
    """Clients by items: what each new item is worth; the best `PER_CLIENT` of each client."""
    clients, items = len(own.log.clients), len(own.log.items)
    if GROUP not in attributes or not items:
        none = np.zeros(0, dtype=np.int64)
        return _best(none, none, none.astype(np.float32), (clients, items))
    group = attributes[GROUP]
    looked_at = _looked_at(own, group)
    groups = int(group.max(initial=-1)) + 1
    known = np.flatnonzero(group[own.item] >= 0)
    bought = sp.csr_matrix(
        (own.count[known].astype(np.float32), (own.client[known], group[own.item[known]])), shape=(clients, groups)
    )
    of_group = sp.csr_matrix(
        (np.ones(len(looked_at), dtype=np.float32), (group[looked_at], looked_at)), shape=(groups, items)
    )
    possible = (_worthwhile(bought, np.diff(of_group.indptr)) @ of_group).tocoo()
    client, item = possible.row.astype(np.int64), possible.col.astype(np.int64)
    worth = shares(own, group, client, item)
    for name in REST:
        if name in attributes:
            worth = worth * (0.5 + 0.5 * np.nan_to_num(shares(own, attributes[name], client, item)))
    return _best(client, item, worth, (clients, items))


def _worthwhile(bought: sp.csr_matrix, items: Ints) -> sp.csr_matrix:
    """Without the groups of each client whose items cannot be among its best: an item is worth no more than its group,
    and for brand and price band no less than a quarter of it."""
    entry = np.flatnonzero(items[bought.indices] > 0)
    client = np.searchsorted(bought.indptr, entry, side="right") - 1
    order = np.lexsort((-bought.data[entry], client))
    entry, client = entry[order], client[order]
    of_entry = items[bought.indices[entry]]
    until = np.cumsum(of_entry)
    before = np.append(0, until)[np.searchsorted(client, client)]
    # The first group with which there are enough, and what an item of it is worth at least.
    enough = until - before >= PER_CLIENT
    least = np.zeros(bought.shape[0], dtype=np.float32)
    first = np.flatnonzero(enough & (until - before - of_entry < PER_CLIENT))
    least[client[first]] = bought.data[entry[first]] * LEAST
    kept = np.sort(entry[bought.data[entry] >= least[client]])
    rows = np.searchsorted(kept, bought.indptr)
    return sp.csr_matrix((bought.data[kept], bought.indices[kept], rows), shape=bought.shape)


def _looked_at(own: Own, group: Ints) -> Ints:
    is_new = (np.bincount(own.item, minlength=len(group)) == 0) & (group >= 0)
    new = np.flatnonzero(is_new)
    new = new[np.argsort(group[new], kind="stable")]
    return new[within(group[new]) < PER_GROUP]


def _best(client: Ints, item: Ints, worth: Singles, shape: tuple[int, int]) -> sp.csr_matrix:
    everything = sp.csr_matrix((worth.astype(np.float32), (client, item)), shape=shape)
    at = np.sort(largest_entries(everything, PER_CLIENT, above=0))
    first = np.searchsorted(at, everything.indptr)
    return sp.csr_matrix((everything.data[at], everything.indices[at], first), shape=shape)
