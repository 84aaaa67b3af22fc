"""Which items a client may be recommended: the best of every source, in turn, up to a number.

A candidate's turn is its place in a source divided by the source's share of the list; an item that several sources name
takes its earliest turn. What one source leaves empty, the others fill. Equal turns are in the order of items.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from recs_platform.next_basket.arrays import Bools, Floats, Ints, Singles, distinct, opens, parts, within
from recs_platform.next_basket.blocks import in_blocks
from recs_platform.next_basket.neighbours import largest_entries
from recs_platform.next_basket.sources import SLOW, Settings, Sources

ROWS_AT_ONCE = 128
OWN_SHARE, NEIGHBOUR_SHARE, OTHER_SHARE = 80.0, 20.0, 10.0
DEPTH = 3
"""How many times its share a source may fill."""


@dataclass(frozen=True, eq=False)
class Candidates:
    """By client, then by item; the scores of sources beside them."""

    client: Ints
    item: Ints
    scores: dict[str, Singles]


def candidates(found: Sources, clients: Ints, settings: Settings, sold: Bools | None = None) -> Candidates:
    """Of some clients, in order; of items that are `sold`, where not all are."""
    width = max(1, len(found.own.log.items))
    of_items = [found.popularity.baskets, found.popularity.recent]
    popular = [_popular(of_item if sold is None else of_item * sold, settings) for of_item in of_items]
    slow_own = found.own.matrix(found.decayed[SLOW])

    def of(rows: slice) -> tuple[Ints, Ints, dict[str, Singles]]:
        these = clients[rows]
        products = {
            f"neighbours_{scale}_{measure}": (weights[these] @ found.vectors[scale]).tocsr()
            for (scale, measure), weights in found.weights.items()
        }
        products["transitions"] = (found.followed[these] @ found.followers).tocsr()
        products["new_item"] = found.new_items[these]
        bought = slow_own[these]
        if sold is not None:
            for product in (bought, *products.values()):
                product.data *= sold[product.indices]
        turns = [_turns(bought, OWN_SHARE, settings.candidates)]
        turns += [_turns(product, _share(name), int(DEPTH * _share(name))) for name, product in products.items()]
        turns += [_everybodys(items, len(these)) for items in popular]
        row, item = _first(turns, width, settings.candidates)
        return these[row], item, _looked_up(products, len(these), row, item, width)

    # An empty block first, so that nobody asked about has the columns of everybody.
    blocks = [of(slice(0, 0)), *in_blocks(of, len(clients), ROWS_AT_ONCE, settings.threads)]
    scores = {name: np.concatenate([block[2][name] for block in blocks]) for name in blocks[0][2]}
    client, item = (np.concatenate([block[column] for block in blocks]) for column in range(2))
    return Candidates(client, item, scores)


_Turns = tuple[Ints, Ints, Floats]


def _share(name: str) -> float:
    return NEIGHBOUR_SHARE if name.startswith("neighbours") else OTHER_SHARE


def _turns(matrix: sp.csr_matrix, share: float, depth: int) -> _Turns:
    at = largest_entries(matrix, depth, above=0)
    row = np.searchsorted(matrix.indptr, at, side="right") - 1
    return row, matrix.indices[at].astype(np.int64), (within(row) + 1) / share


def _popular(of_item: Floats, settings: Settings) -> Ints:
    order = np.lexsort((np.arange(len(of_item)), -of_item))[: settings.candidates]
    return order[of_item[order] > 0]


def _everybodys(items: Ints, rows: int) -> _Turns:
    turn = (np.arange(len(items)) + 1) / OTHER_SHARE
    return np.repeat(np.arange(rows), len(items)), np.tile(items, rows), np.tile(turn, rows)


def _first(turns: list[_Turns], width: int, most: int) -> tuple[Ints, Ints]:
    """Each row's items of the earliest turns, by row and item."""
    row, item, turn = (np.concatenate([one[column] for one in turns]) for column in range(3))
    key = row * width + item
    order = np.lexsort((turn, key))
    order = order[opens(key[order])]
    order = order[np.lexsort((item[order], turn[order], row[order]))]
    kept = order[within(row[order]) < most]
    return parts(np.sort(key[kept]), width)


def _looked_up(products: dict[str, sp.csr_matrix], rows: int, row: Ints, item: Ints, width: int) -> dict[str, Singles]:
    """The value of each product at each row and item; 0 where there is none."""
    listed = distinct(item)
    column = np.full(width, -1, dtype=np.int32)
    column[listed] = np.arange(len(listed))
    values = np.zeros((rows, len(listed)), dtype=np.float32)
    scores = {}
    for name, product in products.items():
        local = column[product.indices]
        there = np.flatnonzero(local >= 0)
        cell = np.repeat(np.arange(product.shape[0]) * len(listed), np.diff(product.indptr))[there] + local[there]
        values.flat[cell] = product.data[there]
        scores[name] = values[row, column[item]]
        values.flat[cell] = 0
    return scores
