"""How the published methods are tuned: a grid of each, of which the best on validation clients is taken.

Not here: the methods (`published.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import numpy as np

from recs_platform.next_basket.arrays import spread
from recs_platform.next_basket.holdout import Holdout
from recs_platform.next_basket.lists import Lists, figures, judged, mean
from recs_platform.next_basket.own import own
from recs_platform.next_basket.published import Tifu, TifuFamily, UpCf, UpCfFamily, lists_of_each

MOST_TUNED_ON = 600
"""Validation clients that methods are tuned on: the best of a grid is soon found, and a grid has many methods."""

M = TypeVar("M")


def tuned_tifu(validation: Holdout, methods: Sequence[Tifu], k: int = 10, threads: int = 1) -> Tifu:
    """The one whose lists have the best NDCG on the validation's clients; the first of equals. Methods that have a
    decay in common share their neighbours."""
    validation = _some(validation)
    history = own(validation.history)
    values: dict[Tifu, float] = {}
    for decay in dict.fromkeys(method.decay for method in methods):
        alike = sorted((method for method in methods if method.decay == decay), key=lambda one: one.neighbours)
        counts = dict.fromkeys(method.neighbours for method in alike)
        family = TifuFamily.of(history, validation.clients, decay, counts, threads)
        values |= _values(alike, lists_of_each(family, validation.clients, alike, threads), validation, k)
    return max(methods, key=values.__getitem__)


def tuned_up_cf(validation: Holdout, methods: Sequence[UpCf], k: int = 10, threads: int = 1) -> UpCf:
    """As above. What is longer than every history is all of it, and is looked at once."""
    validation = _some(validation)
    longest = int(validation.history.baskets.max(initial=0))
    whole = [UpCf(min(one.recency or longest, longest), one.asymmetry, one.locality) for one in methods]
    alike = sorted(dict.fromkeys(whole), key=lambda one: (one.asymmetry, one.locality))
    family = UpCfFamily.of(own(validation.history), dict.fromkeys(method.recency for method in alike))
    values = _values(alike, lists_of_each(family, validation.clients, alike, threads), validation, k)
    return methods[int(np.argmax([values[method] for method in whole]))]


def _some(validation: Holdout) -> Holdout:
    return validation.of(spread(validation.clients, MOST_TUNED_ON))


def _values(methods: Sequence[M], lists: Sequence[Lists], validation: Holdout, k: int) -> dict[M, float]:
    return {
        method: mean(figures(judged(found, validation), "ndcg", k)) or 0.0
        for method, found in zip(methods, lists, strict=True)
    }


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
