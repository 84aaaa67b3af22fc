"""Queries of the platform over rows that somebody holds in memory: nothing is stored, and nothing is left behind.

Not here: which rows a query is shown; whoever adds them has chosen them.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pyarrow as pa

from recs_platform.schemas.table import TableSpec
from recs_platform.warehouse.lake.engine import declared_columns, passing_connection, quoted
from recs_platform.warehouse.query import Query
from recs_platform.warehouse.values import Values


class InMemory:
    """Tables by name, each made once."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        self._names: set[str] = set()

    def __contains__(self, name: str) -> bool:
        return name in self._names

    def add(self, spec: TableSpec, rows: pa.Table | pa.RecordBatchReader | None = None, where: str = "TRUE") -> None:
        """Some rows, as the columns of a table; what they lack is NULL. Without rows an empty table."""
        if rows is None:
            self._keep(spec.name, declared_columns(spec, None))
            return
        self._connection.register("given", rows)
        self._keep(spec.name, declared_columns(spec, f"(SELECT * FROM given WHERE {where})"))
        self._connection.unregister("given")

    def make(self, name: str, query: Query, values: Values) -> None:
        """What a query gives over the tables that are there."""
        # What translates queries takes a while to load, and who only looks at a company needs none.
        from recs_platform.warehouse.lake.compile import duckdb_sql

        self._keep(name, duckdb_sql(query, values))

    def ask(self, sql: str) -> pa.Table:
        """In DuckDB's own words."""
        table: pa.Table = self._connection.execute(sql).to_arrow_table()
        return table

    def rows(self, name: str) -> pa.Table:
        return self.ask(f"SELECT * FROM {quoted(name)}")

    def drop(self, *names: str) -> None:
        for name in names:
            if name in self._names:
                self._connection.execute(f"DROP TABLE temp.{quoted(name)}")
                self._names.discard(name)

    def _keep(self, name: str, sql: str) -> None:
        self._connection.execute(f"CREATE TEMP TABLE {quoted(name)} AS {sql}")
        self._names.add(name)


@contextmanager
def in_memory() -> Iterator[InMemory]:
    with passing_connection() as connection:
        yield InMemory(connection)
