"""A slice that waits for its audits, in DuckDB: its rows for any question, and the count of all rules at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import duckdb
import ibis
import ibis.expr.types as ir
import pyarrow as pa

from recs_platform.schemas.table import TableSpec
from recs_platform.warehouse.lake.engine import literal, quoted
from recs_platform.warehouse.protocol import EXAMPLES, RuleCounts, Subject
from recs_platform.warehouse.rules import key_of_slices, rules_of


@dataclass(frozen=True)
class StagedView:
    connection: duckdb.DuckDBPyConnection
    name: str
    """Of a view over its files."""

    @cached_property
    def rows(self) -> ir.Table:
        return ibis.duckdb.from_connection(self.connection).table(self.name)

    def answer(self, question: ir.Table) -> pa.Table:
        answer: pa.Table = question.to_pyarrow()
        return answer

    def count(self, spec: TableSpec) -> RuleCounts:
        counted = self.connection.execute(_counting(spec, self.rows.schema(), self.name)).fetchall()
        ((rows, *broken, repeated),) = counted
        # The sum over no rows at all is NULL.
        return RuleCounts(rows, tuple(count or 0 for count in broken), repeated)

    def examples(self, subject: Subject) -> tuple[Mapping[str, Any], ...]:
        day = f"{quoted(subject.table.spec.date_column)} = DATE {literal(str(subject.days.last))}"
        found = self.connection.execute(f"SELECT * FROM {quoted(self.name)} WHERE {day} LIMIT {EXAMPLES}")
        return tuple(found.to_arrow_table().to_pylist())


@lru_cache(maxsize=512)
def _counting(spec: TableSpec, schema: ibis.Schema, name: str) -> str:
    """SQL that counts the rows, those that break each rule, and the repeated keys. The rules of a table are the same
    for every slice, and writing them as SQL takes longer than asking."""
    staged = ibis.table(schema, name=name)
    counts = {f"rule_{number}": rule.broken.sum() for number, rule in enumerate(rules_of(staged, spec))}
    counted = ibis.duckdb.compile(staged.aggregate(staged.count().name("rows"), **counts))
    key = ", ".join(map(quoted, key_of_slices(spec)))
    repeated = f"SELECT count(*) FROM (SELECT {key} FROM {quoted(name)} GROUP BY {key} HAVING count(*) > 1)"
    return f"SELECT *, ({repeated if spec.key else 0}) FROM ({counted})"
