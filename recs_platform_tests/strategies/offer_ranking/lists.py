"""Runs one query of offer ranking over rows in memory, as the lake compiles it, without a lake around it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import duckdb
import pyarrow as pa

from recs_platform.strategies.catalogue import pipelines
from recs_platform.strategies.offer_ranking.parameters import OfferRankingParameters
from recs_platform.warehouse.lake.compile import duckdb_sql
from recs_platform.warehouse.lake.engine import quoted
from recs_platform.warehouse.query import parse_query
from recs_platform_tests.sql.case import arrow_rows
from recs_platform_tests.sql.queries import platform_queries

AS_OF = date(2025, 9, 10)
Row = dict[str, Any]
Tables = Mapping[str, list[Row]]


def rows_of(table: str, tables: Tables, parameters: OfferRankingParameters, text: str | None = None) -> list[Row]:
    """What the table's query, or another one in its place, makes of the rows."""
    query = platform_queries()[table] if text is None else parse_query(table, text, f"sql/{table}.sql")
    given = {**dict(parameters), "as_of": AS_OF, "pipeline_version": "0"}
    connection = duckdb.connect(config={"threads": 1})
    try:
        for name in query.tables:
            _show(connection, name, tables.get(name, []))
        rows: list[Row] = connection.execute(duckdb_sql(query, given)).to_arrow_table().to_pylist()
    finally:
        connection.close()
    return rows


def text_of(table: str) -> str:
    return platform_queries()[table].text


def _show(connection: duckdb.DuckDBPyConnection, name: str, rows: list[Row]) -> None:
    spec = pipelines()["offer_ranking"].specs[name]
    table: pa.Table = arrow_rows(spec, rows, AS_OF, list(spec.columns))
    connection.register("given", table)
    connection.execute(f"CREATE TABLE {quoted(name)} AS SELECT * FROM given")
    connection.unregister("given")
