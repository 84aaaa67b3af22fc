"""One sheet of an Excel workbook (.xlsx): its first row as a header, its cells as text.

A formula is the value that Excel last worked out for it; nothing is worked out here. Not here: what a text means
(dialect.py).
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import date, datetime, time
from itertools import repeat
from typing import Any

import pyarrow as pa

from recs_platform.companies.problems import did_you_mean
from recs_platform.companies.source_config import FilesSource
from recs_platform.errors import SourceError
from recs_platform.sources.connectors.data_file import DataFile
from recs_platform.sources.connectors.request import BATCH_ROWS, SourceRequest

_MOST_BYTES = 2 << 30
"""A workbook's rows are a tree of XML; a million rows of twenty columns stay below this."""
_MOST_TIMES_LARGER = 200
_SURELY_HARMLESS = 256 << 20
_FORMULA = re.compile(rb"<f[ >/]")


def file_columns(request: SourceRequest, file: DataFile, source: FilesSource) -> list[tuple[str, pa.DataType]]:
    """The header's names; columns without one are left aside."""
    with _sheet(request, file, source) as sheet:
        header = _header(request, file, sheet)
    if not any(header):
        raise request.error(
            f"{file} has no header in the first row of its sheet",
            remedy="Put the names of the columns into the first row.",
        )
    return [(name, pa.string()) for name in header if name]


def file_batches(
    request: SourceRequest, file: DataFile, source: FilesSource, names: list[str]
) -> Iterator[tuple[int, list[pa.Array[Any]]]]:
    """Number of rows and the named columns as text, batch by batch. A row of empty cells is none."""
    with ExitStack() as opened:
        sheet = opened.enter_context(_sheet(request, file, source))
        header = _header(request, file, sheet)
        places = [header.index(name) for name in names]
        written: Iterable[Sequence[Any]] = repeat(())
        if _has_formulas(file):
            formulas = opened.enter_context(_sheet(request, file, source, formulas=True))
            written = _rows(request, file, formulas)
        rows: list[list[str | None]] = []
        for number, (cells, formulas_of) in enumerate(zip(_rows(request, file, sheet), written, strict=False), start=2):
            row = [_text(cells[place], source) if place < len(cells) else None for place in places]
            for place, value in zip(places, row, strict=True):
                if value is None and place < len(formulas_of) and formulas_of[place] is not None:
                    raise _not_worked_out(request, file, header[place], number)
            if any(value is not None for value in row):
                rows.append(row)
            if len(rows) == BATCH_ROWS:
                yield _batch(rows, len(places))
                rows = []
        yield _batch(rows, len(places))


def _rows(request: SourceRequest, file: DataFile, sheet: Any, first: int = 2) -> Iterator[Sequence[Any]]:
    try:
        yield from sheet.iter_rows(min_row=first, values_only=True)
    except OSError:
        raise
    except Exception:  # openpyxl lets through whatever its parsers meet
        raise _damaged(request, file) from None


def _batch(rows: list[list[str | None]], width: int) -> tuple[int, list[pa.Array[Any]]]:
    return len(rows), [pa.array([row[place] for row in rows], pa.string()) for place in range(width)]


def _text(value: object, source: FilesSource) -> str | None:
    """The cell as a CSV of the same dialect has it: its type is Excel's, and not the country's."""
    if value is None:
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        whole = isinstance(value, int) or value.is_integer()
        return str(int(value)) if whole else repr(value).replace(".", source.decimal)
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M:%S.%f")
    if isinstance(value, date):
        return value.strftime("%Y-%m-%d 00:00:00.000000")
    if isinstance(value, time):
        return value.isoformat()
    return str(value)


def _header(request: SourceRequest, file: DataFile, sheet: Any) -> list[str]:
    first = next(_rows(request, file, sheet, 1), ())
    return ["" if value is None else str(value).strip() for value in first]


@contextmanager
def _sheet(request: SourceRequest, file: DataFile, source: FilesSource, *, formulas: bool = False) -> Iterator[Any]:
    try:
        import openpyxl
    except ModuleNotFoundError:
        raise request.error(
            f"{file} is an Excel workbook, and what reads it is not installed",
            remedy="Install it: pip install 'recs-platform[excel]'. Or save the sheet as CSV.",
        ) from None
    _check_size(request, file)
    try:
        workbook = openpyxl.load_workbook(file.path, read_only=True, data_only=not formulas, keep_links=False)
    except OSError:
        raise
    except Exception:  # openpyxl lets through whatever its parsers meet
        raise _damaged(request, file) from None
    try:
        yield _chosen(request, file, source, workbook)
    finally:
        workbook.close()


def _chosen(request: SourceRequest, file: DataFile, source: FilesSource, workbook: Any) -> Any:
    sheets = {sheet.title: sheet for sheet in workbook.worksheets}
    key = f"sources.{request.spec.name}.sheet"
    listed = ", ".join(sheets) or "none"
    if source.sheet is None and len(sheets) == 1:
        return next(iter(sheets.values()))
    if source.sheet is None:
        raise request.error(f"{file} has several sheets: {listed}", remedy=f"Name one of them under {key}.")
    if source.sheet not in sheets:
        raise request.error(
            f"{file} has no sheet {source.sheet}; it has {listed}",
            remedy=f"Correct {key} in the company file.{did_you_mean(source.sheet, sheets)}",
        )
    return sheets[source.sheet]


def _check_size(request: SourceRequest, file: DataFile) -> None:
    try:
        with zipfile.ZipFile(file.path) as archive:
            size = sum(part.file_size for part in archive.infolist())
    except zipfile.BadZipFile:
        raise _damaged(request, file) from None
    packed = file.path.stat().st_size
    if size > min(_MOST_BYTES, max(_SURELY_HARMLESS, packed * _MOST_TIMES_LARGER)):
        raise request.error(
            f"{file} unpacks to {size:,} bytes, which is more than a workbook of a table has",
            remedy="Save the sheet as CSV.",
        )


def _has_formulas(file: DataFile) -> bool:
    with zipfile.ZipFile(file.path) as archive:
        for name in archive.namelist():
            if name.startswith("xl/worksheets/") and name.endswith(".xml"):
                with archive.open(name) as part:
                    before = b""
                    while chunk := part.read(1 << 20):
                        if _FORMULA.search(before + chunk):
                            return True
                        before = chunk[-2:]
    return False


def _damaged(request: SourceRequest, file: DataFile) -> SourceError:
    return request.error(
        f"{file} is not an Excel workbook (.xlsx), or is damaged",
        remedy="Open it in Excel and save it again as .xlsx, or as CSV.",
    )


def _not_worked_out(request: SourceRequest, file: DataFile, column: str, row: int) -> SourceError:
    return request.error(
        f"row {row} of {file} has a formula in the column {column} whose value is not in the file",
        remedy="Open it in Excel and save it, so that its formulas are worked out; or save the sheet as CSV.",
    )
