"""Where a company's recommendations become visible: what it publishes, the live table, and who keeps the inventory."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Engine

from recs_platform.warehouse.protocol import Warehouse
from recs_platform.warehouse.slices import TableRef


@dataclass(frozen=True)
class Outlet:
    company: str
    strategy: str
    source: TableRef
    """A snapshot a day."""
    live: TableRef
    """The same columns; one snapshot at a time."""
    warehouse: Warehouse
    database: Engine
