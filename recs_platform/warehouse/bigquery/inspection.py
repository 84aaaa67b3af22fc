"""Whether what BigQuery holds is what the books say of it. Google proves the bytes; we count the rows."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from recs_platform.warehouse.bigquery.bill import Bill
from recs_platform.warehouse.bigquery.books import Books, Change
from recs_platform.warehouse.bigquery.tables import labels_of
from recs_platform.warehouse.bigquery.text import between, quoted
from recs_platform.warehouse.protocol import Finding, Inspection
from recs_platform.warehouse.slices import TableRef


def inspect(books: Books, table: TableRef) -> Inspection:
    """Count every day's rows, and compare."""
    entered = {slice_.day: slice_.rows for slice_ in books.slices(table)}
    counted = _counted(books, table)
    findings = [
        Finding(day, _difference(table, day, entered.get(day), counted.get(day, 0)), acceptable=True)
        for day in sorted(entered.keys() | counted.keys())
        if (entered.get(day) or 0) != counted.get(day, 0)
    ]
    size = books.tables.jobs.bytes_of(books.tables.path(table)) if counted else 0
    return Inspection(len(entered), 0, size, 0, tuple(findings))


def accept(books: Books, table: TableRef) -> None:
    """Enter the rows that are there, whatever was entered before."""
    page = books.ledger.page(table)
    if page is not None:
        books.ledger.advance(table, page.state, None, None, ())
    if books.state(table) is None:
        return
    days = {**dict.fromkeys((slice_.day for slice_ in books.slices(table)), 0), **_counted(books, table)}
    change = Change(None, days, None, {"accepted": True})
    books.commit(table, change, labels_of(table), Bill())


def _counted(books: Books, table: TableRef) -> Mapping[date, int]:
    if books.tables.columns(table) is None:
        return {}
    day = quoted(table.spec.date_column)
    sql = (
        f"SELECT {day} AS day, COUNT(*) AS row_count FROM {quoted(books.tables.path(table))} "
        f"WHERE {between(table.spec.date_column, None)} GROUP BY 1 ORDER BY 1"
    )
    return {row.day: row.row_count for row in books.tables.jobs.ask(sql, labels=labels_of(table), bill=Bill())}


def _difference(table: TableRef, day: date, entered: int | None, counted: int) -> str:
    if entered is None:
        return f"{table} {day}: has {counted} rows, and was never made"
    return f"{table} {day}: has {counted} rows, and {entered} were written. Make the day again, or accept what is there"
