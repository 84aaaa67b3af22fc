"""The chance of a redemption for every candidate, by the model that serves the day."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow as pa

from recs_platform.model_registry.scoring import Scored, score_for
from recs_platform.model_registry.shelf import ModelShelf
from recs_platform.models.model import BATCH
from recs_platform.pipeline.frame_asset import table_asset
from recs_platform.schemas.offer_ranking import BY_RATE, OfferScores
from recs_platform.schemas.table import spec_of
from recs_platform.strategies.offer_ranking.features import TASK
from recs_platform.warehouse.slices import Days


@table_asset(OfferScores, after=("ranking_model",))
def offer_scores(days: Days, models: ModelShelf, candidate_features: pa.Table) -> pa.RecordBatchReader:
    """A chance for every candidate; without a model it is how often the offer was redeemed when it was shown.

    Rows are handed on in batches, so that what all of them have in common is not held millions of times.
    """
    scored = score_for(TASK, candidate_features, models, days.last)
    rows = _rows(days, candidate_features, scored)
    return pa.RecordBatchReader.from_batches(spec_of(OfferScores).arrow_schema, rows)


def _rows(days: Days, candidates: pa.Table, scored: Scored | None) -> Iterator[pa.RecordBatch]:
    schema = spec_of(OfferScores).arrow_schema
    chances = candidates["historical_redemption_rate"] if scored is None else scored.probabilities
    for start in range(0, candidates.num_rows, BATCH):
        part = slice(start, min(start + BATCH, candidates.num_rows))
        count = part.stop - part.start
        columns = {
            "as_of": pa.repeat(pa.scalar(days.last, pa.date32()), count),
            **{name: candidates[name].slice(start, count).combine_chunks() for name in ("customer_id", "offer_id")},
            "raw_score": pa.nulls(count, pa.float64()) if scored is None else pa.array(scored.raw[part]),
            "probability": pa.array(np.asarray(chances[part])),
            "scored_by": pa.repeat(BY_RATE if scored is None else scored.by.digest, count),
        }
        yield pa.RecordBatch.from_arrays([columns[name] for name in schema.names], schema=schema)
