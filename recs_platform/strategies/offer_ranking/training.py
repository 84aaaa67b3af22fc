"""Training the day's model, and whether it goes active."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

import pyarrow as pa

from recs_platform.companies.model import Company
from recs_platform.errors import TransientError, UserError
from recs_platform.masking import mask_text
from recs_platform.model_registry.shelf import ModelShelf
from recs_platform.model_registry.train_and_register import (
    ExampleTable,
    RegisteredTraining,
    TrainingOrder,
    error_text,
    train_and_register,
)
from recs_platform.models.choice import ComparisonWindow
from recs_platform.models.data import NotTrainableError
from recs_platform.models.kinds import kind_named
from recs_platform.models.model import Model
from recs_platform.models.retraining import Reason
from recs_platform.models.settings import TrainingSettings
from recs_platform.pipeline.frame_asset import table_asset
from recs_platform.schemas.offer_ranking_reports import RankingModel
from recs_platform.schemas.table import spec_of
from recs_platform.strategies.offer_ranking.features import TASK
from recs_platform.strategies.offer_ranking.parameters import parameters_of
from recs_platform.strategies.offer_ranking.training_summary import show_training
from recs_platform.warehouse.slices import Days

VALIDATION_DAYS = TEST_DAYS = 7
"""A week each, because weekdays differ."""

_log = logging.getLogger(__name__)


@table_asset(RankingModel, present=show_training)
def ranking_model(
    company: Company, days: Days, models: ModelShelf, training_plan: pa.Table, training_set: pa.Table
) -> pa.Table:
    """The models that the day trained; none when nothing asked for it.

    A training that fails is a row, and the rest of the day goes on with the model that serves, or without one: lists by
    an older model are better than none. An interruption is no `Exception` and ends the run.
    """
    day, reasons = days.last, _reasons(training_plan)
    rows: list[dict[str, Any]] = []
    if reasons:
        try:
            order = TrainingOrder(day, reasons, settings_of(company), parameters_of(company).model_tolerance)
            trained = train_and_register(TASK, ExampleTable("training_set", training_set), models, order)
        except NotTrainableError as error:
            rows = [_without_a_model("refused", f"Nothing was trained, and {_left(models, day)}", error)]
        except TransientError:
            # The run tries again; a row would make the day's outcome of a server that was away for a moment.
            raise
        except Exception as error:
            if not isinstance(error, UserError):
                # The row has the error's words; where it happened is for whoever looks after the platform.
                _log.error(mask_text(traceback.format_exc()))
            rows = [_without_a_model("failed", f"The training failed, and {_left(models, day)}", error)]
        else:
            rows = list(_rows(trained))
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


def _left(models: ModelShelf, day: date) -> str:
    serving = models.serving(TASK.model, day)
    return f"version {serving.version} goes on serving" if serving else "no model serves"


def _without_a_model(outcome: str, happened: str, error: Exception) -> dict[str, Any]:
    return {"kind": "none", "outcome": outcome, "words": f"{happened}: {error_text(error).removesuffix('.')}."}


def _reasons(training_plan: pa.Table) -> tuple[Reason, ...]:
    rows = sorted(training_plan.to_pylist(), key=lambda row: (row["reason"], row["evidence"]))
    return tuple(Reason(row["reason"], row["words"], row["evidence"]) for row in rows)


def _rows(trained: RegisteredTraining) -> Iterator[dict[str, Any]]:
    """What the registry says of the better model, so that a day made again says what it said at first."""
    candidate, test = trained.candidate, trained.training.test
    for model in trained.training.models:
        yield _measured(model) | (_registered(trained) if model is candidate else _not_chosen(model, candidate, test))


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


def _registered(trained: RegisteredTraining) -> dict[str, Any]:
    version, champion = trained.registered, trained.champion
    same = f"It is the model that is active already, version {version.version}."
    return {
        "outcome": _outcome(trained),
        "version": version.version,
        "digest": version.digest,
        "champion_digest": champion.digest if champion else None,
        "champion_roc_auc": _champion_roc_auc(trained) if champion else None,
        "words": same if trained.is_unchanged else version.words,
    }


def _outcome(trained: RegisteredTraining) -> str:
    if trained.is_unchanged:
        return "active already"
    metrics = trained.registered.metrics
    if metrics["activate"]:
        return "activated"
    # A model that is not fit to serve is no model, however it compares. Versions of before say that of constants alone.
    fit = metrics.get("fit", not metrics["candidate"]["constant"])
    return "worse" if fit else "refused"


def _champion_roc_auc(trained: RegisteredTraining) -> float:
    if trained.is_unchanged:
        return trained.candidate.manifest.quality["test"].roc_auc
    champion: Mapping[str, float] = trained.registered.metrics["champion"]
    return champion["roc_auc"]


def _not_chosen(model: Model, candidate: Model, test: ComparisonWindow) -> dict[str, Any]:
    ours, theirs = (one.manifest.quality["test"] for one in (model, candidate))
    kind = kind_named(candidate.manifest.kind).title
    fault = test.fault(model)
    compared = test.compare(model, candidate)
    why = f"{'worse' if compared.is_worse else 'not told to be better'} than the {kind}, {compared.words}"
    figures = f"ROC AUC {ours.roc_auc:.4f}, against {theirs.roc_auc:.4f} of the {kind}"
    return {
        "outcome": "not chosen",
        "words": f"Not chosen: {figures}. It is {f'not fit to serve: {fault}' if fault else why}.",
    }
