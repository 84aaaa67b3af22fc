"""What stands behind a table's name while a query runs: views over exactly the days that the query is shown."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from datetime import date
from typing import Protocol

import duckdb

from recs_platform.schemas.table import TableSpec
from recs_platform.warehouse.lake.conversion import show_incoming
from recs_platform.warehouse.lake.engine import declared_columns, literal, quoted
from recs_platform.warehouse.point_in_time import View
from recs_platform.warehouse.protocol import BoundQuery
from recs_platform.warehouse.shown_days import days_shown
from recs_platform.warehouse.slices import Days, Slice, TableRef


class Shelf(Protocol):
    """Where slices stand."""

    def relation(self, table: TableRef, days: Days | None) -> str: ...

    def days(self, table: TableRef) -> Sequence[date]: ...

    def slices(self, table: TableRef) -> Sequence[Slice]: ...


def read_files(spec: TableSpec, paths: Sequence[str]) -> str:
    """A SELECT of a table's declared columns over Parquet files; files older than a column read as NULL there."""
    listed = ", ".join(literal(path) for path in paths)
    files = f"SELECT * FROM read_parquet([{listed}], hive_partitioning = false, union_by_name = true)"
    return declared_columns(spec, files if paths else None)


def read_new_files(spec: TableSpec, paths: Sequence[str]) -> str:
    """The same of files that were written just now: each has the declared columns in their declared types."""
    columns, listed = ", ".join(quoted(c.name) for c in spec.columns), ", ".join(map(literal, paths))
    return f"SELECT {columns} FROM read_parquet([{listed}], hive_partitioning = false)"


def view_over(shelf: Shelf, query: BoundQuery, view: View) -> str:
    """A SELECT of what a query is shown under a name."""
    ref = query.ref(view.spec)
    return shelf.relation(ref, days_shown(shelf.days, ref, view, query))


def show_query(
    connection: duckdb.DuckDBPyConnection,
    shelf: Shelf,
    query: BoundQuery,
    opened: ExitStack,
    shown: dict[str, str] | None = None,
) -> str:
    """Put a query's views and incoming rows in place; returns its SQL for this connection.

    What is opened for it must stay open until the SQL has run. `shown` is told what stands behind each view.
    """
    from recs_platform.warehouse.lake.compile import duckdb_sql

    for view in query.views:
        relation = view_over(shelf, query, view)
        if shown is not None:
            shown[view.name] = relation
        if column := query.query.sorted_by.get(view.name):
            relation = f"SELECT * FROM ({relation}) ORDER BY {quoted(column)}"
        connection.execute(f"CREATE TEMP VIEW {quoted(view.name)} AS {relation}")
    for name, open_rows in query.incoming.items():
        show_incoming(connection, name, open_rows, opened)
    return duckdb_sql(query.query, query.values)
