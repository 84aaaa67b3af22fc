"""Two rankings judged on the same clients: the difference of their figures, with an interval over clients.

A client's weeks stand and fall together, so clients are drawn, not rows.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from hashlib import sha256

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from recs_platform.next_basket.arrays import Bools, Floats, Ints
from recs_platform.statistics.intervals import LEVEL, UNKNOWN, Interval

DRAWS = 2000
_AT_ONCE = 100
_NUMBERS_AT_ONCE = 4_000_000


@dataclass(frozen=True, eq=False)
class Drawn:
    """Means of columns, of all rows and of each draw of their clients."""

    rows: Floats
    """By column, how many rows have a figure."""
    clients: list[int]
    """By column, how many clients have one."""
    total: Floats
    means: Floats
    """Draws by columns; NaN where nobody who was drawn has a figure."""
    level: float

    def less(self, other: Drawn) -> Drawn:
        """Of the figures less other ones of the same rows. The same rows must have one."""
        if not np.array_equal(self.rows, other.rows):
            raise ValueError("other rows have a figure")
        return replace(self, total=self.total - other.total, means=self.means - other.means)

    def intervals(self) -> list[Interval]:
        drawn = self.means[:, self.rows > 0]
        quantile = np.nanquantile if np.isnan(drawn).any() else np.quantile
        ends = iter(quantile(drawn, [(1 - self.level) / 2, (1 + self.level) / 2], axis=0).T.tolist())
        whole = zip(self.total.tolist(), self.rows.tolist(), strict=True)
        return [Interval(total / count, *next(ends)) if count else UNKNOWN for total, count in whole]


@dataclass(frozen=True, eq=False)
class Draws:
    """Many figures of the same rows, whose clients are drawn once for all of them: bootstrap percentile intervals of
    the mean of each column. A row without a figure counts neither above nor below the line of a fraction."""

    rows: sp.csr_matrix
    """Clients by rows: 1 where a row is the client's."""
    counts: npt.NDArray[np.uint16]
    """Draws by clients: how often each was drawn."""
    level: float = LEVEL
    _known: dict[str, tuple[Floats, list[Floats]]] = field(default_factory=dict)

    @classmethod
    def of(cls, clients: Ints, *, draws: int = DRAWS, level: float = LEVEL, seed: int = 0) -> Draws:
        named, of = np.unique(clients, return_inverse=True)
        rng, size = np.random.default_rng(seed), len(named)
        counts = np.zeros((draws, size), dtype=np.uint16)
        for first in range(0, draws, _AT_ONCE):
            block = counts[first : first + _AT_ONCE]
            block[:] = rng.multinomial(size, np.full(size, 1 / max(1, size)), size=len(block))
        ones = np.ones(len(clients)), (of, np.arange(len(clients)))
        return cls(sp.csr_matrix(ones, shape=(size, len(clients))), counts, level)

    def within(self, rows: Bools) -> Draws:
        """Of some rows alone; of their clients the same draws."""
        kept = sp.csr_matrix(self.rows[:, np.flatnonzero(rows)])
        clients = np.flatnonzero(np.diff(kept.indptr))
        return Draws(sp.csr_matrix(kept[clients]), np.ascontiguousarray(self.counts[:, clients]), self.level)

    def drawn(self, values: Floats) -> Drawn:
        """Of the mean of each column: a row per row, NaN where it has no figure."""
        there = ~np.isnan(values)
        rows, weights = self._weights(there)
        sums = self.rows @ np.where(there, values, 0.0)
        means = [
            np.divide(drawn @ sums, weight, out=np.full(weight.shape, np.nan), where=weight > 0)
            for drawn, weight in zip(self._drawn(), weights, strict=True)
        ]
        clients: list[int] = (rows > 0).sum(axis=0).tolist()
        return Drawn(rows.sum(axis=0), clients, sums.sum(axis=0), np.concatenate(means), self.level)

    def _weights(self, there: Bools) -> tuple[Floats, list[Floats]]:
        """Rows with a figure by client and column, and by draw and column: the same for all methods."""
        key = sha256(there.tobytes()).hexdigest()
        if key not in self._known:
            rows: Floats = self.rows @ there.astype(np.float64)
            self._known[key] = rows, [drawn @ rows for drawn in self._drawn()]
        return self._known[key]

    def _drawn(self) -> Iterator[Floats]:
        step = max(_AT_ONCE, _NUMBERS_AT_ONCE // max(1, self.counts.shape[1]))
        for first in range(0, len(self.counts), step):
            yield self.counts[first : first + step].astype(np.float64)
