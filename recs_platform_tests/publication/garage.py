"""A vehicle-fitment company in small: the published tables and what explains them are planted, the comparisons and
everything after them are the real ones.
"""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

import dagster as dg
import pyarrow as pa

from recs_platform.automation.jobs import daily_job
from recs_platform.automation.partitions import partition_key
from recs_platform.companies.model import Company
from recs_platform.declarations.product import ALLOCATION, RECOMMENDATIONS
from recs_platform.definitions import build_defs
from recs_platform.pipeline.frame_asset import table_asset
from recs_platform.pipeline.pipeline import Pipeline
from recs_platform.pipeline.stage import Stage
from recs_platform.platform_db.engine import engine, upgrade
from recs_platform.publication.outlet import Outlet
from recs_platform.publication.stage import allocation_stage, outlet_of
from recs_platform.schemas.campaign import TreatmentAllocation
from recs_platform.schemas.table import Table, spec_of
from recs_platform.schemas.vehicle_fitment import DroppedCustomers, ItemPopularity, VehicleRecommendations
from recs_platform.settings import settings
from recs_platform.strategies.catalogue import KNOWN, STRATEGIES
from recs_platform.strategies.vehicle_fitment.stage import publication_stage
from recs_platform.warehouse.audit import SCHEMA_AUDIT
from recs_platform.warehouse.environment import lake_of
from recs_platform.warehouse.protocol import Subject
from recs_platform.warehouse.query import parse_query
from recs_platform.warehouse.slices import Days
from recs_platform_tests.sql.queries import platform_queries

NAME, STRATEGY = "garage", "vehicle_fitment"
DAY = date(2025, 9, 10)
NEXT = DAY + timedelta(days=1)
Car = tuple[int, str, str]
Shares = dict[str, dict[str, float]]
"""Segment: the share of each treatment."""
CAMARO: Car = (1969, "Chevrolet", "Camaro")
FOUR = ("a", "b", "c", "d")
PRICES = (100.0, 200.0, 300.0, 400.0)


@dataclass(frozen=True)
class Owner:
    """A customer with recommendations."""

    customer: str
    parts: tuple[str, ...] = FOUR
    car: Car = CAMARO
    prices: tuple[float, ...] = PRICES
    scores: tuple[float, ...] = (9.0, 8.0, 7.0, 6.0)
    email: str | None = None

    @property
    def address(self) -> str:
        return self.email or f"{self.customer}@mail.example"

    def row(self, day: date) -> dict[str, Any]:
        wide: dict[str, Any] = {
            "as_of": day,
            "email_lower": self.address,
            "customer_id": self.customer,
            "v1_year": self.car[0],
            "v1_make": self.car[1],
            "v1_model": self.car[2],
            "pipeline_version": "1",
            "generated_at": datetime.datetime.combine(day, datetime.time()),
        }
        for n, (part, price, score) in enumerate(zip(self.parts, self.prices, self.scores, strict=True), start=1):
            wide |= {
                f"rec_part_{n}": part,
                f"rec{n}_price": price,
                f"rec{n}_score": score,
                f"rec{n}_image": "https://img.example/x",
                f"rec{n}_part_type": None,
                f"rec{n}_tier": "vehicle",
            }
        return wide


def owners(count: int, **of_all: Any) -> list[Owner]:
    return [Owner(f"c{n}", **of_all) for n in range(count)]


def arrow(model: type[Table], rows: Sequence[dict[str, Any]]) -> pa.Table:
    columns = spec_of(model).columns
    return pa.Table.from_pylist(list(rows), schema=pa.schema([pa.field(c.name, c.type) for c in columns]))


def allocation_rows(day: date, shares: Shares) -> pa.Table:
    return arrow(
        TreatmentAllocation,
        [
            {
                "as_of": day,
                "segment": segment,
                "treatment_id": treatment,
                "share": share,
                "posterior_mean": 0.1,
                "pipeline_version": "1",
            }
            for segment, treatments in shares.items()
            for treatment, share in treatments.items()
        ],
    )


@dataclass
class Garage:
    """The company, its pipeline and its home. A day's tables are what was planned for it."""

    home: Path
    parameters: dict[str, Any] = field(default_factory=dict)
    check: str = "SELECT customer_id FROM vehicle_recommendations WHERE rec1_price < 0"
    """Rows that break the one error check of the published table."""
    planned: dict[date, list[Owner]] = field(default_factory=dict)
    dropped: dict[date, dict[str, str]] = field(default_factory=dict)
    """Day: the reason of each dropped customer."""
    orders: dict[date, dict[str, int]] = field(default_factory=dict)
    """Day: how often each item was ordered."""
    shares: dict[date, Shares] | None = None
    """Day: its allocation; none: the company publishes no allocation at all."""
    instance: dg.DagsterInstance = field(default_factory=dg.DagsterInstance.ephemeral)

    @property
    def company(self) -> Company:
        given = {
            "name": NAME,
            "strategy": STRATEGY,
            "dataset": NAME,
            "timezone": "Europe/Berlin",
            "currency": "EUR",
            "start_date": date(2025, 9, 1),
            "simulation": {},
            "parameters": self.parameters,
        }
        return Company.model_validate(given, context=KNOWN)

    @cached_property
    def pipeline(self) -> Pipeline:
        strategy = STRATEGIES[STRATEGY]
        stages = [
            Stage("made", tuple(self._tables())),
            publication_stage(strategy, platform_queries()),
        ]
        if self.shares is not None:
            stages.append(allocation_stage(strategy, platform_queries()))
        header = "-- Prices are not negative.\n-- table: vehicle_recommendations\n-- severity: error\n"
        check = parse_query("no_negative_price", header + self.check, f"sql/validation/{STRATEGY}/check.sql")
        return Pipeline(strategy, stages, [check])

    @cached_property
    def outlet(self) -> Outlet:
        return self._outlet(RECOMMENDATIONS)

    @cached_property
    def allocation(self) -> Outlet:
        return self._outlet(ALLOCATION)

    def plan(self, day: date, who: list[Owner], dropped: dict[str, str] | None = None, **orders: int) -> None:
        self.planned[day], self.dropped[day], self.orders[day] = who, dropped or {}, orders

    def make(self, day: date) -> None:
        """The day's tables, without Dagster."""
        for table, rows in zip(self._tables(), self._rows(day), strict=False):
            subject = Subject(table.spec.name, NAME, self.pipeline.ref(table.spec.name, self.company), Days.one(day))
            self.outlet.warehouse.replace(subject, rows.to_reader(), audits=(SCHEMA_AUDIT,))

    def run(self, day: date, only: Sequence[str] = ()) -> dg.ExecuteInProcessResult:
        """The company's whole day in Dagster; of `only` these assets when they are named."""
        definitions = build_defs(companies={NAME: self.company}, strategies={STRATEGY: self.pipeline})
        job = definitions.resolve_job_def(daily_job(STRATEGY))
        return job.execute_in_process(
            partition_key=partition_key(NAME, day),
            instance=self.instance,
            raise_on_error=False,
            asset_selection=[dg.AssetKey([STRATEGY, name]) for name in only] or None,
        )

    def _outlet(self, product: str) -> Outlet:
        database = engine()
        upgrade(database)
        return outlet_of(self.pipeline, product, self.company, lake_of(settings()), database)

    def _rows(self, day: date) -> tuple[pa.Table, ...]:
        popularity = [
            {"as_of": day, "item_id": i, "historical_orders": 0, "recent_orders": n, "orders": n, "score": float(n)}
            for i, n in self.orders[day].items()
        ]
        dropped = [{"as_of": day, "customer_id": c, "reason": reason} for c, reason in self.dropped[day].items()]
        return (
            arrow(VehicleRecommendations, [owner.row(day) for owner in self.planned[day]]),
            arrow(DroppedCustomers, dropped),
            arrow(ItemPopularity, popularity),
            allocation_rows(day, (self.shares or {}).get(day, {})),
        )

    def _tables(self) -> list[Any]:
        def made(model: type[Table], number: int) -> Any:
            def function(company: Company, days: Days) -> Any:
                return self._rows(days.last)[number]

            return table_asset(model)(function)

        models: list[type[Table]] = [VehicleRecommendations, DroppedCustomers, ItemPopularity]
        if self.shares is not None:
            models.append(TreatmentAllocation)
        return [made(model, number) for number, model in enumerate(models)]
