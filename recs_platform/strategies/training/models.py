"""Training the day's models, and whether one goes active. Not here: whether to train (`plan.py`)."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Iterator
from datetime import date
from typing import Any

import pyarrow as pa

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
from recs_platform.models.manifest import Manifest
from recs_platform.models.model import Model
from recs_platform.models.task import RankingTask
from recs_platform.schemas.table import spec_of
from recs_platform.schemas.training import RankingModel

_log = logging.getLogger(__name__)


def trained_models(task: RankingTask, table: ExampleTable, models: ModelShelf, order: TrainingOrder) -> pa.Table:
    """The models that the day trained; none when nothing asked for it.

    A training that fails is a row, and the rest of the day goes on with the model that serves, or without one: lists by
    an older model are better than none. An interruption is no `Exception` and ends the run.
    """
    day = order.day
    rows: list[dict[str, Any]] = []
    if order.reasons:
        try:
            trained = train_and_register(task, table, models, order)
        except NotTrainableError as error:
            rows = [_without_a_model("refused", f"Nothing was trained, and {_left(task, models, day)}", error)]
        except TransientError:
            # The run tries again; a row would make the day's outcome of a server that was away for a moment.
            raise
        except Exception as error:
            if not isinstance(error, UserError):
                # The row has the error's words; where it happened is for whoever looks after the platform.
                _log.error(mask_text(traceback.format_exc()))
            rows = [_without_a_model("failed", f"The training failed, and {_left(task, models, day)}", error)]
        else:
            rows = list(_rows(trained))
    asked_by = "; ".join(reason.words for reason in order.reasons)
    return spec_of(RankingModel).arrow_table({"as_of": day, "asked_by": asked_by, **row} for row in rows)


def _left(task: RankingTask, models: ModelShelf, day: date) -> str:
    serving = models.serving(task.model, day)
    return f"version {serving.version} goes on serving" if serving else "no model serves"


def _without_a_model(outcome: str, happened: str, error: Exception) -> dict[str, Any]:
    return {"kind": "none", "outcome": outcome, "words": f"{happened}: {error_text(error).removesuffix('.')}."}


def _rows(trained: RegisteredTraining) -> Iterator[dict[str, Any]]:
    """What the registry says of the better model, so that a day made again says what it said at first."""
    candidate, training = trained.candidate, trained.training
    for model in training.models:
        own = _registered(trained) if model is candidate else _not_chosen(model, candidate, trained)
        yield _measured(model) | own


def _measured(model: Model) -> dict[str, Any]:
    windows = model.manifest.windows
    return {
        "kind": model.manifest.kind,
        **_figures(model.manifest),
        "test_from": windows["test"].first,
        "test_to": windows["test"].last,
        "test_rows": windows["test"].rows,
        "train_rows": windows["train"].rows,
    }


def _figures(manifest: Manifest) -> dict[str, Any]:
    """Those of the test, by what the model is judged by."""
    if manifest.lists is not None:
        lists = manifest.lists.quality["test"]
        return {"ndcg": lists.ndcg, "recall": lists.recall}
    quality = manifest.quality["test"]
    return {
        "roc_auc": quality.roc_auc,
        "pr_auc": quality.pr_auc,
        "log_loss": quality.log_loss,
        "calibration_error": quality.calibration_error,
    }


def _registered(trained: RegisteredTraining) -> dict[str, Any]:
    version, champion = trained.registered, trained.champion
    same = f"It is the model that is active already, version {version.version}."
    return {
        "outcome": _outcome(trained),
        "version": version.version,
        "digest": version.digest,
        "champion_digest": champion.digest if champion else None,
        **(_of_champion(trained) if champion else {}),
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


def _of_champion(trained: RegisteredTraining) -> dict[str, Any]:
    leading = trained.training.test.measure.leading
    if trained.is_unchanged:
        return {f"champion_{leading}": trained.training.test.leading(trained.candidate)}
    return {f"champion_{leading}": trained.registered.metrics["champion"][leading]}


def _not_chosen(model: Model, candidate: Model, trained: RegisteredTraining) -> dict[str, Any]:
    training = trained.training
    test = training.test if training.choice.minds_incumbent else training.validation
    ours, theirs = test.leading(model), test.leading(candidate)
    kind = kind_named(candidate.manifest.kind).title
    figures = f"{test.measure.title} {ours:.4f}, against {theirs:.4f} of the {kind}"
    if not training.choice.minds_incumbent:
        return {"outcome": "not chosen", "words": f"Not chosen: on the validation's lists {figures}."}
    return {"outcome": "not chosen", "words": f"Not chosen: {figures}. It is {_why_not(model, candidate, test)}."}


def _why_not(model: Model, candidate: Model, test: ComparisonWindow) -> str:
    if fault := test.fault(model):
        return f"not fit to serve: {fault}"
    compared, kind = test.compare(model, candidate), kind_named(candidate.manifest.kind).title
    return f"{'worse' if compared.is_worse else 'not told to be better'} than the {kind}, {compared.words}"
