"""Writing a new slice where nobody reads it: rows are coerced to their declared types and laid out one folder a day."""

from __future__ import annotations

import re
import shutil
import uuid
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from recs_platform.errors import SliceError
from recs_platform.masking import mask_text
from recs_platform.schemas.table import Column, Kind, TableSpec
from recs_platform.warehouse.lake.engine import literal, quoted
from recs_platform.warehouse.lake.evidence import StagedQuery
from recs_platform.warehouse.lake.newest import DataFile, file_name
from recs_platform.warehouse.lake.relations import Shelf, read_files, show_query
from recs_platform.warehouse.lake.types import type_of
from recs_platform.warehouse.lake.written_statistics import WrittenFile
from recs_platform.warehouse.misfits import outside, require_declared
from recs_platform.warehouse.protocol import BoundQuery, Rows, Subject


@dataclass(frozen=True)
class Staged:
    files: tuple[DataFile, ...]
    """Relative to the staging folder, and later to the table's."""
    statistics: tuple[WrittenFile, ...]
    """Of the files that have rows."""
    query: StagedQuery | None
    """What made the rows, if a query did."""
    sql: str | None


def stage(
    connection: duckdb.DuckDBPyConnection, shelf: Shelf, subject: Subject, rows: Rows, folder: Path, opened: ExitStack
) -> Staged:
    """Write the rows of the subject's days below `folder`. Every day gets a file, an empty one when it has no rows."""
    spec, days, shown = subject.table.spec, subject.days, dict[str, str]()
    if isinstance(rows, pa.RecordBatchReader):
        connection.register("frame", rows)
        sql, source = None, "SELECT * FROM frame"
    else:
        sql = source = show_query(connection, shelf, rows, opened, shown)
    given = {name: type_ for name, type_, *_ in connection.execute(f"DESCRIBE {source}").fetchall()}
    selected = coerced_columns(spec, given, subject)
    statement = f"SELECT {selected} FROM ({source})"
    if spec.kind is Kind.LOG and sql:
        # A log's query may read days before its own for their context; only its own days are its result.
        day = quoted(spec.date_column)
        own = f"{day} BETWEEN DATE {literal(str(days.first))} AND DATE {literal(str(days.last))}"
        statement = f"SELECT * FROM ({statement}) WHERE {own} OR {day} IS NULL"
    try:
        files = _copy(connection, statement, spec, subject, folder)
    except (duckdb.DataError, duckdb.InvalidInputException) as error:
        raise uncastable(error, subject, rows) from None
    missing = [d for d in days if d not in {f.day for f, _ in files}]
    empty = _empty_days(connection, spec, missing, folder)
    query = StagedQuery(rows, shelf, shown, given) if isinstance(rows, BoundQuery) else None
    return Staged((*(f for f, _ in files), *empty), tuple(statistics for _, statistics in files), query, sql)


def coerced_columns(spec: TableSpec, given: dict[str, str], subject: Subject) -> str:
    """What selects a table's columns, in declared types, from rows that have these; a SliceError where it cannot."""
    require_declared(given, subject)
    return ", ".join(_cast(column, given[column.name]) for column in spec.columns)


def _cast(column: Column, given: str) -> str:
    name, wanted = quoted(column.name), type_of(column)
    if given == wanted:
        return name
    if wanted == "BIGINT" and re.match("DOUBLE|FLOAT|DECIMAL|VARCHAR", given):
        # A frame holds a whole number with gaps as a float. A fraction is not rounded away in silence.
        number = f"TRY_CAST({name} AS DOUBLE)"
        wrong = f"error('fraction in {column.name}: ' || {name})"
        return f"CASE WHEN {number} <> trunc({number}) THEN {wrong} ELSE CAST({name} AS BIGINT) END AS {name}"
    return f"CAST({name} AS {wanted}) AS {name}"


def _copy(
    connection: duckdb.DuckDBPyConnection, statement: str, spec: TableSpec, subject: Subject, folder: Path
) -> list[tuple[DataFile, WrittenFile]]:
    folder.mkdir(parents=True)
    if len(subject.days) == 1:
        return [copy_day(connection, statement, spec, subject, folder)]
    copy = (
        f"COPY ({statement}) TO {literal(str(folder))} (FORMAT parquet, PARTITION_BY ({quoted(spec.date_column)}), "
        # The day stands in the file too: DuckDB 1.5 fails on MIN and MAX of a column that only the path holds.
        f"WRITE_PARTITION_COLUMNS true, FILENAME_PATTERN '{{uuid}}', OVERWRITE_OR_IGNORE, RETURN_STATS)"
    )
    files = []
    for name, rows, size, _, statistics, keys in _written(connection, copy):
        day = _day(dict(keys)[spec.date_column])
        if day is None or day not in subject.days:
            raise outside(subject, rows, day)
        file = DataFile(file_name(day, spec.date_column, Path(name).name), day, rows, size)
        files.append((file, WrittenFile(day, rows, statistics)))
    return files


def copy_day(
    connection: duckdb.DuckDBPyConnection, statement: str, spec: TableSpec, subject: Subject, folder: Path
) -> tuple[DataFile, WrittenFile]:
    """One day is one file: what sorts rows into days would take longer and more memory than writing them."""
    day, column = subject.days.first, quoted(spec.date_column)
    path = file_name(day, spec.date_column, f"{uuid.uuid4()}.parquet")
    (folder / path).parent.mkdir()
    target = literal(str(folder / path))
    copy = f"COPY ({statement}) TO {target} (FORMAT parquet, RETURN_STATS)"
    ((_, rows, size, _, statistics, _),) = _written(connection, copy)
    days_written = statistics[column]
    if rows and (days_written["null_count"], days_written.get("min"), days_written.get("max")) != (
        "0",
        str(day),
        str(day),
    ):
        others = (
            f"SELECT COUNT(*), CAST({column} AS VARCHAR) FROM read_parquet({target}, hive_partitioning = false) "
            f"WHERE {column} IS DISTINCT FROM DATE {literal(str(day))} GROUP BY {column} ORDER BY {column} LIMIT 1"
        )
        ((stray, text),) = connection.execute(others).fetchall()
        raise outside(subject, stray, _day(text))
    return DataFile(path, day, rows, size), WrittenFile(day, rows, statistics)


def _written(connection: duckdb.DuckDBPyConnection, copy: str) -> list[tuple[Any, ...]]:
    """A line for each file that a COPY has written: name, rows, size, footer, statistics of its columns, keys."""
    return connection.execute(copy).fetchall()


def _day(text: str) -> date | None:
    return date.fromisoformat(text) if re.fullmatch(r"\d{4}-\d\d-\d\d", text or "") else None


def uncastable(error: Exception, subject: Subject, rows: Rows) -> SliceError:
    """DuckDB names the value and, mostly, the column. The value is told where it cannot be personal."""
    message = str(error).split("\n", 1)[0].partition("Error: ")[2]
    named = re.search(r"source column (\w+)|fraction in (\w+)", message)
    types = {c.name: c.sql_type for c in subject.table.spec.columns}
    name = next((group for group in named.groups() if group), "") if named else ""
    column = f"column {name} ({types[name]}): " if name in types else ""
    personal = subject.table.spec.personal
    reads_personal = isinstance(rows, BoundQuery) and rows.personal_tables
    if name in personal or reads_personal or (personal and name not in types):
        message = "a value cannot become one of this type"
    return SliceError(f"{subject}: {column}{mask_text(message)}. Nothing was published.")


def _empty_days(
    connection: duckdb.DuckDBPyConnection, spec: TableSpec, days: Sequence[date], folder: Path
) -> list[DataFile]:
    """A file without rows says that a day was materialized and was empty, which is not the same as missing."""
    if not days:
        return []
    template = folder / "empty.parquet"
    connection.execute(f"COPY ({read_files(spec, [])}) TO {literal(str(template))} (FORMAT parquet)")
    files = []
    for day in days:
        path = file_name(day, spec.date_column, f"empty-{folder.name}.parquet")
        (folder / path).parent.mkdir(exist_ok=True)
        shutil.copyfile(template, folder / path)
        files.append(DataFile(path, day, 0, template.stat().st_size))
    return files
