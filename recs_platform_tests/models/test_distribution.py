"""Bins that a later day can be compared with."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recs_platform.models.distribution import BINS, of_categories, of_features, of_numbers, quantile_edges
from recs_platform.models.features import Encoding
from recs_platform_tests.models.worlds import FEATURES, linear, rows

values = st.lists(st.one_of(st.none(), st.integers(-3, 3), st.floats(-1e6, 1e6)), max_size=50)


@given(values)
def test_shares_and_missing_add_up_to_one(found: list[float | None]) -> None:
    column = np.array(found, dtype=float)
    distribution = of_numbers(column, quantile_edges(column))
    assert sum(distribution.shares) + distribution.missing == pytest.approx(1 if found else 0)
    assert len(distribution.shares) == len(distribution.edges or ()) + 1


@given(values)
def test_each_value_is_in_the_bin_of_the_first_edge_that_reaches_it(found: list[float | None]) -> None:
    column = np.array(found, dtype=float)
    edges = quantile_edges(column)
    counts = [0] * (len(edges) + 1)
    for value in column[~np.isnan(column)]:
        counts[next((place for place, edge in enumerate(edges) if value <= edge), len(edges))] += 1
    assert of_numbers(column, edges).shares == pytest.approx([count / max(len(found), 1) for count in counts])


def test_different_values_fill_equal_bins() -> None:
    shuffled = np.random.default_rng(1).permutation(1000) / 7
    assert of_numbers(shuffled, quantile_edges(shuffled)).shares == pytest.approx([1 / BINS] * BINS)


@pytest.mark.parametrize("later", [1.0, 3.0])
def test_a_column_that_was_always_the_same_shows_any_change(later: float) -> None:
    before = of_numbers(np.full(10, 2.0), quantile_edges(np.full(10, 2.0)))
    after = before.like(pa.chunked_array([[2.0] * 5 + [later] * 5]))
    assert sorted(before.shares) == [0, 0, 1]
    assert sorted(after.shares) == [0, 0.5, 0.5]


def test_categories_by_hand() -> None:
    column = pa.chunked_array([["chef", None, "astronaut", "chef"]])
    found = of_categories(column, ("baker", "chef"))
    assert (found.missing, found.shares) == (0.25, (0, 0.5, 0.25))


def test_features_of_a_table_like_those_of_another() -> None:
    table = rows(linear, count=500)
    weekdays = np.arange(len(table)) % 6
    found = of_features(Encoding.fit(FEATURES, table), table, weekdays)
    assert list(found) == list(FEATURES.names)
    for name in FEATURES.names:
        assert found[name].like(table[name]) == replace(found[name], weekdays=())
        # The weekdays together are the whole, two of them are the rows of the two, and one without rows is unknown.
        whole, part = found[name].on(weekdays), found[name].on(weekdays[weekdays < 2])
        assert whole is not None
        assert part is not None
        assert whole.shares == pytest.approx(found[name].shares)
        of_two = found[name].like(table[name].filter(pa.array(weekdays < 2)))
        assert (part.missing, *part.shares) == pytest.approx((of_two.missing, *of_two.shares))
        assert found[name].on(np.array([0, 6])) is None
    flags = table["own_brand"].to_numpy()
    assert found["own_brand"].shares == pytest.approx((1 - flags.mean(), flags.mean()))
    assert found["taste"].missing > 0
