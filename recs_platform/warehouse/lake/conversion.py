"""From whatever types a source has to the declared ones. A value that does not fit makes its row unreadable, not NULL.

DuckDB converts, for every warehouse: a feed gives the same rows wherever they land. In a lake it does so as it reads
them for the query that lands them; for others they are converted on their way. Not here: which types are refused before
anything is read (`sources/conform.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass

import duckdb
import pyarrow as pa

from recs_platform.schemas.landing import SOURCE_DAY, UNREADABLE, feed_columns
from recs_platform.schemas.table import TableSpec
from recs_platform.warehouse.lake.engine import literal, passing_connection, quoted
from recs_platform.warehouse.lake.types import type_of
from recs_platform.warehouse.protocol import Incoming

_BATCH_ROWS = 100_000

_DAY_ALONE = len("2025-09-01")
_NO_SUCH_VALUE = {
    "BIGINT": "is not a whole number",
    "DOUBLE": "is not a number",
    "BOOLEAN": "is not true or false",
    "DATE": "is not a date",
    "TIMESTAMP": "is not a timestamp",
}
_SECONDS = r":[0-9]{2}(\.[0-9]+)? ?"
_ZONE = _SECONDS + r"([Zz]|UTC|[+-](0[0-9]|1[0-4])(:?[0-5][0-9])?|[A-Z][A-Za-z]+/[A-Za-z_/]+)$"
"""How a text ends that says its zone: after a time of day, so that a date is none."""
_SOMETHING_ELSE = _SECONDS + "[^0-9. :]"
"""What follows the time and is no zone that the world has: casting would drop it, and the moment would be another."""


@dataclass(frozen=True)
class Unconverted:
    """Incoming rows that are converted when they are opened, and before by nobody: a connector's, in its own types."""

    spec: TableSpec
    timezone: str | None
    open: Callable[[], AbstractContextManager[pa.RecordBatchReader]]

    @contextmanager
    def __call__(self) -> Iterator[pa.RecordBatchReader]:
        with self.open() as given, converted(given, self.spec, timezone=self.timezone) as typed:
            yield typed


def show_incoming(connection: duckdb.DuckDBPyConnection, name: str, incoming: Incoming, opened: ExitStack) -> None:
    """Put incoming rows under a name, in the types that a query expects. What is opened must stay open until the query
    has run."""
    if not isinstance(incoming, Unconverted):
        connection.register(name, opened.enter_context(incoming()))
        return
    given, stream = f"given for {name}", opened.enter_context(incoming.open())
    connection.register(given, stream)
    selected = ", ".join(projection(incoming.spec, stream.schema, incoming.timezone))
    connection.execute(f"CREATE TEMP VIEW {quoted(name)} AS SELECT {selected} FROM {quoted(given)}")


@contextmanager
def converted(
    stream: pa.RecordBatchReader, spec: TableSpec, *, timezone: str | None = None
) -> Iterator[pa.RecordBatchReader]:
    """A connector's rows as `source_<table>` declares them, streamed: the columns of the feed, those that it lacks as
    NULL, the day that the rows were read for, and which value does not fit, in words.

    Points in time that name no zone are of `timezone`, or UTC. A time that clocks show twice is the second one, one
    that they skip is as much later as they skip. A day alone stays that day.
    """
    with passing_connection() as connection:
        connection.register("given", stream)
        selected = ", ".join(projection(spec, stream.schema, timezone))
        yield connection.execute(f"SELECT {selected} FROM given").to_arrow_reader(_BATCH_ROWS)


def projection(spec: TableSpec, schema: pa.Schema, timezone: str | None = None) -> Sequence[str]:
    """Select expressions over a stream of this schema."""
    types = {name: schema.field(name).type for name in schema.names}
    selected, unreadable = [], []
    for column in spec.columns:
        if column.name not in feed_columns(spec):
            continue
        name, wanted = quoted(column.name), type_of(column)
        given = types.get(column.name)
        if given is None:
            selected.append(f"CAST(NULL AS {wanted}) AS {name}")
            continue
        present, value = _convert(name, given, wanted, timezone)
        selected.append(f"{value} AS {name}")
        if wanted in _NO_SUCH_VALUE:
            reason = literal(f"{column.name} {_NO_SUCH_VALUE[wanted]}")
            unreadable.append(f"CASE WHEN {present} IS NOT NULL AND {value} IS NULL THEN {reason} END")
    first = f"COALESCE({', '.join(unreadable)})" if unreadable else "CAST(NULL AS VARCHAR)"
    return [*selected, quoted(SOURCE_DAY), f"{first} AS {UNREADABLE}"]


def _convert(name: str, given: pa.DataType, wanted: str, zone: str | None) -> tuple[str, str]:
    """The value as the source has it (NULL when it has none), and the value converted (NULL when it does not fit)."""
    if pa.types.is_dictionary(given):
        given = given.value_type
    if pa.types.is_null(given):
        return "NULL", f"CAST(NULL AS {wanted})"
    if pa.types.is_string(given) or pa.types.is_large_string(given):
        return _from_text(f"CAST({name} AS VARCHAR)", wanted, zone)
    if pa.types.is_floating(given):
        return _from_float(name, wanted)
    if pa.types.is_timestamp(given) and given.tz is not None:
        # A plain cast would give the wall clock of the session's zone.
        name = f"timezone('UTC', {name})"
    elif pa.types.is_timestamp(given) and wanted == "TIMESTAMP":
        name = _in_utc(name, zone)
    match wanted:
        case "BIGINT" if pa.types.is_decimal(given):
            return name, f"CASE WHEN {name} = trunc({name}) THEN TRY_CAST({name} AS BIGINT) END"
        case "BOOLEAN" if pa.types.is_integer(given):
            return name, f"CASE {name} WHEN 0 THEN FALSE WHEN 1 THEN TRUE END"
        case "DATE" | "TIMESTAMP":
            return name, _within_the_calendar(f"TRY_CAST({name} AS {wanted})", wanted)
        case _:
            return name, f"TRY_CAST({name} AS {wanted})"


def _from_text(name: str, wanted: str, zone: str | None) -> tuple[str, str]:
    present = f"NULLIF(TRIM({name}), '')"
    match wanted:
        case "VARCHAR":  # as it was typed; blanks alone are nothing
            # A text that begins with a letter, say, is none of those, and need not be trimmed to be told from them.
            return present, f"CASE WHEN {name} BETWEEN '!' AND '~' OR TRIM({name}) <> '' THEN {name} END"
        case "BIGINT":  # '7.5' would be rounded
            number = f"TRY_CAST({present} AS DOUBLE)"
            return present, f"CASE WHEN {number} = trunc({number}) THEN TRY_CAST({present} AS BIGINT) END"
        case "DOUBLE":
            return present, _finite(f"TRY_CAST({present} AS DOUBLE)")
        case "TIMESTAMP":
            # Cast to a plain TIMESTAMP the zone in a text is ignored; cast with a zone a text without one is of the
            # session's.
            zoned = f"timezone('UTC', TRY_CAST({present} AS TIMESTAMPTZ))"
            plain = f"TRY_CAST({present} AS TIMESTAMP)"
            if zone:
                plain = f"CASE WHEN length({present}) <= {_DAY_ALONE} THEN {plain} ELSE {_in_utc(plain, zone)} END"
            either = (
                f"CASE WHEN regexp_matches({present}, '{_ZONE}') THEN {zoned} "
                f"WHEN NOT regexp_matches({present}, '{_SOMETHING_ELSE}') AND {_in_figures(present)} "
                f"THEN {plain} END"
            )
            return present, _within_the_calendar(either, wanted)
        case "DATE":
            day = f"CASE WHEN {_in_figures(present)} THEN TRY_CAST({present} AS DATE) END"
            return present, _within_the_calendar(day, wanted)
        case _:
            return present, f"TRY_CAST({present} AS {wanted})"


def _in_utc(moment: str, zone: str | None) -> str:
    return f"timezone('UTC', timezone({literal(zone)}, {moment}))" if zone else moment


def _from_float(name: str, wanted: str) -> tuple[str, str]:
    """NaN is how frames write that there is no value, and 7.0 how they write 7 in a column with gaps."""
    present = f"CASE WHEN NOT isnan({name}) THEN {name} END"
    whole = f"CASE WHEN {name} = trunc({name}) THEN TRY_CAST({name} AS BIGINT) END"
    match wanted:
        case "BIGINT":
            return present, whole
        case "DOUBLE":
            return present, _finite(f"CAST({name} AS DOUBLE)")
        case _:
            return present, f"COALESCE(CAST({whole} AS VARCHAR), CAST({present} AS VARCHAR))"


def _finite(number: str) -> str:
    return f"CASE WHEN isfinite({number}) THEN {number} END"


def _in_figures(text: str) -> str:
    """DuckDB takes the word `epoch` for a day of 1970."""
    return f"{text} NOT ILIKE 'epoch%'"


def _within_the_calendar(moment: str, wanted: str) -> str:
    """Engines and Python agree on the years 1 to 9999, and not on what lies beyond or on infinity."""
    last = "9999-12-31 23:59:59.999999" if wanted == "TIMESTAMP" else "9999-12-31"
    return f"CASE WHEN {moment} BETWEEN {wanted} '0001-01-01' AND {wanted} '{last}' THEN {moment} END"
