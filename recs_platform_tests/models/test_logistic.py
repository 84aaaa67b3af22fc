"""The regression from its JSON beside scikit-learn's own preprocessing and decision function."""

from __future__ import annotations

import json

import numpy as np
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.impute import MissingIndicator, SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import FeatureUnion, Pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from threadpoolctl import threadpool_limits

from recs_platform.models.features import Encoding, FeatureSet, FeatureSpec, Floats
from recs_platform.models.logistic import LogisticRanker, fit
from recs_platform_tests.models.worlds import FEATURES, linear, rows


@pytest.fixture(scope="module")
def encoding() -> Encoding:
    return Encoding.fit(FEATURES, rows(linear, count=3000))


@pytest.fixture(scope="module")
def matrix(encoding: Encoding) -> Floats:
    """Missing tastes (the world's), and missing trades."""
    found = encoding.matrix(rows(linear, count=3000))
    found[::11, 3] = np.nan
    return found


def preprocessing() -> Pipeline:
    """taste, taste is missing, depth, own_brand, three trades, noise: in the order of our terms."""
    with_indicator = FeatureUnion([("value", SimpleImputer(strategy="median")), ("missing", MissingIndicator())])
    trades = OneHotEncoder(categories=[[0.0, 1.0, 2.0]], handle_unknown="ignore", sparse_output=False)
    columns = ColumnTransformer(
        [
            ("taste", with_indicator, [0]),
            ("numbers", "passthrough", [1, 2]),
            ("trade", trades, [3]),
            ("noise", "passthrough", [4]),
        ]
    )
    return Pipeline([("columns", columns), ("scale", StandardScaler())])


def test_scores_are_those_of_scikit_learn(encoding: Encoding, matrix: Floats) -> None:
    labels = rows(linear, count=3000)["redeemed"].to_numpy() > 0
    fitted, _ = fit(encoding, matrix, labels, strength=0.5)
    ours = LogisticRanker.read(fitted.content())
    prepared = preprocessing().fit(matrix)
    theirs = LogisticRegression()
    theirs.coef_ = np.array([[term.weight for term in ours.terms]])
    theirs.intercept_, theirs.classes_ = np.array([ours.bias]), np.array([False, True])
    unseen = np.vstack([matrix[:500], np.full((1, 5), np.nan)])
    unseen[:500, 0] += 3
    # The row of nothing but missing values: scikit-learn fills only taste.
    decided = theirs.decision_function(prepared.transform(unseen[:500]))
    assert np.abs(ours.raw_scores(unseen)[:500] - decided).max() < 1e-12
    assert np.isfinite(ours.raw_scores(unseen)).all()


def test_weights_are_those_of_scikit_learn(encoding: Encoding, matrix: Floats) -> None:
    labels = rows(linear, count=3000)["redeemed"].to_numpy() > 0
    ours, story = fit(encoding, matrix, labels, strength=0.01)
    theirs = LogisticRegression(C=0.01, tol=1e-9, max_iter=2000).fit(preprocessing().fit_transform(matrix), labels)
    assert story["converged"]
    assert [term.weight for term in ours.terms] == pytest.approx(theirs.coef_[0].tolist(), abs=1e-5)
    assert ours.bias == pytest.approx(theirs.intercept_[0], abs=1e-5)


def test_the_number_of_threads_changes_no_digit() -> None:
    """With so many rows and columns another number of threads sums in another order."""
    rng = np.random.default_rng(2)
    matrix = rng.normal(size=(100_000, 30))
    labels = rng.random(100_000) < 1 / (1 + np.exp(2 - matrix[:, 0]))
    encoding = Encoding(FeatureSet(tuple(FeatureSpec(f"f{number}", "number", "") for number in range(30))), {})
    fits = []
    for threads in (1, 2):
        with threadpool_limits(threads):
            fits.append(fit(encoding, matrix, labels, strength=1.0))
    assert fits[0] == fits[1]


def test_contributions_by_hand(encoding: Encoding) -> None:
    """taste 5 with mean 1 and scale 2 and weight 0.5: 0.5 x (5 - 1) / 2 = 1. Missing: filled with 3, and 0.25 x 2."""
    said = b"""{"bias": -1, "features": 2, "terms": [
        {"feature": 0, "fill": 3, "code": null, "mean": 1, "scale": 2, "weight": 0.5},
        {"feature": 0, "fill": null, "code": null, "mean": 0.5, "scale": 0.25, "weight": 0.25},
        {"feature": 1, "fill": null, "code": 0, "mean": 0.5, "scale": 0.5, "weight": 2},
        {"feature": 1, "fill": null, "code": 1, "mean": 0.5, "scale": 0.5, "weight": 3}]}"""
    ranker = LogisticRanker.read(said)
    matrix = np.array([[5, 0], [np.nan, 1], [1, np.nan]], dtype=float)
    assert ranker.contributions(matrix).tolist() == [[0.5, -1, -1], [1, 1, -1], [-0.5, -5, -1]]
    assert ranker.raw_scores(matrix).tolist() == [-1.5, 1, -6.5]
    assert ranker.importance().tolist() == pytest.approx([0.75 / 5.75, 5 / 5.75])


def test_one_outlier_does_not_carry_a_line_out_of_sight() -> None:
    """Fuel by the litre among pieces: what matters is whether much is bought, not how many litres."""
    rng = np.random.default_rng(1)
    units = np.where(rng.random(20_000) < 0.002, 30_000.0, rng.poisson(3, 20_000)).astype(float)
    labels = rng.random(20_000) < 1 / (1 + np.exp(4 - np.minimum(units, 10) / 3))
    encoding = Encoding(FeatureSet((FeatureSpec("units", "number", "bought"),)), {}, {})
    ranker, _ = fit(encoding, units[:, None], labels, 1.0)
    assert [term.tamed for term in ranker.terms] == [True]
    few, some, much = ranker.raw_scores(np.array([[0.0], [8.0], [30_000.0]]))
    assert some - few > 1.0, "pieces are told apart beside it"
    assert much - few < 10.0
    again = LogisticRanker.read(ranker.content())
    assert np.array_equal(again.raw_scores(units[:, None]), ranker.raw_scores(units[:, None]))


def test_a_model_of_earlier_code_takes_values_as_they_are() -> None:
    stored = {"feature": 0, "fill": 1.0, "code": None, "mean": 0.0, "scale": 1.0, "weight": 2.0}
    ranker = LogisticRanker.read(json.dumps({"bias": 0.5, "features": 1, "terms": [stored]}).encode())
    assert ranker.raw_scores(np.array([[100.0], [np.nan]])).tolist() == [200.5, 2.5]
