"""A query for day D sees what was known on day D: exactly the days that its kind and header say, whatever is stored."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recs_platform.companies.model import Company
from recs_platform.errors import MissingSliceError
from recs_platform.pipeline.pipeline import Pipeline
from recs_platform.pipeline.stage import FrameTable, SqlTable, Stage
from recs_platform.schemas.field import Field
from recs_platform.schemas.table import Table, TableSpec, log, snapshot, spec_of
from recs_platform.strategies.catalogue import STRATEGIES
from recs_platform.warehouse.lake.lake import Lake
from recs_platform.warehouse.query import parse_query
from recs_platform.warehouse.slices import Days
from recs_platform_tests.companies.shop import shop
from recs_platform_tests.warehouse.conftest import open_lake
from recs_platform_tests.warehouse.tables import PROFILES, VISITS, day, days, reader, subject

SPAN = 12
"""Days of the lake: enough for every look-back to begin inside and outside of it."""


@snapshot(key=("visit_id",), name="seen_by_snapshot")
class SeenBySnapshot(Table):
    """What a snapshot's query was shown, one row per source row."""

    as_of: datetime.date = Field()
    source: str = Field()
    visit_id: int = Field()
    shown_day: datetime.date = Field()


@log(key=(), name="seen_by_log")
class SeenByLog(Table):
    """What a log's query was shown on each of its days."""

    event_date: datetime.date = Field()
    visits: int = Field()
    recent_visits: int = Field()
    profiles: int = Field()


SNAPSHOT_QUERY = """-- What is shown.
-- look-back: visits {back}
-- earlier: before = profiles {earlier}
-- earlier: live = profiles latest
SELECT @as_of AS as_of, 'visits' AS source, visit_id, event_date AS shown_day FROM visits
UNION ALL SELECT @as_of AS as_of, 'profiles' AS source, 0 AS visit_id, as_of AS shown_day FROM profiles
UNION ALL SELECT @as_of AS as_of, 'before' AS source, 0 AS visit_id, as_of AS shown_day FROM before
UNION ALL SELECT @as_of AS as_of, 'live' AS source, 0 AS visit_id, as_of AS shown_day FROM live"""

LOG_QUERY = """-- What is shown.
-- look-back: visits {back}
WITH counted AS (
  SELECT event_date, COUNT(*) AS visits FROM visits GROUP BY event_date
)
SELECT
  today.event_date,
  today.visits,
  (SELECT SUM(other.visits) FROM counted AS other
   WHERE other.event_date BETWEEN DATE_SUB(today.event_date, INTERVAL {back} - 1 DAY) AND today.event_date
  ) AS recent_visits,
  (SELECT COUNT(*) FROM profiles WHERE as_of = today.event_date) AS profiles
FROM counted AS today"""


def pipeline_of(spec: TableSpec, text: str) -> Pipeline:
    query = parse_query(spec.name, text, f"sql/toy/{spec.name}.sql")
    given = tuple(FrameTable(source, lambda: None, {}) for source in (VISITS, PROFILES))
    return Pipeline(STRATEGIES["replenishment"], [Stage("toy", (*given, SqlTable(spec, query)))], [])


@contextmanager
def filled(visits: dict[int, int], profiles: set[int]) -> Iterator[tuple[Lake, Company]]:
    """A lake with so many visits on each day of `visits`, and profiles of the days of `profiles`."""
    with TemporaryDirectory() as folder:
        lake = open_lake(f"{folder}/lake", Path(folder))
        rows = [{"event_date": day(d), "visit_id": 100 * d + n} for d, count in visits.items() for n in range(count)]
        put(lake, VISITS, days(0, SPAN), rows)
        for offset in profiles:
            put(lake, PROFILES, days(offset, offset), [{"as_of": day(offset), "customer_id": "c"}])
        yield lake, shop(Path(folder), dataset="company_7")


def put(lake: Lake, spec: TableSpec, of: Days, rows: list[dict[str, Any]]) -> None:
    lake.replace(subject(of, spec), reader(rows, spec))


def shown(lake: Lake, company: Company, pipeline: Pipeline, spec: TableSpec, of: Days) -> list[tuple[Any, ...]]:
    """The rows of a table's new slices, made and stored as the platform does it."""
    lake.replace(subject(of, spec), pipeline.bind(spec.name, company, of))
    with lake.read(subject(of, spec).table, of) as rows:
        return sorted(tuple(row.values()) for row in rows.read_all().to_pylist())


VISIT_COUNTS = st.dictionaries(st.integers(0, SPAN), st.integers(0, 2))
PROFILE_DAYS = st.sets(st.integers(0, SPAN), max_size=4)


@pytest.mark.slow
@settings(max_examples=7)
@given(
    visits=VISIT_COUNTS, profiles=PROFILE_DAYS, at=st.integers(0, SPAN), back=st.integers(1, 20), ago=st.integers(1, 4)
)
def test_a_snapshot_sees_its_look_back_and_its_own_day(
    visits: dict[int, int], profiles: set[int], at: int, back: int, ago: int
) -> None:
    profiles = {*profiles, at}
    spec = spec_of(SeenBySnapshot)
    with filled(visits, profiles) as (lake, company):
        pipeline = pipeline_of(spec, SNAPSHOT_QUERY.format(back=back, earlier=ago))
        today = days(at, at)
        expected = [("visits", 100 * d + n, day(d)) for d, c in visits.items() if at - back < d <= at for n in range(c)]
        expected += [("profiles", 0, day(at))]
        expected += [("before", 0, day(at - ago))] if at - ago in profiles else []
        expected += [("live", 0, day(max(earlier)))] if (earlier := {d for d in profiles if d < at}) else []
        assert shown(lake, company, pipeline, spec, today) == sorted((day(at), *row) for row in expected)


@pytest.mark.slow
@settings(max_examples=15)
@given(
    visits=VISIT_COUNTS,
    profiles=PROFILE_DAYS,
    first=st.integers(0, SPAN),
    more=st.integers(0, 5),
    back=st.integers(1, 9),
)
def test_a_log_over_a_range_is_its_days_one_by_one(
    visits: dict[int, int], profiles: set[int], first: int, more: int, back: int
) -> None:
    last = min(first + more, SPAN)
    spec = spec_of(SeenByLog)
    with filled(visits, profiles) as (lake, company):
        pipeline = pipeline_of(spec, LOG_QUERY.format(back=back))
        at_once = shown(lake, company, pipeline, spec, days(first, last))
        one_by_one = [row for d in days(first, last) for row in shown(lake, company, pipeline, spec, Days.one(d))]
        expected = [
            (day(d), visits[d], sum(visits.get(e, 0) for e in range(d - back + 1, d + 1)), int(d in profiles))
            for d in range(first, last + 1)
            if visits.get(d)
        ]
        assert at_once == one_by_one == expected


def test_rows_of_the_future_change_nothing() -> None:
    spec = spec_of(SeenBySnapshot)
    pipeline = pipeline_of(spec, SNAPSHOT_QUERY.format(back=5, earlier=1))
    with filled(dict.fromkeys(range(7), 1), {5, 6}) as (lake, company):
        before = shown(lake, company, pipeline, spec, days(6, 6))
        put(lake, VISITS, days(7, SPAN), [{"event_date": day(d), "visit_id": d} for d in range(7, SPAN)])
        for offset in (7, 8):
            put(lake, PROFILES, days(offset, offset), [{"as_of": day(offset), "customer_id": "c"}])
        assert shown(lake, company, pipeline, spec, days(6, 6)) == before
        assert len(before) == 5 + 3


def test_a_snapshot_that_was_never_made_is_an_error_and_not_an_empty_table() -> None:
    spec = spec_of(SeenBySnapshot)
    pipeline = pipeline_of(
        spec, "-- All.\nSELECT @as_of AS as_of, 'p' AS source, 0 AS visit_id, as_of AS shown_day FROM profiles"
    )
    with filled({}, {5}) as (lake, company):
        with pytest.raises(MissingSliceError) as caught:
            shown(lake, company, pipeline, spec, days(6, 6))
        assert str(caught.value) == (
            "sql/toy/seen_by_snapshot.sql: company_7.profiles has no slice for 2025-12-07. "
            "Materialize profiles for that day first."
        )
        put(lake, PROFILES, days(6, 6), [])
        assert shown(lake, company, pipeline, spec, days(6, 6)) == []


def test_a_look_back_may_be_the_companys_own_parameter(tmp_path: Path) -> None:
    spec = spec_of(SeenBySnapshot)
    text = """-- All.
-- look-back: visits @window_days
SELECT @as_of AS as_of, 'v' AS source, visit_id, event_date AS shown_day FROM visits"""
    pipeline = pipeline_of(spec, text)
    company = shop(tmp_path, parameters={"active_window_days": 3})
    (view,) = pipeline.bind(spec.name, company, days(6, 6)).views
    assert view.days == Days(day(6) - timedelta(days=2), day(6))
