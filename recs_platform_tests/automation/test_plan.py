"""Which runs a range of days needs, and in which days each."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recs_platform.automation.plan import Step, logs_of_logs, plan, plan_backfill, plan_logs
from recs_platform.companies.model import Company
from recs_platform.errors import ConfigError
from recs_platform.pipeline.coverage import Coverage, coverage
from recs_platform.pipeline.due import parts_due
from recs_platform.pipeline.pipeline import Pipeline
from recs_platform.schemas.table import Kind
from recs_platform.strategies.catalogue import KNOWN, company_named, pipelines
from recs_platform.warehouse.slices import Days, TableRef

START = date(2025, 9, 1)
REPEATED_DAYS = 7
"""How far back an event is looked for that a feed gives twice: so much further reaches the history than a window."""
STRATEGY = "replenishment"
NEWEST = date(2025, 12, 31)


def _company(window: int, campaigns: int | None = None) -> Company:
    described = {"name": "shop", "strategy": STRATEGY, "dataset": "shop", "timezone": "UTC", "currency": "EUR"}
    parameters = {
        "active_window_days": window,
        "history_days": window,
        "campaign_window_days": campaigns or window,
        "interaction_window_days": 1,
    }
    return Company.model_validate(
        {**described, "start_date": START, "simulation": {}, "parameters": parameters}, context=KNOWN
    )


class _Shelf:
    """The days that a lake has of every log, and of every snapshot; plans ask for nothing else."""

    def __init__(self, days: Sequence[date], *, without: str = "", whole: Sequence[date] = ()) -> None:
        self.there, self.without, self.whole = days, without, whole

    def days(self, table: TableRef) -> Sequence[date]:
        if table.spec.kind is Kind.SNAPSHOT:
            return self.whole
        return self.there[1:] if table.name == self.without else self.there


def _plan(window: int, days: Days, there: Sequence[date], without: str = "") -> list[tuple[bool, str]]:
    shelf: Any = _Shelf(there, without=without)
    return [(s.history, str(s.days)) for s in _steps(_company(window), pipelines()[STRATEGY], shelf, days)]


def _steps(company: Company, pipeline: Pipeline, warehouse: Any, days: Days) -> tuple[Step, ...]:
    return plan(company, pipeline, warehouse, days, newest=NEWEST).steps


def _day(number: int) -> date:
    return START + timedelta(days=number)


def test_a_first_day_needs_no_history() -> None:
    assert _plan(90, Days.one(START), []) == [(False, "2025-09-01")]


def test_missing_history_is_loaded_first_and_reaches_no_further_than_the_window() -> None:
    assert _plan(10, Days.one(_day(22)), []) == [(True, "2025-09-07 to 2025-09-22"), (False, "2025-09-23")]
    assert _plan(90, Days.one(_day(2)), []) == [(True, "2025-09-01 to 2025-09-02"), (False, "2025-09-03")]


@pytest.mark.parametrize(("window", "campaigns"), [(10, 8), (8, 10)])
def test_the_longer_window_counts(window: int, campaigns: int) -> None:
    shelf: Any = _Shelf([])
    history, _ = _steps(_company(window, campaigns), pipelines()[STRATEGY], shelf, Days.one(_day(22)))
    assert str(history.days) == "2025-09-07 to 2025-09-22"


def test_purchases_are_loaded_as_far_back_as_they_exclude() -> None:
    """A company that has long been selling, on its first day here: what was bought in spring is not recommended."""
    acme = company_named("acme").model_copy(update={"start_date": date(2025, 1, 1)})
    shelf: Any = _Shelf([])
    history, day = _steps(acme, pipelines()["vehicle_fitment"], shelf, Days.one(date(2025, 12, 3)))
    assert (str(history.days), str(day.days)) == ("2025-01-01 to 2025-12-02", "2025-12-03")
    assert acme.parameters.window_days < 100


def test_history_that_is_there_is_not_loaded_again() -> None:
    there = [_day(n) for n in range(6, 22)]
    assert _plan(10, Days.one(_day(22)), there[:1] + there[2:]) == [(True, "2025-09-08"), (False, "2025-09-23")]
    assert _plan(10, Days.one(_day(22)), there) == [(False, "2025-09-23")]


def test_a_day_that_one_log_lacks_is_missing() -> None:
    there = [_day(n) for n in range(6, 22)]
    planned = _plan(10, Days.one(_day(22)), there, without="treatments")
    assert planned == [(True, "2025-09-07"), (False, "2025-09-23")]


@given(window=st.integers(8, 40), first=st.integers(0, 60), length=st.integers(1, 5), there=st.sets(st.integers(0, 70)))
def test_after_the_plan_no_day_of_the_window_is_missing(window: int, first: int, length: int, there: set[int]) -> None:
    days = Days(_day(first), _day(first + length - 1))
    shelf: Any = _Shelf([_day(n) for n in sorted(there)])
    steps = _steps(_company(window), pipelines()[STRATEGY], shelf, days)
    made = {day for step in steps for day in step.days} | set(shelf.there)
    needed = {max(START, day - timedelta(days=back)) for day in days for back in range(window + REPEATED_DAYS)}
    assert needed <= made
    assert [step.days.first for step in steps if not step.history] == list(days)
    history = [step for step in steps if step.history]
    assert len(history) <= 1
    assert all(steps[0] is step and step.days.last < days.first for step in history)


def _whole(first: int, last: int, without: Sequence[int] = ()) -> Any:
    """History from the start on, and whole days."""
    there = [_day(n) for n in range(first, last + 1) if n not in without]
    return _Shelf([*(_day(n) for n in range(first)), *there], whole=there)


def test_days_that_are_missing_before_are_made_first() -> None:
    shelf = _whole(20, 26, without=[24])
    planned = plan(_company(10), pipelines()[STRATEGY], shelf, Days.one(_day(29)), newest=NEWEST)
    assert planned.earlier == (_day(24), _day(27), _day(28))
    assert [(step.history, step.days) for step in planned.steps] == [
        (False, Days.one(_day(n))) for n in (24, 27, 28, 29)
    ]


def test_only_the_days_that_were_asked_for_with_the_logs_of_those_that_were_not() -> None:
    shelf = _whole(20, 26, without=[24])
    planned = plan(_company(10), pipelines()[STRATEGY], shelf, Days.one(_day(29)), newest=NEWEST, only=True)
    assert planned.earlier == ()
    assert [(step.history, str(step.days)) for step in planned.steps] == [
        (True, "2025-09-25 to 2025-09-29"),
        (False, "2025-09-30"),
    ]


def test_days_before_the_first_whole_one_are_history_and_never_made_whole() -> None:
    assert _plan(10, Days.one(_day(22)), [_day(n) for n in range(6, 22)]) == [(False, "2025-09-23")]


def test_a_day_that_is_lost_for_good_is_waited_for_by_nobody() -> None:
    company = _company(10).model_copy(update={"lost_days": (_day(4), _day(24))})
    planned = plan(company, pipelines()[STRATEGY], _whole(20, 26, without=[24]), Days.one(_day(28)), newest=NEWEST)
    assert planned.earlier == (_day(27),)
    nothing: Any = _Shelf([])
    steps = _steps(company, pipelines()[STRATEGY], nothing, Days.one(_day(8)))
    assert [(step.history, str(step.days)) for step in steps] == [
        (True, "2025-09-01 to 2025-09-04"),
        (True, "2025-09-06 to 2025-09-08"),
        (False, "2025-09-09"),
    ]


@given(whole=st.sets(st.integers(20, 50), min_size=1), logs=st.sets(st.integers(0, 50)), asked=st.integers(20, 55))
def test_after_the_plan_every_day_since_the_first_whole_one_is_there(
    whole: set[int], logs: set[int], asked: int
) -> None:
    made = sorted(_day(n) for n in whole)
    shelf: Any = _Shelf(sorted({*made, *(_day(n) for n in logs)}), whole=made)
    steps = _steps(_company(8), pipelines()[STRATEGY], shelf, Days.one(_day(asked)))
    days = [step.days.first for step in steps if not step.history]
    assert days == sorted(days)
    assert days[-1] == _day(asked)
    expected = {_day(n) for n in range(min(whole), asked)}
    assert expected - set(made) == set(days[:-1])


def _there(company: Company, shelf: Any) -> Coverage:
    return coverage(company, pipelines()[STRATEGY], shelf)


@given(window=st.integers(8, 40), first=st.integers(0, 60), length=st.integers(1, 5), again=st.booleans())
def test_a_backfill_makes_its_logs_first_and_then_each_day(window: int, first: int, length: int, again: bool) -> None:
    days, pipeline = Days(_day(first), _day(first + length - 1)), pipelines()[STRATEGY]
    steps = plan_backfill(_there(_company(window), _nothing()), days, newest=NEWEST, again=again)
    *history, logs = (step for step in steps if step.history)
    daily = [step for step in steps if not step.history]
    assert steps == [*history, logs, *daily]
    reached = max(START, days.first - timedelta(days=window - 1 + REPEATED_DAYS))
    assert [step.days for step in history] == ([Days(reached, _day(first - 1))] if first else [])
    assert logs.days == days
    assert [step.days for step in daily] == [Days.one(day) for day in days]
    for step in daily:
        due = parts_due(pipeline, _company(window), step.days.first)
        made = [*(logs.tables or ()), *(step.tables or ())]
        assert sorted(made) == sorted(due & pipeline.tables.keys()), "each table once"


def test_a_backfill_makes_what_is_missing_and_what_failed() -> None:
    shelf, days = _whole(20, 29, without=[24, 25, 27]), Days(_day(22), _day(28))
    steps = plan_backfill(_there(_company(10), shelf), days, newest=NEWEST, failed=[_day(23)])
    assert [(step.history, str(step.days)) for step in steps] == [
        (True, "2025-09-24 to 2025-09-26"),
        (True, "2025-09-28"),
        *((False, str(_day(number))) for number in (23, 24, 25, 27)),
    ]
    assert plan_backfill(_there(_company(10), _whole(20, 29)), days, newest=NEWEST) == []


def test_a_backfill_makes_again_what_is_there_and_no_lost_day() -> None:
    company = _company(10).model_copy(update={"lost_days": (_day(24),)})
    steps = plan_backfill(_there(company, _whole(20, 29)), Days(_day(23), _day(25)), newest=NEWEST, again=True)
    assert [(step.history, str(step.days)) for step in steps] == [
        (True, "2025-09-24"),
        (True, "2025-09-26"),
        (False, "2025-09-24"),
        (False, "2025-09-26"),
    ]


@pytest.mark.parametrize("strategy", sorted(pipelines()))
def test_what_a_backfill_makes_by_ranges_stands_on_logs_alone(strategy: str) -> None:
    pipeline = pipelines()[strategy]
    found = logs_of_logs(pipeline)
    assert {"landed_events", "events", "interactions"} <= found
    for table in found:
        assert pipeline.specs[table].kind is Kind.LOG
        assert pipeline.inputs(table) <= found
    assert not {"landed_catalog", "source_counts", "rejected_rows"} & found  # these read snapshots, too


_both_ways = pytest.mark.parametrize(
    "make",
    [
        lambda c, p, d: plan(c, p, _nothing(), d, newest=NEWEST),
        lambda c, p, d: plan_backfill(coverage(c, p, _nothing()), d, newest=NEWEST),
    ],
    ids=["run", "backfill"],
)


@_both_ways
def test_a_day_before_the_start_is_refused(make: Any) -> None:
    days = Days(START - timedelta(days=1), START)
    with pytest.raises(ConfigError, match="shop starts on 2025-09-01; there is nothing for 2025-08-31"):
        make(_company(9), pipelines()[STRATEGY], days)


@_both_ways
def test_a_day_that_is_not_over_is_refused(make: Any) -> None:
    with pytest.raises(ConfigError, match="shop: 2026-01-01 is not over yet"):
        make(_company(9), pipelines()[STRATEGY], Days(NEWEST, NEWEST + timedelta(days=1)))


@_both_ways
def test_a_day_after_the_end_is_refused(make: Any) -> None:
    ended = _company(9).model_copy(update={"end_date": START})
    with pytest.raises(ConfigError, match="shop ends on 2025-09-01; there is nothing for 2025-09-02 after it"):
        make(ended, pipelines()[STRATEGY], Days.one(START + timedelta(days=1)))


def _nothing() -> Any:
    return _Shelf([])


ORDERS = frozenset({"order_lines"})
OF_ORDERS = frozenset({"order_lines", "events", "landed_events"})


def test_of_several_days_a_log_alone_is_made_in_one_run() -> None:
    """A feed that is one file for all days is read once for a run, and not once for a day."""
    shelf: Any = _Shelf([])
    pipeline, days = pipelines()[STRATEGY], Days(START, _day(99))
    planned = plan(_company(10), pipeline, shelf, days, newest=NEWEST, parts=ORDERS)
    assert planned.earlier == ()
    assert [(step.history, step.days, step.tables) for step in planned.steps] == [(True, days, OF_ORDERS)]
    one = plan(_company(10), pipeline, shelf, Days.one(START), newest=NEWEST, parts=ORDERS)
    assert [step.history for step in one.steps] == [False], "of one day that is not there all is made"


def test_what_a_log_is_made_of_is_made_only_where_it_is_not_there() -> None:
    shelf: Any = _Shelf([_day(n) for n in range(10)])
    days = Days(START, _day(9))
    planned = plan(_company(10), pipelines()[STRATEGY], shelf, days, newest=NEWEST, parts=ORDERS)
    assert [(step.days, step.tables) for step in planned.steps] == [(days, ORDERS)]


def test_several_days_of_what_is_no_log_are_made_one_by_one() -> None:
    shelf: Any = _Shelf([])
    parts = ORDERS | {"client_items"}
    steps = plan(_company(10), pipelines()[STRATEGY], shelf, Days(START, _day(1)), newest=NEWEST, parts=parts).steps
    assert [(step.history, step.days) for step in steps] == [(False, Days.one(START)), (False, Days.one(_day(1)))]


def test_a_whole_log_is_what_no_day_has_yet_up_to_the_last_that_is_over() -> None:
    company = _company(10).model_copy(update={"lost_days": (_day(40),)})
    there = _covered(company, [_day(n) for n in range(20, 30)])
    steps = plan_logs(there, ORDERS, newest=_day(50))
    assert [(step.history, str(step.days)) for step in steps] == [
        (True, str(Days(START, _day(19)))),
        (True, str(Days(_day(30), _day(39)))),
        (True, str(Days(_day(41), _day(50)))),
    ]
    assert {step.tables for step in steps} == {OF_ORDERS}


def test_a_whole_log_ends_with_the_company_and_has_no_day_before_it_begins() -> None:
    company = _company(10).model_copy(update={"end_date": _day(5)})
    assert [str(step.days) for step in plan_logs(_covered(company, []), ORDERS, newest=NEWEST)] == [
        str(Days(START, _day(5)))
    ]
    assert plan_logs(_covered(company, []), ORDERS, newest=START - timedelta(days=1)) == []
    assert plan_logs(_covered(company, [_day(n) for n in range(6)]), ORDERS, newest=NEWEST) == []


def _covered(company: Company, there: Sequence[date]) -> Coverage:
    shelf: Any = _Shelf(there)
    return coverage(company, pipelines()[STRATEGY], shelf)
