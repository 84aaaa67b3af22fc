"""What the platform knows of pairs that are named by ids: the features that a published day was scored from.

The warehouse is asked in a thread of its own, and what it said of a pair is kept for as long as the same publication is
answered from. Not here: rows of features that come with the request (scoring.py).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from recs_platform.declarations.strategy import TrainedModel
from recs_platform.serving.companies import ServedCompany

Pair: TypeAlias = tuple[str, str]
"""A customer and an item."""
AskWarehouse: TypeAlias = Callable[[ServedCompany, TrainedModel, date, Sequence[Pair]], pa.Table]
"""The rows of the pairs that a day knows, in any order, and perhaps of some others."""

MOST_KEPT = 50_000
"""Pairs of a company."""
MOST_WAITING = 4


class LookupBusyError(Exception):
    """So many ask the warehouse already."""


@dataclass(frozen=True)
class Kept:
    """What was found out for one publication; never changed."""

    publication: tuple[date, int]
    rows: pa.Table | None = None
    places: dict[Pair, int] = field(default_factory=dict)
    """By pair: its row; -1 of one that the day does not know."""


@dataclass(frozen=True)
class Found:
    rows: pa.Table | None
    """Of the known pairs, in their order; None when no pair is known."""
    known: npt.NDArray[np.bool_]


class Lookup:
    def __init__(self, ask: AskWarehouse) -> None:
        self._ask = ask
        self._kept: dict[str, Kept] = {}
        self._waiting = 0
        self._worker = ThreadPoolExecutor(1, "pairs")

    async def find(
        self, company: ServedCompany, model: TrainedModel, publication: tuple[date, int], pairs: Sequence[Pair]
    ) -> Found:
        """Raises a LookupBusyError, or what the warehouse raises."""
        kept = self._kept.get(company.name)
        if kept is None or kept.publication != publication or any(pair not in kept.places for pair in pairs):
            if self._waiting >= MOST_WAITING:
                raise LookupBusyError
            self._waiting += 1
            try:
                loop = asyncio.get_running_loop()
                kept = await loop.run_in_executor(self._worker, self._asked, company, model, publication, pairs)
            finally:
                self._waiting -= 1
        places = np.fromiter((kept.places[pair] for pair in pairs), np.int64, len(pairs))
        known = places >= 0
        rows = kept.rows.take(places[known]) if kept.rows is not None and known.any() else None
        return Found(rows, known)

    def close(self) -> None:
        self._worker.shutdown(wait=False, cancel_futures=True)

    def _asked(
        self, company: ServedCompany, model: TrainedModel, publication: tuple[date, int], pairs: Sequence[Pair]
    ) -> Kept:
        """With these pairs; in the worker."""
        before = self._kept.get(company.name)
        if before is None or before.publication != publication or len(before.places) > MOST_KEPT:
            before = Kept(publication)
        wanted = [pair for pair in dict.fromkeys(pairs) if pair not in before.places]
        if not wanted:
            return before
        rows = self._ask(company, model, publication[0], wanted)
        names = [rows[name].to_pylist() for name in model.task.columns.subjects]
        first = before.rows.num_rows if before.rows is not None else 0
        at = {pair: first + place for place, pair in enumerate(zip(*names, strict=True))}
        whole = rows if before.rows is None else pa.concat_tables([before.rows, rows]).combine_chunks()
        kept = Kept(publication, whole, before.places | {pair: at.get(pair, -1) for pair in wanted})
        self._kept[company.name] = kept
        return kept


def ask_warehouse(company: ServedCompany, model: TrainedModel, day: date, pairs: Sequence[Pair]) -> pa.Table:
    """Opened anew: who is asked this seldom holds nothing open."""
    from recs_platform.pipeline.day_reader import DayReader
    from recs_platform.warehouse.environment import existing_warehouse

    read = DayReader(existing_warehouse(), company.pipeline, company.company, day)
    return read.pairs(model.pairs, pairs)
