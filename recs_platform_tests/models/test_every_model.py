"""What both models promise, whatever they are made of."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from recs_platform.models.artifact import load, save
from recs_platform.models.features import FeatureError
from recs_platform.models.model import Model
from recs_platform.models.sampling import sigmoid
from recs_platform.models.training import train
from recs_platform_tests.models.worlds import (
    FEATURES,
    PROVENANCE,
    SETTINGS,
    crossed,
    linear,
    plain,
    read,
    rows,
    trained,
)

DIGESTS = """
from recs_platform_tests.models.worlds import linear, trained
print(*(model.digest for model in trained(linear).models))
"""


@pytest.fixture(params=["logistic", "boosted"])
def model(request: pytest.FixtureRequest) -> Model:
    return next(model for model in trained(crossed).models if model.ranker.kind == request.param)


@pytest.fixture(scope="module")
def pairs() -> pa.Table:
    """Pairs that no model has seen, every thirtieth with nothing known."""
    table = rows(crossed, count=900, seed=8).select(list(FEATURES.names))
    blank = pa.table({field.name: pa.nulls(1, field.type) for field in table.schema})
    parts = [part for start in range(0, 900, 30) for part in (table.slice(start, 30), blank)]
    return pa.concat_tables(parts)


@pytest.mark.slow
def test_a_second_training_in_another_row_order_gives_the_same_bytes() -> None:
    table, models = rows(crossed), trained(crossed).models
    mixed = table.take(np.random.default_rng(1).permutation(table.num_rows))
    again = train(read(mixed), SETTINGS, PROVENANCE, threads=2).models
    assert [twin.ranker.content() for twin in again] == [model.ranker.content() for model in models]
    assert [twin.digest for twin in again] == [model.digest for model in models]


@pytest.mark.slow
def test_another_process_gives_the_same_digests() -> None:
    """It differs in what must not matter: the seed of Python's hashes, and how many threads numpy may use."""
    told = subprocess.run(
        [sys.executable, "-c", DIGESTS],
        env={**os.environ, "PYTHONHASHSEED": "1", "OPENBLAS_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert told.split() == [model.digest for model in trained(linear).models]
    assert told.count("sha256:") == 2


def test_one_label_changed_is_another_model() -> None:
    table = rows(crossed)
    labels = table["redeemed"].to_numpy().copy()
    first = int(np.argmin(table["as_of"].to_numpy()))
    labels[first] = 1 - labels[first]
    other = table.set_column(table.column_names.index("redeemed"), "redeemed", pa.array(labels))
    changed = train(read(other), SETTINGS, PROVENANCE).models
    assert not {one.digest for one in changed} & {model.digest for model in trained(crossed).models}


def test_a_stored_model_scores_the_same_to_the_last_bit(model: Model, pairs: pa.Table, tmp_path: Path) -> None:
    save(model, tmp_path / "model")
    loaded = load(tmp_path / "model", FEATURES)
    assert np.array_equal(loaded.probabilities(pairs), model.probabilities(pairs))
    assert np.array_equal(loaded.contributions(pairs), model.contributions(pairs))
    assert loaded.digest == model.digest
    assert loaded.manifest == model.manifest


@pytest.mark.parametrize("batch", [1, 7, 929])
def test_batches_score_as_the_whole(model: Model, pairs: pa.Table, batch: int) -> None:
    assert np.array_equal(model.raw_scores(pairs, batch), model.raw_scores(pairs))
    assert np.array_equal(model.raw_scores(pairs, batch, threads=3), model.raw_scores(pairs))
    assert np.array_equal(model.contributions(pairs, batch), model.contributions(pairs))


def test_contributions_add_up(model: Model, pairs: pa.Table) -> None:
    parts = model.contributions(pairs)
    assert parts.shape == (len(pairs), len(FEATURES.names) + 1)
    assert np.abs(parts.sum(axis=1) - model.raw_scores(pairs)).max() < 1e-6
    assert np.ptp(parts[:, -1]) == 0


def test_probabilities_are_the_raw_scores_corrected_for_left_out_failures_and_calibrated(
    model: Model, pairs: pa.Table
) -> None:
    kept = model.manifest.kept_negatives
    assert 0.3 < kept < 0.8  # or this would test nothing
    sampled = sigmoid(model.raw_scores(pairs))
    expected = kept * sampled / (kept * sampled + 1 - sampled)
    line = model.manifest.calibration
    assert line is not None
    assert line.method == "platt"
    calibrated = sigmoid(line.slope * np.log(expected / (1 - expected)) + line.shift)
    assert model.probabilities(pairs) == pytest.approx(calibrated, abs=1e-12)
    uncalibrated = Model(model.manifest.model_copy(update={"calibration": None}), model.ranker)
    assert uncalibrated.probabilities(pairs) == pytest.approx(expected, abs=1e-12)
    assert np.array_equal(np.argsort(uncalibrated.probabilities(pairs)), np.argsort(model.probabilities(pairs)))


def test_columns_are_found_by_name(model: Model, pairs: pa.Table) -> None:
    turned = pairs.select(pairs.column_names[::-1]).append_column("customer_id", pa.nulls(len(pairs), pa.string()))
    assert np.array_equal(model.probabilities(turned), model.probabilities(pairs))


def test_a_missing_column_is_refused_by_name(model: Model, pairs: pa.Table) -> None:
    with pytest.raises(FeatureError, match="no column for: depth, trade"):
        model.probabilities(pairs.drop_columns(["trade", "depth"]))


def test_no_pairs_have_no_scores_and_still_need_their_columns(model: Model, pairs: pa.Table) -> None:
    assert model.probabilities(pairs.slice(0, 0)).shape == (0,)
    assert model.contributions(pairs.slice(0, 0)).shape == (0, 6)
    with pytest.raises(FeatureError, match="noise"):
        model.probabilities(pairs.slice(0, 0).drop_columns(["noise"]))


def test_a_category_never_seen_counts_as_missing(model: Model, pairs: pa.Table) -> None:
    place = pairs.column_names.index("trade")
    unseen = pairs.set_column(place, "trade", pa.array(["astronaut"] * len(pairs)))
    missing = pairs.set_column(place, "trade", pa.nulls(len(pairs)))  # as in JSON where all are null
    assert np.array_equal(model.probabilities(unseen), model.probabilities(missing))
    assert np.isfinite(model.probabilities(unseen)).all()


def test_importance_is_shared_out_among_the_features(model: Model) -> None:
    assert list(model.importance()) == list(FEATURES.names)
    assert sum(model.importance().values()) == pytest.approx(1)


def test_importance_names_what_decides() -> None:
    boosted = trained(crossed).models[1]
    assert boosted.importance()["taste"] + boosted.importance()["depth"] > 0.8


def test_contributions_point_where_the_truth_does() -> None:
    """Both signs agree: both features speak for the pair; they disagree: one of them at least speaks against it."""
    pairs = rows(crossed, count=400, seed=9)
    taste, depth = plain(pairs, "taste"), plain(pairs, "depth")
    clear = (np.abs(taste) > 0.5) & (np.abs(depth) > 0.5)
    said = trained(crossed).models[1].contributions(pairs)[:, :2].sum(axis=1)
    agree = taste * depth > 0
    assert said[clear & agree].min() > 0 > said[clear & ~agree].max()
