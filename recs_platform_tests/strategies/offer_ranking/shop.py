"""A small shop whose sources are made up row by row, in a real lake and registry: for `recs why`.

The platform's own queries find its candidates and choose among them; features are drawn, and the market's model scores
them. Not here: what is expected of it.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import numpy as np
import pyarrow as pa

from recs_platform.companies.model import Company
from recs_platform.model_registry.shelf import ModelShelf, open_shelf
from recs_platform.pipeline.day_reader import DayReader
from recs_platform.pipeline.pipeline import Pipeline
from recs_platform.settings import settings
from recs_platform.strategies.catalogue import company_named, pipelines
from recs_platform.strategies.offer_ranking.why import OfferExplained, explain
from recs_platform.warehouse.environment import lake_of
from recs_platform.warehouse.lake.lake import Lake
from recs_platform.warehouse.protocol import Rows, Subject
from recs_platform.warehouse.slices import Days
from recs_platform_tests.cli.terminal import Terminal
from recs_platform_tests.sql.case import arrow_rows
from recs_platform_tests.strategies.offer_ranking.market import DAY, candidates, impressions, score, train, with_column

CUSTOMERS, ITEMS = 24, 30
CATEGORIES = ("Dairy", "Fish", "Fruit", "Tea", None)
COMPANY = """name: metro
strategy: offer_ranking
dataset: metro
timezone: UTC
currency: EUR
start_date: 2025-09-01
simulation: {seed: 7, customers: 24}
parameters:
  feature_window_days: 14
  max_candidates: 9
  candidates_per_category: 3
  candidate_categories: 2
  candidates_per_business_type: 3
  new_candidates: 2
  recommendations_per_customer: 4
  max_per_category: 2
  min_own_brand_share: 0.5
  min_margin: 0.1
"""
Row = dict[str, Any]


class Shop:
    """Its day without a model is the day before the one with it."""

    def __init__(self, terminal: Terminal) -> None:
        self.terminal = terminal
        terminal.companies.mkdir(parents=True)
        (terminal.companies / "metro.yaml").write_text(COMPANY)
        with terminal.inside():
            self.company: Company = company_named("metro")
            self.lake: Lake = lake_of(settings())
            self.models: ModelShelf = open_shelf("metro", run_id="0123456789abcdef")
        self.pipeline: Pipeline = pipelines()["offer_ranking"]
        self.make(DAY - timedelta(days=1))
        train(self.models, impressions())
        self.make(DAY)

    def make(self, day: date) -> None:
        for name, rows in sources(day).items():
            self.put(
                name, day, arrow_rows(self.pipeline.specs[name], rows, day, list(self.pipeline.specs[name].columns))
            )
        for name in ("offered_items", "goods_on_offer", "offer_periods", "offer_candidates"):
            self.query(name, day)
        features = self.features(day)
        self.put("candidate_features", day, features)
        self.put("offer_scores", day, score(self.models, features, day))
        self.query("ignored_weeks", day)
        self.query("ignored_recommendations", day)
        self.query("offer_recommendations", day)

    def features(self, day: date) -> pa.Table:
        """Drawn, but for what the business rules look at."""
        pairs = sorted(self.rows("offer_candidates", day), key=lambda row: (row["customer_id"], row["offer_id"]))
        goods = {row["item_id"]: row for row in self.rows("catalog", day)}
        # Two offers on one item have the same features, so that neither is likelier by chance.
        first: dict[tuple[str, str], int] = {}
        of = [first.setdefault((pair["customer_id"], pair["item_id"]), number) for number, pair in enumerate(pairs)]
        found = candidates(len(pairs), day=day).take(of)
        for name in ("customer_id", "offer_id", "item_id"):
            found = with_column(found, name, [pair[name] for pair in pairs])
        items = [goods[pair["item_id"]] for pair in pairs]
        found = with_column(found, "category", [item["category"] or "unknown" for item in items])
        return with_column(found, "is_own_brand", [item["is_own_brand"] for item in items])

    def put(self, name: str, day: date, rows: pa.Table) -> None:
        self._store(name, day, rows.to_reader())

    def query(self, name: str, day: date) -> None:
        self._store(name, day, self.pipeline.bind(name, self.company, Days.one(day)))

    def rows(self, name: str, day: date) -> list[Row]:
        with self.lake.read(self.pipeline.ref(name, self.company), Days.one(day)) as reader:
            rows: list[Row] = reader.read_all().to_pylist()
        return rows

    def explained(self, customer: str, offer: str, day: date = DAY) -> OfferExplained:
        return explain(DayReader(self.lake, self.pipeline, self.company, day), self.models, customer, offer)

    def _store(self, name: str, day: date, rows: Rows) -> None:
        ref = self.pipeline.ref(name, self.company)
        days = Days.one(day)
        self.lake.replace(Subject(name, "metro", ref, days), rows)


def sources(day: date) -> dict[str, list[Row]]:
    """Every item has a running offer of its own, every second one two; and there is one of each kind that may not be
    offered."""
    rng = np.random.default_rng(5)
    customers = [
        {"customer_id": f"C{n:02d}", "business_type": ("hotel", "kiosk", None)[n % 3], "email": f"c{n}@mail.example"}
        for n in range(CUSTOMERS)
    ]
    catalog = [
        {"item_id": f"P{n:02d}", "name": f"Item {n}", "category": CATEGORIES[n % 5], "price": 10.0, "cost": 5.0}
        | {"is_own_brand": bool(n % 4 == 0)}
        for n in range(ITEMS)
    ]
    catalog += [
        {"item_id": "P-free", "category": "Tea", "price": 0.0},
        {"item_id": "P-dear", "category": "Tea", "price": 10.0, "cost": 7.5},
    ]
    running = {"discount": 0.2, "starts_on": day - timedelta(days=9), "ends_on": day + timedelta(days=3)}
    offers = [{**running, "offer_id": f"F{n:02d}", "item_id": f"P{n:02d}"} for n in range(ITEMS)]
    offers += [
        {**running, "offer_id": f"F{n:02d}B", "item_id": f"P{n:02d}", "discount": 0.3} for n in range(0, ITEMS, 5)
    ]
    offers += [
        {**running, "offer_id": "ended", "item_id": "P01", "ends_on": day - timedelta(days=1)},
        {**running, "offer_id": "ending", "item_id": "P01", "ends_on": day},
        {**running, "offer_id": "coming", "item_id": "P01", "starts_on": day + timedelta(days=2)},
        {**running, "offer_id": "free", "item_id": "P-free"},
        {**running, "offer_id": "lost", "item_id": "P-gone"},
        {**running, "offer_id": "dear", "item_id": "P-dear"},
    ]
    bought = {(int(who), int(what)) for who, what in rng.integers(0, (CUSTOMERS, ITEMS), (150, 2))}
    return {
        "customers": customers,
        "catalog": catalog,
        "offers": offers,
        "offer_items": [],
        "customer_item_days": [
            {"customer_id": f"C{who:02d}", "item_id": f"P{what:02d}", "lines": 1} for who, what in sorted(bought)
        ],
        "redemptions": [
            {"customer_id": f"C{n % CUSTOMERS:02d}", "offer_id": f"F{n % 7:02d}", "order_id": f"O{n}"}
            for n in range(40)
        ],
        "offer_days": [{"offer_id": f"F{n:02d}", "impressions": 50, "redemptions": n % 9} for n in range(ITEMS)],
    }
