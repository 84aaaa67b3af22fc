"""A fixture of a query: a folder with the rows it is given (`input.yaml`) and what must come out (`expect.yaml`).

`input.yaml` maps table names to rows that state only the columns that matter; a column that is left out is NULL, or
where it may not be, a value by its type. Beside the tables it may say:

    let:                anything, to hang YAML anchors on
    strategy:           whose query; without it, the first strategy that has the table or check
    as_of:              the day the query runs for (or `first:` and `last:`)
    parameters:         the company's parameters
    company:            any other key of the company's file
    given:              what a question is asked with

A question of a product's figures reads the table `published`.

`expect.yaml` of a query is a list of rows, all with the same columns: those columns are compared, the rows in any
order, and no row may be missing or too many. `expect.yaml` of a check says `passed:` and `violations:`, and may say
`rows:` and `examples:`.

Not here: running it (running.py) and which cases there must be (test_coverage.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from functools import cached_property
from pathlib import Path
from typing import Any

import pyarrow as pa
import yaml

from recs_platform.companies.model import Company
from recs_platform.schemas.table import Column, TableSpec
from recs_platform.strategies.catalogue import KNOWN
from recs_platform.warehouse.slices import Days
from recs_platform.warehouse.values import Value

FOLDER = Path(__file__).parent
VALIDATION = "validation"
_SETTINGS = ("let", "strategy", "as_of", "first", "last", "parameters", "company", "given")
_DAY = date(2025, 9, 10)
_COMPANY: dict[str, Any] = {
    "name": "shop",
    "dataset": "shop",
    "timezone": "Europe/Berlin",
    "currency": "EUR",
    "start_date": date(2025, 9, 1),
    "simulation": {},
}


@dataclass(frozen=True)
class Case:
    folder: Path

    @property
    def table(self) -> str:
        """The table, check or question whose query it is a case of."""
        return self.folder.parent.name

    @property
    def area(self) -> str:
        """The folder of `sql/` that the query stands in."""
        return self.folder.parent.parent.relative_to(FOLDER).as_posix()

    @property
    def is_check(self) -> bool:
        return self.area.startswith(f"{VALIDATION}/")

    @cached_property
    def expected(self) -> Any:
        return _read(self.folder / "expect.yaml")

    @property
    def strategy(self) -> str | None:
        named: str | None = self._given.get("strategy")
        return named

    @property
    def days(self) -> Days:
        last = self._given.get("as_of") or self._given.get("last") or _DAY
        return Days(self._given.get("first", last), last)

    @property
    def tables(self) -> Mapping[str, list[dict[str, Any]]]:
        return {name: rows or [] for name, rows in self._given.items() if name not in _SETTINGS}

    @property
    def given(self) -> dict[str, Value]:
        """A list is one of texts, as parameters are."""
        asked: dict[str, Any] = self._given.get("given", {})
        return {name: tuple(value) if isinstance(value, list) else value for name, value in asked.items()}

    def company(self, strategy: str) -> Company:
        described = {**_COMPANY, "strategy": strategy, **self._given.get("company", {})}
        return Company.model_validate({**described, "parameters": self._given.get("parameters", {})}, context=KNOWN)

    @cached_property
    def _given(self) -> dict[str, Any]:
        content: dict[str, Any] = _read(self.folder / "input.yaml")
        return content

    def __str__(self) -> str:
        return self.folder.relative_to(FOLDER).as_posix()


def _read(path: Path) -> Any:
    """With the loader in C where PyYAML has it: it is ten times as quick."""
    return yaml.load(path.read_text(), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))


def all_cases() -> list[Case]:
    return [Case(path.parent) for path in sorted(FOLDER.rglob("input.yaml"))]


def arrow_rows(spec: TableSpec, rows: list[dict[str, Any]], day: date, columns: list[Column]) -> pa.Table:
    """Rows of a fixture as a table's slice; a row without a date is of `day`."""
    names = [column.name for column in columns]
    for row in rows:
        if unknown := sorted(set(row) - set(names)):
            raise KeyError(f"{spec.name} has no column {', '.join(unknown)}")
    whole = [{spec.date_column: row.get(spec.date_column, day), **row} for row in rows]
    values = [[row.get(c.name, _filler(spec, c, row[spec.date_column])) for row in whole] for c in columns]
    arrays = [pa.array(column, kind.type) for column, kind in zip(values, columns, strict=True)]
    return pa.Table.from_arrays(arrays, names=names)


def _filler(spec: TableSpec, column: Column, day: date) -> Any:
    if column.nullable:
        return None
    noon = datetime.combine(day, time(12))
    fillers: dict[pa.DataType, Any] = {
        pa.string(): column.name,
        pa.int64(): 0,
        pa.float64(): 0.0,
        pa.bool_(): False,
        pa.date32(): day,
        pa.timestamp("us"): noon,
    }
    return fillers[column.type]
