"""A small simulated company whose tables are made on two days, three weeks apart, without Dagster: a few seconds.

Not here: what is expected of it (the tests beside this), and the command line (conftest.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

import pyarrow as pa

from recs_platform.arguments import call_with_named
from recs_platform.companies.model import Company, Simulation
from recs_platform.pipeline.pipeline import Pipeline
from recs_platform.pipeline.stage import CANDIDATES, RECOMMENDED, REPORTS, FrameTable, SqlTable
from recs_platform.schemas.table import Kind
from recs_platform.settings import Settings
from recs_platform.strategies.catalogue import load_companies, pipeline_of
from recs_platform.warehouse.audit import SCHEMA_AUDIT
from recs_platform.warehouse.environment import lake_of
from recs_platform.warehouse.lake.lake import Lake
from recs_platform.warehouse.protocol import Rows, Subject
from recs_platform.warehouse.slices import Days

THEN, TODAY = date(2025, 9, 5), date(2025, 9, 26)
BACKTEST_DAYS = (TODAY - THEN).days
CUSTOMERS = 1_500


@dataclass(frozen=True)
class World:
    home: Path
    company: Company
    pipeline: Pipeline
    lake: Lake

    def rows(self, table: str, day: date) -> list[dict[str, Any]]:
        with self.lake.read(self.pipeline.ref(table, self.company), Days.one(day)) as reader:
            rows: list[dict[str, Any]] = reader.read_all().to_pylist()
        return rows

    def make(self, day: date, *, events_from: date | None = None) -> None:
        """The tables of a day; its logs from another day on."""
        for name in self._needed():
            table = self.pipeline.tables[name]
            days = Days(events_from or day, day) if table.spec.kind is Kind.LOG else Days.one(day)
            subject = Subject(name, self.company.name, self.pipeline.ref(name, self.company), days)
            rows = self._rows(table, days)
            # What a source's rows must be like has tests of its own.
            self.lake.replace(subject, rows, audits=(SCHEMA_AUDIT,) if name in self._looking_back else ())

    @cached_property
    def _looking_back(self) -> frozenset[str]:
        """The tables that the tests beside this are about."""
        stages = [stage for stage in self.pipeline.stages if stage.name in (CANDIDATES, RECOMMENDED, REPORTS)]
        return frozenset(table.spec.name for stage in stages for table in stage.tables)

    def _needed(self) -> list[str]:
        """What they are made of, in the order in which it is made."""
        needed, found = set(self._looking_back), set[str]()
        while needed:
            name = needed.pop()
            found.add(name)
            needed |= self.pipeline.inputs(name) - found
        return [name for name in self.pipeline.tables if name in found]

    def _rows(self, table: SqlTable | FrameTable, days: Days) -> Rows:
        if isinstance(table, FrameTable):
            return self._function(table, days)
        return self.pipeline.bind(table.spec.name, self.company, days)

    def _function(self, table: FrameTable, days: Days) -> pa.RecordBatchReader:
        with ExitStack() as opened:
            inputs: Mapping[str, pa.Table] = {
                name: opened.enter_context(self.lake.read(self.pipeline.ref(name, self.company), days)).read_all()
                for name in table.inputs
            }
            made: pa.Table = call_with_named(table.function, company=self.company, days=days, **inputs)
            return made.to_reader()


def small_world(home: Path, settings: Settings) -> World:
    built_in = load_companies()["holley"]
    parameters = built_in.parameters.model_copy(update={"backtest_days": BACKTEST_DAYS})
    changes = {"simulation": Simulation(seed=1, customers=CUSTOMERS), "parameters": parameters}
    company = built_in.model_copy(update=changes)
    made = World(home, company, pipeline_of(company), lake_of(settings))
    made.make(THEN, events_from=company.start_date)
    made.make(TODAY, events_from=THEN + timedelta(days=1))
    return made
