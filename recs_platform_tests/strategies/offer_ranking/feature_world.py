"""Small made-up worlds of orders, offers shown and offers redeemed, and the feature queries run over them.

Moments lie on the borders of days and of label windows, and what may be unknown often is. The queries run as on the
lake, each over the days that it is shown, only in memory. Not here: what must come out (plain_features.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from random import Random
from typing import Any

import duckdb

from recs_platform.companies.model import Company
from recs_platform.schemas.table import Kind
from recs_platform.strategies.catalogue import KNOWN, pipelines
from recs_platform.warehouse.lake.compile import duckdb_sql
from recs_platform.warehouse.lake.engine import declared_columns, quoted
from recs_platform.warehouse.query import parse_query
from recs_platform.warehouse.slices import Days
from recs_platform_tests.sql.case import arrow_rows

Row = dict[str, Any]
Tables = Mapping[str, list[Row]]

START, AS_OF = date(2025, 9, 1), date(2025, 10, 31)

_CUSTOMERS = ("ann", "ben", "eva", "max", "of-no-kind", "no-customer", "cold")
_ITEMS = ("apple", "pear", "cod", "rice", "salt", "of-no-category", "unpriced", "not-in-the-catalog")
_TIMES = (time(0), time(0), time(9), time(15, 30), time(23, 59, 59, 999_999))
_WAITS = (
    timedelta(seconds=-1),
    timedelta(0),
    timedelta(hours=5),
    timedelta(days=3),
    timedelta(days=7, microseconds=-1),
    timedelta(days=7),
    timedelta(days=7, seconds=1),
)


def company(window: int, training_window: int = 29) -> Company:
    return Company.model_validate(
        {
            "name": "shop",
            "strategy": "offer_ranking",
            "dataset": "shop",
            "timezone": "Europe/Berlin",
            "currency": "EUR",
            "start_date": START,
            "simulation": {},
            "parameters": {
                "feature_window_days": window,
                "training_window_days": training_window,
                "rate_strength": 5.0,
                "campaign_window_days": 8,
            },
        },
        context=KNOWN,
    )


def feature_world(seed: int, as_of: date = AS_OF) -> dict[str, list[Row]]:
    """Orders, impressions and redemptions until `as_of`, a training day."""
    draw = Random(seed)
    catalog: list[Row] = [
        {"item_id": "apple", "category": "Fruit", "price": 2.5, "cost": 1.5, "price_tier": 1, "is_fresh": True},
        {"item_id": "pear", "category": "Fruit", "price": 3.1, "cost": 2.0, "price_tier": 2, "is_fresh": True},
        {"item_id": "cod", "category": "Fish", "price": 9.99, "cost": None, "price_tier": 3, "is_fresh": True},
        {"item_id": "rice", "category": "Dry", "price": 1.2, "cost": 1.0, "price_tier": 2, "is_fresh": False},
        {"item_id": "salt", "category": "Dry", "price": 0.4, "cost": 0.1, "price_tier": None, "is_fresh": None},
        {"item_id": "of-no-category", "category": None, "price": 5.0, "cost": 2.0, "price_tier": 3},
        {"item_id": "unpriced", "category": "Fish", "price": 0.0, "cost": 1.0, "price_tier": 1},
    ]
    kinds = {"ann": "kiosk", "ben": "kiosk", "eva": "hotel", "max": "caterer", "of-no-kind": None, "cold": "hotel"}
    offers = [
        {"offer_id": f"f{n}", "item_id": item, "discount": draw.choice([0.1, 0.25, 0.5, 0.6, None]), "starts_on": START,
         "ends_on": as_of + timedelta(days=draw.randint(-5, 9)), "kind": draw.choice(["A", "B", None]),
         "campaign_id": draw.choice(["one", None])}
        for n, item in enumerate(draw.choices([*_ITEMS, None], k=6))
    ]  # fmt: skip
    again = [
        {**row, "discount": 0.3, "starts_on": as_of - timedelta(days=draw.randint(-2, 15)), "ends_on": row["ends_on"]
         + timedelta(days=10), "kind": draw.choice(["A", "C"]), "campaign_id": "two"}
        for row in draw.sample(offers, 2)
    ]  # fmt: skip
    covered = draw.sample([(row["offer_id"], item) for row in offers for item in _ITEMS], draw.choice([0, 12, 30]))
    impressions = [_impression(draw, n, as_of) for n in range(60)]
    return {
        "catalog": [{"is_own_brand": draw.choice([True, False, None]), **row} for row in catalog],
        "customers": [{"customer_id": name, "business_type": kind} for name, kind in kinds.items()],
        "offers": [*offers, *again],
        "offer_items": [{"offer_id": offer, "item_id": item} for offer, item in covered],
        "events": [_event(draw, n, as_of) for n in range(draw.choice([5, 60, 200, 200]))],
        "impressions": impressions,
        "redemptions": _redemptions(draw, impressions, as_of),
        "training_plan": [{"reason": "weekday"}],
        "offer_candidates": [
            {"customer_id": customer, "offer_id": offer["offer_id"], "item_id": offer["item_id"]}
            for customer in _CUSTOMERS
            for offer in draw.sample(offers, 3)
        ],
    }


def _day(draw: Random, as_of: date, back: int) -> date:
    return as_of - timedelta(days=draw.randint(0, back))


def _event(draw: Random, number: int, as_of: date) -> Row:
    at = datetime.combine(_day(draw, as_of, 35), draw.choice(_TIMES))
    return {
        "event_id": f"e{number}",
        "event_ts": at,
        "event_date": at.date(),
        "event_name": draw.choices(["order_line", "order_refunded", "product_viewed"], [8, 1, 1])[0],
        "customer_id": draw.choice([*_CUSTOMERS[:-1], *_CUSTOMERS[:-1], None]),
        "item_id": draw.choice([*_ITEMS, *_ITEMS, None]),
        "quantity": draw.choice([None, 0, 1, 2, 7]),
        "unit_price": draw.choice([None, 0.29, 1.15, 2.0, 12.34]),
        "order_id": draw.choice([None, f"o{at:%d}-1", f"o{at:%d}-2"]),
        "is_promo": draw.choice([True, False, None]),
        "channel": draw.choice(["Delivery", "delivery", "store", None]),
    }


def _impression(draw: Random, number: int, as_of: date) -> Row:
    at = datetime.combine(_day(draw, as_of, 20), draw.choice(_TIMES))
    return {
        "impression_id": f"i{number}",
        "customer_id": draw.choice(_CUSTOMERS),
        "offer_id": draw.choice(["f0", "f1", "f2", "f3", "f4", "gone"]),
        "shown_at": at,
        "event_date": at.date(),
    }


def _redemptions(draw: Random, impressions: list[Row], as_of: date) -> list[Row]:
    made = []
    for number, shown in enumerate(draw.sample(impressions, 30)):
        at = shown["shown_at"] + draw.choice(_WAITS)
        if at.date() <= as_of:
            row = {name: shown[name] for name in ("customer_id", "offer_id")}
            made.append({**row, "redeemed_at": at, "event_date": at.date(), "order_id": f"r{number}"})
    return made


class FeatureEngine:
    """Tables in memory, to which results of queries are added. `changed` are texts that stand in for queries."""

    def __init__(self, owner: Company, changed: Mapping[str, str] | None = None) -> None:
        self._company, self._changed = owner, changed or {}
        self._pipeline = pipelines()["offer_ranking"]
        self._connection = duckdb.connect(config={"threads": 1})
        self._connection.execute("CREATE SCHEMA stored")

    def add(self, tables: Tables, day: date) -> None:
        for name, rows in tables.items():
            spec = self._pipeline.specs[name]
            self._connection.register("given", arrow_rows(spec, rows, day, list(spec.columns)))
            self._store(name, "SELECT * FROM given")
            self._connection.unregister("given")

    def make(self, names: tuple[str, ...], day: date) -> None:
        """Tables of a day; of logs all days until then."""
        for name in names:
            days = Days(START, day) if self._pipeline.specs[name].kind is Kind.LOG else Days.one(day)
            bound = self._pipeline.bind(name, self._company, days)
            for view in bound.views:
                shown = f"{quoted(view.spec.date_column)} BETWEEN '{view.days.first}' AND '{view.days.last}'"
                stored = f"SELECT * FROM stored.{quoted(view.name)} WHERE {shown}"
                self._connection.execute(f"CREATE OR REPLACE TEMP VIEW {quoted(view.name)} AS {stored}")
            if name in self._changed:
                bound = replace(bound, query=parse_query(name, self._changed[name], bound.query.path))
            self._store(name, duckdb_sql(bound.query, bound.values))

    def rows(self, name: str, day: date) -> list[Row]:
        date_column = self._pipeline.specs[name].date_column
        found = self._connection.execute(f"SELECT * FROM stored.{quoted(name)} WHERE {date_column} = '{day}'")
        rows: list[Row] = found.to_arrow_table().to_pylist()
        return rows

    def close(self) -> None:
        self._connection.close()

    def _store(self, name: str, select: str) -> None:
        table, spec = f"stored.{quoted(name)}", self._pipeline.specs[name]
        self._connection.execute(f"CREATE TABLE IF NOT EXISTS {table} AS {declared_columns(spec, None)}")
        self._connection.execute(f"INSERT INTO {table} BY NAME {select}")
