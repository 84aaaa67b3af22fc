"""Companies that send messages, in small: what is live, customers and the catalog are planted, and everything after it
is the real thing. One of each strategy that recommends.

Not here: processes that are killed (test_killed.py).
"""

from __future__ import annotations

import csv
import datetime
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

import pyarrow as pa
from sqlalchemy import Engine

from recs_platform.companies.model import Company
from recs_platform.declarations.product import RECOMMENDATIONS
from recs_platform.delivery.channels import CHANNEL
from recs_platform.delivery.export import Exported, Request, export, live_version
from recs_platform.file_store.local import LocalFiles
from recs_platform.file_store.protocol import FileStore
from recs_platform.platform_db.serving_tables import DeliveryKey
from recs_platform.platform_db.tables import Publication
from recs_platform.publication.outlet import Outlet
from recs_platform.publication.publish import comparison_id, publish, reconcile
from recs_platform.schemas.sources import Catalog, Customers
from recs_platform.schemas.table import Table, spec_of
from recs_platform.serving_store.environment import open_stores
from recs_platform.strategies.catalogue import KNOWN, pipelines
from recs_platform.warehouse.audit import SCHEMA_AUDIT
from recs_platform.warehouse.lake.lake import Lake
from recs_platform.warehouse.protocol import Subject
from recs_platform.warehouse.slices import Days, TableRef

NAME = "sender"
DAY = date(2025, 9, 10)
TOMORROW = DAY + timedelta(days=1)
NOON = datetime.datetime(2025, 9, 11, 12, tzinfo=UTC)
LINK = "https://shop.example/p/{item_id}?rid={token}"
KEY = bytes(32)


@dataclass
class Sender:
    strategy: str
    lake: Lake
    database: Engine
    home: Path
    delivery: dict[str, Any] = field(default_factory=lambda: {"link": LINK})

    @cached_property
    def company(self) -> Company:
        given = {
            "name": NAME,
            "strategy": self.strategy,
            "currency": "EUR",
            "start_date": date(2025, 9, 1),
            "simulation": {},
            "delivery": self.delivery,
        }
        return Company.model_validate(given, context=KNOWN)

    @cached_property
    def outlet(self) -> Outlet:
        product = pipelines()[self.strategy].products[RECOMMENDATIONS]
        return Outlet(NAME, self.strategy, product, NAME, self.lake, self.database, open_stores(self.database))

    @property
    def files(self) -> LocalFiles:
        return LocalFiles(self.home)

    def publish(self, rows: Sequence[Mapping[str, Any]], day: date = DAY) -> Publication:
        made = {"as_of": day, "generated_at": datetime.datetime.combine(day, datetime.time()), "pipeline_version": "1"}
        self._write(self.outlet.source, [{**made, **row} for row in rows], day)
        content = self.lake.fingerprint(self.outlet.source, day)
        compared = comparison_id(self.outlet, day, content, reconcile(self.outlet))
        return publish(self.outlet, day, compared, by="ann", at=NOON)

    def customers(self, *rows: Mapping[str, Any], day: date = DAY) -> None:
        self._source(Customers, rows, day)

    def catalog(self, *rows: Mapping[str, Any], day: date = DAY) -> None:
        self._source(Catalog, [{"price": 0.0, **row} for row in rows], day)

    def export(
        self, channel: str, *, sent_on: date = TOMORROW, files: FileStore | None = None, **asked: Any
    ) -> Exported:
        request = Request(CHANNEL[channel], sent_on, **asked)
        live = live_version(self.outlet, None)
        return export(self.outlet, self.company, live, request, files or self.files, self.home / "aside", NOON)

    def folder(self, channel: str, version: int = 1) -> Path:
        return self.home / "exports" / NAME / RECOMMENDATIONS / f"v{version}" / channel

    def manifest(self, channel: str) -> dict[str, Any]:
        told: dict[str, Any] = json.loads((self.folder(channel) / "manifest.json").read_text())
        return told

    def content(self, channel: str, version: int = 1) -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in sorted(self.folder(channel, version).iterdir())}

    def text(self, channel: str) -> str:
        (file,) = self.manifest(channel)["files"]
        return (self.folder(channel) / file["name"]).read_bytes().decode()

    def rows(self, channel: str) -> list[dict[str, str]]:
        return list(csv.DictReader(self.text(channel).splitlines(keepends=True)))

    def _source(self, model: type[Table], rows: Sequence[Mapping[str, Any]], day: date) -> None:
        self._write(TableRef(NAME, spec_of(model)), [{"as_of": day, **row} for row in rows], day)

    def _write(self, table: TableRef, rows: Sequence[Mapping[str, Any]], day: date) -> None:
        schema = pa.schema([pa.field(c.name, c.type) for c in table.spec.columns])
        given = pa.Table.from_pylist([dict(row) for row in rows], schema=schema)
        self.lake.replace(Subject(table.name, NAME, table, Days.one(day)), given.to_reader(), audits=(SCHEMA_AUDIT,))


def with_a_known_key(database: Engine) -> None:
    """Files that are compared letter by letter have tokens that are the same each time."""
    from sqlalchemy.orm import Session

    with Session(database) as session, session.begin():
        session.add(DeliveryKey(company=NAME, secret=KEY, made_at=NOON))


def parts(customer: str, email: str, *items: str) -> dict[str, Any]:
    """Four parts of an owner."""
    row: dict[str, Any] = {
        "email_lower": email, "customer_id": customer, "v1_year": 1969, "v1_make": "Chevrolet", "v1_model": "Camaro"
    }  # fmt: skip
    for n, item in enumerate(items, start=1):
        row |= {
            f"rec_part_{n}": item,
            f"rec{n}_price": 10.0 * n,
            f"rec{n}_score": 9.0 - n,
            f"rec{n}_image": f"https://img.example/{n}.jpg",
            f"rec{n}_tier": "vehicle",
        }
    return row


def offer(customer: str, rank: int, offer_id: str, **others: Any) -> dict[str, Any]:
    """An offer in a customer's list."""
    return {
        "customer_id": customer,
        "rank": rank,
        "offer_id": offer_id,
        "item_id": f"item-{offer_id}",
        "category": "dairy",
        "is_own_brand": False,
        "discount": 0.2,
        "price": 10.0,
        "ends_on": DAY + timedelta(days=7),
        "score": 0.5,
        "reason": "new this week",
        "scored_by": "m1",
        **others,
    }


def weekly(customer: str, rank: int, item: str) -> dict[str, Any]:
    """An item of a client's weekly list."""
    return {
        "customer_id": customer,
        "week": date(2025, 9, 15),
        "rank": rank,
        "item_id": item,
        "kind": "repurchase" if rank <= 20 else "discovery",
        "score": 1.0,
        "reason": "every two weeks",
        "version": "v4",
        "scored_by": "m1",
    }
