"""A strategy in small, run by Dagster as the real ones are: two sources, a query, a function, and checks.

Tests change what the sources give (`Toy.rows`) and which checks stand guard.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import dagster as dg
import pandas as pd
import pyarrow as pa

from recs_platform.automation.jobs import daily_job, history_job
from recs_platform.automation.partitions import partition_key
from recs_platform.companies.model import Company
from recs_platform.definitions import build_defs
from recs_platform.pipeline.frame_asset import table_asset
from recs_platform.pipeline.pipeline import Pipeline
from recs_platform.pipeline.stage import FrameTable, SqlTable, Stage
from recs_platform.schemas.field import Field
from recs_platform.schemas.table import Empty, Table, log, snapshot, spec_of
from recs_platform.strategies.catalogue import STRATEGIES
from recs_platform.warehouse.protocol import Warehouse
from recs_platform.warehouse.query import parse_query
from recs_platform.warehouse.slices import Days, TableRef
from recs_platform_tests.companies.shop import shop
from recs_platform_tests.warehouse.conftest import open_lake

STRATEGY = "replenishment"
START = datetime.date(2025, 9, 1)
DAY = datetime.date(2025, 9, 10)


@log(key=("visit_id",), empty=Empty.WARN)
class Visits(Table):
    """One row per visit."""

    event_date: datetime.date = Field(description="The day.")
    visit_id: int = Field(description="Identifies the visit.")
    customer_id: str = Field(nullable=True, description="Who came.")
    pages: int = Field(nullable=True, ge=0, description="Pages seen.")


@snapshot(key=("customer_id",), personal=("email", "nickname"))
class Profiles(Table):
    """One row per customer."""

    as_of: datetime.date = Field(description="The day whose state this is.")
    customer_id: str = Field(description="Who.")
    email: str = Field(nullable=True, description="Address.")
    nickname: str = Field(nullable=True, description="What friends say.")


@snapshot(key=("customer_id",), empty=Empty.ALLOWED, personal=("email",))
class VisitCounts(Table):
    """One row per customer who came lately."""

    as_of: datetime.date = Field()
    customer_id: str = Field()
    email: str = Field(nullable=True)
    visits: int = Field()


@snapshot(key=("customer_id",), empty=Empty.ALLOWED)
class Scores(Table):
    """One row per customer with pages."""

    as_of: datetime.date = Field()
    customer_id: str = Field()
    score: int = Field(nullable=True)


VISIT_COUNTS = """-- How often a customer came lately.
-- look-back: visits 3
SELECT @as_of AS as_of, customer_id, profiles.email, COUNT(*) AS visits
FROM visits
JOIN profiles USING (customer_id)
GROUP BY customer_id, profiles.email"""


@table_asset(Scores, look_back={"visits": 3})
def scores(days: Days, visits: pd.DataFrame, profiles: pa.Table) -> pd.DataFrame:
    """Pages of the last three days; customers who saw none have no score."""
    known = visits[visits.customer_id.isin(profiles["customer_id"].to_pylist())]
    pages = known.groupby("customer_id").pages.sum(min_count=1).rename("score").reset_index()
    return pages.assign(as_of=pd.Timestamp(days.last), score=pages.score.astype(float))


def visits_of(days: Days) -> pd.DataFrame:
    """Three visits a day, one by nobody known."""
    return pd.DataFrame(
        [
            {"event_date": day, "visit_id": number, "customer_id": customer, "pages": number}
            for day in days
            for number, customer in enumerate(["c1", "c2", None])
        ]
    )


def profiles_of(days: Days) -> pa.Table:
    columns = {"customer_id": ["c1", "c2"], "email": ["ann@mail.example", "nonsense"], "nickname": ["Annie", None]}
    return pa.table({"as_of": [days.last] * 2, **columns})


@dataclass
class Toy:
    """The strategy, its company and its warehouse."""

    folder: Path
    checks: Sequence[str] = ()
    visits: Callable[[Days], Any] = visits_of
    profiles: Callable[[Days], Any] = profiles_of
    features: tuple[FrameTable, ...] = (scores,)
    others: tuple[Company, ...] = ()
    warehouse: Warehouse | None = None
    """A lake in the folder, unless another one is given, or one that stands before the lake."""
    instance: dg.DagsterInstance = field(default_factory=dg.DagsterInstance.ephemeral)

    @property
    def store(self) -> Warehouse:
        return self.warehouse or open_lake(str(self.folder / "lake"), self.folder / "scratch")

    @property
    def company(self) -> Company:
        """Nothing waits for the days before the one that tests make."""
        return shop(self.folder, lost_days=[day.isoformat() for day in Days(START, DAY - datetime.timedelta(days=1))])

    @property
    def companies(self) -> dict[str, Company]:
        """The shop, and others of its strategy that a test gives it."""
        return {company.name: company for company in (self.company, *self.others)}

    def pipeline(self) -> Pipeline:
        @table_asset(Visits)
        def visits(days: Days) -> Any:
            return self.visits(days)

        @table_asset(Profiles)
        def profiles(days: Days) -> Any:
            return self.profiles(days)

        counts = SqlTable(spec_of(VisitCounts), parse_query("visit_counts", VISIT_COUNTS, "sql/toy/visit_counts.sql"))
        stages = [Stage("sources", (visits, profiles)), Stage("features", (counts, *self.features))]
        checks = [
            parse_query(f"check_{n}", text, f"sql/validation/{STRATEGY}/check_{n}.sql")
            for n, text in enumerate(self.checks)
        ]
        return Pipeline(STRATEGIES[STRATEGY], stages, checks)

    def definitions(self) -> dg.Definitions:
        return build_defs(
            companies=self.companies,
            strategies={STRATEGY: self.pipeline()},
            resources={
                "warehouse": dg.ResourceDefinition.hardcoded_resource(self.store),
                "journal": dg.ResourceDefinition.none_resource(),
            },
        )

    def run(self, day: datetime.date = DAY, company: str = "shop") -> dg.ExecuteInProcessResult:
        """The company's whole day."""
        job = self.definitions().resolve_job_def(daily_job(STRATEGY))
        key = partition_key(company, day)
        return job.execute_in_process(partition_key=key, instance=self.instance, raise_on_error=False)

    def run_history(self, days: Days, company: str = "shop") -> dg.ExecuteInProcessResult:
        """The logs of a range of days, in one run."""
        job = self.definitions().resolve_job_def(history_job(STRATEGY))
        first, last = partition_key(company, days.first), partition_key(company, days.last)
        tags = {"dagster/asset_partition_range_start": first, "dagster/asset_partition_range_end": last}
        return job.execute_in_process(tags=tags, instance=self.instance, raise_on_error=False)

    def rows(self, model: type[Table], days: Days | None = None, company: str = "shop") -> list[dict[str, Any]]:
        """What is published, in the order of the key."""
        spec = spec_of(model)
        with self.store.read(TableRef(self.companies[company].dataset, spec), days) as reader:
            rows: list[dict[str, Any]] = reader.read_all().to_pylist()
        return sorted(rows, key=lambda row: tuple(row[name] for name in (spec.date_column, *spec.key)))

    def days(self, model: type[Table]) -> list[datetime.date]:
        return list(self.store.days(TableRef(self.company.dataset, spec_of(model))))


def materialized(result: dg.ExecuteInProcessResult) -> dict[str, dict[str, Any]]:
    """Table: the metadata of its materialization in this run."""
    return {
        event.asset_key.path[1]: {
            name: value.value for name, value in event.step_materialization_data.materialization.metadata.items()
        }
        for event in result.get_asset_materialization_events()
        if event.asset_key
    }


def failure(result: dg.ExecuteInProcessResult) -> tuple[str, str]:
    """The table whose step failed, and the error that a person reads."""
    (event,) = [event for event in result.all_events if event.event_type is dg.DagsterEventType.STEP_FAILURE]
    error = event.step_failure_data.error
    while error is not None and error.cause is not None:
        error = error.cause
    assert error is not None
    return str(event.step_key).removeprefix(f"{STRATEGY}__"), error.message.strip()
