"""What is known of a new slice before anybody reads it: the statistics of its files, and what its query guarantees."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from recs_platform.schemas.table import TableSpec
from recs_platform.warehouse.lake.written_statistics import WrittenFile, of_column
from recs_platform.warehouse.proof.declared import DeclaredRule
from recs_platform.warehouse.proof.statistics import proves
from recs_platform.warehouse.protocol import DayCount


@dataclass(frozen=True)
class Evidence:
    spec: TableSpec
    files: Sequence[WrittenFile]
    """Those that have rows."""

    @property
    def rows(self) -> int:
        return sum(file.rows for file in self.files)

    def proves(self, rule: DeclaredRule) -> bool:
        return proves(of_column(self.spec, self.files, rule.column), rule)

    def proves_key(self) -> bool:
        return self.rows <= 1

    def by_day(self, column: str) -> Sequence[DayCount] | None:
        of_files = of_column(self.spec, self.files, column)
        if any(statistics.nulls is None for statistics in of_files):
            return None
        known = [(f.day, f.rows, f.rows - (s.nulls or 0)) for f, s in zip(self.files, of_files, strict=True) if f.rows]
        by_day = groupby(sorted(known), key=lambda one: one[0])
        return [
            DayCount(day, sum(rows for _, rows, _ in of_day), sum(filled for *_, filled in of_day))
            for day, of_day in ((day, list(group)) for day, group in by_day)
        ]
