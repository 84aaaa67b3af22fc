"""Training the day's model, and whether it goes active."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pyarrow as pa

from recs_platform.companies.model import Company
from recs_platform.models.data import NotTrainableError
from recs_platform.models.model import Model
from recs_platform.models.retraining import Reason
from recs_platform.models.service import Order, Source, Trained, train_for
from recs_platform.models.settings import TrainingSettings
from recs_platform.models.shelf import ModelShelf
from recs_platform.pipeline.frame_asset import table_asset
from recs_platform.schemas.offer_ranking_reports import RankingModel
from recs_platform.schemas.table import spec_of
from recs_platform.strategies.offer_ranking.features import TASK
from recs_platform.strategies.offer_ranking.parameters import parameters_of
from recs_platform.strategies.offer_ranking.pictures import KINDS, show_training
from recs_platform.warehouse.slices import Days

VALIDATION_DAYS = TEST_DAYS = 7
"""A week each, because weekdays differ."""


@table_asset(RankingModel, present=show_training)
def ranking_model(
    company: Company, days: Days, models: ModelShelf, training_plan: pa.Table, training_set: pa.Table
) -> pa.Table:
    """The models that the day trained; none when nothing asked for it."""
    day, reasons = days.last, _reasons(training_plan)
    rows: list[dict[str, Any]] = []
    if reasons:
        order = Order(day, reasons, settings_of(company), parameters_of(company).model_tolerance)
        serving = models.serving(TASK.model, day)
        try:
            rows = list(_rows(train_for(TASK, Source("training_set", training_set), models, order)))
        except NotTrainableError as error:
            left = f"version {serving.version} goes on serving" if serving else "no model serves"
            words = f"Nothing was trained, and {left}: {error}."
            rows = [{"kind": "none", "outcome": "refused", "words": words}]
    asked_by = "; ".join(reason.words for reason in reasons)
    return spec_of(RankingModel).arrow_table({"as_of": day, "asked_by": asked_by, **row} for row in rows)


def settings_of(company: Company) -> TrainingSettings:
    """The days before the test window whose outcome was open in it are left out."""
    parameters = parameters_of(company)
    return TrainingSettings(
        validation_days=VALIDATION_DAYS,
        test_days=TEST_DAYS,
        gap_days=parameters.label_days,
        negatives_per_positive=parameters.negatives_per_positive,
        seed=parameters.training_seed,
    )


def _reasons(training_plan: pa.Table) -> tuple[Reason, ...]:
    rows = sorted(training_plan.to_pylist(), key=lambda row: (row["reason"], row["evidence"]))
    return tuple(Reason(row["reason"], row["words"], row["evidence"]) for row in rows)


def _rows(trained: Trained) -> Iterator[dict[str, Any]]:
    """What the registry says of the better model, so that a day made again says what it said at first."""
    candidate = trained.training.candidate
    for model in trained.training.models:
        yield _measured(model) | (_registered(trained) if model is candidate else _not_chosen(model, candidate))


def _measured(model: Model) -> dict[str, Any]:
    quality, windows = model.manifest.quality["test"], model.manifest.windows
    return {
        "kind": model.manifest.kind,
        "roc_auc": quality.roc_auc,
        "pr_auc": quality.pr_auc,
        "log_loss": quality.log_loss,
        "calibration_error": quality.calibration_error,
        "test_from": windows["test"].first,
        "test_to": windows["test"].last,
        "test_rows": windows["test"].rows,
        "train_rows": windows["train"].rows,
    }


def _registered(trained: Trained) -> dict[str, Any]:
    version, champion = trained.registered, trained.champion
    same = f"It is the model that is active already, version {version.version}."
    return {
        "outcome": _outcome(trained),
        "version": version.version,
        "digest": version.digest,
        "champion_digest": champion.digest if champion else None,
        "champion_roc_auc": _champion_roc_auc(trained) if champion else None,
        "words": same if trained.again else version.words,
    }


def _outcome(trained: Trained) -> str:
    if trained.again:
        return "active already"
    metrics = trained.registered.metrics
    if metrics["activate"]:
        return "activated"
    # A model that ranks nothing is no model, however it compares.
    return "refused" if metrics["candidate"]["constant"] else "worse"


def _champion_roc_auc(trained: Trained) -> float:
    if trained.again:
        return trained.training.candidate.manifest.quality["test"].roc_auc
    champion: Mapping[str, float] = trained.registered.metrics["champion"]
    return champion["roc_auc"]


def _not_chosen(model: Model, candidate: Model) -> dict[str, Any]:
    ours, theirs = (one.manifest.quality["test"].roc_auc for one in (model, candidate))
    kind = KINDS[candidate.manifest.kind]
    compared = f"ROC AUC {ours:.4f}, against {theirs:.4f}" if ours < theirs else f"also at ROC AUC {ours:.4f}"
    return {"outcome": "not chosen", "words": f"Not chosen: {compared} of the {kind}."}
