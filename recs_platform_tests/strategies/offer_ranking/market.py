"""Impressions and candidates made up in memory, and a company's shelf on a real SQLite: for what trains and scores.

What decides about a redemption is written here. Not here: worlds whose features real queries make.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from recs_platform.companies.model import Company
from recs_platform.model_registry import registry, training_log
from recs_platform.model_registry.shelf import ModelShelf
from recs_platform.models.features import Floats
from recs_platform.models.retraining import Reason
from recs_platform.platform_db.engine import engine, upgrade
from recs_platform.schemas.offer_ranking import CandidateFeatures, TrainingSet
from recs_platform.schemas.table import Table, spec_of
from recs_platform.schemas.training import TrainingPlan
from recs_platform.strategies.catalogue import load_companies
from recs_platform.strategies.offer_ranking.features import FEATURES, TASK
from recs_platform.strategies.offer_ranking.scoring import offer_scores
from recs_platform.strategies.offer_ranking.training import ranking_model
from recs_platform.warehouse.slices import Days
from recs_platform_tests.model_registry.artifacts import layouts_in

DAY = date(2025, 12, 1)
WINDOW, LABEL_DAYS = 42, 7
CLOSED_FROM, CLOSED_TO = DAY - timedelta(days=WINDOW - 1), DAY - timedelta(days=LABEL_DAYS)
CATEGORIES = {"business_type": ("hotel", "kiosk"), "category": ("Dairy", "Fish")}
QUIET = {
    "offers_shown", "redemptions", "redemption_rate", "days_since_last_redemption", "kind", "items_on_offer",
    "offers_in_campaign", "category_redemption_rate", "kind_redemption_rate", "items_bought", "item_purchase_days",
    "days_since_last_item_purchase", "item_affinity_score", "times_shown", "times_redeemed", "redemptions_in_category",
    "redemptions_of_kind",
}  # fmt: skip
"""Nothing is known of history: what redemptions follow stands in the other features, and more noise would hide it."""
ASKED = (Reason("weekday", "it is Monday", f"weekday:{DAY}"),)
"""In place of a table that only orders the steps of a run."""


def metro(**parameters: Any) -> Company:
    company = load_companies()["metro"]
    return company.model_copy(update={"parameters": company.parameters.model_copy(update=parameters)})


def shelf(home: Path, run_id: str = "0123456789abcdef") -> ModelShelf:
    database = engine(f"sqlite:///{home / 'platform.db'}")
    upgrade(database)
    return ModelShelf("metro", database, layouts_in(home / "artifacts"), run_id)


def train(
    models: ModelShelf,
    training_set: pa.Table,
    *,
    day: date = DAY,
    asked: Sequence[Reason] = ASKED,
    company: Company | None = None,
) -> list[dict[str, Any]]:
    """The rows of `ranking_model`, the one that was chosen first."""
    rows = [{"as_of": day, "reason": kind, "words": words, "evidence": evidence} for kind, words, evidence in asked]
    plan = spec_of(TrainingPlan).arrow_table(rows)
    made = ranking_model.function(
        company or metro(), Days.one(day), models=models, training_plan=plan, training_set=training_set
    )
    found: list[dict[str, Any]] = made.to_pylist()
    return sorted(found, key=lambda row: row["outcome"] == "not chosen")


def score(models: ModelShelf, candidate_features: pa.Table, day: date = DAY) -> pa.Table:
    reader = offer_scores.function(Days.one(day), models, candidate_features.to_reader())
    found: pa.Table = reader.read_all()
    return found


def versions(models: ModelShelf) -> list[tuple[int, str]]:
    return [(one.version, one.status) for one in registry.versions(models.database, "metro")]


def outcomes(models: ModelShelf) -> list[tuple[date, str | None]]:
    return [(begun.as_of, begun.outcome) for begun in training_log.begun(models.database, "metro", TASK.model)]


def impressions(count: int = 5_000, *, day: date = DAY, seed: int = 7) -> pa.Table:
    """Six weeks of them. Offers are redeemed whose discount suits the customer, which no linear model can see, and
    rather those of dairy."""
    rng = np.random.default_rng(seed)
    shown = rng.integers(0, WINDOW, count)
    columns = _features(rng, count, TrainingSet)
    suits = _sign(columns["promo_affinity"]) * _sign(columns["discount_depth"])
    logit = -1.5 + 1.6 * suits + 0.7 * np.where(np.asarray(columns["category"]) == "Dairy", 1, -1)
    redeemed = rng.random(count) < 1 / (1 + np.exp(-logit))
    columns |= {
        "impression_id": pa.array([f"I{number:06d}" for number in range(count)]),
        "shown_on": pa.array([day - timedelta(days=int(age)) for age in shown]),
        "feature_day": pa.array([day - timedelta(days=int(age) + 1) for age in shown]),
        "label": pa.array(redeemed.astype(np.int64), mask=shown < LABEL_DAYS),
    }
    return _table(columns, TrainingSet, day)


def candidates(count: int = 500, *, day: date = DAY, seed: int = 8) -> pa.Table:
    return _table(_features(np.random.default_rng(seed), count, CandidateFeatures), CandidateFeatures, day)


def with_column(table: pa.Table, name: str, values: Sequence[Any]) -> pa.Table:
    place = table.schema.get_field_index(name)
    return table.set_column(place, table.schema.field(name), pa.array(values, table.schema.field(name).type))


def _sign(column: Any) -> Floats:
    return np.sign(np.asarray(column) - 0.5)


def _features(rng: np.random.Generator, count: int, model: type[Table]) -> dict[str, Any]:
    schema = spec_of(model).arrow_schema
    columns: dict[str, Any] = {
        "customer_id": pa.array([f"C{number % 300:04d}" for number in range(count)]),
        "offer_id": pa.array([f"F{number // 300:04d}" for number in range(count)]),
    }
    for spec in FEATURES.specs:
        if spec.name in QUIET:
            constant: str | float | int = "Type A" if spec.kind == "category" else 0
            columns[spec.name] = pa.array([constant] * count, schema.field(spec.name).type)
        elif spec.kind == "category":
            columns[spec.name] = pa.array(np.array(CATEGORIES[spec.name])[rng.integers(0, 2, count)])
        elif spec.kind == "flag":
            columns[spec.name] = pa.array(rng.random(count) < 0.4)
        elif pa.types.is_integer(schema.field(spec.name).type):
            columns[spec.name] = pa.array(rng.integers(0, 40, count))
        else:
            columns[spec.name] = pa.array(rng.random(count))
    return columns


def _table(columns: dict[str, Any], model: type[Table], day: date) -> pa.Table:
    """In the schema's columns; what no test looks at is constant."""
    schema, count = spec_of(model).arrow_schema, len(columns["customer_id"])
    rest = {"as_of": pa.repeat(pa.scalar(day), count), "item_id": pa.repeat("P1", count)}
    known = columns | rest
    return pa.table([known.get(name, pa.nulls(count, schema.field(name).type)) for name in schema.names], schema=schema)


def one_class() -> pa.Table:
    """Impressions of which none was redeemed."""
    table = impressions()
    return with_column(table, "label", [label and 0 for label in table["label"].to_pylist()])
