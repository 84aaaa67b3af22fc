"""Version 4 as it is trained for an evaluation: by the platform's own task, on what is known, and never registered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from recs_platform import __version__
from recs_platform.models.by_groups import GivenGroups
from recs_platform.models.data import NotTrainableError, examples
from recs_platform.models.design import Design
from recs_platform.models.model import Model
from recs_platform.models.provenance import provenance_of
from recs_platform.models.training import train
from recs_platform.next_basket.arrays import Floats, Ints
from recs_platform.next_basket.blocks import blocks
from recs_platform.next_basket.candidates import candidates
from recs_platform.next_basket.features import features
from recs_platform.next_basket.lists import Lists, ranked_lists
from recs_platform.next_basket.log import places_of
from recs_platform.next_basket.own import own
from recs_platform.next_basket.sources import Settings, sources
from recs_platform.next_basket.taste import Attributes
from recs_platform.schemas.replenishment import DISCOVERY, REPURCHASE
from recs_platform.strategies.replenishment.evaluation.trial import Kept, Trial
from recs_platform.strategies.replenishment.isolation import BLOCK
from recs_platform.strategies.replenishment.ranker import examples_of, fit_settings, holdouts_to_learn_from
from recs_platform.strategies.replenishment.task import TASK


@dataclass(frozen=True, eq=False)
class Scored:
    """Candidates with scores, by client and item."""

    client: Ints
    item: Ints
    score: Floats
    is_known: Any
    """Whether the client bought the item before."""

    def ranking(self, clients: Ints, length: int) -> Lists:
        return ranked_lists(clients, self.client, self.item, self.score, length)

    def rows(self, kept: Kept, version: str) -> pa.Table:
        """As the platform's table of scores has them."""
        log, size = kept.seen, len(self.client)
        kinds = pa.DictionaryArray.from_arrays(self.is_known.astype(np.int8), pa.array([DISCOVERY, REPURCHASE]))
        columns: dict[str, Any] = {
            "as_of": pa.repeat(pa.scalar(kept.as_of, pa.date32()), size),
            "customer_id": log.clients.take(self.client),
            "item_id": log.items.take(self.item),
            "kind": kinds.cast(pa.string()),
            "score": self.score,
            "reason": pa.repeat("", size),
            "scored_by": pa.repeat(version, size),
            "version": pa.repeat(version, size),
        }
        return pa.table(columns)


@dataclass(frozen=True, eq=False)
class Learned:
    model: Model
    words: str

    def scored(self, kept: Kept, attributes: Attributes, threads: int) -> Scored:
        """The candidates of the clients who are judged."""
        log, clients = kept.seen, kept.holdout.clients
        settings = Settings(threads=threads)
        found = sources(log, settings, kept.holdout.as_of, attributes, clients=clients)
        parts = []
        for rows in blocks(len(clients), BLOCK):
            chosen = candidates(found, clients[rows], settings)
            score = self.model.raw_scores(TASK.features.columns(features(found, chosen)))
            parts.append((chosen.client, chosen.item, np.asarray(score, dtype=np.float64)))
        client, item, score = (np.concatenate([part[place] for part in parts]) for place in range(3))
        is_known = own(log).at(client, item) >= 0
        may_be = is_known | ~_sent_back(kept, client, item)
        return Scored(client[may_be], item[may_be], score[may_be], is_known[may_be])


def _sent_back(kept: Kept, client: Ints, item: Ints) -> Any:
    """Whether the client ever sent the item back: what it sent back altogether is no discovery."""
    back, log = kept.order_lines.filter(pc.field("returned") > 0), kept.seen
    width, of_client = max(1, len(log.items)), places_of(back["customer_id"], log.clients)
    of_item = places_of(back["item_id"], log.items)
    there = (of_client >= 0) & (of_item >= 0)
    return np.isin(client * width + item, of_client[there] * width + of_item[there])


def learn(trial: Trial, attributes: Attributes, threads: int) -> Learned | str:
    """The model, or why there is none."""
    log = trial.learned
    holdouts = holdouts_to_learn_from(log, trial.learned_until)
    if not holdouts:
        return "there is too little history before what is judged"
    try:
        table = examples_of(log, holdouts, _splits(trial), attributes, Settings(threads=threads))
        read = examples(table, TASK.features, TASK.columns)
        training = train(
            read,
            fit_settings(),
            provenance_of("replenishment_examples", read, __version__),
            kinds=TASK.kinds,
            yardsticks=TASK.yardsticks,
            design=Design(GivenGroups(), TASK.design.measure, TASK.design.choice),
        )
    except NotTrainableError as error:
        return str(error)
    model = training.candidate
    clients = len(pc.unique(read.groups))
    return Learned(model, f"{model.manifest.kind}, from {len(read):,} examples of {clients:,} clients")


def _splits(trial: Trial) -> dict[str, Ints]:
    """The platform tells trees when to stop by some clients, and compares models on others: both are of validation."""
    split = trial.split
    return {"train": split.train, "validation": split.validation[::2], "test": split.validation[1::2]}
