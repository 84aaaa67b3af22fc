"""Fixtures of queries on Google's reference executor, in the words that BigQuery is sent: what stands in a case is a
table with all of its days, and the views of the text find those that the query may see.

Not here: what a case looks like (sql/case.py), and the server (server.py).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import Any

import pyarrow as pa

from recs_platform.pipeline.stage import SqlTable
from recs_platform.pipeline.typed_queries import TypedQuery, typed_check, typed_question, typed_table
from recs_platform.schemas.table import Columns, TableSpec
from recs_platform.warehouse.bigquery.text import quoted, view_of_days, with_views
from recs_platform.warehouse.check import CheckVerdict, judge
from recs_platform.warehouse.protocol import BoundQuery
from recs_platform.warehouse.shown_days import days_shown
from recs_platform.warehouse.slices import TableRef
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
        tables, views, rows = dict[str, Columns](), dict[str, str](), dict[str, list[tuple[Any, ...]]]()
        for view in bound.views:
            ref = TableRef(bound.dataset, view.spec)
            shown = days_shown(self._made_days, ref, view, bound)
            views[view.name] = view_of_days(str(ref), view.spec, view.spec.sql_types, shown)
            tables[str(ref)], rows[str(ref)] = view.spec.sql_types, _rows(self._stored(view.spec))
        for name in bound.incoming:
            path = f"{bound.dataset}.arrived_{name}"
            views[name] = f"SELECT * FROM {quoted(path)}"
            tables[path], rows[path] = self.typed.tables[name], _rows(self._arrived(name))
        text = with_views(bound.query, views, bound.values)
        # What is NULL stands in the text.
        values = {name: bound.values[name] for name in bound.query.parameters if bound.values[name] is not None}
        return self.server.evaluate(text, tables, self.typed.parameters, rows=rows, values=values)

    def _made_days(self, table: TableRef) -> list[date]:
        """Those that the case gives rows of; of a table that it gives none, its own last day."""
        if not self._given(table.spec):
            return []
        days = set(self._stored(table.spec)[table.spec.date_column].to_pylist())
        return sorted(days) or [self.case.days.last]

    def _given(self, spec: TableSpec) -> list[list[dict[str, Any]]]:
        return [rows for name, rows in self.case.tables.items() if self.specs.get(name) == spec]

    def _stored(self, spec: TableSpec) -> pa.Table:
        rows = [row for rows in self._given(spec) for row in rows]
        return arrow_rows(spec, rows, self.case.days.last, list(spec.columns))

    def _arrived(self, name: str) -> pa.Table:
        spec = self.specs[name]
        columns = [column for column in spec.columns if column.name != spec.date_column]
        return arrow_rows(spec, [{**row} for row in self.case.tables[name]], self.case.days.last, columns)


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


def _rows(table: pa.Table) -> list[tuple[Any, ...]]:
    return list(zip(*(column.to_pylist() for column in table.columns), strict=True))
