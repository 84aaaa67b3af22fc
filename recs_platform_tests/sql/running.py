"""Runs a fixture as the platform runs its query: the real pipeline, the real engine, and what a query makes in a real
lake.

Not here: what a fixture looks like (case.py), and where the rows stand that it is given (planted.py).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa

from recs_platform.pipeline.pipeline import Pipeline
from recs_platform.pipeline.stage import SqlTable
from recs_platform.schemas.table import Kind, TableSpec
from recs_platform.strategies.catalogue import pipelines
from recs_platform.warehouse.audit import SCHEMA_AUDIT
from recs_platform.warehouse.check import CheckVerdict, judge
from recs_platform.warehouse.lake.engine import Engine
from recs_platform.warehouse.protocol import BoundQuery, Incoming, Subject, Warehouse
from recs_platform.warehouse.slices import Days, TableRef
from recs_platform_tests.sql.case import Case, arrow_rows
from recs_platform_tests.sql.planted import PlantedLake


def pipeline_of(case: Case) -> Pipeline:
    """The pipeline that the case names, or the first that has its table, check or question."""
    if case.strategy:
        return pipelines()[case.strategy]
    having = (
        p for p in pipelines().values() if case.table in (p.checks if case.is_check else {**p.tables, **p.questions})
    )
    return next(having)


def rows_of(case: Case, folder: Path, warehouse: Warehouse | None = None) -> list[dict[str, Any]]:
    """What the query gives for the days of the case, having passed the audits of its table: on a lake in the folder,
    unless another warehouse is named."""
    pipeline, lake = pipeline_of(case), warehouse or _lake(folder)
    company = case.company(pipeline.strategy.name)
    if case.table in pipeline.questions:
        return _answers(case, pipeline, lake)
    made = pipeline.tables[case.table]
    assert isinstance(made, SqlTable), f"{case}: {case.table} is not made by a query"
    arriving = {spec.name: spec for spec in made.incoming_specs}
    _fill(lake, pipeline.specs, case, company.dataset, outside=set(arriving))
    bound = pipeline.bind(case.table, company, case.days)
    # A fixture has a row for every reason to reject one: more than any company would tolerate.
    bound = replace(bound, incoming=_incoming(case, arriving), audits=())
    ref = pipeline.ref(case.table, company)
    lake.replace(Subject(case.table, company.name, ref, case.days), bound, audits=(SCHEMA_AUDIT,))
    with lake.read(ref, case.days) as reader:
        rows: list[dict[str, Any]] = reader.read_all().to_pylist()
    return rows


def _answers(case: Case, pipeline: Pipeline, lake: Warehouse) -> list[dict[str, Any]]:
    """What a question is answered with: the rows in their order, for a case that lists what comes first."""
    company = case.company(pipeline.strategy.name)
    _fill(lake, pipeline.questions[case.table].tables, case, company.dataset, outside=set())
    with lake.run(pipeline.ask(case.table, company, case.days.last, case.given)) as reader:
        rows: list[dict[str, Any]] = reader.read_all().to_pylist()
    return rows


def verdict_of(case: Case, folder: Path) -> CheckVerdict:
    pipeline, lake = pipeline_of(case), _lake(folder)
    company = case.company(pipeline.strategy.name)
    _fill(lake, pipeline.specs, case, company.dataset, outside=set())
    check, _ = pipeline.checks[case.table]
    bound: BoundQuery = pipeline.bind_check(case.table, company, case.days)
    return judge(lake, check, bound)


def assert_says(case: Case, verdict: CheckVerdict) -> None:
    """That a check says what its case states."""
    found = {"passed": verdict.passed, "violations": verdict.violations, "rows": verdict.rows}
    stated = {name: value for name, value in case.expected.items() if name != "examples"}
    assert {name: found[name] for name in stated} == stated, f"{case}: {verdict}"
    if "examples" in case.expected:
        differs = difference(case.expected["examples"], list(verdict.examples))
        assert not differs, f"{case}\n{differs}"


def difference(expected: list[dict[str, Any]], given: list[dict[str, Any]]) -> str:
    """Which expected rows are missing and which rows are too many, in words; nothing when they agree."""
    columns = list(dict.fromkeys(name for row in expected for name in row))
    assert all(set(row) == set(columns) for row in expected), "every expected row must state the same columns"
    assert not given or set(columns) <= set(given[0]), f"no such column: {set(columns) - set(given[0])}"
    wanted = Counter(_frozen(row, columns) for row in expected)
    found = Counter(_frozen(row, columns) for row in given)
    lines = [f"missing: {dict(row)}" for row in sorted((wanted - found).elements(), key=repr)]
    lines += [f"too many: {dict(row)}" for row in sorted((found - wanted).elements(), key=repr)]
    return "\n".join(lines)


def _frozen(row: dict[str, Any], columns: list[str]) -> tuple[tuple[str, Any], ...]:
    return tuple((name, row[name]) for name in columns)


def _lake(folder: Path) -> PlantedLake:
    return PlantedLake(
        str(folder / "lake"), Engine("512MiB", 1, folder.parent / "spill"), timedelta(days=1), folder / "scratch"
    )


def _fill(lake: Warehouse, specs: Mapping[str, TableSpec], case: Case, dataset: str, *, outside: set[str]) -> None:
    """Every table of the case, a day at a time for snapshots: the days between have none."""
    for name, rows in case.tables.items():
        if name in outside:
            continue
        spec = specs[name]
        table = arrow_rows(spec, rows, case.days.last, list(spec.columns))
        days: list[date] = sorted({row.get(spec.date_column, case.days.last) for row in rows}) or [case.days.last]
        slices = [Days.one(day) for day in days] if spec.kind is Kind.SNAPSHOT else [Days(days[0], days[-1])]
        for slice_days in slices:
            mine = [day in slice_days for day in table[spec.date_column].to_pylist()]
            part = table.filter(pa.array(mine, pa.bool_())) if mine else table
            if isinstance(lake, PlantedLake) and name != case.table:
                lake.plant(TableRef(dataset, spec), slice_days, part)
            else:
                lake.replace(Subject(name, "shop", TableRef(dataset, spec), slice_days), part.to_reader())


def _incoming(case: Case, arriving: dict[str, TableSpec]) -> dict[str, Incoming]:
    shown = {}
    for name, spec in arriving.items():
        columns = [column for column in spec.columns if column.name != spec.date_column]
        given = [{**row} for row in case.tables[name]]
        table = arrow_rows(spec, given, case.days.last, columns)
        shown[name] = _arrived(table)
    return shown


def _arrived(table: pa.Table) -> Incoming:
    @contextmanager
    def opened() -> Iterator[pa.RecordBatchReader]:
        yield table.to_reader()

    return opened
