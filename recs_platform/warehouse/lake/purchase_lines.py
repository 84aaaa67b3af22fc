"""Rows of a purchase log as lines of orders, and days of orders that are only numbered: in a DuckDB that is shut.

Not here: reading the file, and what is said of a log that cannot be used (sources/connectors/purchases.py).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date

import duckdb
import pyarrow as pa

from recs_platform.warehouse.lake.engine import quoted
from recs_platform.warehouse.lake.row_expressions import shut_cursor

_ORDER = "order_id"
_TEXT = "CAST({} AS VARCHAR)"
_ESCAPED = r"replace(replace(coalesce(" + _TEXT + r", ''), '\', '\\'), '/', '\/')"
"""So that A/1 and B are not what A and 1/B are; ids without these signs stay as they are."""
_NUMBER = "TRY_CAST(CAST({} AS VARCHAR) AS DECIMAL(38, 6))"
MADE: dict[str, pa.DataType] = {
    _ORDER: pa.string(),
    "event_id": pa.string(),
    "event_name": pa.string(),
    "event_ts": pa.timestamp("us"),
}
"""The columns that a log's own become."""


@dataclass(frozen=True)
class Numbered:
    """What the numbers of a log's orders are like."""

    orders: int
    no_numbers: int
    example: str | None
    """One that is no number."""
    longest: int
    """The most orders of one client."""
    first: date | None
    """The day of the first of them."""


@dataclass(frozen=True)
class PurchaseLines:
    """A log while it is read."""

    database: duckdb.DuckDBPyConnection

    def count_orders(self, rows: pa.RecordBatchReader, last: date, step: int) -> Numbered:
        """Gives each order a day by its number: a client's last the last one, each other so long before the next."""
        self.database.register("rows", rows)
        self.database.execute(
            f"CREATE OR REPLACE TEMP TABLE orders AS SELECT DISTINCT {_TEXT.format('customer_id')} AS client, "
            f"{_TEXT.format(_ORDER)} AS written, {_NUMBER.format(_ORDER)} AS number FROM rows "
            f"WHERE trim({_TEXT.format('customer_id')}) <> '' AND trim({_TEXT.format(_ORDER)}) <> ''"
        )
        self.database.unregister("rows")
        self.database.execute(
            "CREATE OR REPLACE TEMP TABLE order_days AS SELECT DISTINCT client, number, CAST(? AS DATE) - ? * CAST("
            "dense_rank() OVER (PARTITION BY client ORDER BY number DESC) - 1 AS INTEGER) AS day "
            "FROM orders WHERE number IS NOT NULL",
            [last, step],
        )
        found = self.database.execute(
            "SELECT count(*), count(*) FILTER (number IS NULL), min(written) FILTER (number IS NULL), "
            "(SELECT count(DISTINCT day) FROM order_days), (SELECT min(day) FROM order_days) FROM orders"
        ).fetchall()
        return Numbered(*found[0])

    def of(
        self, rows: pa.RecordBatchReader, schema: pa.Schema, last: date | None, at_once: int
    ) -> Iterator[pa.RecordBatch]:
        """The rows with the columns of `MADE` that the schema has and a log has not; of numbered orders with `last`."""
        there = rows.schema.names
        client, order, item = (
            f"given.{quoted(name)}" if name in there else "NULL" for name in ("customer_id", _ORDER, "item_id")
        )
        of_client = f"{_ESCAPED.format(client)} || '/' || {_ESCAPED.format(order)}"
        columns = {name: f"given.{quoted(name)}" for name in schema.names} | {
            _ORDER: f"CASE WHEN trim({_TEXT.format(order)}) <> '' THEN {of_client} END",
            "event_id": f"{of_client} || '/' || {_ESCAPED.format(item)}",
            "event_name": "'order_line'",
        }
        source = "given"
        if last:
            columns["event_ts"] = f"coalesce(order_days.day, TIMESTAMP '{last}')"
            source += (
                f" LEFT JOIN order_days ON order_days.client = {_TEXT.format(client)}"
                f" AND order_days.number = {_NUMBER.format(order)}"
            )
        selected = ", ".join(f"{columns[name]} AS {quoted(name)}" for name in schema.names)
        self.database.register("given", rows)
        for batch in self.database.execute(f"SELECT {selected} FROM {source}").to_arrow_reader(at_once):
            yield batch.cast(schema)


@contextmanager
def purchase_lines() -> Iterator[PurchaseLines]:
    with shut_cursor() as database:
        yield PurchaseLines(database)
