"""The strategy's tables made from rows of its sources, stated by hand: the real queries, a real lake, no Dagster.

Not here: simulated worlds (small_world.py), and what must come out.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa

from recs_platform.companies.model import Company
from recs_platform.pipeline.pipeline import Pipeline
from recs_platform.pipeline.stage import CANDIDATES, RECOMMENDED
from recs_platform.schemas.table import Kind
from recs_platform.strategies.catalogue import KNOWN, pipelines
from recs_platform.warehouse.audit import SCHEMA_AUDIT
from recs_platform.warehouse.check import CheckVerdict, judge
from recs_platform.warehouse.lake.engine import Engine
from recs_platform.warehouse.lake.lake import Lake
from recs_platform.warehouse.protocol import Subject
from recs_platform.warehouse.slices import Days
from recs_platform_tests.sql.case import arrow_rows

AS_OF = date(2025, 9, 10)
YEAR, MODEL = 1969, "Model"
STAGES = (CANDIDATES, RECOMMENDED)
Rows = list[dict[str, Any]]


@dataclass
class Sources:
    """What a company knows. A vehicle is named by its make alone; its year and model are always the same."""

    customers: Rows = field(default_factory=list)
    catalog: dict[str, dict[str, Any]] = field(default_factory=dict)
    fitment: Rows = field(default_factory=list)
    events: Rows = field(default_factory=list)
    order_history: Rows = field(default_factory=list)

    def fits(self, make: str, *items: str, **differs: Any) -> None:
        """Parts of a vehicle, each of a part type of its own unless it is said."""
        for item in items:
            usual = {"item_id": item, "category": item, "price": 80.0, "image_url": f"https://img.example.com/{item}"}
            self.catalog[item] = usual | differs
            self.fitment.append(_vehicle(make) | {"item_id": item})

    def owner(self, customer: str, make: str | None, *, email: str | None = None, updated: int = 1) -> None:
        vehicle = _vehicle(make) if make else {}
        email = email or f"{customer}@example.com"
        self.customers.append(
            {"customer_id": customer, "email": email, "updated_at": datetime(2025, 1, updated), **vehicle}
        )

    def event(self, customer: str | None, item: str, name: str = "order_line", *, age: int = 0) -> None:
        """`age` in days; negative for what is still to come."""
        day = AS_OF - timedelta(days=age)
        self.events.append(
            {"event_id": f"e{len(self.events)}", "event_date": day, "event_ts": datetime.combine(day, time(12)),
             "customer_id": customer, "item_id": item, "event_name": name}
        )  # fmt: skip

    def history(self, customer: str | None, item: str, *, age: int) -> None:
        at = datetime.combine(AS_OF - timedelta(days=age), time(12))
        number = f"h{len(self.order_history)}"
        self.order_history.append(
            {"order_line_id": number, "customer_id": customer, "item_id": item, "ordered_at": at, "quantity": 1}
        )


class Made:
    """The tables of the day."""

    def __init__(self, folder: Path, sources: Sources, **parameters: Any) -> None:
        self.pipeline: Pipeline = pipelines()["vehicle_fitment"]
        self.lake = Lake(str(folder / "lake"), Engine("512MiB", 2, folder / "spill"), timedelta(1), folder / "scratch")
        self.company = Company.model_validate(
            {"name": "shop", "dataset": "shop", "strategy": "vehicle_fitment", "timezone": "UTC", "currency": "EUR",
             "start_date": date(2024, 1, 1), "simulation": {}, "parameters": parameters},
            context=KNOWN,
        )  # fmt: skip
        self.today = Days.one(AS_OF)
        for name in ("customers", "fitment", "events", "order_history"):
            self._put(name, getattr(sources, name))
        self._put("catalog", list(sources.catalog.values()))
        stages = [stage for stage in self.pipeline.stages if stage.name in STAGES]
        self.tables = [table.spec.name for stage in stages for table in stage.tables]
        for name in self.tables:
            bound = self.pipeline.bind(name, self.company, self.today)
            self.lake.replace(self._subject(name, self.today), bound, audits=(SCHEMA_AUDIT,))

    def rows(self, table: str) -> Rows:
        with self.lake.read(self.pipeline.ref(table, self.company), self.today) as reader:
            rows: Rows = reader.read_all().to_pylist()
        return rows

    def four(self, customer: str) -> list[str]:
        places = {row["rank"]: row["item_id"] for row in self.rows("recommendations") if row["customer_id"] == customer}
        return [places[rank] for rank in sorted(places)]

    def dropped_because(self, customer: str) -> str | None:
        reasons = [str(row["reason"]) for row in self.rows("dropped_customers") if row["customer_id"] == customer]
        return reasons[0] if reasons else None

    def verdicts(self) -> dict[str, CheckVerdict]:
        """What the checks of the strategy's own tables say."""
        return {
            name: judge(self.lake, check, self.pipeline.bind_check(name, self.company, self.today))
            for name, (check, _) in self.pipeline.checks.items()
            if check.table in self.tables
        }

    def _put(self, name: str, rows: Rows) -> None:
        spec = self.pipeline.specs[name]
        table: pa.Table = arrow_rows(spec, rows, AS_OF, list(spec.columns))
        dated = [row["event_date"] for row in rows] if spec.kind is Kind.LOG else [AS_OF]
        self.lake.replace(self._subject(name, Days(min(dated), max(dated))), table.to_reader())

    def _subject(self, name: str, days: Days) -> Subject:
        return Subject(name, "shop", self.pipeline.ref(name, self.company), days)


def _vehicle(make: str) -> dict[str, Any]:
    return {"vehicle_year": YEAR, "vehicle_make": make, "vehicle_model": MODEL}
