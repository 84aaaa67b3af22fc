"""Time windows never overlap, whatever their lengths; they grow to what the data hold, and no further."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recs_platform.models.data import NotTrainableError
from recs_platform.models.windows import LEAST, WANTED, DayCounts, Window, Windows
from recs_platform_tests.models.worlds import linear, read, rows

DAY = timedelta(days=1)
FIRST = date(2026, 1, 1)
length = st.integers(1, 10)
daily = st.lists(st.tuples(st.booleans(), st.integers(0, 60), st.integers(0, 60)), min_size=1, max_size=90)


def counts(of_days: list[tuple[bool, int, int]]) -> DayCounts:
    """Of each day whether anything was shown, and what came of it."""
    shown = [
        (FIRST + place * DAY, yes, no) for place, (is_shown, yes, no) in enumerate(of_days) if is_shown and yes + no
    ]
    days, successes, failures = zip(*shown, strict=True) if shown else ((), (), ())
    return DayCounts(np.array(days, "datetime64[D]"), np.array(successes, int), np.array(failures, int))


def every_day(span: int, successes: int = WANTED) -> DayCounts:
    return counts([(True, successes, successes)] * span)


@given(span=st.integers(1, 60), validation=length, test=length, gap=st.integers(0, 10))
def test_days_are_shared_out_in_the_order_of_time(span: int, validation: int, test: int, gap: int) -> None:
    try:
        windows = Windows.of(every_day(span), validation_days=validation, test_days=test, gap_days=gap)
    except NotTrainableError:
        assert span < validation + gap + test + 1
        return
    assert windows.train.first == FIRST
    assert windows.train.first <= windows.train.last == windows.validation.first - DAY
    assert (windows.validation.last - windows.validation.first).days == validation - 1
    assert (windows.test.first - windows.validation.last).days == gap + 1
    assert (windows.test.last - windows.test.first).days == test - 1
    assert windows.test.last == FIRST + (span - 1) * DAY


def plain(of: DayCounts, validation: int, test: int, gap: int) -> tuple[date, date, date] | None:
    """The rule as it is told, by trying every pair of first days: of validation, its last, and of test."""

    def held(first: date, last: date) -> tuple[int, int]:
        inside = [place for place, day in enumerate(of.days.tolist()) if first <= day <= last]
        return sum(of.successes[inside]), sum(of.failures[inside])

    wanted, unbalanced = WANTED, None
    while True:
        n = max(wanted, LEAST)
        for back in range((of.last - of.first).days + test + 1):
            first = of.last - back * DAY
            if back + 1 >= test and held(first, of.last)[0] >= n and held(first, of.last)[1]:
                until = first - (gap + 1) * DAY
                for further in range((of.last - of.first).days + validation + 1):
                    begins = until - further * DAY
                    yes, no = held(begins, until)
                    if further + 1 >= validation and yes >= n and no:
                        learned, no = held(of.first, begins - DAY)
                        if learned >= n and no:
                            if learned >= yes:
                                return begins, until, first
                            unbalanced = unbalanced or (begins, until, first)
                        break
                break
        if wanted <= LEAST:
            return unbalanced
        wanted //= 2


@given(of_days=daily, validation=length, test=length, gap=st.integers(0, 10))
def test_windows_are_those_of_the_rule_told_plainly(
    of_days: list[tuple[bool, int, int]], validation: int, test: int, gap: int
) -> None:
    of = counts(of_days)
    if not len(of.days):
        return
    expected = plain(of, validation, test, gap)
    try:
        found = Windows.of(of, validation_days=validation, test_days=test, gap_days=gap)
    except NotTrainableError:
        assert expected is None
        return
    assert (found.validation.first, found.validation.last, found.test.first) == expected


def test_mailers_that_land_on_single_days_are_enough() -> None:
    """A campaign every fortnight: no week before the gap need have seen one."""
    sparse = counts([(day % 14 == 0, 40, 9_000) for day in range(365)])
    windows = Windows.of(sparse, validation_days=7, test_days=7, gap_days=21)
    for window in (windows.train, windows.validation, windows.test):
        assert sparse.between(window)[0] >= WANTED
    assert windows.test == Window(FIRST + 336 * DAY, FIRST + 364 * DAY)
    assert windows.validation.last == FIRST + 314 * DAY
    assert windows.validation.first == FIRST + 280 * DAY


def test_one_large_mailer_is_learned_from_and_not_kept_for_validation() -> None:
    """Two large ones and small ones between: with 100 successes each, the first large one would only validate."""
    mailed = {50: 59, 100: 41, 130: 340, 150: 43, 180: 14, 220: 590}
    windows = Windows.of(
        counts([(day in mailed, mailed.get(day, 0), 9_000) for day in range(250)]),
        validation_days=7,
        test_days=7,
        gap_days=30,
    )
    assert windows.train.last == FIRST + 149 * DAY
    assert windows.validation.first == FIRST + 150 * DAY


def test_few_successes_make_smaller_windows_and_not_none() -> None:
    windows = Windows.of(counts([(True, 1, 50)] * 90), validation_days=7, test_days=7, gap_days=7)
    assert windows.test == Window(FIRST + 65 * DAY, FIRST + 89 * DAY), "25 of the 90 each, after 100 and 50 did not fit"


def test_each_example_goes_where_its_day_does() -> None:
    everything = read(rows(linear, count=2000))
    windows = Windows.of(DayCounts.of(everything.days, everything.labels), validation_days=10, test_days=8, gap_days=7)
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
    of_days = DayCounts.of(everything.days, everything.labels)
    split = Windows.of(of_days, validation_days=10, test_days=8, gap_days=7).split(everything)
    for part in (everything, split.validation):
        for place in range(0, len(part), 97):
            row = truth[part.ids[place].as_py()]
            assert (bool(row["redeemed"]), row["as_of"]) == (part.labels[place], part.days[place].item())
            assert row["customer_id"] == part.groups[place].as_py()
            assert part.table.slice(place, 1).to_pylist() == [{name: row[name] for name in part.features.names}]


def test_one_day_short_is_refused() -> None:
    Windows.of(every_day(22), validation_days=7, test_days=7, gap_days=7)
    with pytest.raises(NotTrainableError, match=r"span 21 days, .*; the windows need 22 days"):
        Windows.of(every_day(21), validation_days=7, test_days=7, gap_days=7)


def test_too_few_successes_are_refused_with_how_many_are_needed() -> None:
    needed = "with 20 successes among 1,020; .* training, validation and test 10 successes each"
    with pytest.raises(NotTrainableError, match=needed):
        Windows.of(counts([(True, 2, 100)] * 10), validation_days=1, test_days=1, gap_days=0)
