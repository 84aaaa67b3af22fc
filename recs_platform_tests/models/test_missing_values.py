"""What a missing number or flag counts as: what training learned of it, or a usual value where training missed none."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from statistics import median_low
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recs_platform.models import boosted
from recs_platform.models.artifact import load, save
from recs_platform.models.by_days import shared_out
from recs_platform.models.features import Encoding, FeatureSet, FeatureSpec
from recs_platform.models.manifest import stored_features
from recs_platform.models.model import Model
from recs_platform.models.sampling import keep, rate_for
from recs_platform.models.training import train
from recs_platform_tests.models.worlds import FEATURES, PROVENANCE, SETTINGS, linear, plain, read, rows

KINDS = ["logistic", "boosted"]
NEVER_MISSED = ("depth", "own_brand", "noise")
TWO = FeatureSet((FeatureSpec("spent", "number", ""), FeatureSpec("regular", "flag", "")))


def replaced(table: pa.Table, name: str, column: Any) -> pa.Table:
    return table.set_column(table.column_names.index(name), name, column)


def far_from_zero(count: int, seed: int = 7) -> pa.Table:
    """The linear world where zero is no usual depth, and most offers are of the own brand: what decides is the same."""
    table = rows(linear, count, seed)
    shifted = replaced(table, "depth", pa.array(plain(table, "depth") + 5))
    return replaced(shifted, "own_brand", pa.array(plain(table, "own_brand") == 0))


@lru_cache(maxsize=1)
def models() -> dict[str, Model]:
    return {model.ranker.kind: model for model in train(read(far_from_zero(6000)), SETTINGS, PROVENANCE).models}


@pytest.fixture(params=KINDS)
def model(request: pytest.FixtureRequest) -> Model:
    return models()[request.param]


def with_all(table: pa.Table, name: str, value: float | None) -> pa.Table:
    kind = table.schema.field(name).type
    one = None if value is None else pa.scalar(value).cast(kind).as_py()
    return replaced(table, name, pa.array([one] * len(table), kind))


def test_fills_by_hand() -> None:
    """Of four the lower one in the middle; of flags the more frequent, and False of equally frequent ones."""
    table = pa.table({"spent": [8, 1, 4, 2], "regular": [True, False, True, True]})
    assert Encoding.fit(TWO, table).fills == {"spent": 2.0, "regular": 1.0}
    tied = pa.table({"spent": [3.5, -7.0], "regular": [True, False]})
    encoding = Encoding.fit(TWO, tied)
    assert encoding.fills == {"spent": -7.0, "regular": 0.0}
    unknown = pa.table({"spent": [None, 0.0], "regular": pa.nulls(2)})
    assert encoding.matrix(unknown).tolist() == [[-7.0, 0.0], [0.0, 0.0]]


def test_what_training_missed_stays_missing() -> None:
    """Now and then, as NULL or as NaN, or always: a model learns what that means."""
    for spent in ([1.0, None, 2.0], [1.0, float("nan"), 2.0], [None, None, None]):
        table = pa.table({"spent": pa.array(spent, pa.float64()), "regular": [True, True, False]})
        encoding = Encoding.fit(TWO, table)
        assert encoding.fills == {"regular": 1.0}
        np.testing.assert_array_equal(encoding.matrix(table)[:, 0], np.array(spent, dtype=float))


def test_only_missing_values_that_models_are_fitted_to_teach_anything() -> None:
    """The usual value is that of the whole window, though."""
    table = pa.table({"spent": [9, 9, 9, 1, 2, None], "regular": [True, None, None, False, None, True]})
    kept = np.array([False, False, False, True, True, False])
    assert Encoding.fit(TWO, table, kept).fills == {"spent": 9.0}
    assert Encoding.fit(TWO, table, ~kept).fills == {}


@given(st.lists(st.one_of(st.integers(-3, 3), st.floats(-1e300, 1e300)), min_size=1, max_size=30))
def test_a_fill_is_a_value_that_occurs_whatever_the_order(known: list[float]) -> None:
    spent = [float(value) for value in known]
    flags = [value > 0 for value in known]
    expected = {"spent": median_low(spent), "regular": float(2 * sum(flags) > len(flags))}
    assert Encoding.fit(TWO, pa.table({"spent": spent, "regular": flags})).fills == expected
    turned = pa.table({"spent": spent[::-1], "regular": flags[::-1]})
    assert Encoding.fit(TWO, turned).fills == expected


def test_no_rows_have_no_usual_value() -> None:
    nothing = pa.table({"spent": pa.array([], pa.float64()), "regular": pa.array([], pa.bool_())})
    assert Encoding.fit(TWO, nothing).fills == {}


def test_zero_is_a_fill_like_any_other() -> None:
    encoding = Encoding(FEATURES, models()["logistic"].manifest.encoding.vocabularies, {"depth": 0.0})
    manifest = models()["logistic"].manifest.model_copy(update={"features": stored_features(encoding)})
    assert manifest.encoding == encoding


def test_the_artifact_holds_what_training_never_missed(model: Model) -> None:
    stored = {feature.name: feature.fill for feature in model.manifest.features}
    table = far_from_zero(6000)
    in_training = table.filter(pa.array(table["as_of"].to_numpy() <= np.datetime64("2026-01-22")))
    assert stored == {
        "taste": None,
        "depth": median_low(plain(in_training, "depth")),
        "own_brand": 1.0,
        "trade": None,
        "noise": median_low(plain(in_training, "noise")),
    }


@pytest.mark.parametrize("name", NEVER_MISSED)
def test_an_unknown_value_scores_as_the_fill(model: Model, name: str) -> None:
    pairs = far_from_zero(200, seed=8)
    fill = model.manifest.encoding.fills[name]
    unknown, usual, zero = (with_all(pairs, name, value) for value in (None, fill, 0))
    assert np.array_equal(model.raw_scores(unknown), model.raw_scores(usual))
    assert np.array_equal(model.contributions(unknown), model.contributions(usual))
    if name != "noise":  # which decides nothing, and whose usual value is about zero
        place = FEATURES.names.index(name)
        assert np.abs(model.contributions(unknown) - model.contributions(zero))[:, place].mean() > 0.3
        assert np.abs(model.raw_scores(unknown) - model.raw_scores(zero)).mean() > 0.3


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=20)
@given(st.lists(st.tuples(*[st.booleans()] * 3), min_size=1, max_size=12))
def test_whichever_values_are_unknown(kind: str, absent: list[tuple[bool, bool, bool]]) -> None:
    model, pairs = models()[kind], far_from_zero(12, seed=9).slice(0, len(absent))
    fills = model.manifest.encoding.fills
    blanked = filled = pairs
    for name, mask in zip(NEVER_MISSED, np.array(absent).T, strict=True):
        column = pa.array(pairs[name].to_pylist(), pairs[name].type, mask=mask)
        blanked = replaced(blanked, name, column)
        filled = replaced(filled, name, column.fill_null(pa.scalar(fills[name]).cast(column.type)))
    assert np.array_equal(model.raw_scores(blanked), model.raw_scores(filled))
    assert np.array_equal(model.contributions(blanked), model.contributions(filled))


def test_a_stored_model_fills_the_same(model: Model, tmp_path: Path) -> None:
    save(model, tmp_path / "model")
    loaded = load(tmp_path / "model", FEATURES)
    assert loaded.manifest.encoding.fills == model.manifest.encoding.fills
    assert set(loaded.manifest.encoding.fills) == set(NEVER_MISSED)
    unknown = pa.table({name: pa.nulls(3) for name in FEATURES.names})
    assert np.array_equal(loaded.contributions(unknown), model.contributions(unknown))


def test_missing_values_that_down_sampling_left_out_teach_nothing() -> None:
    """The training window has unknown depths, but only in failures to which no model was fitted."""
    everything = read(far_from_zero(6000))
    windows = train(everything, SETTINGS, PROVENANCE).windows
    window = everything.days <= np.datetime64("2026-01-22")
    fitting = everything.labels[window][shared_out(windows.split(everything), SETTINGS.seed).fitting]
    successes, failures = fitting.sum(), (~fitting).sum()
    rate = rate_for(int(successes), int(failures), SETTINGS.negatives_per_positive)
    kept = keep(everything.ids.to_pylist(), everything.labels, rate, str(SETTINGS.seed))
    blanked = replaced(everything.table, "depth", pa.array(plain(everything.table, "depth"), mask=window & ~kept))
    for model in train(replace(everything, table=blanked), SETTINGS, PROVENANCE).models:
        assert model.manifest.training["depth"].missing > 0.3
        pairs = far_from_zero(200, seed=8)
        unknown, usual, zero = (
            model.raw_scores(with_all(pairs, "depth", value))
            for value in (None, model.manifest.encoding.fills["depth"], 0)
        )
        assert np.array_equal(unknown, usual)
        assert np.abs(unknown - zero).mean() > 0.3


@pytest.mark.parametrize("row", [0, 500_000, 999_999])
def test_the_only_missing_value_among_a_million_is_seen(row: int) -> None:
    """LightGBM by itself looks at a share of so many rows; had that no missing value, a missing one would be zero."""
    rng = np.random.default_rng(1)
    spent = rng.normal(size=1_000_000)
    labels = rng.random(len(spent)) < np.where(np.abs(spent) < 0.5, 0.6, 0.2)
    spent[row], labels[row] = np.nan, False  # as the rows far from zero
    encoding = Encoding(FeatureSet((TWO.specs[0],)), {})
    small = (np.array([[0.0], [3.0]]), np.array([True, False]))
    few = SETTINGS.model_copy(update={"most_trees": 3, "leaves": 4})
    ranker, _ = boosted.fit(encoding, (spent[:, None], labels), small, 1.0, few, 1)
    zero, missing = ranker.raw_scores(np.array([[0.0], [np.nan]]))
    assert missing < zero - 0.1
