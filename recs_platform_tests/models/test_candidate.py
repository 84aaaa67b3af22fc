"""Which of a day's two models is the candidate: by hand-made figures on models that were really fitted."""

from __future__ import annotations

from dataclasses import replace

import pytest

from recs_platform.models.data import examples
from recs_platform.models.training import Training, train
from recs_platform_tests.models.worlds import COLUMNS, FEATURES, PROVENANCE, SETTINGS, linear, rows


@pytest.fixture(scope="module")
def training() -> Training:
    settings = SETTINGS.model_copy(update={"most_trees": 2})
    return train(examples(rows(linear, count=2_000), FEATURES, COLUMNS), settings, PROVENANCE)


@pytest.mark.parametrize(
    ("logistic", "boosted", "chosen"),
    [
        # ROC AUC decides, whatever the log loss.
        ((0.70, 0.3), (0.71, 0.9), "boosted"),
        ((0.71, 0.9), (0.70, 0.3), "logistic"),
        # Of equal ones the lower log loss.
        ((0.70, 0.4), (0.70, 0.3), "boosted"),
        ((0.70, 0.3), (0.70, 0.4), "logistic"),
        # And of those the simpler one.
        ((0.70, 0.3), (0.70, 0.3), "logistic"),
    ],
)
def test_the_better_one_is_the_candidate(
    training: Training, logistic: tuple[float, float], boosted: tuple[float, float], chosen: str
) -> None:
    models = []
    for model, (roc_auc, log_loss) in zip(training.models, (logistic, boosted), strict=True):
        test = replace(model.manifest.quality["test"], roc_auc=roc_auc, log_loss=log_loss)
        # What was measured on the validation window, as good as can be, has no say.
        quality = {"validation": replace(test, roc_auc=1 - roc_auc, log_loss=1 - log_loss), "test": test}
        models.append(replace(model, manifest=model.manifest.model_copy(update={"quality": quality})))
    assert replace(training, models=tuple(models)).candidate.ranker.kind == chosen
