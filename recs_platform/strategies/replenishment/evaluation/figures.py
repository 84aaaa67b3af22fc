"""Figures of ranked lists as rows: of each method, of each version less every other one, and what lists reach.

Intervals are over clients, whose weeks stand and fall together, and a difference is of the same clients on both sides.
Not here: the formulas (`next_basket/lists.py`, `variety.py`, `comparison.py`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np

from recs_platform.next_basket.arrays import Floats, Ints
from recs_platform.next_basket.comparison import Drawn, Draws
from recs_platform.next_basket.holdout import Holdout
from recs_platform.next_basket.lists import KS, MEASURES, PARTS, Lists, Measure, Part, figures, judged
from recs_platform.next_basket.variety import reach
from recs_platform.schemas.replenishment import SEGMENTS
from recs_platform.statistics.intervals import Interval
from recs_platform.strategies.replenishment.evaluation.ranked import LENGTH, Of, Ranked

Row: TypeAlias = dict[str, Any]
ALL = "all"
NAMED_SEGMENTS = (ALL, *SEGMENTS)
COLUMNS: tuple[tuple[Measure, int, Part], ...] = tuple(
    (measure, k, part) for measure in MEASURES for k in KS for part in PARTS
)
DIGITS = 9


@dataclass
class Collected:
    """The figures of each client and part of the trial, as parts come in."""

    versions: Sequence[str]
    _values: dict[tuple[Of, str], list[Floats]] = field(default_factory=dict)
    _clients: list[Ints] = field(default_factory=list)
    _segments: list[Ints] = field(default_factory=list)
    _lists: dict[tuple[Of, str], list[Lists]] = field(default_factory=dict)
    _holdouts: list[Holdout] = field(default_factory=list)
    _group: Ints | None = None

    def add(self, one: Ranked) -> None:
        self._clients.append(one.holdout.clients)
        self._segments.append(one.segment)
        self._holdouts.append(one.holdout)
        self._group = one.group if one.group is not None else self._group
        for key, lists in one.lists.items():
            self._values.setdefault(key, []).append(_values(lists, one.holdout))
            self._lists.setdefault(key, []).append(lists)

    @property
    def judged(self) -> int:
        """Clients who are judged at least once."""
        return len(np.unique(np.concatenate([np.zeros(0, dtype=np.int64), *self._clients])))

    def rows(self) -> Iterator[Row]:
        clients, segment = np.concatenate(self._clients), np.concatenate(self._segments)
        of_all = Draws.of(clients)
        within = {name: segment == number for number, name in enumerate(SEGMENTS)}
        draws = {ALL: of_all, **{name: of_all.within(rows) for name, rows in within.items()}}
        drawn: dict[tuple[Of, str], dict[str, Drawn]] = {}
        for key, parts in self._values.items():
            values = np.concatenate(parts)
            drawn[key] = {name: one.drawn(values[within.get(name, slice(None))]) for name, one in draws.items()}
        for (of, method), own in drawn.items():
            yield from _rows(of, method, None, own)
            for name, found in reach(self._lists[of, method], self._holdouts, self._group).items():
                yield _row(of, method, None, name, LENGTH, "all", ALL, Interval(found, None, None), self.judged)
        for (of, ours), own in drawn.items():
            for (like, theirs), other in drawn.items():
                if of == like and ours != theirs and ours in self.versions:
                    yield from _rows(of, ours, theirs, {name: one.less(other[name]) for name, one in own.items()})


def _values(lists: Lists, holdout: Holdout) -> Floats:
    """A row per client, and a column for each of COLUMNS."""
    of_part = {part: judged(lists, holdout, part) for part in PARTS}
    return np.column_stack([figures(of_part[part], measure, k) for measure, k, part in COLUMNS])


def _rows(of: Of, method: str, other: str | None, by_segment: dict[str, Drawn]) -> Iterator[Row]:
    for segment, drawn in by_segment.items():
        for (measure, k, part), interval, who in zip(COLUMNS, drawn.intervals(), drawn.clients, strict=True):
            yield _row(of, method, other, measure, k, part, segment, interval, who)


def _row(
    of: Of, method: str, other: str | None, measure: str, k: int, part: str, segment: str, value: Interval, clients: int
) -> Row:
    return {
        "judged": of,
        "method": method,
        "compared_with": other or "",
        "measure": measure,
        "k": k,
        "part": part,
        "segment": segment,
        "value": _rounded(value.estimate),
        "low": _rounded(value.low),
        "high": _rounded(value.high),
        "clients": clients,
    }


def _rounded(value: float | None) -> float | None:
    """As far as the same sum comes out the same in whatever order its parts are added."""
    return None if value is None else round(value, DIGITS)
