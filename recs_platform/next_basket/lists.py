"""How good ranked lists are: recall, NDCG, precision and hit rate of the first k places, client by client.

The ideal list of NDCG is cut at k: who buys two things can reach 1 at k = 5, and who buys fifty can reach 1 too. A part
of the target is all of it, what the client had bought before (repeat), or what is new to it (explore). A part is judged
in the same list at the same places, and a client whose target has nothing of the part has no figure (NaN). Not here:
scores, and how two rankings are compared (`comparison.py`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np

from recs_platform.next_basket.arrays import Bools, Floats, Ints, places, within
from recs_platform.next_basket.holdout import Holdout

KS = (5, 10, 20, 25)
Measure: TypeAlias = Literal["recall", "ndcg", "precision", "hit_rate"]
MEASURES: tuple[Measure, ...] = ("recall", "ndcg", "precision", "hit_rate")
Part: TypeAlias = Literal["all", "repeat", "explore"]
PARTS: tuple[Part, ...] = ("all", "repeat", "explore")


@dataclass(frozen=True, eq=False)
class Lists:
    clients: Ints
    items: Ints
    """A row per client and a column per place; -1 where the list has ended."""

    def of(self, clients: Ints) -> Ints:
        """The rows of some clients; who has no list has an empty one."""
        nobody = np.full((1, self.items.shape[1]), -1)
        rows: Ints = np.concatenate([self.items, nobody])[places(self.clients, clients)]
        return rows


def ranked_lists(clients: Ints, client: Ints, item: Ints, score: Floats, length: int) -> Lists:
    """The best items of each of `clients` (which are sorted), from scored pairs in any order. Equal scores are in the
    order of items.

    >>> lists = ranked_lists(np.array([3, 8]), np.array([8, 8, 8]), np.array([0, 1, 2]), np.array([0.5, 0.9, 0.5]), 2)
    >>> lists.items.tolist()
    [[-1, -1], [1, 0]]
    """
    row = places(clients, client)
    order = np.lexsort((item, -score, row))
    order = order[row[order] >= 0]
    place = within(row[order])
    shown = order[place < length]
    items = np.full((len(clients), length), -1)
    items[row[shown], place[place < length]] = item[shown]
    return Lists(clients, items)


@dataclass(frozen=True, eq=False)
class Judged:
    """Lists beside their targets: `hits` of each place, `wanted` per client."""

    clients: Ints
    hits: Bools
    wanted: Ints


def judged(lists: Lists, holdout: Holdout, part: Part = "all") -> Judged:
    """The lists of the holdout's clients, in its order; who has no list has an empty one."""
    width = max(1, len(holdout.history.items))
    target = holdout.target_client * width + holdout.target_item
    if part != "all":
        target = target[holdout.is_repeat if part == "repeat" else ~holdout.is_repeat]
    items = lists.of(holdout.clients)
    hits = (items >= 0) & np.isin(holdout.clients[:, None] * width + items, target)
    wanted = np.bincount(places(holdout.clients, target // width), minlength=len(holdout.clients))
    return Judged(holdout.clients, hits, wanted)


def figures(found: Judged, measure: Measure, k: int) -> Floats:
    """Per client. NaN where nothing was wanted.

    >>> hits = np.array([[True, False, True], [False, False, False]])
    >>> found = Judged(np.array([0, 1]), hits, np.array([4, 1]))
    >>> figures(found, "recall", 3).tolist(), figures(found, "precision", 2).tolist()
    ([0.5, 0.0], [0.5, 0.0])
    """
    if not 1 <= k <= found.hits.shape[1]:
        raise ValueError(f"the first {k} places of lists of {found.hits.shape[1]}")
    hits = found.hits[:, :k]
    count = hits.sum(axis=1)
    values: Floats
    if measure == "hit_rate":
        values = (count > 0).astype(np.float64)
    elif measure == "precision":
        values = count / k
    elif measure == "recall":
        values = count / np.maximum(found.wanted, 1)
    else:
        worth = 1 / np.log2(np.arange(k) + 2)
        ideal = np.concatenate([[1.0], np.cumsum(worth)])
        values = (hits * worth).sum(axis=1) / ideal[np.minimum(found.wanted, k)]
    values[found.wanted == 0] = np.nan
    return values


def mean(values: Floats) -> float | None:
    """Over clients that have a figure; None when nobody has."""
    there = values[~np.isnan(values)]
    return float(there.mean()) if len(there) else None


def by_segment(values: Floats, segments: Ints, names: tuple[str, ...]) -> dict[str, float | None]:
    """The mean of each segment; `segments` numbers the segment of each client by its place in `names`."""
    return {name: mean(values[segments == number]) for number, name in enumerate(names)}
