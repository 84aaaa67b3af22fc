"""The tables that the tests of the warehouse write: a log and a snapshot with every type of column, and short hands."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa

from recs_platform.file_store.bucket import Bucket, is_bucket
from recs_platform.schemas.field import Field
from recs_platform.schemas.table import Table, TableSpec, formerly, log, snapshot, spec_of
from recs_platform.warehouse.audit import SCHEMA_AUDIT
from recs_platform.warehouse.bigquery.warehouse import BigQueryWarehouse
from recs_platform.warehouse.lake.lake import Lake
from recs_platform.warehouse.protocol import Subject, Warehouse, Written
from recs_platform.warehouse.slices import Days, TableRef

D = date(2025, 12, 1)
DATASET = "company_7"
Row = Mapping[str, Any]


@log(key=("visit_id",), time="seen_at")
class Visits(Table):
    """One row per visit to the shop."""

    event_date: datetime.date = Field(description="The UTC day of seen_at.")
    visit_id: int = Field(description="Identifies the visit.")
    seen_at: datetime.datetime = Field(nullable=True, description="When, in UTC.")
    email: str = Field(nullable=True, description="Who, as typed.")
    pages: int = Field(nullable=True, ge=0, description="Pages seen.")
    spent: float = Field(nullable=True, description="Money spent.")
    is_member: bool = Field(nullable=True, description="Has an account.")


@log(key=("visit_id",), name="visits")
class VisitsOfNextYear(Table):
    """The same table after its model has grown a column and another one has become a fraction."""

    event_date: datetime.date = Field()
    visit_id: int = Field()
    seen_at: datetime.datetime = Field(nullable=True)
    email: str = Field(nullable=True)
    pages: float = Field(nullable=True)
    spent: float = Field(nullable=True)
    is_member: bool = Field(nullable=True)
    country: str = Field(nullable=True)


@log(key=("visit_id",), name="visits")
class VisitsRenamed(Table):
    """The same table after a column was renamed."""

    event_date: datetime.date = Field()
    visit_id: int = Field()
    seen_at: datetime.datetime = Field(nullable=True)
    email: str = Field(nullable=True)
    page_count: int = Field(nullable=True, metadata=formerly("pages"))
    spent: float = Field(nullable=True)
    is_member: bool = Field(nullable=True)


@snapshot(key=("customer_id",), personal=("phone",))
class Profiles(Table):
    """One row per customer."""

    as_of: datetime.date = Field()
    customer_id: str = Field()
    phone: int = Field(nullable=True)
    score: float = Field(nullable=True)


VISITS, PROFILES = spec_of(Visits), spec_of(Profiles)


def day(offset: int) -> date:
    return D + timedelta(days=offset)


def days(first: int, last: int) -> Days:
    return Days(day(first), day(last))


def ref(spec: TableSpec = VISITS) -> TableRef:
    return TableRef(DATASET, spec)


def subject(of: Days, spec: TableSpec = VISITS) -> Subject:
    return Subject(f"shop/{spec.name}", "shop", ref(spec), of)


def visits(of: Iterable[date], each: int = 3, pages: int | None = 1) -> list[Row]:
    """So many visits on each day; `pages` marks who wrote them."""
    return [
        {"event_date": d, "visit_id": n, "email": "ann@shop.example", "pages": pages} for d in of for n in range(each)
    ]


def reader(rows: Sequence[Row], spec: TableSpec = VISITS) -> pa.RecordBatchReader:
    """The rows as they come from a well-behaved asset: every declared column, of its declared type."""
    schema = pa.schema([pa.field(c.name, c.type) for c in spec.columns])
    return pa.Table.from_pylist([dict(row) for row in rows], schema=schema).to_reader()


def write(warehouse: Warehouse, of: Days, rows: Sequence[Row], spec: TableSpec = VISITS, **options: Any) -> Written:
    return warehouse.replace(subject(of, spec), reader(rows, spec), audits=(SCHEMA_AUDIT,), **options)


def stored(
    warehouse: Warehouse, of: Days | None = None, spec: TableSpec = VISITS, *, version: int | None = None
) -> list[dict[str, Any]]:
    """What a reader sees, in the order of the key."""
    with warehouse.read(ref(spec), of, version=version) as rows:
        found: list[dict[str, Any]] = rows.read_all().to_pylist()
    return sorted(found, key=lambda row: tuple(row[name] for name in (spec.date_column, *spec.key)))


def marks(warehouse: Warehouse, of: Days | None = None, *, version: int | None = None) -> dict[date, list[int]]:
    """Day: the `pages` of each of its visits."""
    found: dict[date, list[int]] = {}
    for row in stored(warehouse, of, version=version):
        found.setdefault(row["event_date"], []).append(row["pages"])
    return found


def what_there_is(warehouse: Warehouse, folder: Path) -> set[str]:
    """Every file, here and in the lake's bucket, and in BigQuery every table; nobody keeps temporary ones."""
    files = {str(path) for path in folder.rglob("*") if path.is_file()}
    if isinstance(warehouse, BigQueryWarehouse):
        return files | set(warehouse.jobs.tables(warehouse.tables.dataset(DATASET), ""))
    assert isinstance(warehouse, Lake)
    return files | set(Bucket(warehouse.root, "RECS_LAKE_URL").listed("") if is_bucket(warehouse.root) else ())
