"""Time windows never overlap, whatever their lengths; the gap is as long as it is said to be."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recs_platform.models.data import NotTrainableError
from recs_platform.models.windows import Windows
from recs_platform_tests.models.worlds import linear, read, rows

DAY = timedelta(days=1)
length = st.integers(1, 10)


@given(span=st.integers(1, 60), validation=length, test=length, gap=st.integers(0, 10))
def test_days_are_shared_out_in_the_order_of_time(span: int, validation: int, test: int, gap: int) -> None:
    first = date(2026, 1, 1)
    last = first + timedelta(days=span - 1)
    try:
        windows = Windows.of(first, last, validation_days=validation, test_days=test, gap_days=gap)
    except NotTrainableError:
        assert span < validation + gap + test + 1
        return
    assert windows.train.first == first
    assert windows.train.first <= windows.train.last == windows.validation.first - DAY
    assert (windows.validation.last - windows.validation.first).days == validation - 1
    assert (windows.test.first - windows.validation.last).days == gap + 1
    assert (windows.test.last - windows.test.first).days == test - 1
    assert windows.test.last == last


def test_each_example_goes_where_its_day_does() -> None:
    """40 days: 15 train, 10 validate, 7 are left out, 8 test."""
    everything = read(rows(linear, count=2000))
    windows = Windows.of(everything.first, everything.last, validation_days=10, test_days=8, gap_days=7)
    split = windows.split(everything)
    parts = (split.train, split.validation, split.test)
    assert [len(np.unique(part.days)) for part in parts] == [15, 10, 8]
    left_out = everything.where((everything.days > parts[1].days[-1]) & (everything.days < parts[2].days[0]))
    assert sum(map(len, parts)) + len(left_out) == len(everything)
    for part in parts:
        assert len(part.table) == len(part.ids) == len(part.groups) == len(part.labels) == len(part.days)


def test_a_row_keeps_its_own_label_and_features_through_sorting_and_splitting() -> None:
    table = rows(linear, count=2000)
    truth = {row["impression_id"]: row for row in table.to_pylist()}
    everything = read(table)
    split = Windows.of(everything.first, everything.last, validation_days=10, test_days=8, gap_days=7).split(everything)
    for part in (everything, split.validation):
        for place in range(0, len(part), 97):
            row = truth[part.ids[place].as_py()]
            assert (bool(row["redeemed"]), row["as_of"]) == (part.labels[place], part.days[place].item())
            assert row["customer_id"] == part.groups[place].as_py()
            assert part.table.slice(place, 1).to_pylist() == [{name: row[name] for name in part.features.names}]


def test_one_day_short_is_refused() -> None:
    Windows.of(date(2026, 1, 1), date(2026, 1, 22), validation_days=7, test_days=7, gap_days=7)
    with pytest.raises(NotTrainableError, match=r"span 21 days, .* but the windows need 22"):
        Windows.of(date(2026, 1, 1), date(2026, 1, 21), validation_days=7, test_days=7, gap_days=7)
