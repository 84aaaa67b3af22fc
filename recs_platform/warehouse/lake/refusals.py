"""What DuckDB says of a query that it cannot run, in one sentence, without a value of personal data in it.

DuckDB quotes the value that it could not convert, and says what a query tells it to (`ERROR(email)`). While a result is
streamed, PyArrow raises what DuckDB says as an OSError, so errors are told apart by how they begin. Not here: what is
wrong with the disk (`storage_errors.py`).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import duckdb

from recs_platform.errors import QueryError
from recs_platform.warehouse.lake.engine import Engine
from recs_platform.warehouse.protocol import BoundQuery
from recs_platform.warehouse.query_text import TOO_DEEP

_QUOTES_VALUES = frozenset(
    {"Conversion", "Invalid Input", "Out of Range", "Mismatch Type", "Constraint", "Invalid type"}
)
_QUOTES_THE_QUERY = frozenset({"Binder", "Catalog", "Parser", "Syntax", "Not implemented", "Invalid Configuration"})
_NO_ROOM = frozenset({"Out of Memory"})
_FAILED = frozenset({"INTERNAL", "FATAL"})


@contextmanager
def refused_queries(query: BoundQuery, engine: Engine) -> Iterator[None]:
    """Raise again as a QueryError what DuckDB cannot do in a query; the cause goes, since it quotes."""
    try:
        yield
    except RecursionError:
        raise QueryError(query.query.path, 1, TOO_DEEP) from None
    except (duckdb.Error, OSError) as error:
        told = _told(str(error), query, engine)
        if told is None:
            raise
        raise QueryError(query.query.path, 1, told) from None


def _told(message: str, query: BoundQuery, engine: Engine) -> str | None:
    kind, marked, said = message.partition("\n")[0].partition(" Error: ")
    if not marked:
        return None
    if kind in _QUOTES_VALUES:
        return without_values(f"{kind}: {said}", query.personal_tables)
    if kind in _QUOTES_THE_QUERY:
        # It parsed as GoogleSQL, but names a column that is not there or mixes types.
        return said
    if query.time_limit is None:
        return None
    # What follows is the fault of a person's own query only.
    if kind == "INTERRUPT":
        return f"ran for {query.time_limit:g} s and was stopped; ask for less, or give it longer (--timeout)"
    if kind in _NO_ROOM or "max_temp_directory_size" in message:
        return f"needs more memory than RECS_MEMORY_LIMIT ({engine.memory_limit}) and as much disk; ask for less"
    if kind == "Permission":
        return "may read the tables that it names, and nothing else"
    if kind in _FAILED:
        return "makes the engine fail; ask it another way"
    return None


def without_values(message: str, personal_tables: tuple[str, ...]) -> str:
    """A message that quotes a value of the data, or the same without it where the value may be personal."""
    if not personal_tables:
        return message
    kind = message.partition(":")[0].lower()
    return (
        f"meets a value that it cannot work with ({kind}). The value is not shown: {', '.join(personal_tables)} "
        f"{'hold' if len(personal_tables) > 1 else 'holds'} personal data"
    )
