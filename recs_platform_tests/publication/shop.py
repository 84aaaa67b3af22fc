"""A small shop that publishes: a table of one recommendation per customer, and an outlet for it.

Not here: processes that are killed (processes.py).
"""

from __future__ import annotations

import datetime
from datetime import UTC, date, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
from pandera.ibis import Field
from sqlalchemy import Engine

from recs_platform.pipeline.pipeline import LiveTable
from recs_platform.platform_db.tables import Publication, PublicationStatus
from recs_platform.publication import inventory
from recs_platform.publication.outlet import Outlet
from recs_platform.publication.publish import comparison_id, publish, reconcile
from recs_platform.schemas.table import Empty, Table, snapshot, spec_of
from recs_platform.warehouse.audit import SCHEMA_AUDIT
from recs_platform.warehouse.lake import Lake
from recs_platform.warehouse.protocol import Subject
from recs_platform.warehouse.slices import Days, TableRef
from recs_platform_tests.warehouse.conftest import open_lake

D = date(2025, 12, 1)
NOON = datetime.datetime(2025, 12, 3, 12, tzinfo=UTC)
COMPANY = "shop"


@snapshot(key=("customer_id",), empty=Empty.ALLOWED)
class Picks(Table):
    """One row per customer: what is recommended."""

    as_of: datetime.date = Field()
    customer_id: str = Field()
    item_id: str = Field()
    generated_at: datetime.datetime = Field()


PICKS = spec_of(Picks)
LIVE = LiveTable(PICKS)


def day(offset: int) -> date:
    return D + timedelta(days=offset)


def outlet_of(lake: Lake, database: Engine) -> Outlet:
    return Outlet(COMPANY, "toy", TableRef(COMPANY, PICKS), TableRef(COMPANY, LIVE.spec), lake, database)


def lake_in(folder: Path, retention_days: int = 7) -> Lake:
    return open_lake(str(folder / "lake"), folder / "scratch", retention_days=retention_days)


def make(outlet: Outlet, of: date, customers: int = 3, item: str = "a") -> None:
    """The pipeline's work: the day's slice."""
    midnight = datetime.datetime.combine(of, datetime.time())
    rows = [{"as_of": of, "customer_id": f"c{n}", "item_id": item, "generated_at": midnight} for n in range(customers)]
    schema = pa.schema([pa.field(c.name, c.type) for c in PICKS.columns])
    subject = Subject("toy/picks", COMPANY, outlet.source, Days.one(of))
    outlet.warehouse.replace(subject, pa.Table.from_pylist(rows, schema=schema).to_reader(), audits=(SCHEMA_AUDIT,))


def compared(outlet: Outlet, of: date) -> str:
    """The id of the comparison of a day with what is live."""
    content = outlet.warehouse.fingerprint(outlet.source, of)
    return comparison_id(outlet, of, content, reconcile(outlet))


def make_live(outlet: Outlet, of: date, customers: int = 3, item: str = "a") -> Publication:
    make(outlet, of, customers, item)
    return publish(outlet, of, compared(outlet, of), by="ann", at=NOON)


def seen(outlet: Outlet) -> list[dict[str, Any]]:
    """What customers see."""
    with outlet.warehouse.read(outlet.live) as reader:
        rows: list[dict[str, Any]] = reader.read_all().to_pylist()
    return sorted(rows, key=lambda row: str(row["customer_id"]))


def states(outlet: Outlet) -> dict[int, str]:
    """Version: its status, as the inventory stands, without bringing it in line first."""
    return {p.version: str(p.status) for p in inventory.listed(outlet.database, COMPANY)}


def live_rows(outlet: Outlet) -> list[Publication]:
    return [p for p in inventory.listed(outlet.database, COMPANY) if p.status is PublicationStatus.LIVE]
