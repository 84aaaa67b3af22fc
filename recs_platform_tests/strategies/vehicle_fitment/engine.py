"""Runs queries of the strategy over rows in memory, as the lake compiles them, without a lake around them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from recs_platform import bench
from recs_platform.strategies.catalogue import pipelines
from recs_platform.strategies.vehicle_fitment.parameters import VehicleFitmentParameters
from recs_platform.warehouse.lake.compile import duckdb_sql
from recs_platform.warehouse.lake.engine import declared_columns, quoted
from recs_platform.warehouse.query import Query, parse_query, sql_folder
from recs_platform.warehouse.values import Values
from recs_platform_tests.sql.case import arrow_rows
from recs_platform_tests.strategies.vehicle_fitment.worlds import AS_OF, Tables

PLAIN = Path(bench.__file__).parent / "plain_ranking.sql"


def values(**parameters: Any) -> Values:
    return {**dict(VehicleFitmentParameters(**parameters)), "as_of": AS_OF}


@cache
def text_of(table: str) -> str:
    return (sql_folder() / "vehicle_fitment" / f"{table}.sql").read_text()


class Engine:
    """The tables of some worlds, to which the results of queries can be added."""

    def __init__(self, tables: Mapping[str, pa.Table]) -> None:
        self._specs = pipelines()["vehicle_fitment"].specs
        self._connection = duckdb.connect(config={"threads": 2})
        for name, rows in tables.items():
            self._add(name, rows)

    def make(self, table: str, given: Values) -> None:
        """Run a table's query and put its rows beside the others."""
        self._add(table, self.rows(text_of(table), given))

    def rows(self, text: str, given: Values) -> pa.Table:
        return self._connection.execute(duckdb_sql(_parsed(text), given)).to_arrow_table()

    def close(self) -> None:
        self._connection.close()

    def _add(self, name: str, rows: pa.Table) -> None:
        self._connection.register("given", rows)
        declared = declared_columns(self._specs[name], "SELECT * FROM given")
        self._connection.execute(f"CREATE TABLE {quoted(name)} AS {declared}")
        self._connection.unregister("given")


def arrow(tables: Tables) -> dict[str, pa.Table]:
    """Rows stated by hand as whole rows of their tables."""
    specs = pipelines()["vehicle_fitment"].specs
    return {name: arrow_rows(specs[name], rows, AS_OF, list(specs[name].columns)) for name, rows in tables.items()}


@cache
def _parsed(text: str) -> Query:
    return parse_query("query", text, "sql/vehicle_fitment/query.sql", passing=True)


def sorted_rows(table: pa.Table) -> list[tuple[Any, ...]]:
    """The rows in a fixed order, by columns in the order of their names."""
    names = sorted(table.column_names)
    rows = table.select(names).to_pylist()
    return sorted((tuple(row[name] for name in names) for row in rows), key=repr)
