"""Rows from Python in a Parquet file, on their way to a warehouse elsewhere: in the types that a table declares, with
the same refusals as rows that come to the lake."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pyarrow as pa

from recs_platform.warehouse.lake.engine import literal, passing_connection, quoted
from recs_platform.warehouse.lake.staging import coerced_columns, uncastable
from recs_platform.warehouse.protocol import Subject


def write_slice(rows: pa.RecordBatchReader, subject: Subject, file: Path) -> int:
    """Write the new rows of a slice; returns how many they are."""
    spec = subject.table.spec
    with passing_connection() as connection:
        connection.register("frame", rows)
        given = connection.execute("DESCRIBE SELECT * FROM frame").fetchall()
        selected = coerced_columns(spec, {name: type_ for name, type_, *_ in given}, subject)
        timestamps = frozenset(c.name for c in spec.columns if pa.types.is_timestamp(c.type))
        columns = _columns([c.name for c in spec.columns], timestamps)
        try:
            return _copy(connection, f"SELECT {columns} FROM (SELECT {selected} FROM frame)", file)
        except (duckdb.DataError, duckdb.InvalidInputException) as error:
            raise uncastable(error, subject, rows) from None


def write_rows(rows: pa.RecordBatchReader, file: Path) -> int:
    """Write rows as they are; returns how many they are."""
    with passing_connection() as connection:
        connection.register("frame", rows)
        timestamps = frozenset(field.name for field in rows.schema if pa.types.is_timestamp(field.type))
        return _copy(connection, f"SELECT {_columns(rows.schema.names, timestamps)} FROM frame", file)


def _columns(names: list[str], timestamps: frozenset[str]) -> str:
    """Every timestamp is UTC; in a file that does not say so, others would take it for local time."""
    return ", ".join(
        f"CAST({quoted(name)} AS TIMESTAMPTZ) AS {quoted(name)}" if name in timestamps else quoted(name)
        for name in names
    )


def _copy(connection: duckdb.DuckDBPyConnection, statement: str, file: Path) -> int:
    (count,) = connection.execute(f"COPY ({statement}) TO {literal(str(file))} (FORMAT parquet)").fetchall()[0]
    return int(count)
