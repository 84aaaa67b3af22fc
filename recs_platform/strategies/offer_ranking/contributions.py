"""What the score of a pair is made of, stored for some customers, and what the serving model looks at altogether.

Any other pair is explained when somebody asks (why.py).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from recs_platform.companies.model import Company
from recs_platform.model_registry.registry import Registered
from recs_platform.model_registry.score_parts import START, contributions, scorer, value_text
from recs_platform.model_registry.shelf import ModelShelf
from recs_platform.models.artifact import ArtifactError
from recs_platform.models.manifest import short
from recs_platform.pipeline.frame_asset import table_asset
from recs_platform.reporting.charts import Axis, Bar, bars, picture
from recs_platform.reporting.figures import percent, tick
from recs_platform.reporting.presentation import Presentation
from recs_platform.schemas.offer_ranking import BY_RATE
from recs_platform.schemas.offer_ranking_reports import FeatureContributions, FeatureImportance
from recs_platform.schemas.table import spec_of
from recs_platform.strategies.offer_ranking.features import FEATURES, TASK
from recs_platform.strategies.offer_ranking.parameters import parameters_of
from recs_platform.warehouse.slices import Days

MOVED = 0.005
"""Change of importance below which a feature neither gained nor lost."""


@table_asset(FeatureContributions)
def feature_contributions(
    company: Company,
    days: Days,
    models: ModelShelf,
    offer_recommendations: pa.Table,
    candidate_features: pa.Table,
) -> pa.Table:
    """The parts of the scores of some customers' recommendations; none when no model scored them."""
    spec = spec_of(FeatureContributions)
    customers = explained(offer_recommendations["customer_id"], parameters_of(company).explained_customers)
    recommended = offer_recommendations.filter(pc.is_in(offer_recommendations["customer_id"], customers))
    digests = {str(name) for name in pc.unique(recommended["scored_by"]).to_pylist()} - {BY_RATE}
    if not digests:
        return spec.arrow_schema.empty_table()
    (digest,) = digests
    model = models.load(scorer(TASK, models, days.last, digest), FEATURES)
    pairs = _features_of(recommended, candidate_features)
    return spec.arrow_table(_long(days.last, pairs, contributions(TASK, model, pairs)))


def explained(customers: pa.ChunkedArray[Any], count: int) -> pa.Array[Any]:
    """So many of the customers: those whose hash is lowest, so that most days explain the same ones."""
    names = sorted((str(name) for name in pc.unique(customers).to_pylist()), key=_draw)
    return pa.array(names[:count], pa.string())


def _draw(name: str) -> tuple[str, str]:
    return hashlib.md5(name.encode()).hexdigest(), name  # noqa: S324  (it draws, and keeps no secret)


def _features_of(recommended: pa.Table, candidate_features: pa.Table) -> pa.Table:
    """The features of the recommended pairs, by customer and offer."""
    keys = ["customer_id", "offer_id"]
    joined = candidate_features.join(recommended.select(keys), keys, join_type="inner")
    return joined.sort_by([(key, "ascending") for key in keys])


def _long(day: date, pairs: pa.Table, parts: Mapping[str, Sequence[float]]) -> Iterator[dict[str, Any]]:
    """A row per pair and feature."""
    for number, pair in enumerate(pairs.to_pylist()):
        same = {"as_of": day, "customer_id": pair["customer_id"], "offer_id": pair["offer_id"]}
        for spec in FEATURES.specs:
            value, part = value_text(spec, pair[spec.name]), parts[spec.name][number]
            yield {**same, "feature": spec.name, "value": value, "contribution": part}
        yield {**same, "feature": START, "value": None, "contribution": parts[START][number]}


def show_importance(rows: Sequence[Mapping[str, Any]]) -> Presentation:
    """The features that the model makes most of, and what gained and lost against the model before it."""
    if not rows:
        return Presentation("No model serves, so no feature counts.")
    ordered = sorted(rows, key=lambda row: (-row["importance"], row["feature"]))
    sentences = [f"The model makes most of {_named(ordered[:3], 'importance')}.", _compared(ordered)]
    shown = [Bar(row["feature"], row["importance"], _beside(row)) for row in ordered]
    chart = bars(
        "What the model looks at", " ".join(sentences), shown, Axis("Share of what it makes of all features", tick)
    )
    return Presentation(" ".join(sentences), picture(chart))


def _compared(rows: Sequence[Mapping[str, Any]]) -> str:
    previous = rows[0]["previous_digest"]
    if previous is None:
        return "No model served before it."
    if all(row["previous_importance"] is None for row in rows):
        return f"The model before it ({short(previous)}) cannot be read by this code, so they are not compared."
    moves = [{**row, "move": row["importance"] - (row["previous_importance"] or 0.0)} for row in rows]
    gained = sorted((row for row in moves if row["move"] >= MOVED), key=lambda row: (-row["move"], row["feature"]))
    lost = sorted((row for row in moves if row["move"] <= -MOVED), key=lambda row: (row["move"], row["feature"]))
    moved = [f"{verb} {_named(some[:3], 'move')}" for verb, some in (("gained:", gained), ("lost:", lost)) if some]
    return f"Against the model before it ({short(previous)}) {'; '.join(moved) or 'nothing moved'}."


def _named(rows: Sequence[Mapping[str, Any]], figure: str) -> str:
    sign = figure == "move"
    return ", ".join(f"{row['feature']} ({percent(row[figure], 1, sign=sign)})" for row in rows)


def _beside(row: Mapping[str, Any]) -> str:
    before = row["previous_importance"]
    return percent(row["importance"], 1) + ("" if before is None else f", before {percent(before, 1)}")


@table_asset(FeatureImportance, present=show_importance, after=("ranking_model",))
def feature_importance(days: Days, models: ModelShelf) -> pa.Table:
    """The serving model's features, beside those of the model before it; no rows when no model serves."""
    spec, serving = spec_of(FeatureImportance), models.serving(TASK.model, days.last)
    if serving is None:
        return spec.arrow_schema.empty_table()
    before = models.before(serving)
    importance, previous = models.load(serving, FEATURES).importance(), _importance_before(models, before)
    return spec.arrow_table(
        {
            "as_of": days.last,
            "feature": name,
            "digest": serving.digest,
            "importance": importance[name],
            "previous_digest": before.digest if before else None,
            "previous_importance": previous.get(name),
        }
        for name in FEATURES.names
    )


def _importance_before(models: ModelShelf, before: Registered | None) -> Mapping[str, float]:
    """Nothing when there was no model, or one that this code cannot read: the report says which."""
    if before is None:
        return {}
    try:
        return models.load(before, FEATURES).importance()
    except ArtifactError:
        return {}
