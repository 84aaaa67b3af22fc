"""A strategy in small: who comes often. Every day, or its own table and publishing once a week."""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

from recs_platform.campaign.stage import campaign_stage
from recs_platform.companies.model import STRATEGIES_CONTEXT, Company
from recs_platform.declarations.cadence import WeeklyParameters
from recs_platform.declarations.parameters import Parameters
from recs_platform.declarations.product import ALLOCATION
from recs_platform.errors import ConfigError
from recs_platform.pipeline.day_reader import DayReader
from recs_platform.pipeline.pipeline import Pipeline
from recs_platform.pipeline.stage import SqlTable, Stage
from recs_platform.pipeline.stored import stored_rows
from recs_platform.pipeline.strategy import Explainer, MakeStage, Strategy, made, weekly
from recs_platform.publication.stage import allocation_stage
from recs_platform.reporting.explanation import Explanation, Sentence
from recs_platform.schemas import sources
from recs_platform.schemas.field import Field
from recs_platform.schemas.table import Table, snapshot, spec_of
from recs_platform.simulation import replenishment_world
from recs_platform.sources.stage import sources_stage
from recs_platform.strategies import catalogue
from recs_platform.warehouse.protocol import Warehouse
from recs_platform.warehouse.query import load_queries, parse_query, sql_folder
from recs_platform_tests.cli.terminal import Terminal

NAME, COMPANY = "regulars", "corner"


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


class WeeklyRegularsParameters(WeeklyParameters, RegularsParameters):
    pass


def _weekly_stages() -> Sequence[MakeStage]:
    return (sources_stage, weekly(_own_stage), campaign_stage, weekly(allocation_stage))


WEEKLY: Strategy = replace(RECORD, parameters=WeeklyRegularsParameters, stages=_weekly_stages, publishes=(ALLOCATION,))
"""Sources and campaigns every day; its own table, and publishing what bandits give, once a week."""

IN_THE_FILE: dict[str, Any] = {
    "name": COMPANY,
    "strategy": NAME,
    "dataset": COMPANY,
    "timezone": "UTC",
    "currency": "EUR",
    "start_date": "2025-09-01",
    "simulation": {"seed": 7, "customers": 30},
    "parameters": {"days_looked_at": 3, "campaign_window_days": 8},
}


def terminal_in(folder: Path) -> Terminal:
    """A home whose one company is described by `IN_THE_FILE`."""
    (folder / "companies").mkdir(parents=True)
    (folder / "companies" / f"{COMPANY}.yaml").write_text(json.dumps(IN_THE_FILE))
    return Terminal(folder)


def weekly_company(*, weekly_day: str = "monday", **changes: Any) -> Company:
    """Of the weekly strategy."""
    parameters = IN_THE_FILE["parameters"] | {"weekly_day": weekly_day} | changes.pop("parameters", {})
    return Company.model_validate(
        IN_THE_FILE | {"parameters": parameters} | changes, context={STRATEGIES_CONTEXT: {NAME: WEEKLY}}
    )


@lru_cache(maxsize=1)
def weekly_pipeline() -> Pipeline:
    queries = load_queries(sql_folder())
    checks = [query for query in queries.values() if query.path.startswith(catalogue.VALIDATION)]
    return made(WEEKLY, queries, [query for query in checks if query.path.split("/")[2] not in catalogue.STRATEGIES])
