"""Where candidates come from, made once for all clients: own history, neighbours, transitions, popularity.

Not here: which candidates a client gets (`candidates.py`), and what a ranker is told of them (`features.py`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import scipy.sparse as sp

from recs_platform.next_basket.arrays import Floats, Ints, Singles, spread
from recs_platform.next_basket.decayed import Decay, by_baskets
from recs_platform.next_basket.log import BasketLog
from recs_platform.next_basket.neighbours import Measure, Neighbours, entry_limit, neighbours, thinned
from recs_platform.next_basket.new_items import new_items
from recs_platform.next_basket.own import Own, own
from recs_platform.next_basket.popularity import Popularity, popularity
from recs_platform.next_basket.taste import Attributes
from recs_platform.next_basket.transitions import last_baskets, transitions

SLOW, FAST = "slow", "fast"
MEASURES: dict[str, tuple[Measure, ...]] = {SLOW: ("l2", "cosine"), FAST: ("cosine",)}
"""By scale, how neighbours are found."""
Near: TypeAlias = dict[tuple[str, Measure], Neighbours]
"""By scale and measure."""

_SLOW = Decay(in_group=0.95, between_groups=0.85, group=5)
_FAST = Decay(in_group=0.6, between_groups=0.4, group=3)


@dataclass(frozen=True)
class Settings:
    """How much work is done for a client. Quality does not hang on the exact numbers: a ranker learns what each source
    is worth."""

    slow: Decay = _SLOW
    fast: Decay = _FAST
    neighbours: int = 80
    slow_entries: int = 70
    """On average, how many items of a client's vector neighbours are found by and recommend: its heaviest ones. Only
    where histories are longer than that are some left out."""
    fast_entries: int = 30
    pool: int = 10_000
    """Among how many clients neighbours are sought."""
    candidates: int = 150
    threads: int = 1


@dataclass(frozen=True, eq=False)
class Known:
    """What is known of clients and items without looking at other clients one by one: little work."""

    own: Own
    as_of: Ints | None
    decayed: dict[str, Floats]
    """By scale, of each pair of `own`."""
    popularity: Popularity
    attributes: Attributes


@dataclass(frozen=True, eq=False)
class Sources(Known):
    vectors: dict[str, sp.csr_matrix]
    neighbours: Near
    weights: dict[tuple[str, Measure], sp.csr_matrix]
    """Clients by clients: what each neighbour's vector counts for; they sum to 1."""
    followed: sp.csr_matrix
    followers: sp.csr_matrix
    new_items: sp.csr_matrix


def known(log: BasketLog, settings: Settings, as_of: Ints | None = None, attributes: Attributes | None = None) -> Known:
    """As of a day of each client, where there are days. Attributes are those of the log's items, a number per item."""
    history = own(log)
    scales = {SLOW: settings.slow, FAST: settings.fast}
    decayed = {scale: history.summed(by_baskets(log, decay)) for scale, decay in scales.items()}
    day = None if as_of is None or log.basket_day is None else int(as_of.max(initial=0))
    return Known(history, as_of, decayed, popularity(history, day), attributes or {})


def vectors_of(found: Known, settings: Settings) -> dict[str, sp.csr_matrix]:
    """By scale, clients by items: what clients are compared by, and what they recommend."""
    entries = {SLOW: settings.slow_entries, FAST: settings.fast_entries}
    whole = {scale: found.own.matrix(found.decayed[scale]) for scale in entries}
    return {scale: thinned(whole[scale], entry_limit(whole[scale], entries[scale])) for scale in entries}


def nearest(log: BasketLog, vectors: dict[str, sp.csr_matrix], settings: Settings, clients: Ints | None = None) -> Near:
    """By scale and measure, those nearest to each client, or to some."""
    among = pool(log, settings.pool)
    return {
        (scale, measure): near
        for scale, measures in MEASURES.items()
        for measure, near in neighbours(
            vectors[scale], among, settings.neighbours, measures, settings.threads, clients
        ).items()
    }


def sources(
    log: BasketLog,
    settings: Settings,
    as_of: Ints | None = None,
    attributes: Attributes | None = None,
    *,
    clients: Ints | None = None,
    near: Near | None = None,
) -> Sources:
    """All of them; neighbours of some clients (in order) alone, or as they were found before."""
    found = known(log, settings, as_of, attributes)
    vectors = vectors_of(found, settings)
    near = nearest(log, vectors, settings, clients) if near is None else near
    weights = {
        (scale, measure): one.matrix(_weight(one, measure, len(log.clients)), len(log.clients))
        for (scale, measure), one in near.items()
    }
    return Sources(
        **vars(found),
        vectors=vectors,
        neighbours=near,
        weights=weights,
        followed=last_baskets(log),
        followers=transitions(log, threads=settings.threads),
        new_items=new_items(found.own, found.attributes),
    )


def pool(log: BasketLog, most: int) -> Ints:
    """The clients who may be neighbours: those with a basket, and evenly spread over them where there are too many."""
    return spread(np.flatnonzero(log.baskets > 0), most)


def _weight(near: Neighbours, measure: Measure, clients: int) -> Singles:
    """By distance all count alike, as in TIFU-KNN; by cosine, as near as they are."""
    weight = near.similarity if measure == "cosine" else np.ones_like(near.similarity)
    total = np.bincount(near.client, weight, minlength=clients)
    of: Singles = (weight / total[near.client]).astype(np.float32)
    return of
