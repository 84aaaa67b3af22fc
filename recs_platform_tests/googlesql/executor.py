"""Fixtures of queries on Google's reference executor: what stands in a case instead of a lake.

Not here: what a case looks like (sql/case.py), and the server (server.py).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from recs_platform.pipeline.stage import SqlTable
from recs_platform.pipeline.typed_queries import TypedQuery, typed_check, typed_question, typed_table
from recs_platform.schemas.table import Column, TableSpec
from recs_platform.warehouse.check import CheckVerdict, judge
from recs_platform.warehouse.point_in_time import View
from recs_platform.warehouse.protocol import BoundQuery
from recs_platform_tests.googlesql.server import GoogleSql
from recs_platform_tests.sql.case import Case, arrow_rows
from recs_platform_tests.sql.running import pipeline_of


@dataclass(frozen=True)
class ReferenceExecutor:
    """Runs a bound query over the rows of a case: the part of a warehouse that judging a check needs."""

    server: GoogleSql
    case: Case
    typed: TypedQuery
    specs: Mapping[str, TableSpec]
    """Of the tables that the case gives rows of, by the name that it gives them under."""

    @contextmanager
    def run(self, bound: BoundQuery) -> Iterator[pa.RecordBatchReader]:
        yield pa.Table.from_pylist(self.rows(bound)).to_reader()

    def rows(self, bound: BoundQuery) -> list[dict[str, Any]]:
        query = bound.query
        # What the platform puts together has no text of its own.
        text = query.text if query is self.typed.query else query.tree.sql(dialect="bigquery")
        shown = {view.name: self._shown(view) for view in bound.views}
        rows = shown | {name: self._arrived(name) for name in bound.incoming}
        values = {name: bound.values[name] for name in query.parameters}
        return self.server.evaluate(text, self.typed.tables, self.typed.parameters, rows=rows, values=values)

    def _shown(self, view: View) -> list[tuple[Any, ...]]:
        """The rows of the view's days, or of the last of them that has any."""
        spec, last = view.spec, self.case.days.last
        given = [rows for name, rows in self.case.tables.items() if self.specs.get(name) == spec]
        table = arrow_rows(spec, given[0] if given else [], last, list(spec.columns))
        dates = table[spec.date_column].to_pylist()
        days = {day for day in dates if day in view.days}
        if view.latest:
            days = {max(days)} if days else set()
        return [row for row, day in zip(_rows(table), dates, strict=True) if day in days]

    def _arrived(self, name: str) -> list[tuple[Any, ...]]:
        spec = self.specs[name]
        columns: list[Column] = [column for column in spec.columns if column.name != spec.date_column]
        return _rows(arrow_rows(spec, [{**row} for row in self.case.tables[name]], self.case.days.last, columns))


def answered(server: GoogleSql, case: Case) -> list[dict[str, Any]]:
    """What the case's query gives."""
    pipeline = pipeline_of(case)
    company = case.company(pipeline.strategy.name)
    if case.table in pipeline.questions:
        question = pipeline.questions[case.table]
        typed = typed_question(pipeline, case.table)
        bound = pipeline.ask(case.table, company, case.days.last, case.given)
        return ReferenceExecutor(server, case, typed, question.tables).rows(bound)
    made = pipeline.tables[case.table]
    assert isinstance(made, SqlTable), f"{case}: {case.table} is not made by a query"
    arriving = {spec.name: spec for spec in made.incoming_specs}
    executor = ReferenceExecutor(server, case, typed_table(pipeline, made), {**pipeline.specs, **arriving})
    bound = pipeline.bind(case.table, company, case.days)
    return executor.rows(bound)


def judged(server: GoogleSql, case: Case) -> CheckVerdict:
    pipeline = pipeline_of(case)
    check, _ = pipeline.checks[case.table]
    executor = ReferenceExecutor(server, case, typed_check(pipeline, case.table), pipeline.specs)
    bound = pipeline.bind_check(case.table, case.company(pipeline.strategy.name), case.days)
    return judge(executor, check, bound)  # type: ignore[arg-type]  # it runs queries, and that is all that is asked


def _rows(table: pa.Table) -> Sequence[tuple[Any, ...]]:
    return list(zip(*(column.to_pylist() for column in table.columns), strict=True))
