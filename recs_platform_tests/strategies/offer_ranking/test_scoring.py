"""Every candidate gets a chance: from the model that serves the day, or from the offer's own redemption rate."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from recs_platform.model_registry import scoring
from recs_platform.model_registry.scoring import UnusableModelError, score_for
from recs_platform.model_registry.shelf import ModelShelf
from recs_platform.models.challenge import challenge
from recs_platform.models.data import examples
from recs_platform.models.features import FeatureError, FeatureSet
from recs_platform.models.provenance import Provenance
from recs_platform.models.task import RankingTask
from recs_platform.models.training import train as fit
from recs_platform.schemas.offer_ranking import BY_RATE, OfferScores
from recs_platform.schemas.table import spec_of
from recs_platform.strategies.offer_ranking.features import FEATURE_COLUMNS, FEATURES, TASK
from recs_platform.strategies.offer_ranking.training import settings_of
from recs_platform_tests.model_registry.artifacts import files_named, root_of
from recs_platform_tests.strategies.offer_ranking.market import (
    DAY,
    candidates,
    impressions,
    metro,
    score,
    shelf,
    train,
    with_column,
)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> ModelShelf:
    """Its version 1 serves from DAY on; tests leave it as it is."""
    models = shelf(tmp_path_factory.mktemp("trained"))
    train(models, impressions(), company=metro(negatives_per_positive=1.0))
    return models


def test_the_model_that_serves_the_day_scores_every_candidate(trained: ModelShelf) -> None:
    table = candidates()
    found = score(trained, table)
    serving = trained.serving(TASK.model, DAY)
    assert serving is not None
    model = trained.load(serving, FEATURES)
    assert found.schema == spec_of(OfferScores).arrow_schema
    assert found.select(["as_of", "customer_id", "offer_id"]) == table.select(["as_of", "customer_id", "offer_id"])
    assert set(found["scored_by"].to_pylist()) == {serving.digest}
    np.testing.assert_array_equal(found["raw_score"], model.raw_scores(table))
    kept = model.manifest.kept_negatives
    assert kept < 0.6
    assert model.manifest.calibration is not None
    log_odds = model.manifest.calibration.log_odds(np.asarray(found["raw_score"]) + np.log(kept))
    np.testing.assert_allclose(found["probability"], 1 / (1 + np.exp(-log_odds)), rtol=1e-12)


def test_whoever_suits_the_discount_is_likelier(trained: ModelShelf) -> None:
    pairs = candidates(400)
    taste, depth = ([0.1, 0.9, 0.1, 0.9] * 100), ([0.1, 0.9, 0.9, 0.1] * 100)
    found = np.asarray(
        score(trained, with_column(with_column(pairs, "promo_affinity", taste), "discount_depth", depth))["probability"]
    )
    suits, does_not = found.reshape(-1, 4)[:, :2], found.reshape(-1, 4)[:, 2:]
    # Planted are log-odds of 0.1 and -3.1, more or less by the category: on the average 52% and 5%.
    assert suits.mean() > 0.4
    assert does_not.mean() < 0.2


def test_batches_change_nothing(trained: ModelShelf, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = score(trained, candidates())
    monkeypatch.setattr(scoring, "BATCH", 64)
    table = candidates()
    chunked = pa.concat_tables([table.slice(start, 50) for start in range(0, 500, 50)])
    batched = score(trained, chunked)
    assert batched == whole
    assert batched["probability"].num_chunks == 5
    backwards = score(trained, table.take(list(range(499, -1, -1))))
    assert backwards.take(list(range(499, -1, -1))) == whole


def test_a_category_that_training_never_saw_counts_as_missing(trained: ModelShelf) -> None:
    chances = [
        score(trained, with_column(candidates(), "category", [name] * 500)) for name in (None, "Caviar", "Dairy")
    ]
    missing, unseen, seen = chances
    assert unseen == missing
    assert seen != missing


def test_without_a_model_the_redemption_rate_decides(tmp_path: Path) -> None:
    table = candidates()
    found = score(shelf(tmp_path), table)
    assert found["probability"] == table["historical_redemption_rate"]
    assert found["raw_score"].null_count == 500
    assert set(found["scored_by"].to_pylist()) == {BY_RATE}
    assert found.schema == spec_of(OfferScores).arrow_schema


def test_a_day_before_the_first_model_was_trained_knows_nothing_of_it(trained: ModelShelf) -> None:
    day_before = DAY - timedelta(days=1)
    assert set(score(trained, candidates(day=day_before), day_before)["scored_by"].to_pylist()) == {BY_RATE}


@pytest.mark.parametrize("has_model", [True, False])
def test_a_day_without_candidates_has_no_scores(trained: ModelShelf, tmp_path: Path, has_model: bool) -> None:
    found = score(trained if has_model else shelf(tmp_path), candidates().slice(0, 0))
    assert (found.num_rows, found.schema) == (0, spec_of(OfferScores).arrow_schema)


def test_a_damaged_artifact_scores_nobody(tmp_path: Path) -> None:
    models = shelf(tmp_path)
    train(models, impressions())
    (stored,) = files_named(root_of(models), "model.txt")
    stored.write_bytes(stored.read_bytes()[:-100])
    with pytest.raises(
        UnusableModelError,
        match=rf"^metro: version 1 of offer_ranking, which serves {DAY}, cannot be used: its bytes are not those that "
        r"the manifest names. Train a new one, or activate another version \(recs models metro\)$",
    ):
        score(models, candidates())


OTHER_ORDER = FeatureSet((FEATURES.specs[1], FEATURES.specs[0], *FEATURES.specs[2:]))
ONE_FEWER = FeatureSet(FEATURES.specs[:-1])


@pytest.mark.parametrize(
    ("features", "problem"),
    [
        (OTHER_ORDER, r"feature 1 of the model is recency_days \(number\), but the code declares business_type"),
        (ONE_FEWER, f"the model has {len(FEATURE_COLUMNS) - 1} features, but the code declares {len(FEATURE_COLUMNS)}"),
    ],
)
def test_a_model_of_other_features_scores_nobody(tmp_path: Path, features: FeatureSet, problem: str) -> None:
    models = shelf(tmp_path)
    closed = impressions(2_500).filter(pa.compute.is_valid(impressions(2_500)["label"]))
    training = fit(examples(closed, features, TASK.columns), settings_of(metro()), Provenance({}, "0"))
    verdict = challenge(training.candidate, None, training.test, 0.0)
    models.keep(TASK.model, training.candidate, DAY, verdict)
    with pytest.raises(UnusableModelError, match=f"^metro: version 1 of offer_ranking, .*{problem}"):
        score(models, candidates())
    train(models, impressions(), day=DAY + timedelta(days=1))
    assert score(models, candidates(), DAY + timedelta(days=1)).num_rows == 500, "the next training puts it right"


@pytest.mark.parametrize(
    ("spoil", "problem"),
    [
        (lambda table: table.drop_columns("monetary"), "the table has no column for: monetary"),
        (lambda table: with_column(table, "monetary", [float("inf")] * 500), "monetary: the column holds an infinite"),
    ],
    ids=["missing", "infinite"],
)
def test_features_that_are_not_there_are_an_error(
    trained: ModelShelf, spoil: Callable[[pa.Table], pa.Table], problem: str
) -> None:
    with pytest.raises(FeatureError, match=f"^metro: offer_ranking cannot score {DAY}: {problem}"):
        score(trained, spoil(candidates()))


def test_any_task_is_trained_and_scored_by_the_same_code(trained: ModelShelf) -> None:
    """Another strategy needs a task alone: its model's name keeps its versions apart."""
    other = RankingTask("reranking", FEATURES, TASK.columns)
    assert score_for(other, candidates(), trained, DAY) is None
    assert score_for(replace(other, model=TASK.model), candidates(), trained, DAY) is not None
