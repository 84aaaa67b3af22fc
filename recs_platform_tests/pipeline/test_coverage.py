"""Which days are missing: of a company as a whole, and within the windows of a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recs_platform.companies.model import Company
from recs_platform.errors import MissingSliceError
from recs_platform.pipeline.coverage import (
    Coverage,
    coverage,
    lacking,
    lacking_in_words,
    require_whole_windows,
    window_gaps,
)
from recs_platform.schemas.table import Kind
from recs_platform.strategies.catalogue import KNOWN, pipelines
from recs_platform.warehouse.slices import Days, TableRef

STRATEGY = "replenishment"
PIPELINE = pipelines()[STRATEGY]
START = date(2025, 9, 1)
WINDOW = 10
"""Days of messages that interactions look back on."""


class Made:
    """The days that a warehouse has of each table."""

    def __init__(self, everywhere: Sequence[int], of_tables: Mapping[str, Sequence[int]] | None = None) -> None:
        self.everywhere, self.of_tables = everywhere, of_tables or {}

    def days(self, table: TableRef) -> list[date]:
        return [_day(n) for n in sorted(self.of_tables.get(table.name, self.everywhere))]


def _day(number: int) -> date:
    return START + timedelta(days=number)


def _company(lost: Sequence[int] = ()) -> Company:
    described = {"name": "shop", "strategy": STRATEGY, "dataset": "shop", "timezone": "UTC", "currency": "EUR"}
    parameters = {
        "active_window_days": 8,
        "history_days": 8,
        "campaign_window_days": 20,
        "interaction_window_days": WINDOW,
    }
    return Company.model_validate(
        {
            **described,
            "start_date": START,
            "simulation": {},
            "parameters": parameters,
            "lost_days": [_day(n) for n in lost],
        },
        context=KNOWN,
    )


def _covered(made: Made, lost: Sequence[int] = ()) -> Coverage:
    warehouse: Any = made
    return coverage(_company(lost), PIPELINE, warehouse)


def _gaps(made: Made, table: str, days: Days, *, history: bool = False, lost: Sequence[int] = ()) -> dict[str, Any]:
    warehouse: Any = made
    return window_gaps(_company(lost), PIPELINE, warehouse, table, days, history=history)


@given(whole=st.sets(st.integers(0, 40)), last=st.integers(0, 45), lost=st.sets(st.integers(0, 45)))
def test_every_day_since_the_first_whole_one_is_there_or_missing(whole: set[int], last: int, lost: set[int]) -> None:
    missing = _covered(Made(sorted(whole)), sorted(lost)).missing(_day(last))
    expected = range(min(whole), last + 1) if whole else range(0)
    assert list(missing) == [_day(n) for n in expected if n not in whole | lost]


@given(table=st.sampled_from(sorted(PIPELINE.tables.keys() - PIPELINE.weekly)), day=st.integers(2, 8))
def test_a_day_that_one_table_lacks_is_missing_and_says_which(table: str, day: int) -> None:
    covered = _covered(Made(range(10), {table: [n for n in range(10) if n != day]}))
    assert covered.missing(_day(9)) == (_day(day),)
    assert covered.lacking(_day(day)) == (table,)


def test_history_alone_makes_no_day_whole() -> None:
    logs = {name: range(10) for name, spec in PIPELINE.specs.items() if spec.kind is Kind.LOG}
    assert _covered(Made([], logs)).missing(_day(9)) == ()


@given(there=st.sets(st.integers(0, 30)), day=st.integers(0, 30), lost=st.sets(st.integers(0, 30)))
def test_a_day_needs_every_day_of_its_window(there: set[int], day: int, lost: set[int]) -> None:
    gaps = _gaps(Made(sorted(there)), "landed_interactions", Days.one(_day(day)), lost=sorted(lost))
    needed = range(max(0, day - WINDOW + 1), day)
    lacks = tuple(_day(n) for n in needed if n not in there | lost)
    assert gaps == ({"treatments": lacks} if lacks else {})


@given(there=st.sets(st.integers(0, 30)), first=st.integers(0, 30), length=st.integers(1, 5))
def test_history_may_begin_anywhere_and_has_no_hole(there: set[int], first: int, length: int) -> None:
    days = Days(_day(first), _day(first + length - 1))
    gaps = _gaps(Made(sorted(there)), "landed_interactions", days, history=True)
    before = [n for n in there if n < first]
    needed = range(max(0, first - WINDOW + 1, min(before)), first) if before else range(0)
    lacks = tuple(_day(n) for n in needed if n not in there)
    assert gaps == ({"treatments": lacks} if lacks else {})


def test_what_is_looked_at_as_far_as_it_is_there_is_no_gap() -> None:
    assert PIPELINE.looks["source_assessment"].at_most == {"source_counts"}
    assert set(_gaps(Made([9]), "source_assessment", Days.one(_day(9)))) == {"events"}


def test_the_error_names_the_days_and_every_way_out() -> None:
    made: Any = Made([0, 1, 2, 3, 5])
    with pytest.raises(MissingSliceError) as refused:
        require_whole_windows(_company(), PIPELINE, made, "landed_interactions", Days.one(_day(6)), history=False)
    told = str(refused.value)
    assert told.startswith(
        "shop 2025-09-07: landed_interactions looks back on treatments, and 2025-09-05 was never made."
    )
    for way_out in ("recs run shop --date 2025-09-07", "begin on 2025-09-05", "lost_days"):
        assert way_out in told


def test_what_rows_lack_counts_lost_days_too() -> None:
    made: Any = Made([n for n in range(30) if n != 25])
    company = _company(lost=[25])
    assert lacking(company, PIPELINE, made, "campaign_funnel", _day(29)) == {}
    lost = lacking(company, PIPELINE, made, "campaign_funnel", _day(29), lost_too=True)
    assert {"events", "treatments", "deliveries", "interactions"} <= lost.keys()
    assert lacking_in_words(lost).startswith(f"{_day(25)} (")
