"""A slice that waits for its audits, in a table that nobody reads: BigQuery counts its rules and answers questions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from recs_platform.schemas.table import TableSpec
from recs_platform.warehouse.bigquery.bill import Bill
from recs_platform.warehouse.bigquery.jobs import Jobs
from recs_platform.warehouse.bigquery.tables import arrow_of, ibis_type
from recs_platform.warehouse.protocol import DayCount, RuleCounts
from recs_platform.warehouse.rules import rules_of
from recs_platform.warehouse.slices import key_of_slices


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

    def count(self, spec: TableSpec) -> RuleCounts:
        if spec is not self.spec:
            raise ValueError(f"{spec.name} is not the table of this slice")
        rules = len(list(rules_of(self.rows, spec)))
        broken = (sum(row[f"rule_{number}"] or 0 for row in self._counted) for number in range(rules))
        repeated = sum(row["repeated"] for row in self._counted) if spec.key else 0
        return RuleCounts(sum(self.by_day().values()), tuple(broken), repeated)

    def known_by_day(self, column: str) -> Sequence[DayCount] | None:  # noqa: ARG002
        return None

    def by_day(self) -> Mapping[date | None, int]:
        """Day: its rows."""
        return {row["day"]: row["row_count"] for row in self._counted}

    @cached_property
    def _counted(self) -> Sequence[Mapping[str, Any]]:
        """Of each day: its rows, those that break each rule, and the keys that stand there more than once; a slice is
        read once for all of it."""
        rules = {f"rule_{number}": rule.broken.sum() for number, rule in enumerate(rules_of(self.rows, self.spec))}
        by_key = self.rows.group_by(list(key_of_slices(self.spec))).aggregate(times=self.rows.count(), **rules)
        sums = {name: by_key[name].sum() for name in rules}
        counted = by_key.group_by(day=by_key[self.spec.date_column]).aggregate(
            row_count=by_key.times.sum(), repeated=(by_key.times > 1).sum(), **sums
        )
        return self.answer(counted.order_by("day")).to_pylist()

    def answer(self, question: ir.Table) -> pa.Table:
        rows = self.jobs.ask(ibis.to_sql(question, dialect="bigquery"), labels=self.labels, bill=self.bill)
        return pa.Table.from_batches([as_declared(batch, arrow_of(rows.schema)) for batch in self.jobs.batches(rows)])


def as_declared(batch: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
    """In the platform's own types: BigQuery's timestamps bear a zone."""
    return pa.RecordBatch.from_arrays([batch.column(field.name).cast(field.type) for field in schema], schema=schema)
