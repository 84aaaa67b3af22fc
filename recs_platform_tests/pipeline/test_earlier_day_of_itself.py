"""A snapshot may be made of an earlier day of itself, and of no other day of it: what was decided then is kept."""

from __future__ import annotations

import datetime
from datetime import date

import pytest

from recs_platform.errors import QueryError
from recs_platform.pipeline.pipeline import Pipeline
from recs_platform.pipeline.stage import SqlTable, Stage
from recs_platform.schemas.field import Field
from recs_platform.schemas.table import Empty, Kind, Table, log, snapshot, spec_of
from recs_platform.strategies.catalogue import company_named
from recs_platform.warehouse.query import parse_query
from recs_platform.warehouse.slices import Days
from recs_platform_tests.pipeline.test_weekly import WEEKLY

DAY = date(2025, 9, 10)


@snapshot(key=("customer_id",), empty=Empty.ALLOWED)
class Kept(Table):
    as_of: datetime.date = Field(description="The day.")
    customer_id: str = Field(description="Who.")


@log(key=("customer_id",), empty=Empty.ALLOWED)
class Seen(Table):
    event_date: datetime.date = Field(description="The day.")
    customer_id: str = Field(description="Who.")


def pipeline(model: type[Table], text: str) -> Pipeline:
    name = spec_of(model).name
    table = SqlTable(spec_of(model), parse_query(name, text, f"sql/regulars/{name}.sql"))
    return Pipeline(WEEKLY, [Stage("features", (table,))], [])


BEFORE = "-- earlier: before = kept latest\nSELECT @as_of AS as_of, customer_id FROM before"


def test_it_sees_the_newest_day_before_its_own() -> None:
    made = pipeline(Kept, BEFORE)
    assert made.inputs("kept") == made.made_of("kept") == {"kept"}
    (view,) = made.bind("kept", company_named("concord"), Days.one(DAY)).views
    assert (view.name, view.spec.name, view.spec.kind) == ("before", "kept", Kind.SNAPSHOT)
    assert (view.latest, view.required, view.days.last) == (True, False, date(2025, 9, 9))


def test_its_own_day_is_not_there_yet() -> None:
    with pytest.raises(QueryError, match="kept is not made of itself; an earlier day of it has a name of its own"):
        pipeline(Kept, "SELECT @as_of AS as_of, customer_id FROM kept")
    with pytest.raises(QueryError, match="must give a new name, and kept is a table"):
        pipeline(Kept, "-- earlier: kept = kept latest\nSELECT @as_of AS as_of, customer_id FROM kept")


def test_a_log_has_every_day_by_itself() -> None:
    with pytest.raises(QueryError, match="needs a snapshot of this strategy, and seen is none"):
        pipeline(Seen, "-- earlier: before = seen latest\nSELECT event_date, customer_id FROM before")
    with pytest.raises(QueryError, match="seen is not made of itself"):
        pipeline(Seen, "-- look-back: seen 2\nSELECT event_date, customer_id FROM seen")
