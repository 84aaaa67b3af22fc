"""Which model serves when the comparison window holds few successes and much luck."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import numpy as np
import pyarrow as pa
import pytest

from recs_platform.models.by_days import shared_out
from recs_platform.models.calibration import Calibration
from recs_platform.models.challenge import challenge
from recs_platform.models.features import Floats
from recs_platform.models.model import Model
from recs_platform.models.training import Training, train
from recs_platform.models.windows import WANTED
from recs_platform.models.yardsticks import Yardstick
from recs_platform_tests.models.worlds import PROVENANCE, SETTINGS, crossed, linear, plain, read, rows, trained

SEEDS = range(12)
FEW = SETTINGS.model_copy(update={"most_trees": 25, "leaves": 4})


def rare(table: pa.Table) -> Floats:
    """One taste decides, along a bent line of which both models see most; one in twenty succeeds."""
    return 1.6 * np.tanh(2 * plain(table, "taste")) - 3.3


@lru_cache(maxsize=16)
def few(seed: int) -> Training:
    return train(read(rows(rare, count=3_000, seed=seed)), FEW, PROVENANCE)


def taste(table: pa.Table) -> Floats:
    return 2.2 * plain(table, "taste") - 3.0


def test_luck_does_not_choose() -> None:
    """About 20 successes judge two models that know about as much: by the greater ROC AUC it was a toss-up."""
    chosen = [few(seed).candidate.manifest.kind for seed in SEEDS]
    luckier = [
        max(few(seed).models, key=lambda model: model.manifest.quality["test"].roc_auc).manifest.kind for seed in SEEDS
    ]
    assert luckier.count("boosted") >= 2, "or luck would not be tried"
    assert chosen.count("logistic") >= len(SEEDS) - 1


def test_the_kind_that_serves_stays_when_nothing_is_told() -> None:
    for seed in SEEDS:
        training = few(seed)
        if not training.test.compare(*training.models).is_better:
            fit = [model for model in training.models if model is training.candidate_after(model.manifest.kind)]
            assert fit, "each is kept where it serves, if it is fit to"


def test_what_is_told_apart_is_chosen_whatever_serves() -> None:
    for incumbent in (None, "logistic", "boosted"):
        assert trained(crossed).candidate_after(incumbent).manifest.kind == "boosted"


def promising(model: Model, shift: float) -> Model:
    calibration = Calibration("platt", 1, 1, 1.0, shift)
    return replace(model, manifest=model.manifest.model_copy(update={"calibration": calibration}))


@pytest.mark.parametrize("serves", [True, False])
def test_chances_that_are_less_true_than_the_base_rate_never_go_active(serves: bool) -> None:
    """However well it sorts: a chance ten times too high is worse than none."""
    poor, good = trained(crossed).models
    inflated = promising(good, 3.0)
    verdict = challenge(inflated, poor if serves else None, trained(crossed).test, tolerance=0.5)
    assert (verdict.activate, verdict.fit) == (False, False)
    assert "not fit to serve: its chances are less true than the base rate for everybody (ROC AUC +0." in verdict.words


def test_an_active_model_that_is_not_fit_gives_way() -> None:
    logistic, boosted = trained(crossed).models
    test = trained(crossed).test
    assert challenge(boosted, promising(logistic, 3.0), test, tolerance=0.0).activate


def test_a_model_that_a_column_beats_does_not_go_active() -> None:
    """Its own taste decides; a model that has lost it knows less than that one column."""
    table = rows(taste, count=6_000)
    yardstick = Yardstick("past tastes", "taste")
    whole = train(read(table), SETTINGS, PROVENANCE, yardsticks=(yardstick,))
    place = table.column_names.index("taste")
    late = np.asarray(table["as_of"]) >= np.datetime64(whole.windows.validation.first)
    mixed = np.random.default_rng(1).permutation(len(table))
    blind = pa.array(np.where(late, plain(table, "taste"), plain(table, "taste")[mixed]))
    training = train(read(table.set_column(place, "taste", blind)), SETTINGS, PROVENANCE, yardsticks=(yardstick,))
    verdict = challenge(training.candidate, None, training.test, tolerance=0.5)
    assert not verdict.activate
    assert "not fit to serve: past tastes alone sort better (ROC AUC -0." in verdict.words
    assert challenge(whole.candidate, None, whole.test, tolerance=0.5).activate


def test_a_more_complex_one_that_is_not_told_better_leaves_the_simpler_one() -> None:
    for seed in SEEDS:
        logistic, boosted = few(seed).models
        verdict = challenge(boosted, logistic, few(seed).test, tolerance=0.5)
        told = few(seed).test.compare(boosted, logistic)
        if verdict.fit and not told.is_better:
            assert not verdict.activate
            assert "more complex than the active one and not told to be better" in verdict.words
            return
    pytest.fail("no seed tried it")


def test_the_verdict_says_which_baselines_it_beats() -> None:
    training = train(read(rows(linear)), SETTINGS, PROVENANCE, yardsticks=(Yardstick("taste", "taste"),))
    verdict = challenge(training.candidate, None, training.test, tolerance=0)
    assert list(verdict.comparisons) == ["base rate", "taste"]
    assert " It beats base rate (ROC AUC +0." in verdict.words
    assert "; it beats taste (ROC AUC +0." in verdict.words


def test_customers_who_calibrate_have_taught_nothing() -> None:
    """Their labels dealt out anew change the calibration alone."""
    table = rows(linear)
    split = trained(linear).windows.split(read(table))
    shares = shared_out(split, SETTINGS.seed)
    calibrating = shares.calibrating
    assert calibrating is not None
    assert calibrating.positives >= WANTED
    assert not set(shares.stopping.groups.to_pylist()) & set(calibrating.groups.to_pylist())
    for learning in (split.train.where(shares.fitting), shares.stopping):
        assert not set(learning.ids.to_pylist()) & set(calibrating.ids.to_pylist())
    # As many successes on each day, and of other customers.
    mixed = {}
    for day in np.unique(calibrating.days):
        of_day = calibrating.where(calibrating.days == day)
        mixed |= dict(zip(of_day.ids.to_pylist(), np.roll(of_day.labels, 1).tolist(), strict=True))
    labels = [
        int(mixed.get(name, label))
        for name, label in zip(table["impression_id"].to_pylist(), table["redeemed"].to_pylist(), strict=True)
    ]
    place = table.column_names.index("redeemed")
    others = train(read(table.set_column(place, "redeemed", pa.array(labels, pa.int8()))), SETTINGS, PROVENANCE).models
    for model, other in zip(trained(linear).models, others, strict=True):
        assert model.ranker.content() == other.ranker.content()
        assert model.manifest.calibration != other.manifest.calibration
        assert model.manifest.calibration is not None
        assert model.manifest.calibration.rows == len(calibrating)
