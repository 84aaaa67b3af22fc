"""Where a person's own query runs: a DuckDB of its own that reaches the folders of its tables, and nothing else.

What may be asked is judged before, by the query's text (`warehouse/query.py`). This is what holds if that is wrong: no
file, no setting, no extension, no variable of Python's, bounded memory, bounded disk, bounded time. The platform's own
queries stand in git, are read before they run, and run on the engine that writes tables, which cannot be shut.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from tempfile import TemporaryDirectory

import duckdb

from recs_platform.warehouse.lake.engine import Engine, literal
from recs_platform.warehouse.lake.spill import own_folder


@contextmanager
def confined_connection(engine: Engine, folders: Sequence[str], seconds: float) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection that reads below these folders, and is interrupted when the time is over."""
    own = own_folder(engine.spill)
    own.mkdir(exist_ok=True)
    with TemporaryDirectory(prefix="query-", dir=own, ignore_cleanup_errors=True) as spill:
        connection = duckdb.connect(
            ":memory:",
            config={
                "memory_limit": engine.memory_limit,
                "threads": engine.threads,
                "temp_directory": spill,
                # As much again as it may hold in memory.
                "max_temp_directory_size": engine.memory_limit,
                "preserve_insertion_order": False,
                "autoinstall_known_extensions": False,
                "autoload_known_extensions": False,
                "python_enable_replacements": False,
            },
        )
        alarm = threading.Timer(seconds, connection.interrupt)
        alarm.daemon = True
        try:
            connection.execute("SET TimeZone = 'UTC'")
            connection.execute(f"SET allowed_directories = [{', '.join(literal(f'{folder}/') for folder in folders)}]")
            connection.execute("SET enable_external_access = false")
            connection.execute("SET lock_configuration = true")
            alarm.start()
            yield connection
        finally:
            alarm.cancel()
            connection.close()
