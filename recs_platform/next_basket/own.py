"""What each client bought before: one row per client and item that it ever bought, with the baskets behind it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import scipy.sparse as sp

from recs_platform.next_basket.arrays import Floats, Ints, Singles, opens, parts, places
from recs_platform.next_basket.log import BasketLog

_BITS = 62


@dataclass(frozen=True, eq=False)
class Own:
    """By client, then by item."""

    log: BasketLog
    basket: Ints
    """Of each line, its basket: by client, item and time."""
    first_line: Ints
    """Of each pair, where its lines begin in `basket`; one more at the end."""

    @cached_property
    def last_basket(self) -> Ints:
        return self.basket[self.first_line[1:] - 1]

    @cached_property
    def earliest_basket(self) -> Ints:
        return self.basket[self.first_line[:-1]]

    @cached_property
    def client(self) -> Ints:
        return self.log.basket_client[self.earliest_basket]

    item: Ints

    @cached_property
    def count(self) -> Ints:
        """How many baskets of the client hold the item."""
        return np.diff(self.first_line)

    @cached_property
    def first_pair(self) -> Ints:
        """Per client, where its pairs begin; one more at the end."""
        return np.searchsorted(self.client, np.arange(len(self.log.clients) + 1))

    @cached_property
    def keys(self) -> Ints:
        """Client and item in one number, sorted."""
        return self.client * len(self.log.items) + self.item

    def summed(self, of_basket: Floats) -> Floats:
        """Per pair, the sum over its baskets."""
        if not len(self.basket):
            return np.zeros(0)
        return np.add.reduceat(of_basket[self.basket], self.first_line[:-1])

    def matrix(self, of_pair: Floats) -> sp.csr_matrix:
        """Clients by items."""
        shape = (len(self.log.clients), len(self.log.items))
        return sp.csr_matrix((of_pair.astype(np.float32), self.item, self.first_pair), shape=shape)

    def at(self, client: Ints, item: Ints) -> Ints:
        """The pair of each client and item; -1 where the client never bought it."""
        return places(self.keys, client * len(self.log.items) + item)


def own(log: BasketLog) -> Own:
    items, numbers = max(1, len(log.items)), int(log.baskets.max(initial=0)) + 1
    number = log.number[log.line_basket]
    if len(log.clients) * items * numbers < 2**_BITS:
        # One sort of one number is several times faster than a sort by three.
        key = np.sort((log.line_client * items + log.line_item) * numbers + number)
        pair, number = parts(key, numbers)
        client, item = parts(pair, items)
        basket = log.first_basket[client] + number
    else:
        order = np.lexsort((number, log.line_item, log.line_client))
        client, item, basket = log.line_client[order], log.line_item[order], log.line_basket[order]
    first = np.flatnonzero(opens(client) | opens(item))
    return Own(log, basket, np.append(first, len(basket)), item[first])


class Rows:
    """Of each candidate, its pair; -1 where there is none. Values of pairs become values of candidates."""

    def __init__(self, pair: Ints) -> None:
        self._count = len(pair)
        self._there = np.flatnonzero(pair >= 0)
        self._pair = pair[self._there]

    def take(self, of_pair: Floats | Ints, otherwise: float = np.nan) -> Singles:
        values = np.full(self._count, otherwise, dtype=np.float32)
        values[self._there] = of_pair[self._pair]
        return values

    def nothing(self) -> Singles:
        return np.full(self._count, np.nan, dtype=np.float32)
