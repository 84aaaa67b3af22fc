"""A log of baskets as sorted arrays of whole numbers, which everything else in this package reads.

A basket is one order of a client; what counts is which items it holds, each once. Clients and items are numbered by
their names in the order of UTF-8, so the same log gives the same numbers whatever the order of its rows. Not here: how
a log is divided into what is known and what is to be predicted (`holdout.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from recs_platform.next_basket.arrays import Bools, Ints, distinct, parts

Names: TypeAlias = "pa.Array[Any]"


@dataclass(frozen=True, eq=False)
class BasketLog:
    """Baskets by client, then in the order in which they were bought; lines by basket, then by item.

    Items may stand in `items` that nobody ever bought, and clients in `clients` who never bought.
    """

    clients: Names
    items: Names
    basket_client: Ints
    line_basket: Ints
    """Of each line, its basket: a place in `basket_client`."""
    line_item: Ints
    basket_day: Ints | None = None
    """Days since 1970; None where only the order of baskets is known."""

    @cached_property
    def first_basket(self) -> Ints:
        """Per client, where its baskets begin; one more at the end."""
        return np.searchsorted(self.basket_client, np.arange(len(self.clients) + 1))

    @cached_property
    def first_line(self) -> Ints:
        """Per basket, where its lines begin; one more at the end."""
        return np.searchsorted(self.line_basket, np.arange(len(self.basket_client) + 1))

    @cached_property
    def baskets(self) -> Ints:
        """Per client, how many baskets it has."""
        return np.diff(self.first_basket)

    @cached_property
    def number(self) -> Ints:
        """Of each basket, its number in its client's order, from 0."""
        return np.arange(len(self.basket_client)) - self.first_basket[self.basket_client]

    @cached_property
    def age(self) -> Ints:
        """Of each basket, how many of its client's baskets came after it: 0 for the last one."""
        of: Ints = self.baskets[self.basket_client] - 1 - self.number
        return of

    @cached_property
    def line_client(self) -> Ints:
        return self.basket_client[self.line_basket]

    @cached_property
    def basket_size(self) -> Ints:
        return np.diff(self.first_line)

    def keep(self, baskets: Bools) -> BasketLog:
        """The log with some of its baskets only; clients and items keep their numbers."""
        kept = baskets[self.line_basket]
        place = np.cumsum(baskets) - 1
        day = None if self.basket_day is None else self.basket_day[baskets]
        lines = place[self.line_basket[kept]]
        return BasketLog(self.clients, self.items, self.basket_client[baskets], lines, self.line_item[kept], day)

    def lines_of(self, basket: int) -> Ints:
        """The items of one basket."""
        return self.line_item[self.first_line[basket] : self.first_line[basket + 1]]


def read_log(
    rows: pa.Table,
    *,
    client: str = "customer_id",
    order: str = "order_id",
    item: str = "item_id",
    day: str | None = None,
    number: str | None = None,
    clients: Sequence[str] = (),
    items: Sequence[str] = (),
) -> BasketLog:
    """A log from a table of order lines. Its baskets are in order by `day` (a date, or a time whose day is kept), by
    `number` (the order's number), or by both; what that leaves open is decided by the order's name. `clients` and
    `items` name those that the log shall know without a line. An item twice in an order counts once.

    >>> rows = pa.table({"customer_id": ["b", "a", "a"], "order_id": ["3", "1", "2"], "item_id": ["x", "y", "x"],
    ...     "n": [1, 2, 1]})
    >>> log = read_log(rows, number="n")
    >>> log.clients.to_pylist(), log.items.to_pylist(), log.basket_client.tolist(), log.line_item.tolist()
    (['a', 'b'], ['x', 'y'], [0, 0, 1], [0, 1, 0])
    """
    if day is None and number is None:
        raise ValueError("the order of baskets is not known: name the column of their day or of their number")
    missing = [one for one in (client, order, item, day, number) if one is not None and rows[one].null_count]
    if missing:
        raise ValueError(f"a line without a value says nothing: {', '.join(missing)}")
    client_names, of_client = _numbered(rows[client], clients)
    item_names, of_item = _numbered(rows[item], items)
    _, of_order = _numbered(rows[order], ())
    when = np.zeros((2, len(rows)), dtype=np.int64)
    if day is not None:
        when[0] = rows[day].cast(pa.timestamp("us")).cast(pa.int64()).to_numpy()
    if number is not None:
        when[1] = rows[number].cast(pa.int64()).to_numpy()
    # An order belongs to a client: two clients may use one number. Its time is that of its first line.
    orders = int(of_order.max(initial=-1)) + 1
    pair, of_pair = _pairs(of_client, of_order, orders)
    earliest = np.full((2, len(pair)), np.iinfo(np.int64).max)
    np.minimum.at(earliest[0], of_pair, when[0])
    np.minimum.at(earliest[1], of_pair, when[1])
    ranked = np.lexsort((pair, earliest[1], earliest[0], pair // max(1, orders)))
    place = np.empty(len(pair), dtype=np.int64)
    place[ranked] = np.arange(len(pair))
    lines = parts(distinct(place[of_pair] * max(1, len(item_names)) + of_item), len(item_names))
    days = None if day is None else earliest[0][ranked] // 86_400_000_000
    return BasketLog(client_names, item_names, pair[ranked] // max(1, orders), lines[0], lines[1], days)


def _pairs(of_client: Ints, of_order: Ints, orders: int) -> tuple[Ints, Ints]:
    """Every client and order, as one number and sorted; and of each line, the place of its own."""
    client = np.zeros(orders, dtype=np.int64)
    client[of_order] = of_client
    if np.array_equal(client[of_order], of_client):
        # Nobody shares an order's number, so that orders are sorted instead of lines.
        keys = client * orders + np.arange(orders)
        ranked = np.argsort(keys)
        place = np.empty(orders, dtype=np.int64)
        place[ranked] = np.arange(orders)
        return keys[ranked], place[of_order]
    pairs = of_client * orders + of_order
    pair = distinct(pairs)
    return pair, np.searchsorted(pair, pairs)


def _numbered(column: pa.ChunkedArray[Any], more: Sequence[str]) -> tuple[Names, Ints]:
    """The names in order, and of each row the place of its name."""
    coded = _coded(column)
    names = pc.unique(pa.concat_arrays([coded.dictionary, pa.array(list(more), pa.string())]))
    names = names.take(pc.array_sort_indices(names))
    return names, _places(coded, names)


def places_of(column: pa.ChunkedArray[Any], names: Names) -> Ints:
    """Of each row the place of its name among some; -1 where it is not among them."""
    return _places(_coded(column), names)


def _coded(column: pa.ChunkedArray[Any]) -> Any:
    coded: Any = column.cast(pa.string()).combine_chunks().dictionary_encode()
    return coded.unify_dictionaries().combine_chunks() if isinstance(coded, pa.ChunkedArray) else coded


def _places(coded: Any, names: Names) -> Ints:
    found = pc.fill_null(pc.index_in(coded.dictionary, value_set=names), -1)
    place: Ints = found.to_numpy(zero_copy_only=False).astype(np.int64)
    indices: Ints = coded.indices.to_numpy(zero_copy_only=False)
    return place[indices] if len(indices) else np.zeros(0, dtype=np.int64)
