"""Made-up events at any size, with the cardinalities of a large retailer, and the lake that a benchmark writes to.

Not a simulated world: no truth is planted, only types, widths and repetition are like those of a real feed.
"""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

from recs_platform.process import cores
from recs_platform.schemas.landing import REJECTION, landed
from recs_platform.schemas.sources import Events
from recs_platform.schemas.table import TableSpec, spec_of
from recs_platform.settings import settings
from recs_platform.warehouse.lake.engine import Engine
from recs_platform.warehouse.lake.lake import Lake
from recs_platform.warehouse.slices import Days, TableRef

DATASET = "bench"
FIRST = date(2025, 9, 1)
EVENTS, LANDED = spec_of(Events), spec_of(landed(Events))

_DAY = 86_400_000_000
"""Microseconds."""
_CUSTOMERS, _ITEMS = 500_000, 50_000
_VIEWED, _CART, _LINE = 70, 88, 96
"""Of a hundred events: up to here views, then carts, then order lines, then orders."""


def table(spec: TableSpec) -> TableRef:
    return TableRef(DATASET, spec)


def lake(folder: Path) -> Lake:
    """A lake below a folder, with the environment's memory limit and threads."""
    chosen, scratch = settings(), folder / "scratch"
    engine = Engine(chosen.memory_limit, chosen.threads or cores(), scratch / "spill")
    return Lake(str(folder / "lake"), engine, timedelta(days=chosen.retention_days), scratch)


def days(number: int) -> Days:
    return Days(FIRST, FIRST + timedelta(days=number - 1))


def made_up_rows(spec: TableSpec, number_of_days: int, rows_a_day: int) -> str:
    """A SELECT of these rows for DuckDB, the same rows every time."""
    day, kind = f"(n // {rows_a_day})::INTEGER", "hash(n, 1) % 100"
    time = f"to_microseconds((n % {rows_a_day}) * {_DAY // rows_a_day})"
    customer = f"'C' || lpad((hash(n, 3) % {_CUSTOMERS})::VARCHAR, 7, '0')"
    item = f"hash(n, 4) % {_ITEMS}"
    names = f"WHEN {kind} < {_VIEWED} THEN 'product_viewed' WHEN {kind} < {_CART} THEN 'cart_updated'"
    channels = "WHEN hash(n, 7) % 10 < 7 THEN 'web' WHEN hash(n, 7) % 10 < 9 THEN 'phone'"
    about_goods = f"{kind} BETWEEN {_VIEWED} AND {_LINE - 1}"
    columns = {
        "event_id": "substr(md5(n::VARCHAR), 1, 20)",
        "event_ts": f"DATE '{FIRST}' + {day} + {time}",
        "event_date": f"DATE '{FIRST}' + {day}",
        "customer_id": f"CASE WHEN hash(n, 2) % 100 >= 5 THEN {customer} END",
        "event_name": f"CASE {names} WHEN {kind} < {_LINE} THEN 'order_line' ELSE 'order_placed' END",
        "item_id": f"CASE WHEN {kind} < {_LINE} THEN 'SKU-' || lpad(({item})::VARCHAR, 6, '0') END",
        "quantity": f"CASE WHEN {about_goods} THEN (1 + hash(n, 5) % 4)::BIGINT END",
        "unit_price": f"CASE WHEN {about_goods} THEN 5 + ({item}) / 100 END",
        "order_id": f"CASE WHEN {kind} >= {_CART} THEN 'O' || (n // 3) END",
        "is_promo": f"CASE WHEN {kind} >= {_CART} THEN hash(n, 6) % 10 = 0 END",
        "channel": f"CASE {channels} ELSE 'store' END",
        **dict.fromkeys(("send_id", "campaign_id", "coupon_id", REJECTION), "CAST(NULL AS VARCHAR)"),
    }
    selected = ", ".join(f"{columns[column.name]} AS {column.name}" for column in spec.columns)
    return f"SELECT {selected} FROM range({number_of_days * rows_a_day}) AS numbers (n)"
