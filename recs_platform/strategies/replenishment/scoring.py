"""What the serving model makes of each candidate of version 4.

Not here: what becomes of that, and what scores without a model (`sql/replenishment/replenishment_scores.sql`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import pyarrow as pa

from recs_platform.companies.model import Company
from recs_platform.model_registry.scoring import Scorer, scorer_for
from recs_platform.model_registry.shelf import ModelShelf
from recs_platform.next_basket.arrays import Ints, Singles, distinct
from recs_platform.next_basket.candidates import Candidates
from recs_platform.next_basket.features import features
from recs_platform.next_basket.log import BasketLog, places_of
from recs_platform.next_basket.sources import Known, known
from recs_platform.pipeline.frame_asset import QueryRunner, table_asset
from recs_platform.schemas.replenishment import ModelScores
from recs_platform.schemas.table import spec_of
from recs_platform.strategies.replenishment.candidates import SOURCES
from recs_platform.strategies.replenishment.client_habits import read_active
from recs_platform.strategies.replenishment.client_versions import V4, by_version, may_use
from recs_platform.strategies.replenishment.history import read_history, settings
from recs_platform.strategies.replenishment.isolation import each_block
from recs_platform.strategies.replenishment.parameters import parameters_of
from recs_platform.strategies.replenishment.task import TASK
from recs_platform.warehouse.protocol import BoundQuery
from recs_platform.warehouse.slices import Days


@table_asset(ModelScores, look_back={"order_lines": "@history_days"}, after=("ranking_model",))
def model_scores(
    company: Company,
    days: Days,
    models: ModelShelf,
    warehouse: QueryRunner,
    client_profiles: pa.Table,
    product_trends: pa.Table,
    experiment_assignments: pa.Table,
    replenishment_candidates: pa.RecordBatchReader,
    order_lines: BoundQuery,
) -> pa.RecordBatchReader:
    """Of clients of version 4, where a model serves; in blocks of clients, as candidates are made."""
    schema = spec_of(ModelScores).arrow_schema
    parameters = parameters_of(company)
    scorer = scorer_for(TASK, models, days.last) if may_use(parameters, V4) else None
    if scorer is None:
        return schema.empty_table().to_reader()
    names, active = read_active(client_profiles)
    of_v4 = by_version(parameters, names, active, experiment_assignments).get(V4, np.zeros(0, dtype=np.int64))
    history = read_history(days.last, order_lines, product_trends, warehouse)
    log = history.log
    found = known(log, settings(), history.as_of, history.attributes)
    asked = places_of(names.take(of_v4), log.clients)
    chosen = read_candidates(replenishment_candidates, log, distinct(asked[asked >= 0]))

    def rows(these: Ints) -> pa.RecordBatch:
        return _rows(days, scorer, found, _of(chosen, these))

    made: Iterator[pa.RecordBatch] = each_block(rows, distinct(chosen.client), log.clients, "Scoring")
    return pa.RecordBatchReader.from_batches(schema, made)


def read_candidates(candidates: Iterable[pa.RecordBatch], log: BasketLog, clients: Ints) -> Candidates:
    """Those of some clients that version 4 looks at, as numbers: a hundred of them take the room of a few names."""
    column: dict[str, list[Any]] = {name: [] for name in ("client", "item", *SOURCES)}
    for batch in candidates:
        rows = pa.Table.from_batches([batch])
        client, item = places_of(rows["customer_id"], log.clients), places_of(rows["item_id"], log.items)
        looked_at = np.asarray(rows[SOURCES[0]].is_valid().to_numpy(), dtype=np.bool_)
        there = np.flatnonzero(looked_at & np.isin(client, clients))
        column["client"].append(client[there].astype(np.int32))
        column["item"].append(item[there].astype(np.int32))
        for name in SOURCES:
            column[name].append(rows[name].to_numpy()[there].astype(np.float32))
    whole = {name: np.concatenate(values) if values else np.zeros(0) for name, values in column.items()}
    order = np.lexsort((whole["item"], whole["client"]))
    scores: dict[str, Any] = {name: whole[name][order] for name in SOURCES}
    return Candidates(whole["client"][order].astype(np.int64), whole["item"][order].astype(np.int64), scores)


def _of(chosen: Candidates, these: Ints) -> Candidates:
    """The rows of neighbouring clients."""
    rows = slice(
        int(np.searchsorted(chosen.client, these[0])), int(np.searchsorted(chosen.client, these[-1], side="right"))
    )
    scores: dict[str, Singles] = {name: score[rows] for name, score in chosen.scores.items()}
    return Candidates(chosen.client[rows], chosen.item[rows], scores)


def _rows(days: Days, scorer: Scorer, found: Known, chosen: Candidates) -> pa.RecordBatch:
    log, count = found.own.log, len(chosen.client)
    columns: dict[str, Any] = {
        "as_of": pa.repeat(pa.scalar(days.last, pa.date32()), count),
        "customer_id": log.clients.take(chosen.client),
        "item_id": log.items.take(chosen.item),
        "raw": scorer.score(features(found, chosen)).raw,
        "digest": pa.repeat(scorer.by.digest, count),
    }
    return pa.RecordBatch.from_pydict(columns, spec_of(ModelScores).arrow_schema)
