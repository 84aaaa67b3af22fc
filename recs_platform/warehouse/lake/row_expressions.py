"""Columns of a stream worked out from its own rows, in a DuckDB that reaches nothing else.

The expressions come from a company's file. They were judged by their text (`companies/source_expression.py`); this
holds if that is wrong: no file, no setting, no extension, no variable of Python's, bounded memory.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache

import duckdb
import pyarrow as pa

from recs_platform.warehouse.lake.engine import quoted

_MEMORY = "2GB"


class RowExpressionError(Exception):
    """What DuckDB says of an expression that it cannot run, in one line."""


@contextmanager
def projected(
    stream: pa.RecordBatchReader, selected: Mapping[str, str], batch_rows: int
) -> Iterator[pa.RecordBatchReader]:
    """Each name with the value of its expression, row by row, as the rows are asked for."""
    expressions = ", ".join(f"{expression} AS {quoted(name)}" for name, expression in selected.items())
    try:
        with shut_cursor() as connection:
            connection.register("given", stream)
            yield connection.execute(f"SELECT {expressions} FROM given").to_arrow_reader(batch_rows)
    except (duckdb.BinderException, duckdb.CatalogException, duckdb.ParserException, duckdb.OutOfMemoryException) as e:
        raise RowExpressionError(str(e).split("\n", 1)[0].partition("Error: ")[2]) from None


@contextmanager
def shut_cursor() -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection that has tables and streams of its own, and reaches nothing else."""
    connection = _shut_database(os.getpid()).cursor()
    try:
        yield connection
    except (duckdb.FatalException, duckdb.InternalException):
        _shut_database.cache_clear()
        raise
    finally:
        connection.close()


def projected_types(schema: pa.Schema, selected: Mapping[str, str]) -> pa.Schema:
    """What `projected` gives for a stream of this schema."""
    with projected(pa.RecordBatchReader.from_batches(schema, []), selected, 1) as reader:
        return reader.schema


@lru_cache(maxsize=2)
def _shut_database(process: int) -> duckdb.DuckDBPyConnection:  # noqa: ARG001  (a forked child gets its own)
    connection = duckdb.connect(
        ":memory:",
        config={
            "memory_limit": _MEMORY,
            "temp_directory": "",
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
            "python_enable_replacements": False,
        },
    )
    connection.execute("SET GLOBAL TimeZone = 'UTC'")
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")
    return connection
