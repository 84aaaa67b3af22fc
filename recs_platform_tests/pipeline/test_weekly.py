"""What is weekly of a pipeline, when it is due, and what nobody may build on it."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

import pandas as pd
import pytest

from recs_platform.errors import QueryError
from recs_platform.pipeline.due import is_due, newest_due, parts_due
from recs_platform.pipeline.frame_asset import table_asset
from recs_platform.pipeline.pipeline import Pipeline
from recs_platform.pipeline.stage import FrameTable, SqlTable, Stage
from recs_platform.schemas.field import Field
from recs_platform.schemas.table import Table, log, snapshot, spec_of
from recs_platform.warehouse.query import Query, parse_query
from recs_platform_tests.strategies.regulars import RECORD, WEEKLY, weekly_company, weekly_pipeline

SUNDAY = date(2025, 11, 30)
DAYS = [SUNDAY + timedelta(days=number) for number in range(8)]


@snapshot(key=("customer_id",))
class Weekly(Table):
    as_of: datetime.date = Field(description="The day whose state this is.")
    customer_id: str = Field(description="Who.")


@snapshot(key=("customer_id",))
class Daily(Table):
    as_of: datetime.date = Field(description="The day whose state this is.")
    customer_id: str = Field(description="Who.")


@log(key=("customer_id",))
class Seen(Table):
    event_date: datetime.date = Field(description="The day.")
    customer_id: str = Field(description="Who.")


@table_asset(Daily)
def daily(weekly: pd.DataFrame) -> pd.DataFrame:
    return weekly


ALL_OF = "SELECT @as_of AS as_of, customer_id FROM {}"


def _sql(model: type[Table], text: str) -> SqlTable:
    name = spec_of(model).name
    return SqlTable(spec_of(model), parse_query(name, text, f"sql/regulars/{name}.sql"))


def _weekly(text: str = "SELECT @as_of AS as_of, 'C1' AS customer_id") -> Stage:
    return Stage("features", (_sql(Weekly, text),), weekly=True)


def _pipeline(*stages: Stage, validation: Sequence[Query] = ()) -> Pipeline:
    return Pipeline(WEEKLY, stages, validation)


def _daily(table: SqlTable | FrameTable) -> Stage:
    return Stage("recommended", (table,))


def test_of_a_weekly_stage_all_is_weekly_and_of_others_nothing() -> None:
    pipeline = weekly_pipeline()
    assert pipeline.weekly == {"regulars", "allocation_comparison", "allocation_publication"}
    assert {"events", "source_assessment", "treatment_allocation"} <= pipeline.stage_names.keys() - pipeline.weekly


def test_what_is_weekly_is_due_on_one_day_of_the_week_and_the_rest_every_day() -> None:
    pipeline, company = weekly_pipeline(), weekly_company()
    everything = frozenset(pipeline.stage_names)
    weeks = [SUNDAY, SUNDAY + timedelta(days=7)]
    assert [day for day in DAYS if is_due(pipeline, company, "regulars", day)] == weeks
    assert [day for day in DAYS if is_due(pipeline, company, "events", day)] == DAYS
    assert [day for day in DAYS if parts_due(pipeline, company, day) == everything] == weeks
    assert parts_due(pipeline, company, DAYS[1]) == everything - pipeline.weekly
    assert newest_due(pipeline, company, "regulars", DAYS[6]) == SUNDAY
    assert newest_due(pipeline, company, "events", DAYS[6]) == DAYS[6]


def test_a_daily_table_of_a_weekly_one_is_refused() -> None:
    refused = "daily is made every day, and weekly is weekly: on most days there is none. Read what is live, or"
    with pytest.raises(QueryError, match=refused):
        _pipeline(_weekly(), _daily(_sql(Daily, ALL_OF.format("weekly"))))
    with pytest.raises(ValueError, match=refused):
        _pipeline(_weekly(), _daily(daily))
    with pytest.raises(ValueError, match=refused):
        _pipeline(_weekly(), _daily(replace(daily, inputs={}, after=("weekly",))))


def test_a_daily_table_may_look_at_an_earlier_week_and_a_weekly_one_at_what_is_daily() -> None:
    _pipeline(_weekly(), _daily(_sql(Daily, f"-- earlier: last = weekly latest\n{ALL_OF.format('last')}")))
    _pipeline(_daily(_sql(Daily, "SELECT @as_of AS as_of, 'C1' AS customer_id")), _weekly(ALL_OF.format("daily")))
    _pipeline(_weekly(), replace(_daily(_sql(Daily, ALL_OF.format("weekly"))), weekly=True))


def test_a_check_of_a_daily_table_that_reads_a_weekly_one_is_refused() -> None:
    stages = _daily(_sql(Daily, "SELECT @as_of AS as_of, 'C1' AS customer_id")), _weekly(ALL_OF.format("daily"))
    asked = "SELECT customer_id FROM daily JOIN weekly USING (customer_id)"
    text = f"-- Nobody is left out.\n-- table: {{}}\n-- severity: warn\n{asked}"
    check = parse_query("nobody", text.format("daily"), "sql/validation/regulars/nobody.sql")
    with pytest.raises(QueryError, match="judges daily every day, and weekly is weekly"):
        _pipeline(*stages, validation=[check])
    check = parse_query("nobody", text.format("weekly"), "sql/validation/regulars/nobody.sql")
    assert "nobody" in _pipeline(*stages, validation=[check]).checks


def test_a_weekly_log_is_refused() -> None:
    seen = _sql(Seen, "SELECT DATE '2025-12-01' AS event_date, 'C1' AS customer_id")
    with pytest.raises(ValueError, match="seen is a log and belongs to a weekly stage of regulars"):
        _pipeline(Stage("features", (seen,), weekly=True))


def test_weekly_stages_need_a_weekday() -> None:
    with pytest.raises(ValueError, match="let RegularsParameters inherit from WeeklyParameters"):
        Pipeline(RECORD, [_weekly()], [])
