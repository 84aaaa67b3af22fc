"""A small shop whose orders are drawn, in a real lake: for `recs why`. The platform's own queries and functions make
its week. Not here: what is expected of it.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import yaml

from recs_platform.assembly.handover import call_table_function
from recs_platform.companies.model import Company
from recs_platform.model_registry.shelf import open_shelf
from recs_platform.pipeline.day_reader import DayReader
from recs_platform.pipeline.pipeline import Pipeline
from recs_platform.pipeline.stage import SqlTable
from recs_platform.settings import settings
from recs_platform.strategies.catalogue import company_named, pipelines
from recs_platform.strategies.replenishment.why.answer import explain, explain_item
from recs_platform.strategies.replenishment.why.explained import ClientExplained, ItemAsked
from recs_platform.warehouse.environment import lake_of
from recs_platform.warehouse.lake.lake import Lake
from recs_platform.warehouse.protocol import Rows, Subject
from recs_platform.warehouse.slices import Days
from recs_platform_tests.cli.terminal import Terminal
from recs_platform_tests.sql.case import arrow_rows

SUNDAY = date(2025, 11, 30)
HISTORY = Days(date(2025, 9, 1), SUNDAY)
LISTED = Days.one(SUNDAY)
CLIENTS = [f"C{number:02}" for number in range(14)]
GROUPS = 9
GONE, BACK, NEW = "gone", "back", ("new1", "new2", "new3")
FIRST = CLIENTS[0]
"""Buys what is gone, sent something back, and buys of the groups of what is new."""
INACTIVE, STRANGER = "lapsed", "stranger"
_COMPANY = """name: concord
strategy: replenishment
dataset: concord
timezone: America/New_York
currency: USD
start_date: 2025-09-01
simulation: {seed: 4, customers: 30}
parameters:
  active_window_days: 40
  trend_days: 14
  trend_min_orders: 6
  repurchases_per_client: 5
  discoveries_per_client: 2
  new_item_share: 0.5
  max_per_group: 2
  neighbours: 6
  candidates_per_client: 8
"""
Row = dict[str, Any]


class WhyShop:
    def __init__(self, terminal: Terminal, version: str = "v32", clients: int = len(CLIENTS)) -> None:
        self.terminal = terminal
        terminal.companies.mkdir(parents=True)
        self.version = version
        self.says()
        with terminal.inside():
            self.lake: Lake = lake_of(settings())
        self.pipeline: Pipeline = pipelines()["replenishment"]
        self.put("customers", [{"customer_id": name} for name in (*CLIENTS, INACTIVE, STRANGER)])
        self.put("catalog", _catalog())
        before = SUNDAY - timedelta(days=28)
        self.put("catalog", [row for row in _catalog() if row["item_id"] not in NEW], Days.one(before))
        self.put("order_lines", _order_lines(clients), HISTORY)
        self.make("client_days")
        self.make("ignored_weeks")
        self._make_week()

    def says(self, **others: Any) -> None:
        """What the company's file says."""
        told = yaml.safe_load(_COMPANY)
        text = yaml.safe_dump({**told, "parameters": {**told["parameters"], "version": self.version, **others}})
        (self.terminal.companies / "concord.yaml").write_text(text)
        with self.terminal.inside():
            self.company: Company = company_named("concord")

    def again(self, **others: Any) -> None:
        """The week as other parameters make it."""
        self.says(**others)
        self._make_week()

    def activate(self) -> None:
        """The trained model scores the week, although frequency alone orders so small a shop as well."""
        assert self.terminal.recs("models", "activate", "concord", "1").code == 0
        weekly = [name for name in self.pipeline.tables if name in self.pipeline.weekly]
        for name in weekly[weekly.index("model_scores") : weekly.index("unserved_clients") + 1]:
            self.make(name)

    def put(self, name: str, rows: list[Row], days: Days = LISTED) -> None:
        spec = self.pipeline.specs[name]
        self._store(name, days, arrow_rows(spec, rows, days.last, list(spec.columns)).to_reader())

    def _make_week(self) -> None:
        """Everything weekly up to the lists."""
        weekly = [name for name in self.pipeline.tables if name in self.pipeline.weekly]
        for name in weekly[: weekly.index("unserved_clients") + 1]:
            self.make(name)

    def make(self, name: str) -> None:
        table, days = self.pipeline.tables[name], HISTORY if name == "client_days" else LISTED
        if isinstance(table, SqlTable):
            self._store(name, days, self.pipeline.bind(name, self.company, days))
            return
        with self.terminal.inside():
            models = open_shelf(self.company.name, run_id="0123456789abcdef") if table.uses_models else None
            found = call_table_function(self.pipeline, table, self.company, days, self.lake, models)
            with found.opened:
                rows = found.rows
                self._store(name, days, rows if isinstance(rows, pa.RecordBatchReader) else rows.to_reader())

    def table(self, name: str) -> pa.Table:
        with self.lake.read(self.pipeline.ref(name, self.company), LISTED) as reader:
            return reader.read_all()

    def rows(self, name: str) -> list[Row]:
        rows: list[Row] = self.table(name).to_pylist()
        return rows

    def client(self, name: str) -> ClientExplained:
        with self.terminal.inside():
            return explain(self.reader, name)

    def item(self, client: str, item: str) -> ItemAsked:
        with self.terminal.inside():
            return explain_item(self.reader, client, item)

    @property
    def reader(self) -> DayReader:
        return DayReader(self.lake, self.pipeline, self.company, SUNDAY)

    def _store(self, name: str, days: Days, rows: Rows) -> None:
        ref = self.pipeline.ref(name, self.company)
        self.lake.replace(Subject(name, self.company.name, ref, days), rows)


def _catalog() -> list[Row]:
    items = [f"i{number:02}" for number in range(45)]
    rows = [
        {
            "item_id": item,
            "name": f"Item {item}",
            "group_id": f"G{n % GROUPS}",
            "brand": f"B{n % 4}",
            "price": 2.0 + n % 5,
        }
        for n, item in enumerate(items)
    ]
    rows += [{"item_id": BACK, "name": "Sent back", "group_id": "G0"}]
    return rows + [
        {"item_id": item, "name": f"Fresh {item}", "group_id": f"G{n}", "brand": "B0", "price": 3.0}
        for n, item in enumerate(NEW)
    ]


def _order_lines(clients: int) -> list[Row]:
    """Each client orders some of a dozen items of its own every few days."""
    rng = np.random.default_rng(8)
    rows: list[Row] = []

    def ordered(client: str, day: date, items: Iterable[str], returned: bool = False) -> None:
        same = {"event_date": day, "order_id": f"{client}-{day}", "customer_id": client, "quantity": 2}
        rows.extend({**same, "item_id": item} for item in items)
        if returned:
            rows.extend({**same, "event_date": day + timedelta(days=2), "item_id": item, "quantity": 0, "returned": 2}
                        for item in items)  # fmt: skip

    for number in range(clients):
        client = f"C{number:02}"
        liked = rng.choice(45, size=14, replace=False, p=_weights(number))
        for day in list(HISTORY)[number % 5 :: 4 + number % 6]:
            some = rng.choice(liked, size=4, replace=False)
            ordered(client, day, [f"i{item:02}" for item in sorted(some)])
    for weeks in range(1, 13):
        ordered(FIRST, SUNDAY - timedelta(days=7 * weeks + 1), [GONE])
    ordered(FIRST, SUNDAY - timedelta(days=9), [BACK], returned=True)
    ordered(INACTIVE, HISTORY.first, ["i01", "i02"])
    return rows


def _weights(number: int) -> Any:
    """Clients of one kind like the same things."""
    weights = np.array([3.0 if item % 3 == number % 3 else 1.0 for item in range(45)])
    return weights / weights.sum()
