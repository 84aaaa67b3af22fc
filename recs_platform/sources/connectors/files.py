"""The `files` connector: which files a request means, and their rows as one stream.

Not here: how one Parquet file (parquet_file.py), CSV file (csv_file.py) or workbook (excel_file.py) is read, and what
its values mean (dialect.py).
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa

from recs_platform.companies.source_config import DATE_PLACEHOLDER, FILE_ENDINGS, PACKED_ENDINGS, FilesSource
from recs_platform.errors import AnySourceError
from recs_platform.outages import may_recover
from recs_platform.plurals import listed
from recs_platform.sources.connectors import csv_file, excel_file, parquet_file
from recs_platform.sources.connectors.data_file import DataFile, data_files
from recs_platform.sources.connectors.dialect import Projection, projected_batches, projection
from recs_platform.sources.connectors.request import (
    SOURCE_DAY_FIELD,
    SourceRequest,
    Stream,
    check_renames,
    dated,
    pick_columns,
)

_READERS = {".parquet": parquet_file, ".csv": csv_file, ".xlsx": excel_file}
_ENDINGS = listed((*FILE_ENDINGS, *PACKED_ENDINGS), "or")
_SHOWN_DAYS = 5
_REPLACED: dict[pa.DataType, pa.DataType] = {pa.float16(): pa.float32(), pa.string_view(): pa.string()}
"""Types that what converts values does not know, and those that hold the same."""


@dataclass(frozen=True)
class _File:
    data: DataFile
    day: date | None
    own_types: dict[str, pa.DataType]
    """The file's own name -> its type."""
    names: dict[str, str]
    """Canonical name -> the file's own name, for the columns that are used as they stand."""
    projection: Projection | None
    """How the columns come from the file's own, where not all are taken as they stand."""

    @property
    def types(self) -> dict[str, pa.DataType]:
        """Canonical name -> type."""
        if self.projection:
            return self.projection.types
        return {name: self.own_types[raw] for name, raw in self.names.items()}


def read_files(request: SourceRequest, source: FilesSource) -> Stream:
    """Every row of the files that the path means for the days of the request, in the order of days and file names."""
    paths = _dated_paths(request, source) if source.dated else _undated_paths(request, source)
    files: list[_File] = []
    there: set[str] = set()
    projections: dict[object, Projection | None] = {}
    for day, path in paths:
        for data in _data_files(request, path):
            own = _columns(request, data, source)
            names = pick_columns(request, [name for name, _ in own], str(data))
            types = dict(own)
            alike = (data.kind, tuple(own), tuple(names.items()))
            if alike not in projections:
                projections[alike] = projection(request, source, data, names, types)
            files.append(_File(data, day, types, names, projections[alike]))
            there.update(types)
    if not files:
        schema = _empty_schema(request)
        return Stream(schema, _batches(request, source, [], schema))
    check_renames(request, {name for file in files for name in file.names}, there, source.path)
    schema = _common_schema(request, files)
    return Stream(schema, _batches(request, source, files, schema))


def found_files(request: SourceRequest, source: FilesSource) -> list[Path]:
    """The files for the days of a request, as many as there are; an error says why they cannot be looked at."""
    paths = [_path_of(source, day) for day in request.days] if source.dated else [Path(source.path)]
    return [file for path in paths for file in _found(request, path)]


def has_day(source: FilesSource, day: date) -> bool:
    """Whether a day has landed, for a path with {date}; what cannot be looked at has not."""
    try:
        return bool(_files_at(_path_of(source, day)))
    except OSError:
        return False


def present_days(source: FilesSource) -> list[date]:
    """The days that have landed, for a path with {date}, oldest first; what cannot be looked at has not."""
    parts = Path(source.path).parts
    number = next(number for number, part in enumerate(parts) if DATE_PLACEHOLDER in part)
    above, part = Path(*parts[:number]), parts[number]
    shape = re.escape(part).replace(re.escape(DATE_PLACEHOLDER), r"(\d{4}-\d\d-\d\d)", 1)
    shape = shape.replace(re.escape(DATE_PLACEHOLDER), r"\1").replace(r"\*", ".*").replace(r"\?", ".")
    days = set()
    try:
        folders = [above] if above.exists() else sorted(Path(above.anchor).glob(str(above.relative_to(above.anchor))))
        for path in (path for folder in folders for path in folder.iterdir()):
            found = re.match(shape, path.name)
            if found and (day := _day(found.group(1))):
                days.add(day)
    except OSError:
        return []
    return sorted(day for day in days if has_day(source, day))


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _path_of(source: FilesSource, day: date) -> Path:
    return Path(source.path.replace(DATE_PLACEHOLDER, day.isoformat()))


def _dated_paths(request: SourceRequest, source: FilesSource) -> list[tuple[date | None, Path]]:
    dated_paths: list[tuple[date | None, Path]] = []
    missing: list[date] = []
    for day in request.days:
        paths = _found(request, _path_of(source, day))
        dated_paths += [(day, path) for path in paths]
        if not paths:
            missing.append(day)
    if missing and source.missing_day == "fail":
        shown = ", ".join(map(str, missing[:_SHOWN_DAYS]))
        more = f" and {len(missing) - _SHOWN_DAYS} more" if len(missing) > _SHOWN_DAYS else ""
        raise request.error(
            f"there is no file for {shown}{more} at {source.path}",
            remedy=f"Deliver the files, or set sources.{request.spec.name}.missing_day: empty in the company file.",
        )
    return dated_paths


def _undated_paths(request: SourceRequest, source: FilesSource) -> list[tuple[date | None, Path]]:
    path = Path(source.path)
    if paths := _found(request, path):
        return [(None, file) for file in paths]
    remedy = f"Deliver the file, or correct sources.{request.spec.name}.path in the company file."
    if path.is_dir():
        raise request.error(f"the folder {path} has no {_ENDINGS} file", remedy=remedy)
    if _is_pattern(_existing(path)[1]):
        raise request.error(f"no {_ENDINGS} file matches {path}", remedy=remedy)
    raise request.error(f"the file {path} does not exist", remedy=remedy)


def _found(request: SourceRequest, path: Path) -> list[Path]:
    try:
        return _files_at(path)
    except OSError as error:
        raise _unreadable(request, path, error) from None


def _files_at(path: Path) -> list[Path]:
    """The data files that a path names, in the order of their names. A single file is taken with any ending, so that
    a wrong one is named; of folders and patterns only the known ones, because exports leave other files beside them.
    """
    there, rest = _existing(path)
    if not rest and there.is_file():
        return [there]
    candidates: Iterable[Path] = there.iterdir() if not rest and there.is_dir() else []
    if rest and _is_pattern(rest):
        candidates = there.glob(str(Path(*rest)))
    files = sorted(file for file in candidates if not file.name.startswith(("_", ".")) and file.is_file())
    plain = [file for file in files if file.name.lower().endswith(FILE_ENDINGS)]
    return plain or [file for file in files if file.name.lower().endswith(PACKED_ENDINGS)]


def _existing(path: Path) -> tuple[Path, Sequence[str]]:
    """How far a path names what is there, and the parts that follow. A name that is there is no pattern, whatever
    characters it has: the company file's own folder may be called `feeds[old]`."""
    there = Path(path.anchor)
    parts = path.parts[1:] if path.anchor else path.parts
    for number, part in enumerate(parts):
        if not (there / part).exists():
            return there, parts[number:]
        there /= part
    return there, ()


def _is_pattern(parts: Sequence[str]) -> bool:
    return any(character in part for part in parts for character in "*?[")


def _data_files(request: SourceRequest, path: Path) -> list[DataFile]:
    try:
        return data_files(request, path)
    except OSError as error:
        raise _unreadable(request, path, error) from None


def _columns(request: SourceRequest, data: DataFile, source: FilesSource) -> list[tuple[str, pa.DataType]]:
    """Names and types of a file's columns, as they stand in it."""
    try:
        if data.path.stat().st_size == 0:
            raise request.error(
                f"{data} is empty (0 bytes)",
                remedy="Deliver it again; a day without rows is a file with its header or schema alone.",
            )
        reader = _READERS.get(data.kind)
        if reader is None:
            raise request.error(f"{data} does not end in {_ENDINGS}", remedy="Rename the file to what it holds.")
        columns: list[tuple[str, pa.DataType]] = reader.file_columns(request, data, source)
        return columns
    except OSError as error:
        raise _unreadable(request, data.path, error) from None


def _unreadable(request: SourceRequest, path: Path, error: OSError) -> AnySourceError:
    rule = f"{path} cannot be read ({(error.strerror or 'the storage failed').lower()})"
    if may_recover(error):
        return request.outage(rule, remedy="Check the disk or the network that it is on.")
    return request.error(rule, remedy="Check the file and its permissions.")


def _common_schema(request: SourceRequest, files: list[_File]) -> pa.Schema:
    """One type per column for all files, in the order of the table's columns."""
    fields = []
    for column in request.spec.columns:
        types = list(dict.fromkeys(file.types[column.name] for file in files if column.name in file.types))
        for kind in types:
            if pa.types.is_nested(kind) and not pa.types.is_nested(column.type):
                file = next(file for file in files if file.types.get(column.name) == kind)
                raise request.error(
                    f"is nested ({kind}) in {file.data}, where one value per row is expected",
                    column=column.name,
                    remedy="Write the value as a column of its own.",
                )
        if types:
            fields.append(pa.field(column.name, _common_type(types)))
    return pa.schema([*fields, SOURCE_DAY_FIELD])


def _common_type(types: list[pa.DataType]) -> pa.DataType:
    plain = [kind.value_type if pa.types.is_dictionary(kind) else kind for kind in types]
    plain = [_REPLACED.get(kind, kind) for kind in plain]
    try:
        return pa.unify_schemas([pa.schema([("", kind)]) for kind in plain], promote_options="permissive").types[0]
    except (pa.ArrowTypeError, pa.ArrowInvalid):
        # Numbers in one file and text in another: every value can be written as text, and CSV is text anyway.
        return pa.string()


def _empty_schema(request: SourceRequest) -> pa.Schema:
    """No file at all, and that is allowed: the table's own columns, without rows."""
    fields = [request.spec.arrow_schema.field(name) for name in request.read_columns]
    return pa.schema([*fields, SOURCE_DAY_FIELD])


def _batches(
    request: SourceRequest, source: FilesSource, files: list[_File], schema: pa.Schema
) -> Generator[pa.RecordBatch]:
    wanted = [field for field in schema if field.name != SOURCE_DAY_FIELD.name]
    for file in files:
        try:
            for rows, given in _rows_of(request, source, file):
                columns = [
                    _cast(request, file.data, field, given[field.name])
                    if field.name in given
                    else pa.nulls(rows, field.type)
                    for field in wanted
                ]
                yield dated(columns, schema, file.day, rows)
        except OSError as error:
            raise _unreadable(request, file.data.path, error) from None


def _rows_of(
    request: SourceRequest, source: FilesSource, file: _File
) -> Iterator[tuple[int, dict[str, pa.Array[Any]]]]:
    """Number of rows and the canonical columns, batch by batch."""
    reader = _READERS[file.data.kind]
    raw = file.projection.raw if file.projection else list(file.names.values())
    batches = reader.file_batches(request, file.data, source, raw)
    if file.projection is None:
        for rows, arrays in batches:
            yield rows, dict(zip(file.names, arrays, strict=True))
        return
    for batch in projected_batches(request, file.projection, file.own_types, batches):
        yield batch.num_rows, dict(zip(batch.schema.names, batch.columns, strict=True))


def _cast(request: SourceRequest, data: DataFile, field: pa.Field[Any], values: pa.Array[Any]) -> pa.Array[Any]:
    if values.type == field.type:
        return values
    try:
        return values.cast(field.type)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        raise request.error(
            f"is {values.type} in {data} and {field.type} in other files, and not every value can be converted",
            column=field.name,
            remedy="Write the column with one type in all files.",
        ) from None
