"""Arrays of numbers: their types, and the few things that numpy does not do in one call or does slowly."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

Ints: TypeAlias = npt.NDArray[np.int64]
Floats: TypeAlias = npt.NDArray[np.float64]
Singles: TypeAlias = npt.NDArray[np.float32]
Bools: TypeAlias = npt.NDArray[np.bool_]


def distinct(values: Ints) -> Ints:
    """Sorted, each once. A sort is several times faster than `numpy.unique`, which hashes.

    >>> distinct(np.array([3, 1, 3])).tolist()
    [1, 3]
    """
    ordered = np.sort(values)
    return ordered[opens(ordered)]


def opens(ordered: npt.NDArray[Any]) -> Bools:
    """Where a run of equal values begins.

    >>> opens(np.array([1, 1, 3])).tolist()
    [True, False, True]
    """
    first = np.ones(len(ordered), dtype=np.bool_)
    np.not_equal(ordered[1:], ordered[:-1], out=first[1:])
    return first


def within(groups: npt.NDArray[np.integer[Any]]) -> Ints:
    """Of each row of sorted groups, its place in its group, from 0.

    >>> within(np.array([5, 5, 7])).tolist()
    [0, 1, 0]
    """
    first = opens(groups)
    place: Ints = np.arange(len(groups)) - np.flatnonzero(first)[np.cumsum(first) - 1]
    return place


def over(one: npt.NDArray[Any], other: npt.NDArray[Any]) -> Floats:
    """The one divided by the other; NaN where the other is not above 0.

    >>> over(np.array([1, 1]), np.array([2, 0])).tolist()
    [0.5, nan]
    """
    ratio: Floats = np.divide(one, other, out=np.full(len(other), np.nan), where=other > 0)
    return ratio


def places(sorted_keys: Ints, wanted: Ints) -> Ints:
    """Where each wanted key stands among keys that are sorted and each there once; -1 where it is not there.

    >>> places(np.array([2, 5]), np.array([5, 3])).tolist()
    [1, -1]
    """
    if not len(sorted_keys):
        return np.full(len(wanted), -1)
    at = np.minimum(np.searchsorted(sorted_keys, wanted), len(sorted_keys) - 1)
    return np.where(sorted_keys[at] == wanted, at, -1)


def parts(keys: Ints, width: int) -> tuple[Ints, Ints]:
    """Both numbers of `first * width + second`. Faster than `numpy.divmod`.

    >>> [part.tolist() for part in parts(np.array([7, 12]), 5)]
    [[1, 2], [2, 2]]
    """
    first = keys // max(1, width)
    return first, keys - first * max(1, width)


def spread(values: Ints, most: int) -> Ints:
    """At most so many of them, evenly spread over all.

    >>> spread(np.arange(10), 3).tolist()
    [0, 3, 6]
    """
    return values[np.arange(most) * len(values) // most] if len(values) > most else values
