"""Which model wins where the truth is known, and what cannot be learned from."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pyarrow as pa
import pytest
from sklearn.metrics import roc_auc_score

from recs_platform.models.data import NotTrainableError, examples
from recs_platform.models.features import FeatureSet, FeatureSpec, Floats
from recs_platform.models.training import train
from recs_platform_tests.models.worlds import (
    COLUMNS,
    FEATURES,
    FIRST,
    PROVENANCE,
    SETTINGS,
    Truth,
    crossed,
    linear,
    read,
    rows,
    trained,
)


def best_possible(truth: Truth) -> float:
    """The AUC in the test window of the true chances themselves."""
    table = rows(truth)
    late = table["as_of"].to_numpy() >= np.datetime64(trained(truth).windows.test.first)
    return float(roc_auc_score(table["redeemed"].to_numpy()[late], truth(table)[late]))


def test_trees_win_where_features_interact() -> None:
    training = trained(crossed)
    logistic, boosted = (model.manifest.quality["test"].roc_auc for model in training.models)
    assert training.candidate.ranker.kind == "boosted"
    assert logistic < 0.56
    assert boosted > best_possible(crossed) - 0.04
    assert boosted - logistic > 0.2


def test_the_models_tie_where_the_truth_is_linear() -> None:
    logistic, boosted = (model.manifest.quality["test"].roc_auc for model in trained(linear).models)
    assert logistic == pytest.approx(best_possible(linear), abs=0.01)
    assert boosted == pytest.approx(logistic, abs=0.025)


def test_probabilities_are_true_although_failures_were_left_out() -> None:
    training = trained(linear)
    for model in training.models:
        quality = model.manifest.quality["test"]
        assert model.manifest.kept_negatives < 0.6
        assert quality.mean_probability == pytest.approx(quality.base_rate, abs=0.02)
        assert quality.calibration_error < 0.04


def test_the_manifest_tells_the_story() -> None:
    manifest = trained(linear).models[1].manifest
    assert {name: (str(window.first), str(window.last)) for name, window in manifest.windows.items()} == {
        "train": ("2026-01-01", "2026-01-22"),
        "validation": ("2026-01-23", "2026-01-28"),
        "test": ("2026-01-31", "2026-02-09"),
    }
    in_training = rows(linear).filter(pa.array(rows(linear)["as_of"].to_numpy() <= np.datetime64("2026-01-22")))
    assert manifest.windows["train"].rows == len(in_training)
    assert manifest.label_rate == pytest.approx(np.mean(in_training["redeemed"].to_numpy()))
    assert manifest.training["taste"].missing == in_training["taste"].null_count / len(in_training)
    assert manifest.training["trade"].categories == ("baker", "chef", "grocer")
    assert (manifest.snapshot, manifest.code_version) == (PROVENANCE.snapshot, PROVENANCE.code_version)


def test_trees_stop_by_the_validation_window_alone() -> None:
    """Where only the test window's labels are changed, the models are the same."""
    table = rows(crossed)
    late = table["as_of"].to_numpy() >= np.datetime64("2026-01-31")
    labels = np.where(late, 1 - table["redeemed"].to_numpy(), table["redeemed"].to_numpy())
    flipped = table.set_column(table.column_names.index("redeemed"), "redeemed", pa.array(labels))
    settings = SETTINGS.model_copy(update={"most_trees": 800, "patience": 5})
    models, others = (train(read(of), settings, PROVENANCE).models for of in (flipped, table))
    assert [model.ranker.content() for model in models] == [model.ranker.content() for model in others]
    assert models[1].manifest.fitted["stopped_early"]
    assert models[1].manifest.quality["test"].roc_auc < 0.3


def test_a_category_is_not_a_number() -> None:
    """One split sets the trade in the middle of the alphabet apart from both others."""

    def only_chefs(table: pa.Table) -> Floats:
        return np.where(np.array(table["trade"].to_pylist()) == "chef", 1.0, -2.0)

    settings = SETTINGS.model_copy(update={"most_trees": 1, "leaves": 2})
    one_split = train(read(rows(only_chefs, count=3000)), settings, PROVENANCE).models[1]
    pairs = rows(linear, count=3).select(list(FEATURES.names))
    pairs = pairs.set_column(pairs.column_names.index("trade"), "trade", pa.array(["baker", "chef", "grocer"]))
    baker, chef, grocer = one_split.raw_scores(pairs)
    assert chef > baker == grocer


def test_the_test_window_teaches_nothing_not_even_words() -> None:
    table = rows(linear, count=3000)
    late = table["as_of"].to_numpy() >= np.datetime64("2026-01-23")
    trades = np.where(late, "astronaut", np.array(table["trade"].to_pylist()))
    strange = table.set_column(table.column_names.index("trade"), "trade", pa.array(trades))
    for model in train(read(strange), SETTINGS, PROVENANCE).models:
        assert model.manifest.encoding.vocabularies == {"trade": ("baker", "chef", "grocer")}


def test_features_that_say_nothing_give_constant_models() -> None:
    """Always the same, or always missing: the base rate for everybody, and said so."""
    table = rows(linear, count=3000)
    for name in ("taste", "depth", "noise"):
        table = table.set_column(table.column_names.index(name), name, pa.array([2.5] * 3000))
    table = table.set_column(table.column_names.index("trade"), "trade", pa.nulls(3000, pa.string()))
    table = table.set_column(table.column_names.index("own_brand"), "own_brand", pa.nulls(3000, pa.bool_()))
    training = train(read(table), SETTINGS, PROVENANCE)
    for model in training.models:
        quality = model.manifest.quality["test"]
        assert quality.constant
        assert quality.roc_auc == 0.5
        seen = model.manifest.calibration
        assert seen is not None
        assert quality.mean_probability == pytest.approx(seen.positives / seen.rows, abs=0.001)
        assert set(model.importance().values()) == {0.0}


def test_another_strategy_brings_its_own_features_and_words() -> None:
    rng = np.random.default_rng(5)
    due: Floats = rng.normal(size=2000)
    table = pa.table(
        {
            "line": [str(number) for number in range(2000)],
            "day": pa.array([FIRST + timedelta(days=number % 40) for number in range(2000)]),
            "reordered": rng.random(2000) < 1 / (1 + np.exp(-2 * due)),
            "account": ["A"] * 2000,
            "due": due,
        }
    )
    features = FeatureSet((FeatureSpec("due", "number", "how overdue"),))
    columns = replace(COLUMNS, example="line", day="day", label="reordered", group="account")
    training = train(examples(table, features, columns), SETTINGS, PROVENANCE)
    assert training.candidate.manifest.quality["test"].roc_auc > 0.8


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [
        ("redeemed", 0, "with 0 successes among 300; .* validation and test 10 successes each"),
        ("redeemed", 1, "with 300 successes among 300: only successes, which leaves nothing to tell apart"),
        ("redeemed", 2, "redeemed is neither 0 nor 1"),
        ("redeemed", None, "redeemed is NULL in 300 examples"),
        ("impression_id", "I1", "1 values of impression_id stand in more than one example, such as I1"),
        ("impression_id", None, "impression_id is NULL"),
        ("as_of", FIRST, "span 1 days, 2026-01-01 to 2026-01-01, .*; the windows need 19 days"),
    ],
)
def test_what_cannot_be_learned_from_is_refused(column: str, value: int | str | date | None, message: str) -> None:
    table = rows(linear, count=300)
    place = table.column_names.index(column)
    spoilt = table.set_column(place, column, pa.array([value] * 300, table.schema.field(column).type))
    with pytest.raises(NotTrainableError, match=message):
        train(read(spoilt), SETTINGS, PROVENANCE)


def test_down_sampling_that_leaves_no_failures_is_refused() -> None:
    settings = SETTINGS.model_copy(update={"negatives_per_positive": 0.001})
    with pytest.raises(
        NotTrainableError,
        match=r"^negatives_per_positive 0\.001 leaves none of the \d\d\d failures of the train window .*\. Raise it$",
    ):
        train(read(rows(linear, count=1000)), settings, PROVENANCE)


def test_no_examples_are_refused() -> None:
    with pytest.raises(NotTrainableError, match="there are no examples"):
        read(rows(linear, count=300).slice(0, 0))
    with pytest.raises(NotTrainableError, match="no column redeemed"):
        examples(rows(linear, count=300).drop_columns(["redeemed"]), FEATURES, COLUMNS)


def test_a_week_without_examples_makes_the_windows_wider() -> None:
    table = rows(linear, count=3000)
    days = table["as_of"].to_numpy()
    gone = (days >= np.datetime64("2026-01-23")) & (days <= np.datetime64("2026-01-28"))
    windows = train(read(table.filter(pa.array(~gone))), SETTINGS, PROVENANCE).windows
    assert windows.validation.first < date(2026, 1, 23)
    assert windows.train.last == windows.validation.first - timedelta(days=1)
