"""The `purchases` connector: a file of who bought what becomes lines of orders, with what a log leaves out.

An order and a line are named by their client, too, so that clients may count their orders alike. In a log without times
an order's day follows from its number: a client's last order is on the company's last day, and each other one
`days_between_orders` before the next. Not here: reading the file (files.py).
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager
from datetime import date

import duckdb
import pyarrow as pa

from recs_platform.companies.purchase_log import PurchasesSource
from recs_platform.masking import mask_text
from recs_platform.sources.connectors.files import read_files
from recs_platform.sources.connectors.request import BATCH_ROWS, SOURCE_DAY_FIELD, SourceRequest, Stream, for_engine
from recs_platform.warehouse.lake.engine import quoted
from recs_platform.warehouse.lake.row_expressions import shut_cursor

_ORDER = "order_id"
_ID = "CAST({} AS VARCHAR)"
_ESCAPED = r"replace(replace(coalesce(" + _ID + r", ''), '\', '\\'), '/', '\/')"
"""So that A/1 and B are not what A and 1/B are; ids without these signs stay as they are."""
_NUMBER = f"TRY_CAST({_ID.format(_ORDER)} AS DECIMAL(38, 6))"
_MADE: dict[str, pa.DataType] = {
    _ORDER: pa.string(),
    "event_id": pa.string(),
    "event_name": pa.string(),
    "event_ts": pa.timestamp("us"),
}


def read_purchases(request: SourceRequest, source: PurchasesSource) -> Stream:
    """The rows of the file as lines of orders."""
    stream = read_files(request, source)
    made = {name: _MADE[name] for name in (_ORDER, *source.made_columns)}
    kept = [field for field in stream.schema if field.name not in (*made, SOURCE_DAY_FIELD.name)]
    schema = pa.schema([*kept, *(pa.field(name, kind) for name, kind in made.items()), SOURCE_DAY_FIELD])
    return Stream(schema, _lines(request, source, stream, schema))


def _lines(
    request: SourceRequest, source: PurchasesSource, stream: Stream, schema: pa.Schema
) -> Generator[pa.RecordBatch]:
    client, order, item = (_column(stream, name) for name in ("customer_id", _ORDER, "item_id"))
    of_client = f"{_ESCAPED.format(client)} || '/' || {_ESCAPED.format(order)}"
    made = {
        _ORDER: f"CASE WHEN trim({_ID.format(order)}) <> '' THEN {of_client} END",
        "event_id": f"{of_client} || '/' || {_ESCAPED.format(item)}",
        "event_name": "'order_line'",
        "event_ts": "coalesce(order_days.day, {last})",
    }
    joined, names = "given", (_ORDER, *source.made_columns)
    with closing(stream.batches), shut_cursor() as database:
        if source.days_between_orders:
            last = _order_days(database, request, source, source.days_between_orders)
            made["event_ts"] = made["event_ts"].format(last=f"TIMESTAMP '{last}'")
            joined += (
                f" LEFT JOIN order_days ON order_days.client = {_ID.format(client)}"
                f" AND order_days.number = {_NUMBER.replace(_ORDER, order)}"
            )
        columns = {name: made[name] if name in names else f"given.{quoted(name)}" for name in schema.names}
        selected = ", ".join(f"{column} AS {quoted(name)}" for name, column in columns.items())
        with for_engine(stream) as reader:
            database.register("given", reader)
            for batch in database.execute(f"SELECT {selected} FROM {joined}").to_arrow_reader(BATCH_ROWS):
                yield batch.cast(schema)


def _order_days(
    database: duckdb.DuckDBPyConnection, request: SourceRequest, source: PurchasesSource, step: int
) -> date:
    """Makes the table of the day of each client's orders by their numbers; gives the last day."""
    last = request.company.end_date
    assert last is not None  # noqa: S101  (the company's file was judged)
    with _orders(request, source) as orders:
        database.register("orders", orders)
        database.execute(
            f"CREATE OR REPLACE TEMP TABLE given_orders AS SELECT DISTINCT {_ID.format('customer_id')} AS client, "
            f"{_ID.format(_ORDER)} AS written, {_NUMBER} AS number FROM orders "
            f"WHERE trim({_ID.format('customer_id')}) <> '' AND trim({_ID.format(_ORDER)}) <> ''"
        )
        database.unregister("orders")
    _check_numbers(database, request)
    database.execute(
        "CREATE OR REPLACE TEMP TABLE order_days AS SELECT DISTINCT client, number, CAST(? AS DATE) - ? * CAST("
        "dense_rank() OVER (PARTITION BY client ORDER BY number DESC) - 1 AS INTEGER) AS day FROM given_orders",
        [last, step],
    )
    longest, first = database.execute("SELECT count(DISTINCT day), min(day) FROM order_days").fetchall()[0]
    if first is not None and first < request.company.start_date:
        raise request.error(
            f"has clients with {longest:,} orders, {step} days apart: the first is on {first}, and the company starts "
            f"on {request.company.start_date}",
            column=_ORDER,
            remedy=f"Write start_date: {first}, or a smaller sources.{request.spec.name}.days_between_orders.",
        )
    return last


def _check_numbers(database: duckdb.DuckDBPyConnection, request: SourceRequest) -> None:
    wrong, of, example = database.execute(
        "SELECT count(*) FILTER (number IS NULL), count(*), min(written) FILTER (number IS NULL) FROM given_orders"
    ).fetchall()[0]
    if wrong:
        raise request.error(
            f'is not a number in {wrong:,} of {of:,} orders, such as "{mask_text(example)}", and days_between_orders '
            "counts by it",
            column=_ORDER,
            remedy=f"Name the column that counts each client's orders: sources.{request.spec.name}.columns.{_ORDER}.",
        )


@contextmanager
def _orders(request: SourceRequest, source: PurchasesSource) -> Iterator[pa.RecordBatchReader]:
    """The file once more, from its beginning: which order is a client's last is known at its end."""
    stream = read_files(request, source)
    with closing(stream.batches), for_engine(stream) as reader:
        yield reader


def _column(stream: Stream, name: str) -> str:
    return f"given.{quoted(name)}" if name in stream.schema.names else "NULL"
