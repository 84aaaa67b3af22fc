"""DuckDB, as the platform uses it: in memory, a connection for each operation, bounded memory, spill to disk.

A DuckDB database is never a file and never holds a table: the state is the lake's.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import duckdb

from recs_platform.schemas.table import Column, TableSpec
from recs_platform.warehouse.lake.spill import own_folder
from recs_platform.warehouse.lake.types import type_of


@dataclass(frozen=True)
class Engine:
    memory_limit: str
    threads: int
    spill: Path

    @contextmanager
    def connect(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """A connection with nothing in it. What is put into it goes with it."""
        connection = _database(self, os.getpid()).cursor()
        try:
            connection.execute("SET TimeZone = 'UTC'")
            yield connection
        except (duckdb.FatalException, duckdb.InternalException):
            # DuckDB refuses every later query on a database that met such an error; the next one gets a new database.
            _database.cache_clear()
            raise
        finally:
            connection.close()


@lru_cache(maxsize=2)
def _database(engine: Engine, process: int) -> duckdb.DuckDBPyConnection:  # noqa: ARG001  (a forked child's is another)
    """One empty in-memory database for the process: the memory limit holds for all connections together.

    A forked child gets its own.
    """
    return duckdb.connect(
        ":memory:",
        config={
            "memory_limit": engine.memory_limit,
            "threads": engine.threads,
            "temp_directory": str(own_folder(engine.spill)),
            # Rows of a table have no order; what needs one says ORDER BY.
            "preserve_insertion_order": False,
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
        },
    )


@contextmanager
def passing_connection() -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection for rows that only pass through, on their way to whatever warehouse. It keeps nothing, so it needs
    neither a limit nor a place to spill."""
    connection = _passing_database(os.getpid()).cursor()
    try:
        connection.execute("SET TimeZone = 'UTC'")
        yield connection
    except (duckdb.FatalException, duckdb.InternalException):
        _passing_database.cache_clear()
        raise
    finally:
        connection.close()


@lru_cache(maxsize=2)
def _passing_database(process: int) -> duckdb.DuckDBPyConnection:  # noqa: ARG001  (a forked child gets its own)
    return duckdb.connect(
        ":memory:", config={"autoinstall_known_extensions": False, "autoload_known_extensions": False}
    )


def quoted(name: str) -> str:
    """An identifier in SQL.

    >>> quoted('a"b')
    '"a""b"'
    """
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """A string in SQL.

    >>> literal("it's")
    "'it''s'"
    """
    return "'" + text.replace("'", "''") + "'"


def declared_columns(spec: TableSpec, stored: str | None) -> str:
    """A SELECT of a table's declared columns over what is stored, which may be older than some of them."""
    of_name = {name: c for c in spec.columns for name in (c.name, c.formerly) if name}
    nothing = ", ".join(f"CAST(NULL AS {type_of(c)}) AS {quoted(name)}" for name, c in of_name.items())
    typed = f"SELECT {nothing} WHERE FALSE"
    # The branch without rows lends its columns to the other one; DuckDB drops it from the plan.
    either = typed if stored is None else f"{typed} UNION ALL BY NAME {stored}"
    return f"SELECT {', '.join(map(_newest_name, spec.columns))} FROM ({either})"


def _newest_name(column: Column) -> str:
    name = quoted(column.name)
    return f"coalesce({name}, {quoted(column.formerly)}) AS {name}" if column.formerly else name
