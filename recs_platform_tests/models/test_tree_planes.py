"""Planes give the bits that LightGBM gives, of any trees and any rows, and leave alone what they cannot read."""

from __future__ import annotations

from typing import Any

import lightgbm
import numpy as np
import pytest

from recs_platform.models import boosted
from recs_platform.models.boosted import BoostedRanker
from recs_platform.models.features import Floats
from recs_platform.models.tree_planes import LARGEST_PART, TreePlanes, UnknownTreesError

CATEGORIES = (0, 1)
"""Features that are categories in some of the models."""
ODD = (np.nan, np.inf, -np.inf, 0.0, -0.0, 1e-36, -1e-36, 1e-35, 1e300, -1.0, -0.5, 0.5, 1.5, 63.0, 64.0, 3e9)
SETTINGS: dict[str, dict[str, Any]] = {
    "NaN is missing": {},
    "nothing is missing": {"use_missing": False},
    "categories": {"categories": True},
    "many categories": {"categories": True, "max_cat_threshold": 64, "min_data_per_group": 5},
    "two leaves": {"num_leaves": 2},
    "as many leaves as are read": {"num_leaves": 64, "categories": True},
    "an order": {"objective": "lambdarank"},
}


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("of", SETTINGS)
def test_planes_give_the_bits_of_lightgbm(of: str, seed: int) -> None:
    booster = grown(seed, **SETTINGS[of])
    text = booster.model_to_string()
    matrix = odd_rows(seed, text)
    planes = TreePlanes.read(text)
    expected = booster.predict(matrix, raw_score=True)
    assert len(np.unique(expected)) > 1
    for given in (matrix, np.asfortranarray(matrix), matrix[:1], matrix[:65], matrix[:0]):
        assert np.array_equal(planes.raw_scores(given), expected[: len(given)])


def test_the_trees_of_the_property_have_splits_of_every_kind() -> None:
    """Or it would say nothing of them."""
    texts = [grown(0, **settings).model_to_string() for settings in SETTINGS.values()]
    conditions = [one for text in texts for one in TreePlanes.read(text).conditions]
    assert {(one.categories is None, one.nan_left) for one in conditions} == {
        (True, True),
        (True, False),
        (False, False),
    }
    assert {len(tree.splits) + 1 for text in texts for tree in TreePlanes.read(text).trees} >= {2, 64}


def test_rows_of_several_parts_are_scored_as_by_lightgbm() -> None:
    booster = grown(1)
    matrix = np.tile(odd_rows(1, booster.model_to_string()), (150, 1))
    assert len(matrix) > LARGEST_PART
    planes = TreePlanes.read(booster.model_to_string())
    assert np.array_equal(planes.raw_scores(matrix), booster.predict(matrix, raw_score=True))


@pytest.mark.parametrize(
    "settings",
    [
        {"num_leaves": 65},
        {"linear_tree": True},
        {"objective": "multiclass", "num_class": 2},
        {"boosting": "rf", "bagging_freq": 1, "bagging_fraction": 0.5},
        {"min_data_in_leaf": 5000},
        {"zero_as_missing": True},
    ],
    ids=str,
)
def test_other_trees_are_left_to_lightgbm(settings: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    booster = grown(0, **settings)
    text = booster.model_to_string()
    with pytest.raises(UnknownTreesError):
        TreePlanes.read(text)
    monkeypatch.setattr(boosted, "MANY_ROWS", 2)
    matrix = odd_rows(0, text)
    expected = booster.predict(matrix, raw_score=True)
    assert np.array_equal(BoostedRanker(8, text, 1).raw_scores(matrix), expected, equal_nan=True)


def test_a_ranker_scores_many_rows_by_planes_and_few_by_lightgbm(monkeypatch: pytest.MonkeyPatch) -> None:
    text = grown(2).model_to_string()
    matrix, asked = odd_rows(2, text), []
    monkeypatch.setattr(boosted, "MANY_ROWS", len(matrix))

    def raw_scores(_: TreePlanes, given: Floats) -> Floats:
        asked.append(len(given))
        return np.zeros(len(given))

    monkeypatch.setattr(TreePlanes, "raw_scores", raw_scores)
    ranker = BoostedRanker(8, text, 1)
    assert ranker.raw_scores(matrix[1:]).any()
    assert not ranker.raw_scores(matrix).any()
    assert asked == [len(matrix)]


def grown(seed: int, *, categories: bool = False, **settings: Any) -> lightgbm.Booster:
    """A dozen trees on noise with missing values, zeros and eight features."""
    random = np.random.default_rng(seed)
    matrix = random.normal(size=(3000, 8)).round(1)
    matrix[:, CATEGORIES] = random.integers(0, 90, (3000, len(CATEGORIES)))
    matrix[random.random(matrix.shape) < 0.1] = np.nan
    matrix[:, 7] = random.integers(0, 3, 3000)
    given = np.nan_to_num(matrix)
    labels = given[:, 2] * given[:, 3] + (given[:, 0] % 7 > 3) + (given[:, 7] == 0) + random.normal(size=3000) > 0.5
    lists = {"group": [100] * 30} if settings.get("objective") == "lambdarank" else {}
    data = lightgbm.Dataset(
        matrix, labels.astype(float), categorical_feature=list(CATEGORIES) if categories else [], **lists
    )
    plain = {"objective": "binary", "num_leaves": 15, "min_data_in_leaf": 5, "verbosity": -1, "num_threads": 1}
    return lightgbm.train({**plain, "seed": seed, **settings}, data, num_boost_round=12)


def odd_rows(seed: int, text: str) -> Floats:
    """Values that stand in the trees, those next to them, and odd ones, in any order."""
    lines = [line.partition("=")[2].split() for line in text.split("\n") if line.startswith("threshold=")]
    stands = np.array([float(value) for line in lines for value in line] or [0.0])
    pool = np.concatenate([stands, np.nextafter(stands, np.inf), np.nextafter(stands, -np.inf), ODD, range(-2, 95)])
    return np.random.default_rng(seed).choice(pool, (1000, 8))
