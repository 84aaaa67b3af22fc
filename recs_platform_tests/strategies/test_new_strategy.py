"""A strategy is added by its record alone: a schema, a query and the record give it assets, a job, a schedule,
partitions, and a place in every command. A weekly one is quiet on the days between."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from recs_platform.automation.journal import RANGE_END, RANGE_START
from recs_platform.campaign.stage import campaign_stage
from recs_platform.cli import progress
from recs_platform.companies.model import Company
from recs_platform.declarations.cadence import Cadence
from recs_platform.declarations.parameters import Parameters
from recs_platform.definitions import build_defs
from recs_platform.errors import ConfigError
from recs_platform.pipeline.day_reader import DayReader
from recs_platform.pipeline.pipeline import Pipeline
from recs_platform.pipeline.stage import SqlTable, Stage
from recs_platform.pipeline.stored import stored_rows
from recs_platform.pipeline.strategy import Explainer, MakeStage, Strategy
from recs_platform.reporting.explanation import Explanation, Sentence
from recs_platform.schemas import sources
from recs_platform.schemas.field import Field
from recs_platform.schemas.table import Kind, Table, snapshot, spec_of
from recs_platform.simulation import replenishment_world
from recs_platform.sources.stage import sources_stage
from recs_platform.strategies import catalogue
from recs_platform.warehouse.protocol import Warehouse
from recs_platform.warehouse.query import parse_query
from recs_platform_tests.automation.mornings import asked_for
from recs_platform_tests.cli.terminal import Terminal, not_up_to_date

NAME, COMPANY = "regulars", "corner"
MONDAY, TUESDAY = date(2025, 9, 8), date(2025, 9, 9)


@snapshot(key=("customer_id",))
class Regulars(Table):
    """One row per customer who ordered lately."""

    as_of: datetime.date = Field(description="The day whose state this is.")
    customer_id: str = Field(description="Who.")
    orders: int = Field(ge=1, description="How many orders.")


QUERY = """-- How often a customer ordered in the last week.
-- look-back: events 7
SELECT @as_of AS as_of, customer_id, COUNT(DISTINCT order_id) AS orders
FROM events
WHERE event_name = 'order_line' AND customer_id IS NOT NULL
GROUP BY customer_id"""


class RegularsParameters(Parameters):
    look_back_parameter = "days_looked_at"
    days_looked_at: int = 7


def _own_stage(*_: Any) -> Stage:
    return Stage(NAME, (SqlTable(spec_of(Regulars), parse_query("regulars", QUERY, "sql/regulars/regulars.sql")),))


def _stages() -> Sequence[MakeStage]:
    return (sources_stage, _own_stage, campaign_stage)


def _story(company: Company, pipeline: Pipeline, warehouse: Warehouse, day: date) -> Iterator[str]:
    yield f"{len(stored_rows(warehouse, pipeline, company, 'regulars', day))} regulars"


def _explain(read: DayReader, customer: str, item: str | None) -> Explanation:
    stored = stored_rows(read.warehouse, read.pipeline, read.company, "regulars", read.day)
    rows = [row for row in stored if row["customer_id"] == customer]
    if not rows:
        raise ConfigError(f"{read.company.name} has no regular {customer} on {read.day}.")
    return Explanation((Sentence(f"{rows[0]['orders']} orders in a week", title=customer),), rows[0])


RECORD: Strategy = Strategy(
    name=NAME,
    title="Who comes often",
    parameters=RegularsParameters,
    source_tables=sources.SHARED,
    needs=(sources.Events,),
    stages=_stages,
    world=lambda: replenishment_world,
    story=_story,
    explainer=Explainer("regulars", _explain),
)
WEEKLY = replace(RECORD, cadence=Cadence("monday"))


@pytest.fixture
def terminal(tmp_path: Path) -> Terminal:
    (tmp_path / "companies").mkdir()
    (tmp_path / "companies" / f"{COMPANY}.yaml").write_text(
        f"name: {COMPANY}\nstrategy: {NAME}\ndataset: {COMPANY}\ntimezone: UTC\ncurrency: EUR\n"
        "start_date: 2025-09-01\nsimulation: {seed: 7, customers: 30}\n"
        "parameters: {days_looked_at: 3, campaign_window_days: 8}\n"
    )
    return Terminal(tmp_path)


@pytest.fixture(params=[RECORD], ids=["daily"])
def record(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Strategy:
    monkeypatch.setitem(catalogue.STRATEGIES, NAME, request.param)
    chosen: Strategy = request.param
    return chosen


weekly = pytest.mark.parametrize("record", [WEEKLY], ids=["weekly"], indirect=True)


def test_it_has_assets_a_job_a_schedule_and_partitions(terminal: Terminal, record: Strategy) -> None:
    with terminal.inside():
        defs = build_defs(companies={COMPANY: catalogue.company_named(COMPANY)})
        asset = defs.resolve_assets_def(dg.AssetKey([NAME, "regulars"]))
        assert asset.partitions_def is not None
        assert asset.partitions_def.has_partition_key(dg.MultiPartitionKey({"date": "2025-09-08", "company": COMPANY}))
        assert {dg.AssetKey([NAME, "events"])} == {dep.asset_key for dep in next(iter(asset.specs)).deps}
        assert {f"{NAME}_daily", f"{NAME}_history"} <= {str(job.name) for job in defs.resolve_all_job_defs()}
        assert defs.resolve_schedule_def(f"{COMPANY}_daily").job_name == f"{NAME}_daily"


@pytest.mark.slow
def test_it_has_a_place_in_every_command(terminal: Terminal, record: Strategy, monkeypatch: pytest.MonkeyPatch) -> None:
    ran = terminal.recs("run", "--company", COMPANY, "--date", str(MONDAY))
    assert ran.code == 0, ran.told
    (state,) = terminal.recs("status", "--company", COMPANY, "--json").json
    (table,) = [table for table in state["tables"] if table["table"] == "regulars"]
    assert (state["strategy"], table["state"], table["newest"]) == (NAME, "fresh", str(MONDAY))
    asked = "SELECT customer_id, orders FROM regulars ORDER BY customer_id LIMIT 1"
    customer, orders = next(iter(terminal.recs("query", asked, "--company", COMPANY, "--json").json)).values()
    told = terminal.recs("why", COMPANY, customer)
    assert (told.code, told.out.strip()) == (0, f"{customer} {orders} orders in a week")
    assert terminal.recs("why", COMPANY, "nobody").told == "error: corner has no regular nobody on 2025-09-08."


@pytest.mark.slow
def test_it_has_a_place_in_the_demo(terminal: Terminal, record: Strategy, monkeypatch: pytest.MonkeyPatch) -> None:
    """Companies run in processes of their own, which a record of a test does not reach: here they run in this one."""
    monkeypatch.setattr(catalogue, "built_in_companies", lambda: [catalogue.company_named(COMPANY)])
    monkeypatch.setattr(progress, "run_side_by_side", _in_this_process)
    told = terminal.recs("demo").told
    assert "corner, 2025-12-03" in told
    assert " regulars " in told


@pytest.mark.slow
@weekly
def test_a_weekly_one_is_quiet_on_the_days_between(terminal: Terminal, record: Strategy) -> None:
    ran = terminal.recs("run", "--company", COMPANY, "--date", str(MONDAY), "--to", str(MONDAY + timedelta(days=3)))
    assert ran.code == 0, ran.told
    assert "corner history 2025-09-09 to 2025-09-11" in ran.told
    (state,) = terminal.recs("status", "--company", COMPANY, "--json").json
    tables = {table["table"]: table for table in state["tables"]}
    assert not_up_to_date(tables.values()) == []
    assert (tables["regulars"]["newest"], tables["events"]["newest"]) == (str(MONDAY), "2025-09-11")
    assert "warned" not in ran.told.partition("corner history 2025-09-09")[2]


@pytest.mark.slow
@weekly
def test_a_weekly_one_is_missing_when_its_day_has_come(terminal: Terminal, record: Strategy) -> None:
    assert terminal.recs("run", "--company", COMPANY, "--date", str(MONDAY)).code == 0
    pipeline = catalogue.pipelines()[NAME]
    from recs_platform.automation.instance import instance
    from recs_platform.automation.launch import launch
    from recs_platform.automation.plan import Step
    from recs_platform.warehouse.slices import Days

    with terminal.inside(), instance() as dagster:
        corner = catalogue.company_named(COMPANY)
        week = Step(COMPANY, NAME, Days(TUESDAY, MONDAY + timedelta(days=7)), history=True)
        assert launch(build_defs(companies={COMPANY: corner}), dagster, week).success
    (state,) = terminal.recs("status", "--company", COMPANY, "--json").json
    tables = {table["table"]: table for table in state["tables"]}
    regulars = tables["regulars"]
    assert (regulars["state"], regulars["why"]) == ("missing", "2025-09-15 was never made")
    assert not_up_to_date(tables[name] for name, spec in pipeline.specs.items() if spec.kind is Kind.LOG) == []


@weekly
def test_a_schedule_asks_for_logs_alone_on_other_days(terminal: Terminal, record: Strategy) -> None:
    with terminal.inside():
        defs = build_defs(companies={COMPANY: catalogue.company_named(COMPANY)})
        asked = {day: _requested(defs, day) for day in (MONDAY, TUESDAY)}
    assert asked[MONDAY].asset_selection is None
    assert asked[MONDAY].partition_key == f"{COMPANY}|{MONDAY}"
    logs = {name for name, spec in catalogue.pipelines()[NAME].specs.items() if spec.kind is Kind.LOG}
    assert {key.path[-1] for key in asked[TUESDAY].asset_selection or ()} == logs
    assert {asked[TUESDAY].tags[end] for end in (RANGE_START, RANGE_END)} == {f"{COMPANY}|{TUESDAY}"}


def _requested(defs: dg.Definitions, day: date) -> dg.RunRequest:
    """What the schedule asks for on the morning after a day."""
    morning = datetime.datetime.combine(day + timedelta(days=1), datetime.time(6), datetime.UTC)
    request = asked_for(defs, COMPANY, morning)[-1]
    assert isinstance(request, dg.RunRequest)
    return request


def _in_this_process(steps: Sequence[Any], *, quiet: bool, processes: Any = None) -> list[Any]:
    from recs_platform.automation.instance import instance

    with instance() as dagster:
        defs = build_defs()
        return progress.run_steps(defs, dagster, steps, quiet=quiet)
