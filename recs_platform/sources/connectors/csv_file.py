"""One CSV file: its header, its rows in batches of text, and what is wrong with one that cannot be read.

Not here: which files, how packed and encoded text becomes plain (data_file.py), how a line is taken apart
(`warehouse/lake/csv_text.py`), and what a value's text means (dialect.py).
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa

from recs_platform.companies.problems import did_you_mean
from recs_platform.companies.source_config import DELIMITERS, FilesSource
from recs_platform.companies.source_expression import columns_of
from recs_platform.errors import SourceError
from recs_platform.sources.connectors.data_file import DataFile, not_text, open_bytes, plain_text, text_encoding
from recs_platform.sources.connectors.request import BATCH_ROWS, SourceRequest
from recs_platform.warehouse.lake.csv_text import CsvTextError, csv_text

_LONGEST_LINE = 2_000_000


def file_columns(request: SourceRequest, file: DataFile, source: FilesSource) -> list[tuple[str, pa.DataType]]:
    """The header's names. A first line with none of the names that are looked for is data, and is not shown."""
    header = _header(request, file, source)
    looked_for = {name for column in request.spec.columns for name in request.renames.get(column.name, (column.name,))}
    looked_for.update(name for expression in source.expressions.values() for name in columns_of(expression))
    if looked_for.isdisjoint(header):
        raise _not_a_header(request, file, source, header, looked_for)
    return [(name, pa.string()) for name in header]


def file_batches(
    request: SourceRequest, file: DataFile, source: FilesSource, names: list[str]
) -> Iterator[tuple[int, list[pa.Array[Any]]]]:
    """Number of rows and the named columns as text, batch by batch."""
    header = _header(request, file, source)
    picked = [header.index(name) for name in names]
    with plain_text(request, file, source) as plain:
        try:
            for batch in csv_text(plain, len(header), picked, BATCH_ROWS, delimiter=source.delimiter):
                yield batch.num_rows, batch.columns
        except CsvTextError as error:
            raise _broken(request, file, plain, source, len(header), error.line) from None


def _header(request: SourceRequest, file: DataFile, source: FilesSource) -> list[str]:
    encoding = text_encoding(request, file, source)
    read = "utf-8-sig" if encoding == "utf-8" else encoding
    try:
        with open_bytes(request, file) as content:
            # Rows further on may be broken; a byte that is no text concerns the header only if it is in the header.
            lines = _lines(io.TextIOWrapper(content, encoding=read, errors="surrogateescape", newline=""))
            # Strictly: a quote that is never closed would make a header of the whole file.
            rows = csv.reader(lines, delimiter=source.delimiter, strict=True)
            header = [name.strip() for name in next(rows, [])]
        "".join(header).encode("utf-8")
    except (UnicodeError, csv.Error):
        raise request.error(
            f"{file} does not open with a header in {encoding.upper()}",
            remedy=f"Export it as CSV in {encoding.upper()}, or say how it is written: "
            f"sources.{request.spec.name}.encoding, such as cp1252.",
        ) from None
    return header


def _lines(text: io.TextIOWrapper) -> Iterator[str]:
    while line := text.readline(_LONGEST_LINE):
        if len(line) == _LONGEST_LINE:
            raise csv.Error("a line without end")
        yield line


def _not_a_header(
    request: SourceRequest, file: DataFile, source: FilesSource, header: list[str], looked_for: set[str]
) -> SourceError:
    line = source.delimiter.join(header)
    for separator, name in DELIMITERS.items():
        names = {part.strip(' "') for part in line.split(separator)}
        if separator != source.delimiter and not looked_for.isdisjoint(names):
            written = "tab" if separator == "\t" else f'"{separator}"'
            return request.error(
                f"{file} is separated by {name}",
                remedy=f"Write delimiter: {written} under sources.{request.spec.name}.",
            )
    hint = next((hint for name in header if (hint := did_you_mean(name, sorted(looked_for)))), "")
    return request.error(
        f"{file} has no header: none of the table's columns is in its first line",
        remedy=f"Export it with a header, or name its columns under sources.{request.spec.name}.columns.{hint}",
    )


def _broken(
    request: SourceRequest, file: DataFile, plain: Path, source: FilesSource, fields: int, reported: int | None
) -> SourceError:
    """Where the file is broken and what is wrong with it, without the row itself."""
    if line := _first_line_not_utf8(plain):
        return not_text(request, file, "utf-8", line)
    line, what = _first_broken_line(plain, source.delimiter, fields)
    line = line or reported
    place = f"line {line} of {file}" if line else f"{file}"
    return request.error(f"{place} {what}", remedy="Correct the export and deliver the file again.")


def _first_broken_line(path: Path, delimiter: str, fields: int) -> tuple[int | None, str]:
    return (
        _first_line_not_csv(path, delimiter, fields)
        or _first_line_that_ends_otherwise(path)
        or (None, "is not valid CSV")
    )


def _first_line_not_utf8(path: Path) -> int | None:
    with path.open("rb") as file:
        for number, content in enumerate(file, start=1):
            try:
                content.decode("utf-8")
            except UnicodeDecodeError:
                return number
    return None


def _first_line_not_csv(path: Path, delimiter: str, fields: int) -> tuple[int, str] | None:
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = csv.reader(_lines(file), delimiter=delimiter, strict=True)
        line = 1
        try:
            for row in rows:
                if row and len(row) != fields:
                    return line, f"has {len(row)} fields where the header has {fields}"
                line = rows.line_num + 1
        except csv.Error as error:
            if "without end" in str(error):
                return line, f"has more than {_LONGEST_LINE:,} characters"
            return line, "has a quoted field that is not closed or is followed by more text"
    return None


def _first_line_that_ends_otherwise(path: Path) -> tuple[int, str] | None:
    with path.open("rb") as file:
        ending = b"\r\n" if next(file, b"").endswith(b"\r\n") else b"\n"
        for number, content in enumerate(file, start=2):
            if content.endswith(b"\n") and content.endswith(b"\r\n") != (ending == b"\r\n"):
                return number, "ends differently from the lines before it (CR LF and LF are mixed)"
    return None
