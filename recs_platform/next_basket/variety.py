"""What lists reach beside what they hit: discoveries that were bought, clients and items covered, groups in a list.

Not here: how good the order is (`lists.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, TypeAlias

import numpy as np

from recs_platform.next_basket.arrays import Ints, distinct, parts
from recs_platform.next_basket.holdout import Holdout
from recs_platform.next_basket.lists import Lists, judged

Reach: TypeAlias = Literal["discoveries_bought", "clients_reached", "items_shown", "items_reached", "groups"]
REACH: tuple[Reach, ...] = ("discoveries_bought", "clients_reached", "items_shown", "items_reached", "groups")
"""Discoveries bought per client; the share of clients with a list; different items over all lists, and their share of
the items that anybody had bought; different groups per list."""


def reach(lists: Sequence[Lists], holdouts: Sequence[Holdout], group: Ints | None = None) -> dict[Reach, float | None]:
    """Of all lists together, each beside what it was predicted from. `group` numbers the group of each item, -1 where
    it has none: such an item is alike to no other."""
    clients = sum(len(one.clients) for one in holdouts)
    new_hits = reached = groups = 0
    shown, sold = [], []
    for one, holdout in zip(lists, holdouts, strict=True):
        new_hits += int(judged(one, holdout, "explore").hits.sum())
        items = one.of(holdout.clients)
        filled = items >= 0
        reached += int(filled.any(axis=1).sum())
        groups += _groups(items, group)
        shown.append(distinct(items[filled]))
        sold.append(distinct(holdout.history.line_item))
    items_shown, items_sold = _distinct_over(shown), _distinct_over(sold)
    return {
        "discoveries_bought": new_hits / clients if clients else None,
        "clients_reached": reached / clients if clients else None,
        "items_shown": float(items_shown),
        "items_reached": items_shown / items_sold if items_sold else None,
        "groups": groups / reached if reached else None,
    }


def _distinct_over(arrays: list[Ints]) -> int:
    return len(distinct(np.concatenate([np.zeros(0, dtype=np.int64), *arrays])))


def _groups(items: Ints, group: Ints | None) -> int:
    """Different groups of each list, summed over lists."""
    row, column = np.nonzero(items >= 0)
    item = items[row, column]
    if group is None:
        return len(item)
    width = int(group.max(initial=-1)) + 1
    # An item without a group is a group of its own, behind all others.
    of = np.where(group[item] >= 0, group[item], width + item)
    lists, _ = parts(distinct(row * (width + len(group)) + of), width + len(group))
    return len(lists)
