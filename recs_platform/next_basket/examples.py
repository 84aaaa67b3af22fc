"""What a ranker learns from: the candidates of past targets, with their features and whether each was bought.

An example is what would have been known before its target. So nobody's target is in anybody's history: neither the
client's own, nor that of a neighbour, whose newest purchases would else tell what is bought these days. Every target is
made from a history of its own. Not here: fitting, and which clients are for validation.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from recs_platform.next_basket.arrays import Ints, Singles, places, spread
from recs_platform.next_basket.candidates import candidates
from recs_platform.next_basket.columns import BOUGHT as BOUGHT
from recs_platform.next_basket.columns import SPLIT as SPLIT
from recs_platform.next_basket.columns import TARGET as TARGET
from recs_platform.next_basket.columns import WEIGHT as WEIGHT
from recs_platform.next_basket.features import features
from recs_platform.next_basket.holdout import Holdout
from recs_platform.next_basket.sources import Settings, sources
from recs_platform.next_basket.taste import Attributes


def examples(
    holdouts: Sequence[Holdout],
    splits: dict[str, Ints],
    settings: Settings,
    attributes: Attributes | None = None,
    *,
    most_clients: int = 10_000,
) -> pa.Table:
    """A row per target, client and candidate: the columns of `features`, whether it was bought, the client's split and
    the number of the holdout. `splits` names clients by number, such as those of train and of validation; others are
    left out. A client's rows weigh as much as those of any other, whether it bought one thing or fifty. Of a split with
    more than `most_clients`, as many are taken, evenly spread, each time the same ones: training has an end."""
    names = sorted(splits)
    of = _numbers(splits, max((len(one.history.clients) for one in holdouts), default=0), most_clients)
    tables = []
    for number, holdout in enumerate(holdouts):
        judged = holdout.of(np.flatnonzero(of >= 0))
        found = sources(judged.history, settings, judged.as_of, attributes, clients=judged.clients)
        chosen = candidates(found, judged.clients, settings)
        rows = features(found, chosen)
        width = len(judged.history.items)
        keys = judged.target_client * width + judged.target_item
        bought = places(keys, chosen.client * width + chosen.item) >= 0
        split = pa.DictionaryArray.from_arrays(of[chosen.client].astype(np.int32), pa.array(names))
        new: dict[str, Any] = {
            BOUGHT: pa.array(bought),
            WEIGHT: pa.array(_weights(judged, chosen.client)),
            SPLIT: split,
            TARGET: pa.array(np.full(len(bought), number, dtype=np.int32)),
        }
        for name, column in new.items():
            rows = rows.append_column(name, column)
        tables.append(rows)
    return pa.concat_tables(tables)


def _weights(holdout: Holdout, client: Ints) -> Singles:
    """One over how much the client bought: measures count clients, not lines."""
    wanted = np.bincount(places(holdout.clients, holdout.target_client), minlength=len(holdout.clients))
    return (1 / wanted)[places(holdout.clients, client)].astype(np.float32)


def _numbers(splits: dict[str, Ints], clients: int, most: int) -> Ints:
    """Of each client, the place of its split among their names; -1 of those who are left out."""
    named, of = np.zeros(clients, dtype=np.bool_), np.full(clients, -1)
    for place, name in enumerate(sorted(splits)):
        if named[splits[name]].any():
            raise ValueError(f"a client of {name!r} is in another split, too")
        named[splits[name]] = True
        of[spread(np.sort(splits[name]), most)] = place
    return of
