"""Samples of what has types, Parquet files and sheets of Excel workbooks, with the values as the texts of a CSV.

Not here: which files (folder.py), and reading for a run (sources/connectors).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from recs_platform.errors import ConfigError
from recs_platform.sources.proposal.feed_sample import FIRST_ROWS, MOST_ROWS, ColumnSample, columns_of, kept

INSTALL_EXCEL = "pip install 'recs-platform[excel]'"
_EVERY_BATCH = 65_536


def as_text(value: Any) -> str | None:
    """A value as a CSV file has it."""
    if value is None or value != value:  # NaN
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    if isinstance(value, datetime):
        return (value if value.tzinfo is None else value.astimezone(UTC)).isoformat(sep=" ")
    return str(value)


def parquet_columns(path: Path) -> tuple[ColumnSample, ...]:
    try:
        with pq.ParquetFile(path) as file:
            batches = [
                batch.slice(0, FIRST_ROWS) for batch, _ in zip(file.iter_batches(_EVERY_BATCH), range(5), strict=False)
            ]
            names = file.schema_arrow.names
    except (pa.ArrowException, OSError):
        raise ConfigError(f"{path}: is not a Parquet file, or is damaged.") from None
    lists = [[as_text(value) for batch in batches for value in batch.column(name).to_pylist()] for name in names]
    return columns_of(names, [list(row) for row in zip(*lists, strict=True)])


def parquet_values(path: Path, name: str) -> Iterator[str]:
    with pq.ParquetFile(path) as file:
        if name in file.schema_arrow.names:
            for batch in file.iter_batches(columns=[name]):
                yield from (text for value in batch.column(0).unique().to_pylist() if (text := as_text(value)))


def sheets_of(path: Path) -> dict[str, tuple[ColumnSample, ...]]:
    """The sheets of a workbook that have a header and a row."""
    found = {}
    for name, rows in _sheets(path):
        header = [as_text(cell) or "" for cell in next(rows, ())]
        body = [
            [as_text(cell) for cell in row]
            for number, row in zip(range(MOST_ROWS), rows, strict=False)
            if kept(number) and any(cell is not None for cell in row)
        ]
        if body and any(header):
            found[name] = columns_of([name.strip() for name in header], body)
    return found


def sheet_values(path: Path, sheet: str, name: str) -> Iterator[str]:
    for title, rows in _sheets(path):
        if title == sheet:
            header = [as_text(cell) for cell in next(rows, ())]
            position = header.index(name) if name in header else len(header)
            yield from (text for row in rows if position < len(row) and (text := as_text(row[position])))


def _sheets(path: Path) -> Iterator[tuple[str, Iterator[tuple[Any, ...]]]]:
    try:
        import openpyxl
    except ModuleNotFoundError:
        raise ConfigError(
            f"{path}: is an Excel workbook, and openpyxl is not installed. Install it: {INSTALL_EXCEL}"
        ) from None
    try:
        workbook = openpyxl.load_workbook(path, read_only=True, data_only=True)
    except Exception:
        raise ConfigError(f"{path}: is not an Excel workbook, or is damaged.") from None
    try:
        for sheet in workbook.worksheets:
            yield sheet.title, iter(sheet.iter_rows(values_only=True))
    finally:
        workbook.close()
