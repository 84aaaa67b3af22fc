"""A small shop that publishes two products, and outlets for them: a recommendation per customer, and a share per
treatment. A test that is given either says how many rows a day has and what they hold.

Not here: processes that are killed (processes.py).
"""

from __future__ import annotations

import datetime
from datetime import UTC, date, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import pytest
from sqlalchemy import Engine

from recs_platform.declarations.product import AnyProduct
from recs_platform.platform_db.tables import Publication, PublicationStatus
from recs_platform.publication import inventory
from recs_platform.publication.allocation import allocation
from recs_platform.publication.outlet import Outlet
from recs_platform.publication.publish import comparison_id, publish, reconcile
from recs_platform.schemas.field import Field
from recs_platform.schemas.table import Empty, Table, snapshot, spec_of
from recs_platform.serving_store.environment import open_stores
from recs_platform.strategies.vehicle_fitment.publication import recommendations
from recs_platform.warehouse.audit import SCHEMA_AUDIT
from recs_platform.warehouse.lake.lake import Lake
from recs_platform.warehouse.protocol import Subject
from recs_platform.warehouse.slices import Days
from recs_platform_tests.sql.queries import platform_queries
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


@snapshot(key=("segment", "treatment_id"), empty=Empty.ALLOWED)
class Splits(Table):
    """One row per treatment: its share."""

    as_of: datetime.date = Field()
    segment: str = Field()
    treatment_id: str = Field()
    share: float = Field()
    why: str = Field()


QUERIES = platform_queries()
PICKS = recommendations(spec_of(Picks), QUERIES["vehicle_recommendation_figures"])
SPLITS = allocation(spec_of(Splits), QUERIES["allocation_figures"])
PRODUCTS: dict[str, AnyProduct] = {product.name: product for product in (PICKS, SPLITS)}


ON_DATABASES_AND_STORES = pytest.mark.parametrize(
    ("database", "place"),
    [("sqlite", "folder"), ("postgres", "s3"), ("sqlite", "gs")],
    indirect=["database"],
)
"""For tests of publishers that die or meet: on each kind of database, and once in each kind of store."""


class Seen(NamedTuple):
    """A row of either product."""

    as_of: date
    who: str
    """The customer, or the treatment."""
    what: str


def day(offset: int) -> date:
    return D + timedelta(days=offset)


def outlet_of(lake: Lake, database: Engine, product: AnyProduct) -> Outlet:
    return Outlet(COMPANY, "toy", product, COMPANY, lake, database, open_stores(database))


def lake_in(folder: Path, retention_days: int = 7, root: str | None = None) -> Lake:
    """In the folder, or at a root elsewhere."""
    return open_lake(root or str(folder / "lake"), folder / "scratch", retention_days=retention_days)


def make(outlet: Outlet, of: date, rows: int = 3, what: str = "a") -> None:
    """The pipeline's work: the day's slice."""
    midnight = datetime.datetime.combine(of, datetime.time())
    if outlet.product is PICKS:
        made = [{"customer_id": f"c{n}", "item_id": what, "generated_at": midnight} for n in range(rows)]
    else:
        made = [{"segment": "(all)", "treatment_id": f"c{n}", "share": 1 / rows, "why": what} for n in range(rows)]
    write(outlet, of, made)


def write(outlet: Outlet, of: date, rows: list[dict[str, Any]]) -> None:
    schema = pa.schema([pa.field(c.name, c.type) for c in outlet.source.spec.columns])
    table = pa.Table.from_pylist([{"as_of": of, **row} for row in rows], schema=schema)
    subject = Subject(f"toy/{outlet.source.name}", COMPANY, outlet.source, Days.one(of))
    outlet.warehouse.replace(subject, table.to_reader(), audits=(SCHEMA_AUDIT,))


def compared(outlet: Outlet, of: date) -> str:
    """The id of the comparison of a day with what is live."""
    content = outlet.warehouse.fingerprint(outlet.source, of)
    return comparison_id(outlet, of, content, reconcile(outlet))


def make_live(outlet: Outlet, of: date, rows: int = 3, what: str = "a") -> Publication:
    make(outlet, of, rows, what)
    return publish(outlet, of, compared(outlet, of), by="ann", at=NOON)


def seen(outlet: Outlet) -> list[Seen]:
    """What customers see."""
    who, what = ("customer_id", "item_id") if outlet.product is PICKS else ("treatment_id", "why")
    with outlet.warehouse.read(outlet.live) as reader:
        return sorted(Seen(row["as_of"], row[who], row[what]) for row in reader.read_all().to_pylist())


def states(outlet: Outlet) -> dict[int, str]:
    """Version: its status, as the inventory stands, without bringing it in line first."""
    return {p.version: str(p.status) for p in inventory.listed(outlet.database, COMPANY, outlet.product.name)}


def live_versions(outlet: Outlet) -> list[int]:
    return [version for version, status in states(outlet).items() if status == PublicationStatus.LIVE]
