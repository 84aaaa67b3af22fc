"""A slice written by a process that has loaded as little as can be."""

from __future__ import annotations

import datetime
from datetime import timedelta
from pathlib import Path

import pyarrow as pa

from recs_platform.schemas.field import Field
from recs_platform.schemas.table import Table, log, spec_of
from recs_platform.warehouse.audit import SCHEMA_AUDIT
from recs_platform.warehouse.lake.engine import Engine
from recs_platform.warehouse.lake.lake import Lake
from recs_platform.warehouse.protocol import Subject
from recs_platform.warehouse.slices import Days, TableRef

DAY = datetime.date(2025, 12, 1)


@log(key=("sale_id",))
class Sales(Table):
    """Rules that statistics prove, and rules that are counted."""

    event_date: datetime.date = Field()
    sale_id: int = Field(ge=1)
    price: float = Field(ge=0)
    kind: str = Field(isin=["in a shop", "by mail"])


def write_a_slice(folder: Path) -> None:
    rows = [
        {"event_date": DAY, "sale_id": n, "price": 1.0 * n, "kind": ["in a shop", "by mail"][n % 2]} for n in (1, 2)
    ]
    lake = Lake(str(folder / "lake"), Engine("1GiB", 1, folder / "spill"), timedelta(days=7), folder / "scratch")
    subject = Subject("shop/sales", "shop", TableRef("shop", spec_of(Sales)), Days.one(DAY))
    frame = pa.Table.from_pylist(rows, schema=spec_of(Sales).arrow_schema)
    lake.replace(subject, frame.to_reader(), audits=(SCHEMA_AUDIT,))
