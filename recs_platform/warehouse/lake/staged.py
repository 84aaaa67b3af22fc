"""A slice that waits for its audits, in DuckDB: its rows for any question, and the count of all rules at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import duckdb
import ibis
import ibis.expr.types as ir
import numpy as np
import pyarrow as pa

from recs_platform.schemas.table import TableSpec
from recs_platform.warehouse.lake.engine import literal, quoted
from recs_platform.warehouse.protocol import EXAMPLES, RuleCounts, Subject
from recs_platform.warehouse.rules import key_of_slices, rules_of

MOST_HASHED = 20_000_000
"""Rows whose hashes are held in memory at once, of eight bytes each."""


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
        ((rows, *broken),) = counted
        repeated = self._repeated(spec) if spec.key and not (rows <= MOST_HASHED and self._all_differ(spec)) else 0
        # The sum over no rows at all is NULL.
        return RuleCounts(rows, tuple(count or 0 for count in broken), repeated)

    def _all_differ(self, spec: TableSpec) -> bool:
        """Whether no two keys have one hash, which proves that none stands twice: numbers are sorted in a third of the
        time that names are grouped in. Where two have one, nothing is said of their keys."""
        hashed = self.connection.execute(f"SELECT hash({_key(spec)}) AS of_key FROM {quoted(self.name)}")
        hashes = np.sort(np.asarray(hashed.fetchnumpy()["of_key"]))
        return not bool((hashes[1:] == hashes[:-1]).any())

    def _repeated(self, spec: TableSpec) -> int:
        key = _key(spec)
        keys = f"SELECT {key} FROM {quoted(self.name)} GROUP BY {key} HAVING count(*) > 1"
        ((repeated,),) = self.connection.execute(f"SELECT count(*) FROM ({keys})").fetchall()
        return int(repeated)

    def examples(self, subject: Subject) -> tuple[Mapping[str, Any], ...]:
        day = f"{quoted(subject.table.spec.date_column)} = DATE {literal(str(subject.days.last))}"
        found = self.connection.execute(f"SELECT * FROM {quoted(self.name)} WHERE {day} LIMIT {EXAMPLES}")
        return tuple(found.to_arrow_table().to_pylist())


@lru_cache(maxsize=512)
def _counting(spec: TableSpec, schema: ibis.Schema, name: str) -> str:
    """SQL that counts the rows, and those that break each rule. The rules of a table are the same for every slice, and
    writing them as SQL takes longer than asking."""
    staged = ibis.table(schema, name=name)
    counts = {f"rule_{number}": rule.broken.sum() for number, rule in enumerate(rules_of(staged, spec))}
    return str(ibis.duckdb.compile(staged.aggregate(staged.count().name("rows"), **counts)))


def _key(spec: TableSpec) -> str:
    return ", ".join(map(quoted, key_of_slices(spec)))
