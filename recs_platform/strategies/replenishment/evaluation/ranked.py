"""The lists of every method for what was kept back: versions, published methods, and simple baselines.

A **ranking** is what a method puts first, by its score and without quotas: what the literature judges. Scores of v31
and v32 are of each kind by itself, so what the client bought before comes first, and then what it never bought. A
**list** is what a client would get: 20 + 5 and few of a group. Only versions make such lists.

Not here: figures (`figures.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

import numpy as np
import pyarrow as pa

from recs_platform.companies.model import Company
from recs_platform.next_basket import published, tuning
from recs_platform.next_basket.arrays import Ints
from recs_platform.next_basket.holdout import Holdout
from recs_platform.next_basket.lists import Lists
from recs_platform.next_basket.log import BasketLog, places_of
from recs_platform.next_basket.own import own
from recs_platform.schemas.replenishment import SEGMENTS
from recs_platform.strategies.replenishment.client_versions import V4
from recs_platform.strategies.replenishment.evaluation.known import Known, known
from recs_platform.strategies.replenishment.evaluation.learned import Learned, learn
from recs_platform.strategies.replenishment.evaluation.trial import Kept, Trial
from recs_platform.strategies.replenishment.order_log import attributes_of

Tell: TypeAlias = Callable[[str], None]
Of: TypeAlias = Literal["ranking", "list"]
TIFU_KNN, UP_CF = "TIFU-KNN", "UP-CF"
OWN, GLOBAL, OWN_THEN_GLOBAL = "own top items", "global top items", "own, then global"
OTHERS = (TIFU_KNN, UP_CF, OWN, GLOBAL, OWN_THEN_GLOBAL)
LENGTH = published.LENGTH
LEARNED = V4
FALLBACK = "v32"
"""What clients get while there is no model."""


@dataclass(frozen=True, eq=False)
class Ranked:
    """One part of a trial."""

    holdout: Holdout
    segment: Ints
    """Of each client of the holdout, a place in SEGMENTS."""
    group: Ints | None
    """Of each item, a number for its group; -1 without one."""
    lists: dict[tuple[Of, str], Lists]


@dataclass
class Methods:
    """What all parts are ranked by: made before the first of them."""

    company: Company
    versions: Sequence[str]
    items: pa.Table
    threads: int
    tell: Tell
    notes: list[str] = field(default_factory=list)
    chosen: dict[str, str] = field(default_factory=dict)
    """What tuning chose, in words, by method."""

    def ranked(self, trial: Trial) -> Iterator[tuple[Kept, Ranked]]:
        """Each part in turn; what is not kept of one is gone before the next is made."""
        self.tell(f"tuning TIFU-KNN on {len(trial.tuning.clients):,} validation clients")
        self._tifu = tuning.tuned_tifu(trial.tuning, tuning.tifu_grid(), threads=self.threads)
        self.tell("tuning UP-CF")
        self._up_cf = tuning.tuned_up_cf(trial.tuning, tuning.up_cf_grid(), threads=self.threads)
        self.chosen |= {TIFU_KNN: str(self._tifu), UP_CF: str(self._up_cf)}
        self._learned: Learned | None = None
        for number, kept in enumerate(trial.parts, start=1):
            where = f"week {number} of {len(trial.parts)}, from {kept.first_day}" if kept.are_weeks else "last baskets"
            self.tell(f"{where}: {len(kept.holdout.clients):,} clients")
            with known(self.company, kept, self.items) as tables:
                trends = tables.trends
                attributes = attributes_of(trends, kept.seen)
                if number == 1 and LEARNED in self.versions:
                    self._learned = self._learn(trial, trends)
                lists: dict[tuple[Of, str], Lists] = {}
                for version in self.versions:
                    self.tell(f"{where}: {version}")
                    lists |= self._of_version(version, tables, kept, attributes)
                self.tell(f"{where}: published methods and baselines")
                lists |= {("ranking", name): found for name, found in self._others(kept.holdout)}
                segment = _segments(tables.profiles, kept.holdout)
                yield kept, Ranked(kept.holdout, segment, attributes.get("group"), lists)

    def _learn(self, trial: Trial, trends: pa.Table) -> Learned | None:
        self.tell("training v4 on targets before all that is judged")
        found = learn(trial, attributes_of(trends, trial.learned), self.threads)
        if isinstance(found, str):
            self.notes.append(f"v4 cannot be trained ({found}): its clients get the lists of {FALLBACK}.")
            return None
        self.chosen[LEARNED] = found.words
        return found

    def _of_version(
        self, version: str, tables: Known, kept: Kept, attributes: dict[str, Ints]
    ) -> dict[tuple[Of, str], Lists]:
        if version == LEARNED and self._learned is not None:
            scored = self._learned.scored(kept, attributes, self.threads)
            tables.scores_given(scored.rows(kept, version))
            ranking = scored.ranking(kept.holdout.clients, LENGTH)
        else:
            tables.scores_of(FALLBACK if version == LEARNED else version)
            ranking = lists_of(tables.ranking(LENGTH), kept.seen)
        return {("ranking", version): ranking, ("list", version): lists_of(tables.lists(version), kept.seen)}

    def _others(self, holdout: Holdout) -> Iterator[tuple[str, Lists]]:
        history, clients, threads = own(holdout.history), holdout.clients, self.threads
        yield TIFU_KNN, published.tifu_lists(history, clients, self._tifu, threads)
        yield UP_CF, published.up_cf_lists(history, clients, self._up_cf, threads)
        yield OWN, published.own_top_lists(history, clients)
        yield GLOBAL, published.global_top_lists(history, clients)
        yield OWN_THEN_GLOBAL, published.own_then_global_lists(history, clients)


def lists_of(rows: pa.Table, log: BasketLog, length: int = LENGTH) -> Lists:
    """Of rows with a client, an item and a rank from 1 on."""
    client, item = places_of(rows["customer_id"], log.clients), places_of(rows["item_id"], log.items)
    rank = np.asarray(rows["rank"].to_numpy(), dtype=np.int64)
    clients, row = np.unique(client, return_inverse=True)
    items = np.full((len(clients), length), -1)
    shown = rank <= length
    items[row[shown], rank[shown] - 1] = item[shown]
    return Lists(clients, items)


def _segments(profiles: pa.Table, holdout: Holdout) -> Ints:
    """Who has no profile any more orders so seldom that it is light."""
    of_name = np.zeros(len(holdout.history.clients), dtype=np.int64)
    named = {name: number for number, name in enumerate(SEGMENTS)}
    place = places_of(profiles["customer_id"], holdout.history.clients)
    of_name[place] = [named[str(segment)] for segment in profiles["segment"].to_pylist()]
    return of_name[holdout.clients]
