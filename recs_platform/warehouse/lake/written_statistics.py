"""What DuckDB says of the columns of a Parquet file that it has just written (`RETURN_STATS`), as proofs read it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from recs_platform.schemas.table import Column, TableSpec
from recs_platform.warehouse.lake.engine import quoted
from recs_platform.warehouse.proof.statistics import ColumnStatistics

Said = Mapping[str, Mapping[str, str]]
"""Of each column, by its quoted name."""

_NUMBERS = {"INT64": int, "FLOAT64": float}


@dataclass(frozen=True)
class WrittenFile:
    """What is known of a file of a new slice without reading it."""

    day: date
    rows: int
    said: Said

    def column(self, column: Column) -> ColumnStatistics:
        said = self.said.get(quoted(column.name), {})
        nulls = int(said["null_count"]) if "null_count" in said else None
        least, greatest = said.get("min"), said.get("max")
        if column.sql_type == "STRING":
            return ColumnStatistics(self.rows, nulls, least, greatest)
        if least is None or greatest is None or column.sql_type not in _NUMBERS:
            return ColumnStatistics(self.rows, nulls, None, None)
        number = _NUMBERS[column.sql_type]
        return ColumnStatistics(self.rows, nulls, number(least), number(greatest))


def of_column(spec: TableSpec, files: Sequence[WrittenFile], name: str) -> list[ColumnStatistics]:
    column = next(column for column in spec.columns if column.name == name)
    return [file.column(column) for file in files]
