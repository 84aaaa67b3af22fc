"""Queries run over rows that only pass through: what landing would make of a feed, without writing anything."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa

from recs_platform.schemas.table import TableSpec
from recs_platform.warehouse.lake.compile import duckdb_sql
from recs_platform.warehouse.lake.engine import declared_columns, passing_connection, quoted
from recs_platform.warehouse.query import Query
from recs_platform.warehouse.values import Values


def counted_rows(
    steps: Sequence[tuple[str, Query]],
    values: Values,
    incoming: Mapping[str, pa.RecordBatchReader],
    empty: Mapping[str, TableSpec],
    counted_by: Sequence[str],
) -> list[tuple[Any, ...]]:
    """How many rows the last query gives for each combination of some of its columns, in their order.

    Each query is seen by those after it under its name; `empty` tables have their columns and no rows.
    """
    columns = ", ".join(map(quoted, counted_by))
    (*before, (_, last)) = steps
    with passing_connection() as connection:
        for name, rows in incoming.items():
            connection.register(name, rows)
        for name, spec in empty.items():
            connection.execute(f"CREATE TEMP VIEW {quoted(name)} AS {declared_columns(spec, None)}")
        for name, query in before:
            connection.execute(f"CREATE TEMP TABLE {quoted(name)} AS {duckdb_sql(query, values)}")
        question = f"SELECT {columns}, COUNT(*) FROM ({duckdb_sql(last, values)}) GROUP BY ALL ORDER BY ALL"
        return connection.execute(question).fetchall()
