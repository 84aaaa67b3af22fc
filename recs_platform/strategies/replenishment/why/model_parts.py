"""What the scores of version 4 are made of: one client's features, computed again from the day's tables as when it was
scored, and what each adds.

Not here: scores without a model (working.py).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from recs_platform.model_registry.score_parts import ScoreParts, score_parts, scorer
from recs_platform.model_registry.shelf import open_shelf
from recs_platform.next_basket.features import features
from recs_platform.next_basket.log import places_of
from recs_platform.next_basket.sources import known
from recs_platform.pipeline.day_reader import DayReader
from recs_platform.strategies.replenishment.history import read_history, settings
from recs_platform.strategies.replenishment.scoring import read_candidates
from recs_platform.strategies.replenishment.task import TASK
from recs_platform.warehouse.slices import Days


@dataclass(frozen=True)
class ModelParts:
    """What the model that scored a client makes of some of its items."""

    version: int
    of: date
    """The day that it was trained for."""
    by_item: Mapping[str, ScoreParts]


def parts_by_model(read: DayReader, client: str, items: Collection[str], digest: str) -> ModelParts:
    """Of those of the items that the model looked at."""
    models = open_shelf(read.company.name, run_id="recs why")
    version = scorer(TASK, models, read.day, digest)
    rows = _features(read, client)
    rows = rows.filter(pc.is_in(rows["item_id"], pa.array(sorted(items), pa.string())))
    found = score_parts(TASK, models.load(version, TASK.features), rows)
    by_item = {str(item): parts for item, parts in zip(rows["item_id"].to_pylist(), found, strict=True)}
    return ModelParts(version.version, version.as_of, by_item)


def _features(read: DayReader, client: str) -> pa.Table:
    """Of all candidates of the client that are scored by a model: the item, and what the model is told of it."""
    days = Days.one(read.day)
    order_lines = read.pipeline.bind_input("model_scores", "order_lines", read.company, days)
    with read.warehouse.read(read.pipeline.ref("product_trends", read.company), days) as reader:
        product_trends = reader.read_all()
    history = read_history(read.day, order_lines, product_trends, read.warehouse)
    log = history.log
    number = places_of(pa.chunked_array([[client]]), log.clients)
    candidates = read.table("candidates_of_client", customer=client).to_batches()
    chosen = read_candidates(candidates, log, number[number >= 0])
    found = features(known(log, settings(), history.as_of, history.attributes), chosen)
    names = pa.chunked_array([log.items.take(np.asarray(chosen.item))])
    return found.drop_columns(["item_id"]).append_column("item_id", names)
