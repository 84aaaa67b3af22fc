"""One CSV file: its header, its rows in batches of text, and what is wrong with one that cannot be read.

Not here: which files, how a line is taken apart (`warehouse/lake/csv_text.py`), and converting types.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa

from recs_platform.companies.problems import did_you_mean
from recs_platform.errors import SourceError
from recs_platform.sources.connectors.request import BATCH_ROWS, SourceRequest
from recs_platform.warehouse.lake.csv_text import CsvTextError, csv_text

_OTHER_SEPARATORS = {";": "semicolons", "\t": "tabs", "|": "bars"}


def file_columns(request: SourceRequest, path: Path) -> list[tuple[str, pa.DataType]]:
    """The header's names. A first line with none of the names that are looked for is data, and is not shown."""
    header = _header(request, path)
    looked_for = {request.renames.get(column.name, column.name) for column in request.spec.columns}
    if looked_for.isdisjoint(header):
        raise _not_a_header(request, path, header, looked_for)
    return [(name, pa.string()) for name in header]


def file_batches(request: SourceRequest, path: Path, names: list[str]) -> Iterator[tuple[int, list[pa.Array[Any]]]]:
    """Number of rows and the named columns as text, batch by batch."""
    header = _header(request, path)
    try:
        for batch in csv_text(path, len(header), [header.index(name) for name in names], BATCH_ROWS):
            yield batch.num_rows, batch.columns
    except CsvTextError as error:
        raise _broken(request, path, len(header), error.line) from None


def _header(request: SourceRequest, path: Path) -> list[str]:
    try:
        # Rows further on may be broken; a byte that is not UTF-8 concerns the header only if it is in the header.
        with path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as file:
            # Strictly: a quote that is never closed would make a header of the whole file.
            header = [name.strip() for name in next(csv.reader(file, strict=True), [])]
        "".join(header).encode("utf-8")
    except (UnicodeEncodeError, csv.Error):
        raise request.error(
            f"{path} does not open with a header in UTF-8", remedy="Export it as CSV in UTF-8."
        ) from None
    return header


def _not_a_header(request: SourceRequest, path: Path, header: list[str], looked_for: set[str]) -> SourceError:
    line = ",".join(header)
    for separator, name in _OTHER_SEPARATORS.items():
        if not looked_for.isdisjoint(line.split(separator)):
            return request.error(f"{path} is separated by {name}", remedy="Export it with commas.")
    hint = next((hint for name in header if (hint := did_you_mean(name, sorted(looked_for)))), "")
    return request.error(
        f"{path} has no header: none of the table's columns is in its first line",
        remedy=f"Export it with a header, or name its columns under sources.{request.spec.name}.columns.{hint}",
    )


def _broken(request: SourceRequest, path: Path, fields: int, reported: int | None) -> SourceError:
    """Where the file is broken and what is wrong with it, without the row itself."""
    line, what = _first_broken_line(path, fields)
    line = line or reported
    place = f"line {line} of {path}" if line else f"{path}"
    return request.error(f"{place} {what}", remedy="Correct the export and deliver the file again.")


def _first_broken_line(path: Path, fields: int) -> tuple[int | None, str]:
    return (
        _first_line_not_utf8(path)
        or _first_line_not_csv(path, fields)
        or _first_line_that_ends_otherwise(path)
        or (None, "is not valid CSV")
    )


def _first_line_not_utf8(path: Path) -> tuple[int, str] | None:
    with path.open("rb") as file:
        for number, content in enumerate(file, start=1):
            try:
                content.decode("utf-8")
            except UnicodeDecodeError:
                return number, "is not text in UTF-8"
    return None


def _first_line_not_csv(path: Path, fields: int) -> tuple[int, str] | None:
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = csv.reader(file, strict=True)
        line = 1
        try:
            for row in rows:
                if row and len(row) != fields:
                    return line, f"has {len(row)} fields where the header has {fields}"
                line = rows.line_num + 1
        except csv.Error:
            return line, "has a quoted field that is not closed or is followed by more text"
    return None


def _first_line_that_ends_otherwise(path: Path) -> tuple[int, str] | None:
    with path.open("rb") as file:
        ending = b"\r\n" if next(file, b"").endswith(b"\r\n") else b"\n"
        for number, content in enumerate(file, start=2):
            if content.endswith(b"\n") and content.endswith(b"\r\n") != (ending == b"\r\n"):
                return number, "ends differently from the lines before it (CR LF and LF are mixed)"
    return None
