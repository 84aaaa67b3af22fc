"""From a table to a matrix, and what is refused on the way."""

from __future__ import annotations

from decimal import Decimal

import hypothesis.strategies as st
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given

from recs_platform.models import features as module
from recs_platform.models.features import Encoding, FeatureError, FeatureSet, FeatureSpec

FEATURES = FeatureSet(
    (
        FeatureSpec("spent", "number", ""),
        FeatureSpec("regular", "flag", ""),
        FeatureSpec("trade", "category", ""),
    )
)
SEEN = pa.table(
    {
        "trade": ["chef", None, "baker", "chef"],
        "spent": pa.array([1, None, 3, 4], pa.int64()),
        "regular": [True, False, None, True],
    }
)


def test_by_hand() -> None:
    encoding = Encoding.fit(FEATURES, SEEN)
    assert encoding.vocabularies == {"trade": ("baker", "chef")}
    expected = [[1, 1, 1], [np.nan, 0, np.nan], [3, np.nan, 0], [4, 1, 1]]
    np.testing.assert_array_equal(encoding.matrix(SEEN), expected)


def test_other_types_of_the_same_kind() -> None:
    table = pa.table(
        {
            "spent": pa.array([Decimal("1.50"), None]),
            "regular": pa.nulls(2),
            "trade": pa.array(["chef", "astronaut"]).dictionary_encode(),
        }
    )
    expected = [[1.5, np.nan, 1], [np.nan, np.nan, np.nan]]
    np.testing.assert_array_equal(Encoding.fit(FEATURES, SEEN).matrix(table), expected)


def test_many_categories_keep_the_most_frequent(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of equally frequent ones the first by name, whatever the order of rows."""
    monkeypatch.setattr(module, "MOST_CATEGORIES", 2)
    only_trade = FeatureSet((FeatureSpec("trade", "category", ""),))
    for trades in (["d", "c", "c", "b"], ["b", "c", "d", "c"]):
        assert Encoding.fit(only_trade, pa.table({"trade": trades})).vocabularies == {"trade": ("b", "c")}


@pytest.mark.parametrize(
    ("column", "values", "message"),
    [
        ("spent", ["1", "2", "3", "4"], "spent: the column is of type string, but the feature is a number"),
        ("spent", [True, False, True, True], "of type bool, but the feature is a number"),
        ("regular", [1, 0, 1, 1], "regular: the column is of type int64, but the feature is a flag"),
        ("trade", [1, 2, 3, 4], "trade: the column is of type int64, but the feature is a category"),
        ("spent", [1.0, float("inf"), 2.0, 3.0], "spent: the column holds an infinite number"),
    ],
)
def test_the_wrong_values_are_refused(column: str, values: list[object], message: str) -> None:
    table = SEEN.set_column(SEEN.column_names.index(column), column, pa.array(values))
    with pytest.raises(FeatureError, match=message):
        Encoding.fit(FEATURES, SEEN).matrix(table)


def test_a_column_that_is_there_twice_is_refused() -> None:
    with pytest.raises(FeatureError, match="spent: the table has this column twice"):
        FEATURES.columns(SEEN.append_column("spent", SEEN["spent"]))


def test_names_are_checked_where_features_are_declared() -> None:
    with pytest.raises(ValueError, match="named twice: spent"):
        FeatureSet((*FEATURES.specs, FEATURES.specs[0]))
    with pytest.raises(ValueError, match="needs a feature"):
        FeatureSet(())
    with pytest.raises(ValueError, match="'two words': a feature's name"):
        FeatureSpec("two words", "number", "")


def test_a_model_for_other_features_is_refused() -> None:
    spent, regular, trade = FEATURES.specs
    FEATURES.require_same((spent, regular, FeatureSpec("trade", "category", "said in other words")))
    for stored, message in (
        (
            (regular, spent, trade),
            r"feature 1 .* is regular \(flag\), but the code declares spent \(number\)",
        ),
        ((spent, regular, FeatureSpec("trade", "number", "")), r"feature 3 of the model is trade \(number\)"),
        ((spent, regular), "the model has 2 features, but the code declares 3"),
    ):
        with pytest.raises(FeatureError, match=message):
            FEATURES.require_same(stored)


VALUES = st.fixed_dictionaries(
    {
        "number": st.none() | st.floats(allow_nan=False, allow_infinity=False),
        "filled": st.none() | st.integers(-(2**53), 2**53).map(float),
        "flag": st.none() | st.booleans(),
        "category": st.none() | st.sampled_from(["fish", "meat", "unseen", "", "Käse"]),
    }
)
MIXED = FeatureSet(
    (
        FeatureSpec("category", "category", ""),
        FeatureSpec("number", "number", ""),
        FeatureSpec("flag", "flag", ""),
        FeatureSpec("filled", "number", ""),
    )
)
ARROW_TYPES = {"number": pa.float64(), "filled": pa.float64(), "flag": pa.bool_(), "category": pa.string()}


@given(st.lists(VALUES, min_size=1, max_size=20))
def test_plain_values_give_the_matrix_of_a_table(values: list[dict[str, object]]) -> None:
    encoding = Encoding(MIXED, {"category": ("Käse", "fish", "meat")}, {"filled": 7.0, "flag": 1.0})
    columns = {name: [row[name] for row in values] for name in ARROW_TYPES}
    table = pa.table({name: pa.array(column, ARROW_TYPES[name]) for name, column in columns.items()})
    np.testing.assert_array_equal(encoding.matrix_of_values(columns), encoding.matrix(table))
