"""A slice that waits for its audits, in DuckDB: its rows for any question, and the count of all rules at once.

What is proved is not looked at; what is left is asked for in one scan of its columns alone. Where anything is found to
be broken all is counted, as if nothing were proved, so that a message says the same. Not here: what proves a rule
(`warehouse/proof`, `evidence.py`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any

import duckdb
import numpy as np
import pyarrow as pa

from recs_platform.schemas.table import TableSpec
from recs_platform.warehouse.lake.conditions import any_broken
from recs_platform.warehouse.lake.engine import literal, quoted
from recs_platform.warehouse.lake.evidence import Evidence
from recs_platform.warehouse.proof.declared import declared_rules
from recs_platform.warehouse.protocol import EXAMPLES, DayCount, RuleCounts, Subject
from recs_platform.warehouse.slices import key_of_slices

if TYPE_CHECKING:
    import ibis
    import ibis.expr.types as ir

MOST_HASHED = 20_000_000
"""Rows whose hashes are held in memory at once, of eight bytes each."""


@dataclass(frozen=True)
class StagedView:
    connection: duckdb.DuckDBPyConnection
    name: str
    """Of a view over its files."""
    evidence: Evidence | None = None
    """None where everything is to be counted."""

    @cached_property
    def rows(self) -> ir.Table:
        # Whoever finds nothing broken loads neither Ibis nor Pandera.
        import ibis

        return ibis.duckdb.from_connection(self.connection).table(self.name)

    def answer(self, question: ir.Table) -> pa.Table:
        answer: pa.Table = question.to_pyarrow()
        return answer

    def count(self, spec: TableSpec) -> RuleCounts:
        if self.evidence is not None and self.evidence.spec is spec and not spec.has_own_checks:
            found = self._nothing_broken(spec, self.evidence)
            if found is not None:
                return found
        counted = self.connection.execute(_counting(spec, self.rows.schema(), self.name)).fetchall()
        ((rows, *broken),) = counted
        repeated = self._repeated(spec) if spec.key and not self._all_differ(spec, rows) else 0
        # The sum over no rows at all is NULL.
        return RuleCounts(rows, tuple(count or 0 for count in broken), repeated)

    def _nothing_broken(self, spec: TableSpec, evidence: Evidence) -> RuleCounts | None:
        """The count of a slice that keeps every rule; None where one seems to be broken."""
        rows, rules = evidence.rows, declared_rules(spec)
        left = [rule for rule in rules if not evidence.proves(rule)]
        condition = any_broken(left)
        if condition is None:
            return None
        if left:
            broken = f"SELECT count(*) FROM {quoted(self.name)} WHERE {condition}"
            ((bad,),) = self.connection.execute(broken).fetchall()
            if bad:
                return None
        if spec.key and not evidence.proves_key() and not self._all_differ(spec, rows) and self._repeated(spec):
            return None
        return RuleCounts(rows, (0,) * len(rules), 0)

    def known_by_day(self, column: str) -> Sequence[DayCount] | None:
        return None if self.evidence is None else self.evidence.by_day(column)

    def _all_differ(self, spec: TableSpec, rows: int) -> bool:
        """Whether no two keys have one hash, which proves that none stands twice: numbers are sorted in a third of the
        time that names are grouped in. Where two have one, nothing is said of their keys."""
        if rows > MOST_HASHED:
            return False
        hashed = self.connection.execute(f"SELECT hash({_key(spec)}) AS of_key FROM {quoted(self.name)}")
        hashes = np.asarray(hashed.fetchnumpy()["of_key"])
        hashes.sort()
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
    import ibis

    from recs_platform.warehouse.rules import rules_of

    staged = ibis.table(schema, name=name)
    counts = {f"rule_{number}": rule.broken.sum() for number, rule in enumerate(rules_of(staged, spec))}
    return str(ibis.duckdb.compile(staged.aggregate(staged.count().name("rows"), **counts)))


def _key(spec: TableSpec) -> str:
    return ", ".join(map(quoted, key_of_slices(spec)))
