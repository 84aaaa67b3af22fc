"""The chance of a redemption for every candidate, by the model that serves the day."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from recs_platform.model_registry.scoring import Scored, parts_of, scorer_for
from recs_platform.model_registry.shelf import ModelShelf
from recs_platform.pipeline.frame_asset import table_asset
from recs_platform.schemas.offer_ranking import BY_RATE, OfferScores
from recs_platform.schemas.table import spec_of
from recs_platform.strategies.offer_ranking.features import TASK
from recs_platform.warehouse.slices import Days

_RATE = "historical_redemption_rate"
_KEPT = ["customer_id", "offer_id", _RATE]


@table_asset(OfferScores, after=("ranking_model",))
def offer_scores(days: Days, models: ModelShelf, candidate_features: pa.RecordBatchReader) -> pa.RecordBatchReader:
    """A chance for every candidate; without a model it is how often the offer was redeemed when it was shown.

    Features are read and scored in parts and then let go. All are scored before the first row is handed on: whoever
    stores rows cannot tell what went wrong in making them.
    """
    scorer = scorer_for(TASK, models, days.last)
    unscored = ((part, None) for part in parts_of(candidate_features))
    parts = unscored if scorer is None else scorer.score_stream(candidate_features)
    kept = [(_copied(part), scored) for part, scored in parts]
    rows = (_rows(days, part, scored) for part, scored in kept)
    return pa.RecordBatchReader.from_batches(spec_of(OfferScores).arrow_schema, rows)


def _copied(candidates: pa.Table) -> pa.Table:
    """What is handed on of candidates: a column of a part that was read holds on to all of that part."""
    return pa.table({name: candidates[name].combine_chunks() for name in _KEPT})


def _rows(days: Days, candidates: pa.Table, scored: Scored | None) -> pa.RecordBatch:
    schema, count = spec_of(OfferScores).arrow_schema, candidates.num_rows
    chances = candidates[_RATE] if scored is None else scored.probabilities
    columns = {
        "as_of": pa.repeat(pa.scalar(days.last, pa.date32()), count),
        **{name: candidates[name].chunk(0) for name in ("customer_id", "offer_id")},
        "raw_score": pa.nulls(count, pa.float64()) if scored is None else pa.array(scored.raw),
        "probability": pa.array(np.asarray(chances)),
        "scored_by": pa.repeat(BY_RATE if scored is None else scored.by.digest, count),
    }
    return pa.RecordBatch.from_arrays([columns[name] for name in schema.names], schema=schema)
