"""What a comparison's query gives for tables that stand in memory, hundreds of times over."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import cache
from typing import Any

import duckdb
import pyarrow as pa

from recs_platform.warehouse.lake.compile import duckdb_sql
from recs_platform_tests.sql.queries import platform_queries


def compared(query: str, as_of: date, tables: Mapping[str, pa.Table]) -> list[dict[str, Any]]:
    """The rows of the query of this name."""
    with _database().cursor() as connection:
        for name, rows in tables.items():
            connection.register(name, rows)
        found: list[dict[str, Any]] = connection.execute(_sql(query, as_of)).to_arrow_table().to_pylist()
    return found


@cache
def _sql(query: str, as_of: date) -> str:
    return duckdb_sql(platform_queries()[query], {"as_of": as_of})


@cache
def _database() -> duckdb.DuckDBPyConnection:
    return duckdb.connect()
