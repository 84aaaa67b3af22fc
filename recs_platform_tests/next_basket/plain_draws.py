"""The difference of two rankings with an interval over clients, one column at a time: what `comparison.py` does at
once for many."""

from __future__ import annotations

import numpy as np

from recs_platform.next_basket.arrays import Floats, Ints
from recs_platform.next_basket.comparison import DRAWS
from recs_platform.statistics.intervals import LEVEL, UNKNOWN, Interval

_AT_ONCE = 100


def difference(
    ours: Floats, theirs: Floats, clients: Ints, *, draws: int = DRAWS, level: float = LEVEL, seed: int = 0
) -> Interval:
    """The mean of ours minus theirs over the rows where both have a figure, and its bootstrap percentile interval."""
    if not len(ours) == len(theirs) == len(clients):
        raise ValueError(f"{len(ours)} and {len(theirs)} figures of {len(clients)} rows")
    apart = ours - theirs
    there = ~np.isnan(apart)
    if not there.any():
        return UNKNOWN
    of = np.unique(clients[there], return_inverse=True)[1]
    sums, rows = np.bincount(of, apart[there]), np.bincount(of).astype(np.float64)
    rng, means = np.random.default_rng(seed), []
    for first in range(0, draws, _AT_ONCE):
        drawn = rng.multinomial(len(rows), np.full(len(rows), 1 / len(rows)), size=min(_AT_ONCE, draws - first))
        means.append((drawn @ sums) / (drawn @ rows))
    low, high = np.quantile(np.concatenate(means), [(1 - level) / 2, (1 + level) / 2])
    return Interval(float(sums.sum() / rows.sum()), float(low), float(high))
