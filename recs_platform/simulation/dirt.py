"""Planted dirt: rows that a feed should not contain, added to a clean table and counted exactly.

Dirt is always added and never replaces a clean row, so the clean world stays whole. A spoilt row has one defect and a
key of its own. What a particular feed's dirt is stands with that feed; this module only knows how to plant it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa

from recs_platform.simulation.columns import numbered
from recs_platform.simulation.randomness import BoolArray

MOST_SPOILT = 0.009
"""Share of a table's rows that may be spoilt on one day: below the platform's default warning, also by bad luck."""

Values = Callable[[np.random.Generator, int], Any]


@dataclass(frozen=True)
class Defect:
    reason: str
    """The exact words in which the platform rejects such a row."""
    rate: float
    """Spoilt rows per clean row."""
    change: Mapping[str, Values]
    """The columns that are wrong, and what stands in them."""
    among: BoolArray | None = field(default=None)
    """Which clean rows may be copied; all, if not given."""


def nothing(_rng: np.random.Generator, count: int) -> Any:
    """NULLs."""
    return pa.nulls(count)


def constant(value: Any) -> Values:
    return lambda _rng, count: pa.array([value] * count)


def spoil(
    table: pa.Table, rng: np.random.Generator, defects: Sequence[Defect], *, key: str | None = None
) -> tuple[pa.Table, dict[str, int]]:
    """Add spoilt copies of clean rows. Returns the longer table and the number of rows per reason.

    `key` is the column that gets a new value in each copy, unless the defect is in that very column.
    """
    left = int(len(table) * MOST_SPOILT)
    counts = {defect.reason: 0 for defect in defects}
    added = [table]
    for position in rng.permutation(len(defects)):
        defect = defects[position]
        sources = np.arange(len(table)) if defect.among is None else np.flatnonzero(defect.among)
        count = min(int(rng.binomial(len(sources), defect.rate)), left)
        if not count:
            continue
        left -= count
        counts[defect.reason] += count
        spoilt = table.take(pa.array(rng.choice(sources, count)))
        if key is not None and key not in defect.change:
            fresh = numbered(f"ZZ{position}-", rng.integers(10**9, 10**10, count))
            spoilt = with_column(spoilt, key, fresh)
        for name, values in defect.change.items():
            spoilt = with_column(spoilt, name, values(rng, count))
        added.append(spoilt)
    return pa.concat_tables(added), counts


def copies(table: pa.Table, rng: np.random.Generator, rate: float, among: BoolArray | None = None) -> pa.Table:
    """Exact copies of some rows, for the caller to add (changed or as they are)."""
    sources = np.arange(len(table)) if among is None else np.flatnonzero(among)
    return table.take(pa.array(sources[rng.random(len(sources)) < rate], pa.int64()))


def with_column(table: pa.Table, name: str, values: Any) -> pa.Table:
    """The table with one column replaced, in the column's own type."""
    column = table.schema.field(name)
    return table.set_column(table.schema.get_field_index(name), column, values.cast(column.type))


def shuffled(table: pa.Table, rng: np.random.Generator) -> pa.Table:
    """The rows in another order, so that nothing can be told from where a row stands."""
    return table.take(rng.permutation(len(table)))
