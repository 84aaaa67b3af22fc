"""Rows of an earlier slice under another day, and what identifies rows but for their day.

A file says its own day, so that whoever reads it, by whatever program, reads the right one: what is carried over is
a file of its own, which damage of the other does not reach. Its bytes are copied but for those that say the day
(`day_bytes.py`); where that cannot be done, its rows are written again.

Not here: whether a slice may be carried over (`pipeline/carrying.py`).
"""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path

import duckdb
import pyarrow.parquet as pq

from recs_platform.errors import DamageError
from recs_platform.warehouse.lake.bookkeeping import check_log, state_now
from recs_platform.warehouse.lake.checksums import named_checksum
from recs_platform.warehouse.lake.day_bytes import copied_under
from recs_platform.warehouse.lake.delta_table import DeltaSlices
from recs_platform.warehouse.lake.engine import literal, quoted
from recs_platform.warehouse.lake.files import TableFiles
from recs_platform.warehouse.lake.inspection import check_files
from recs_platform.warehouse.lake.newest import DataFile, file_name
from recs_platform.warehouse.lake.relations import read_files
from recs_platform.warehouse.lake.staging import copy_day
from recs_platform.warehouse.ledger import SliceLedger
from recs_platform.warehouse.protocol import Subject
from recs_platform.warehouse.slices import CONTENTS, Days, Slice


def contents_of(slices: Sequence[Slice], days: Days) -> list[str] | None:
    """A slice that was carried over has the rows of the one that was made, whose bytes are known by their checksums."""
    contents: list[str] = []
    for slice_ in slices:
        if slice_.day in days:
            noted = slice_.note.get(CONTENTS)
            stored = [named_checksum(path) or own for path, own in (slice_.files or {}).items()]
            known = noted or [checksum for checksum in stored if checksum]
            if not known or None in stored:
                return None
            contents += sorted(known)
    return contents


def whole_files(
    table: DeltaSlices, of_table: TableFiles, ledger: SliceLedger, wanted: Slice
) -> Sequence[DataFile] | None:
    """The files of a slice, each proved; None where it is another by now, or is damaged: then it is not taken over, and
    whoever reads it is told."""
    try:
        now, slices = state_now(table, ledger)
        if now is None or wanted not in slices:
            return None
        check_log(table, now, slices, Days.one(wanted.day))
        files = [file for file in now.files if file.day == wanted.day]
        check_files(table, of_table, files, slices)
    except DamageError:
        return None
    return files


def redated(
    connection: duckdb.DuckDBPyConnection, subject: Subject, given: Sequence[DataFile], own: Path, folder: Path
) -> list[DataFile]:
    """Staged files with the rows of these files of a table's own folder, of the subject's day."""
    spec, day = subject.table.spec, subject.days.first
    names = [file_name(day, spec.date_column, f"{uuid.uuid4()}.parquet") for _ in given]
    (folder / names[0]).parent.mkdir(parents=True)
    pairs = [(own / file.path, folder / name, file.day) for file, name in zip(given, names, strict=True)]
    if all(copied_under(source, target, spec.date_column, was, day) for source, target, was in pairs):
        staged = [replace(file, path=name, day=day) for file, name in zip(given, names, strict=True)]
        if _rows_of_day(connection, subject, [target for _, target, _ in pairs]) == sum(file.rows for file in staged):
            return staged
    shutil.rmtree(folder)
    folder.mkdir()
    rows = read_files(spec, [str(source) for source, _, _ in pairs])
    statement = f"SELECT * REPLACE (DATE {literal(str(day))} AS {quoted(spec.date_column)}) FROM ({rows})"
    return [copy_day(connection, statement, spec, subject, folder)[0]]


def _rows_of_day(connection: duckdb.DuckDBPyConnection, subject: Subject, paths: Sequence[Path]) -> int:
    """As who asks for the subject's day finds them, by statistics and filters."""
    rows = read_files(subject.table.spec, [str(path) for path in paths])
    of_day = f"{quoted(subject.table.spec.date_column)} = DATE {literal(str(subject.days.first))}"
    ((count,),) = connection.execute(f"SELECT count(*) FROM ({rows}) WHERE {of_day}").fetchall()
    return int(count)


def all_before(paths: Sequence[Path], column: str, limit: date) -> bool:
    """By the statistics of the files, which a writer may leave out."""
    return all(_is_before(path, column, limit) for path in paths)


def _is_before(path: Path, column: str, limit: date) -> bool:
    metadata = pq.read_metadata(path)
    names = [metadata.schema.column(place).path for place in range(metadata.num_columns)]
    if column not in names:
        return False
    for number in range(metadata.num_row_groups):
        statistics = metadata.row_group(number).column(names.index(column)).statistics
        newest = statistics.max if statistics is not None and statistics.has_min_max else None
        if newest is None or (newest.date() if isinstance(newest, datetime) else newest) >= limit:
            return False
    return True
