"""Whether two engines gave the same rows: exactly, and of fractions up to the last digits.

The order in which sums are added up differs from engine to engine, and so do their last digits.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

Row = Mapping[str, Any]

_RELATIVE = 1e-9
_SHOWN = 3


def differences(expected: Iterable[Row], given: Iterable[Row], *, in_order: bool = False) -> list[str]:
    """The first rows that differ, in words; none when all are equal. Without an order of their own they are sorted."""
    ours, theirs = list(expected), list(given)
    if not in_order:
        ours, theirs = sorted(ours, key=_place), sorted(theirs, key=_place)
    apart = [] if len(ours) == len(theirs) else [f"{len(ours)} rows, not {len(theirs)}"]
    apart += itertools.islice(
        (f"{_apart(mine, other)} of {dict(mine)}" for mine, other in zip(ours, theirs, strict=False)
         if not same(mine, other)), _SHOWN
    )  # fmt: skip
    return apart


def same(one: Any, other: Any) -> bool:
    """
    >>> same({"a": [0.1 + 0.2]}, {"a": [0.3]}), same(0.3, 0.3001), same(1, 1.0), same(None, 0.0)
    (True, False, False, False)
    """
    if isinstance(one, float) and isinstance(other, float):
        return math.isclose(one, other, rel_tol=_RELATIVE) or (math.isnan(one) and math.isnan(other))
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return list(one) == list(other) and all(same(one[name], other[name]) for name in one)
    if isinstance(one, Sequence) and isinstance(other, Sequence) and not isinstance(one, str):
        return len(one) == len(other) and all(map(same, one, other))
    one, other = _plain(one), _plain(other)
    return type(one) is type(other) and one == other


def _plain(value: Any) -> Any:
    """Every timestamp is UTC, whether an answer says so or not."""
    if isinstance(value, datetime) and value.tzinfo is None:
        return value.replace(tzinfo=UTC)
    return value


def _place(row: Row) -> tuple[str, list[float]]:
    """Fractions decide last: they alone may differ where rows are the same."""
    exact = {name: _plain(value) for name, value in row.items() if not isinstance(value, float)}
    return repr(exact), [value for value in row.values() if isinstance(value, float)]


def _apart(mine: Row, other: Row) -> dict[str, tuple[Any, Any]]:
    names = [name for name in {**mine, **other} if not same(mine.get(name), other.get(name))]
    return {name: (mine.get(name), other.get(name)) for name in names}
