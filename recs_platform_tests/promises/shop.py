"""A company of the tests' own: a few rows per table, in files and a database that a test can spoil.

Events lie in a file per day, deliveries in a database, everything else in one undated CSV file in a folder of its own.
"""

from __future__ import annotations

import csv
import sqlite3
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

from recs_platform.companies.model import Company
from recs_platform.strategies.catalogue import KNOWN

FIRST, SECOND, THIRD = date(2025, 9, 1), date(2025, 9, 2), date(2025, 9, 3)
DAYS = (FIRST, SECOND, THIRD)
DATABASE = "SHOP_DATABASE_URL"
Rows = list[dict[str, Any]]

_SHARED: dict[str, Rows] = {
    "treatments": [
        {"send_id": f"s{d.day}", "customer_id": "c1", "treatment_id": "t", "campaign_id": "k", "arm": "random",
         "sent_at": f"{d}T14:00:00Z"} for d in DAYS
    ],
    "interactions": [{"send_id": f"s{d.day}", "kind": "VIEWED", "happened_at": f"{d}T15:00:00Z"} for d in DAYS],
    "customers": [
        {"customer_id": f"c{n}", "email": f"c{n}@example.com", "updated_at": "2025-08-01T00:00:00Z"} for n in (1, 2, 3)
    ],
    "catalog": [{"item_id": f"i{n}", "name": f"Item {n}", "price": 10 * n} for n in range(1, 4)],
}  # fmt: skip
_OWN: dict[str, dict[str, Rows]] = {
    "vehicle_fitment": {
        "fitment": [{"vehicle_year": 1969, "vehicle_make": "Ford", "vehicle_model": "Mustang", "item_id": "i1"}],
        "order_history": [
            {"order_line_id": "h1", "item_id": "i1", "ordered_at": "2025-08-31T10:00:00Z", "quantity": 1}
        ],
    },
    "offer_ranking": {
        "offers": [
            {"offer_id": "f1", "item_id": "i1", "discount": 0.2, "starts_on": "2025-09-01", "ends_on": "2025-09-30"}
        ],
        "impressions": [
            {"impression_id": f"m{d.day}", "customer_id": "c1", "offer_id": "f1", "shown_at": f"{d}T10:00:00Z"}
            for d in DAYS
        ],
        "redemptions": [
            {"customer_id": "c1", "offer_id": "f1", "order_id": f"o{d.day}", "redeemed_at": f"{d}T11:00:00Z"}
            for d in DAYS
        ],
    },
    "replenishment": {},
}
_DELIVERIES: Rows = [{"send_id": f"s{d.day}", "status": "delivered", "reported_at": f"{d}T14:05:00Z"} for d in DAYS]


def events_of(day: date, count: int = 6) -> Rows:
    """Views, and one order line."""
    views = [
        {"event_id": f"e{day.day}-{n}", "event_ts": f"{day}T08:00:00Z", "event_name": "product_viewed",
         "customer_id": f"c{n % 3 + 1}", "item_id": f"i{n % 3 + 1}", "order_id": ""} for n in range(count - 1)
    ]  # fmt: skip
    return [*views, {**views[0], "event_id": f"e{day.day}-line", "event_name": "order_line", "order_id": f"o{day.day}"}]


class Shop:
    """The shop's folder. What `undated` names is one file for all days, events and deliveries too."""

    def __init__(self, folder: Path, strategy: str = "vehicle_fitment", *, undated: bool = False) -> None:
        self.folder, self.undated = folder, undated
        self.database = folder / "shop.db"
        self.feeds: dict[str, Rows] = {**_SHARED, **_OWN[strategy]}
        if undated:
            self.feeds |= {"events": [row for day in DAYS for row in events_of(day)], "deliveries": _DELIVERIES}
        for table, rows in self.feeds.items():
            self.put(table, rows)
        if not undated:
            for day in DAYS:
                self.put("events", events_of(day), f"{day}.csv")
            self._fill_database()
        sources = {table: {"connector": "files", "path": str(folder / table)} for table in self.feeds}
        if not undated:
            sources["events"] = {"connector": "files", "path": str(folder / "events" / "{date}.csv")}
            query = "SELECT send_id, status, reported_at FROM deliveries WHERE date(reported_at) = :as_of"
            sources["deliveries"] = {"connector": "sql", "url_env": DATABASE, "query": query}
        described = {"name": "shop", "strategy": strategy, "dataset": "shop", "timezone": "UTC", "currency": "EUR"}
        self.company = Company.model_validate({**described, "start_date": FIRST, "sources": sources}, context=KNOWN)

    def put(self, table: str, rows: Rows, name: str = "all.csv") -> Path:
        """Write a CSV file of a table."""
        path = self.folder / table / name
        path.parent.mkdir(parents=True, exist_ok=True)
        columns: Sequence[str] = list(dict.fromkeys(column for row in rows for column in row))
        with path.open("w", newline="") as file:
            writer = csv.DictWriter(file, columns)
            writer.writeheader()
            writer.writerows(rows)
        return path

    def add(self, table: str, rows: Rows) -> None:
        self.put(table, [*self.feeds[table], *rows])

    @property
    def database_url(self) -> str:
        return f"sqlite:///{self.database}"

    def _fill_database(self) -> None:
        with sqlite3.connect(self.database) as connection:
            connection.execute("CREATE TABLE deliveries (send_id TEXT, status TEXT, reported_at TEXT)")
            connection.executemany("INSERT INTO deliveries VALUES (:send_id, :status, :reported_at)", _DELIVERIES)
