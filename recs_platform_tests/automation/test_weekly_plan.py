"""Which runs a strategy needs that is weekly in part: what is daily every day, the rest on one day of the week, or when
somebody asks for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from recs_platform.automation.metrics.freshness import newest_whole_day
from recs_platform.automation.plan import Step, missing_days, plan, plan_backfill
from recs_platform.models.settings import WEEKDAYS, Weekday
from recs_platform.pipeline.coverage import Coverage, coverage
from recs_platform.pipeline.due import parts_due
from recs_platform.warehouse.slices import Days, TableRef
from recs_platform_tests.strategies.regulars import weekly_company, weekly_pipeline

START = date(2025, 9, 1)
"""A Monday."""
SUNDAY = date(2025, 9, 14)
NEWEST = date(2025, 12, 31)
PIPELINE = weekly_pipeline()
WEEKLY = PIPELINE.weekly
TABLES = frozenset(PIPELINE.tables)
DAILY = frozenset(PIPELINE.stage_names) - WEEKLY


class Made:
    """The days that a warehouse has of daily tables, of weekly ones, and of some by name."""

    def __init__(self, daily: Sequence[date], weekly: Sequence[date], **of_tables: Sequence[date]) -> None:
        self.daily, self.weekly, self.of_tables = daily, weekly, of_tables

    def days(self, table: TableRef) -> list[date]:
        kind = self.weekly if table.name in WEEKLY else self.daily
        return sorted(self.of_tables.get(table.name, kind))


def _days(first: int, last: int) -> list[date]:
    """Of September."""
    return [date(2025, 9, number) for number in range(first, last + 1)]


def _covered(made: Made, **changes: Any) -> Coverage:
    warehouse: Any = made
    return coverage(weekly_company(**changes), PIPELINE, warehouse)


def _steps(made: Made, *days: date, **how: Any) -> Sequence[Step]:
    warehouse: Any = made
    return plan(weekly_company(), PIPELINE, warehouse, Days(days[0], days[-1]), newest=NEWEST, **how).steps


def _told(steps: Sequence[Step]) -> Mapping[str, frozenset[str]]:
    """What is made of each day, history aside."""
    return {
        str(s.days): frozenset(PIPELINE.stage_names) if s.tables is None else s.tables for s in steps if not s.history
    }


@given(weekday=st.sampled_from(WEEKDAYS), first=st.integers(0, 60), length=st.integers(1, 20))
def test_what_is_weekly_is_made_on_one_day_and_what_is_daily_on_each(weekday: Weekday, first: int, length: int) -> None:
    days = Days(START + timedelta(days=first), START + timedelta(days=first + length - 1))
    company, nothing = weekly_company(weekly_day=weekday), Made([], [])
    warehouse: Any = nothing
    steps = plan(company, PIPELINE, warehouse, days, newest=NEWEST).steps
    made = _told(steps)
    weeks = {str(day) for day in days if f"{day + timedelta(days=1):%A}".lower() == weekday}
    assert list(made) == [str(day) for day in days]
    assert all(made[day] == (DAILY | WEEKLY if day in weeks else DAILY) for day in made)
    assert {str(s.days) for s in steps if s.tables is None and not s.history} == weeks
    backfill = plan_backfill(coverage(company, PIPELINE, warehouse), days, newest=NEWEST, again=True)
    for day in days:
        parts = sorted(table for step in backfill if day in step.days for table in step.tables or ())
        assert parts == sorted(TABLES if str(day) in weeks else TABLES - WEEKLY), "each once, and nothing is published"


def test_a_week_that_alone_is_missing_is_made_before_and_its_day_stays() -> None:
    made = Made(_days(1, 15), _days(7, 7))
    assert _covered(made).missing(date(2025, 9, 15)) == (SUNDAY,)
    assert _told(_steps(made, date(2025, 9, 16))) == {"2025-09-14": WEEKLY, "2025-09-16": DAILY}
    (step,) = plan_backfill(_covered(made), Days(date(2025, 9, 8), date(2025, 9, 15)), newest=NEWEST)
    assert (str(step.days), step.tables) == ("2025-09-14", TABLES & WEEKLY)


def test_a_day_on_which_anything_else_is_missing_is_made_whole() -> None:
    made = Made(_days(1, 13), _days(7, 7))
    assert _told(_steps(made, date(2025, 9, 15))) == {"2025-09-14": DAILY | WEEKLY, "2025-09-15": DAILY}


def test_between_two_weeks_nothing_is_missing() -> None:
    made: Any = Made(_days(1, 20), [date(2025, 9, 7), SUNDAY])
    there, company = _covered(made), weekly_company()
    assert there.missing(date(2025, 9, 20)) == ()
    assert [there.lacking(day) for day in _days(8, 13)] == [()] * 6
    assert missing_days(company, PIPELINE, made, date(2025, 9, 20)) == ()
    assert missing_days(company, PIPELINE, made, date(2025, 9, 21)) == (date(2025, 9, 21),)
    assert plan_backfill(there, Days(*_days(8, 20)[:: len(_days(8, 20)) - 1]), newest=NEWEST) == []


def test_a_company_that_begins_in_the_middle_of_a_week_waits_for_the_next() -> None:
    wednesday = Made(_days(10, 12), [])
    assert _covered(wednesday).missing(date(2025, 9, 12)) == ()
    assert _covered(Made(_days(10, 15), [])).missing(date(2025, 9, 15)) == (SUNDAY,)


def test_what_becomes_weekly_in_a_company_that_runs_is_made_for_its_newest_week_and_for_none_before() -> None:
    made = Made(_days(1, 16), [])
    assert _told(_steps(made, date(2025, 9, 17))) == {"2025-09-14": WEEKLY, "2025-09-17": DAILY}
    assert _covered(Made(_days(1, 30), [SUNDAY])).missing(date(2025, 9, 30)) == (date(2025, 9, 21), date(2025, 9, 28))


def test_another_weekday_asks_for_its_own_weeks_from_now_on() -> None:
    made = Made(_days(1, 16), [date(2025, 9, 7), SUNDAY])
    assert _covered(made, weekly_day="wednesday").missing(date(2025, 9, 15)) == (date(2025, 9, 9),)
    assert _covered(made, weekly_day="wednesday").missing(date(2025, 9, 16)) == (date(2025, 9, 16),)


def test_what_is_named_is_made_on_any_day_with_what_it_is_made_of() -> None:
    made = Made(_days(1, 10), [date(2025, 9, 7)])
    wednesday = date(2025, 9, 10)
    assert _told(_steps(made, wednesday, parts=frozenset({"regulars"}))) == {str(wednesday): {"regulars"}}
    published = frozenset({"allocation_publication"})
    assert _told(_steps(made, wednesday, parts=published)) == {
        str(wednesday): {"allocation_publication", "allocation_comparison"}
    }
    there = Made(_days(1, 10), [date(2025, 9, 7), wednesday])
    assert _told(_steps(there, wednesday, parts=published)) == {str(wednesday): published}


def test_what_is_named_of_a_day_that_is_missing_comes_with_all_that_is_due() -> None:
    made, tuesday = Made(_days(1, 8), [date(2025, 9, 7)]), date(2025, 9, 9)
    assert _told(_steps(made, tuesday, parts=frozenset({"regulars"}))) == {str(tuesday): DAILY | {"regulars"}}
    assert _told(_steps(made, date(2025, 9, 10), parts=frozenset({"regulars"}))) == {
        "2025-09-09": DAILY,
        "2025-09-10": DAILY | {"regulars"},
    }


@given(daily=st.integers(1, 28), weekly=st.integers(0, 28))
def test_the_newest_whole_day_is_before_the_first_week_that_was_not_made(daily: int, weekly: int) -> None:
    """Against coverage, where nothing was left out in between. Zero: no week was made yet."""
    company, last, weeks = weekly_company(), date(2025, 9, daily), [date(2025, 9, n) for n in (7, 14, 21, 28)]
    made_weeks = [day for day in weeks if day <= date(2025, 9, max(weekly, 1))] if weekly else []
    newest = {name: max(made_weeks) if name in WEEKLY else last for name in TABLES if name not in WEEKLY or made_weeks}
    whole = newest_whole_day(company, PIPELINE, newest)
    waits = [day for day in weeks if day <= last and made_weeks and day > max(made_weeks)]
    assert whole == (min(waits) - timedelta(days=1) if waits else last)
    due = parts_due(PIPELINE, company, whole) & TABLES
    assert all(newest[name] >= whole for name in due if name not in WEEKLY or made_weeks)
