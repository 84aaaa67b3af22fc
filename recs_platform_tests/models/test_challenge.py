"""A new model takes the active one's place unless it is worse by more than the tolerance."""

from __future__ import annotations

from datetime import date
from functools import lru_cache

import numpy as np
import pytest

from recs_platform.models.challenge import challenge
from recs_platform.models.choice import ComparisonWindow
from recs_platform.models.logistic import LogisticRanker
from recs_platform.models.manifest import StoredWindow
from recs_platform.models.model import Model
from recs_platform_tests.models.worlds import crossed, trained


@lru_cache
def models() -> tuple[Model, Model, ComparisonWindow]:
    """A poor one, a good one, and where they are compared."""
    training = trained(crossed)
    poor, good = training.models
    return poor, good, training.test


def test_the_better_one_goes_active() -> None:
    poor, good, test = models()
    verdict = challenge(good, poor, test, tolerance=0.01)
    assert verdict.activate
    assert (
        "2026-02-09 the new model is better by more than chance explains, so it goes active: new ROC AUC 0.8"
        in verdict.words
    )
    assert verdict.champion == poor.manifest.quality["test"]
    assert verdict.candidate == good.manifest.quality["test"]


def test_the_worse_one_does_not() -> None:
    poor, good, test = models()
    verdict = challenge(poor, good, test, tolerance=0.01)
    assert not verdict.activate
    assert "beyond the tolerance of 0.01, so the active model stays" in verdict.words


def test_the_tolerance_is_the_border() -> None:
    poor, good, test = models()
    gap = good.manifest.quality["test"].roc_auc - poor.manifest.quality["test"].roc_auc
    assert challenge(poor, good, test, tolerance=gap + 1e-9).activate
    assert not challenge(poor, good, test, tolerance=gap - 1e-9).activate
    assert challenge(good, good, test, tolerance=0).activate


def test_the_first_model_goes_active() -> None:
    poor, _, test = models()
    verdict = challenge(poor, None, test, tolerance=0.01)
    assert verdict.activate
    assert verdict.words.startswith("No model is active, so the new one goes active")


@pytest.mark.parametrize(("active", "then"), [(True, "the active model stays"), (False, "no model is active")])
def test_a_model_that_ranks_nothing_never_goes_active(active: bool, then: str) -> None:
    _, good, test = models()
    constant = Model(
        good.manifest.model_copy(update={"code_version": "2"}),
        LogisticRanker(len(test.examples.features.specs), -1.0, ()),
    )
    assert np.ptp(constant.probabilities(test.examples.table)) == 0
    verdict = challenge(constant, constant if active else None, test, tolerance=1)
    assert not verdict.activate
    assert f"it gives every example the same probability, so {then}." in verdict.words


def test_an_advantage_of_the_active_model_is_told() -> None:
    poor, good, test = models()
    window = StoredWindow(date(2026, 2, 1), date(2026, 2, 3), 10, 2, {}, (0.0,) * 7)
    later = poor.manifest.model_copy(update={"windows": {**poor.manifest.windows, "validation": window}})
    told = challenge(good, Model(later, poor.ranker), test, tolerance=0.01)
    assert "had learned from days up to 2026-02-03, so it had an advantage" in told.words
    assert "advantage" not in challenge(good, poor, test, tolerance=0.01).words
