"""A lake that is handed the tables which a query reads: files of its days, without the commits that bring them there.

Not here: how rows get into a lake, which is what the tests of `warehouse` are about.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from recs_platform.warehouse.lake.lake import Lake
from recs_platform.warehouse.lake.relations import read_files
from recs_platform.warehouse.slices import Days, Slice, TableRef

_MADE_AT = datetime(2025, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class PlantedLake(Lake):
    planted: dict[TableRef, dict[date, tuple[Path | None, int]]] = field(default_factory=dict)
    """Table: of each day that was made its file and rows; no file for a day without rows."""

    def plant(self, table: TableRef, days: Days, rows: pa.Table) -> None:
        """Make these days of a table, which was not made otherwise. The rows have its columns in their types."""
        of_day: dict[date, list[int]] = {day: [] for day in days}
        days_of_rows: list[Any] = rows[table.spec.date_column].to_pylist()
        for number, day in enumerate(days_of_rows):
            of_day[day].append(number)
        made = self.planted.setdefault(table, {})
        for day, numbers in of_day.items():
            path = self.scratch / f"{table.name}-{day}.parquet" if numbers else None
            if path:
                self.scratch.mkdir(parents=True, exist_ok=True)
                pq.write_table(rows.take(numbers), path)
            made[day] = (path, len(numbers))

    def relation(self, table: TableRef, days: Days | None, version: int | None = None) -> str:
        if table not in self.planted:
            return super().relation(table, days, version)
        of_days = [path for day, (path, _) in self.planted[table].items() if days is None or day in days]
        return read_files(table.spec, [str(path) for path in of_days if path])

    def slices(self, table: TableRef) -> Sequence[Slice]:
        if table not in self.planted:
            return super().slices(table)
        made = sorted(self.planted[table].items())
        return [Slice(day, rows, _MADE_AT, None, {}) for day, (_, rows) in made]
