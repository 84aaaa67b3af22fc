"""The `purchases` connector: a file of who bought what becomes lines of orders, with what a log leaves out.

An order and a line are named by their client, too, so that clients may count their orders alike. In a log without times
an order's day follows from its number: a client's last order is on the company's last day, and each other one
`days_between_orders` before the next. Not here: reading the file (files.py), and the queries
(`warehouse/lake/purchase_lines.py`).
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import closing
from datetime import date

import pyarrow as pa

from recs_platform.companies.purchase_log import PurchasesSource
from recs_platform.masking import mask_text
from recs_platform.sources.connectors.files import read_files
from recs_platform.sources.connectors.request import BATCH_ROWS, SOURCE_DAY_FIELD, SourceRequest, Stream, for_engine
from recs_platform.warehouse.lake.purchase_lines import MADE, Numbered, PurchaseLines, purchase_lines

_ORDER = "order_id"


def read_purchases(request: SourceRequest, source: PurchasesSource) -> Stream:
    """The rows of the file as lines of orders."""
    stream = read_files(request, source)
    made = (_ORDER, *source.made_columns)
    kept = [field for field in stream.schema if field.name not in (*made, SOURCE_DAY_FIELD.name)]
    schema = pa.schema([*kept, *(pa.field(name, MADE[name]) for name in made), SOURCE_DAY_FIELD])
    return Stream(schema, _lines(request, source, stream, schema))


def _lines(
    request: SourceRequest, source: PurchasesSource, stream: Stream, schema: pa.Schema
) -> Generator[pa.RecordBatch]:
    with closing(stream.batches), purchase_lines() as lines:
        last = _numbered(lines, request, source, source.days_between_orders) if source.days_between_orders else None
        with for_engine(stream) as rows:
            yield from lines.of(rows, schema, last, BATCH_ROWS)


def _numbered(lines: PurchaseLines, request: SourceRequest, source: PurchasesSource, step: int) -> date:
    """Reads the file once before its rows are given: which order is a client's last is known at its end. The day that
    orders end on."""
    last = request.company.end_date
    assert last is not None  # noqa: S101  (the company's file was judged)
    stream = read_files(request, source)
    with closing(stream.batches), for_engine(stream) as rows:
        counted = lines.count_orders(rows, last, step)
    _check(counted, request, step)
    return last


def _check(counted: Numbered, request: SourceRequest, step: int) -> None:
    table = request.spec.name
    if counted.no_numbers:
        raise request.error(
            f"is not a number in {counted.no_numbers:,} of {counted.orders:,} orders, such as "
            f'"{mask_text(counted.example or "")}", and days_between_orders counts by it',
            column=_ORDER,
            remedy=f"Name the column that counts each client's orders: sources.{table}.columns.{_ORDER}.",
        )
    if counted.first is not None and counted.first < request.company.start_date:
        raise request.error(
            f"has clients with {counted.longest:,} orders, {step} days apart: the first is on {counted.first}, and the "
            f"company starts on {request.company.start_date}",
            column=_ORDER,
            remedy=f"Write start_date: {counted.first}, or a smaller sources.{table}.days_between_orders.",
        )
