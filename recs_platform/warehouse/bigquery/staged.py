"""A slice that waits for its audits, in a table that nobody reads: BigQuery counts its rules and answers questions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from recs_platform.schemas.table import TableSpec
from recs_platform.warehouse.bigquery.bill import Bill
from recs_platform.warehouse.bigquery.jobs import Jobs
from recs_platform.warehouse.bigquery.tables import arrow_of, ibis_type
from recs_platform.warehouse.bigquery.text import quoted
from recs_platform.warehouse.protocol import RuleCounts
from recs_platform.warehouse.rules import key_of_slices, rules_of


@dataclass(frozen=True)
class StagedTable:
    jobs: Jobs
    path: str
    spec: TableSpec
    labels: Mapping[str, str]
    bill: Bill

    @cached_property
    def rows(self) -> ir.Table:
        project, dataset, name = self.path.split(".")
        columns = {column.name: ibis_type(column) for column in self.spec.columns}
        return ibis.table(columns, name=name, catalog=project, database=dataset)

    def answer(self, question: ir.Table) -> pa.Table:
        return self._table(ibis.to_sql(question, dialect="bigquery"))

    def count(self, spec: TableSpec) -> RuleCounts:
        rules = {f"rule_{number}": rule.broken.sum() for number, rule in enumerate(rules_of(self.rows, spec))}
        counted = ibis.to_sql(self.rows.aggregate(self.rows.count().name("row_count"), **rules), dialect="bigquery")
        key = ", ".join(map(quoted, key_of_slices(spec)))
        repeated = f"SELECT COUNT(*) FROM (SELECT {key} FROM {quoted(self.path)} GROUP BY {key} HAVING COUNT(*) > 1)"
        sql = f"SELECT counted.*, ({repeated if spec.key else 0}) AS repeated FROM ({counted}) AS counted"
        (found,) = self._table(sql).to_pylist()
        rows, repeated_keys = found.pop("row_count"), found.pop("repeated")
        # The sum over no rows at all is NULL.
        return RuleCounts(rows, tuple(count or 0 for count in found.values()), repeated_keys)

    def by_day(self) -> Mapping[date | None, int]:
        """Day: its rows."""
        day = quoted(self.spec.date_column)
        sql = f"SELECT {day} AS day, COUNT(*) AS row_count FROM {quoted(self.path)} GROUP BY 1 ORDER BY 1"
        return {row["day"]: row["row_count"] for row in self._table(sql).to_pylist()}

    def _table(self, sql: str) -> pa.Table:
        rows = self.jobs.query(sql, labels=self.labels, bill=self.bill)
        return pa.Table.from_batches([as_declared(batch, arrow_of(rows.schema)) for batch in self.jobs.batches(rows)])


def as_declared(batch: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
    """In the platform's own types: BigQuery's timestamps bear a zone."""
    return pa.RecordBatch.from_arrays([batch.column(field.name).cast(field.type) for field in schema], schema=schema)
