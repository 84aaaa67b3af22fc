"""A warehouse in memory, written against the protocols alone: what a pipeline runs on when there is no lake.

Slices are Arrow tables in a dictionary. Queries are put into DuckDB's words by sqlglot alone, which is enough for the
small queries of tests. Nothing here knows anything of the lake; a test says so.
"""

from __future__ import annotations

import copy
import hashlib
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any

import duckdb
import ibis
import ibis.expr.types as ir
import pyarrow as pa
import pyarrow.compute as pc
from sqlglot import exp

from recs_platform.errors import MissingSliceError, StorageError
from recs_platform.schemas.table import Kind, TableSpec
from recs_platform.warehouse.compile import literal_of
from recs_platform.warehouse.point_in_time import View
from recs_platform.warehouse.protocol import (
    EXAMPLES,
    Audit,
    BoundQuery,
    Inspection,
    Rows,
    RuleCounts,
    Subject,
    Version,
    Written,
)
from recs_platform.warehouse.rules import rules_of
from recs_platform.warehouse.slices import Days, Slice, TableRef, key_of_slices

Note = Mapping[str, Any]


@dataclass(frozen=True)
class MemorySlice:
    """A staged slice, counted by Ibis as it is."""

    rows: ir.Table

    def answer(self, question: ir.Table) -> pa.Table:
        return question.to_pyarrow()

    def known_by_day(self, column: str) -> None:
        return None

    def count(self, spec: TableSpec) -> RuleCounts:
        counts = {f"rule_{number}": rule.broken.sum() for number, rule in enumerate(rules_of(self.rows, spec))}
        (counted,) = self.rows.aggregate(self.rows.count().name("rows"), **counts).to_pyarrow().to_pylist()
        keys = self.rows.group_by(list(key_of_slices(spec))).aggregate(times=self.rows.count())
        repeated = int(keys.filter(keys.times > 1).count().execute()) if spec.key else 0
        return RuleCounts(counted["rows"], tuple(counted[name] or 0 for name in counts), repeated)


@dataclass(frozen=True)
class _State:
    at: datetime
    tables: dict[date, pa.Table]
    slices: dict[date, Slice]
    ids: dict[date, str]
    note: Note


@lru_cache(maxsize=1)
def _database() -> duckdb.DuckDBPyConnection:
    """Empty: each query brings its tables."""
    return duckdb.connect()


@dataclass
class MemoryWarehouse:
    """Every state of every table, by dataset and name."""

    states: dict[tuple[str, str], list[_State]] = field(default_factory=dict)
    queries: list[str] = field(default_factory=list)
    """The names of the queries that ran, in order."""

    def replace(
        self, subject: Subject, rows: Rows, *, audits: Sequence[Audit] = (), note: Note | None = None
    ) -> Written:
        spec, days, sql = subject.table.spec, subject.days, None
        if isinstance(rows, BoundQuery):
            audits, sql = (*audits, *rows.audits), rows.query.text
            with self.run(rows) as reader:
                made = reader.read_all()
        else:
            made = rows.read_all()
        table = made.select(spec.arrow_schema.names).cast(pa.schema([(c.name, c.type) for c in spec.columns]))
        if spec.kind is Kind.LOG and sql:
            table = table.filter(_within(table, spec, days))
        view = MemorySlice(ibis.memtable(table))
        for audit in audits:
            audit.check(view, subject)
        of_days = {day: table.filter(pc.equal(table[spec.date_column], pa.scalar(day))) for day in days}
        version = self._commit(subject.table, days, of_days, note or {})
        empty = tuple(day for day, of_day in of_days.items() if not len(of_day))
        examples = tuple(of_days[days.last].slice(0, EXAMPLES).to_pylist())
        return Written(version, len(table), table.nbytes, empty, {"write": 0.0}, sql, examples)

    @contextmanager
    def read(
        self, table: TableRef, days: Days | None = None, *, version: int | None = None
    ) -> Iterator[pa.RecordBatchReader]:
        yield self._rows(table, days, version).to_reader()

    @contextmanager
    def run(self, query: BoundQuery) -> Iterator[pa.RecordBatchReader]:
        self.queries.append(query.query.name)
        with _database().cursor() as connection:
            connection.execute("SET TimeZone = 'UTC'")
            for view in query.views:
                connection.register(view.name, self._shown(query.dataset, view, query))
            for name, opened in query.incoming.items():
                with opened() as reader:
                    connection.register(name, reader.read_all())

            def translated(node: exp.Expression) -> exp.Expression:
                if isinstance(node, exp.Parameter):
                    return literal_of(query.values[node.name])
                if isinstance(node, exp.TimestampDiff):
                    unit = exp.Literal.string(node.args["unit"].name.lower())
                    return exp.Anonymous(this="DATESUB", expressions=[unit, node.expression, node.this])
                return node

            sql = query.query.tree.copy().transform(translated).sql(dialect="duckdb")
            yield _with_whole_numbers(connection.execute(sql).to_arrow_table()).to_reader()

    def days(self, table: TableRef) -> Sequence[date]:
        return [slice_.day for slice_ in self.slices(table)]

    def slices(self, table: TableRef) -> Sequence[Slice]:
        states = self._states(table)
        return [slice_ for _, slice_ in sorted(states[-1].slices.items())] if states else []

    def slice_ids(self, table: TableRef, days: Days) -> Sequence[str]:
        states = self._states(table)
        return [id_ for day, id_ in sorted(states[-1].ids.items()) if day in days] if states else []

    def versions(self, table: TableRef) -> Sequence[Version]:
        states = self._states(table)
        return [Version(n, state.at, True, dict(state.note)) for n, state in enumerate(states, start=1)][::-1]

    def publish(self, source: TableRef, day: date, live: TableRef, note: Note) -> int:
        if day not in self.days(source):
            raise MissingSliceError(f"{source} has no slice for {day}.")
        return self._commit(live, None, {day: self._rows(source, Days.one(day))}, note)

    carries: bool = False

    def contents(self, table: TableRef, days: Days) -> None:
        """Nobody asks."""

    def all_before(self, table: TableRef, day: date, column: str, limit: date) -> bool:
        return False

    def carry(self, subject: Subject, earlier: Slice, note: Note) -> None:
        """Nothing is carried over."""

    def fingerprint(self, table: TableRef, day: date) -> str:
        rows = sorted(map(str, self._rows(table, Days.one(day)).to_pylist()))
        return hashlib.sha256("\n".join(rows).encode()).hexdigest()

    def checksum(self, table: TableRef, days: Days | None = None, *, version: int | None = None) -> str:
        rows = sorted(map(str, self._rows(table, days, version).to_pylist()))
        return hashlib.sha256("\n".join(rows).encode()).hexdigest()

    def inspect(self, table: TableRef) -> Inspection:
        rows = self._rows(table, None)
        return Inspection(len(self.days(table)), 0, rows.nbytes, 0, ())

    def accept(self, table: TableRef) -> None:
        """There is nothing else that could be known of it."""

    def restore(self, table: TableRef, version: int, note: Note | None = None) -> int:
        earlier = self._state(table, version)
        self._states(table).append(_State(datetime.now(UTC), earlier.tables, earlier.slices, earlier.ids, note or {}))
        return len(self._states(table))

    def vacuum(self, table: TableRef, *, dry_run: bool = False) -> Mapping[str, int]:
        return {}

    def sweep(self, *, dry_run: bool = False) -> Mapping[str, int]:
        return {}

    def _commit(self, table: TableRef, replaced: Days | None, of_days: dict[date, pa.Table], note: Note) -> int:
        states, now = self._states(table), datetime.now(UTC)
        before = states[-1] if states else _State(now, {}, {}, {}, {})
        kept = [] if replaced is None else [day for day in before.tables if day not in replaced]
        slices = {day: Slice(day, len(rows), now, note.get("run"), note) for day, rows in of_days.items()}
        states.append(
            _State(
                now,
                {day: before.tables[day] for day in kept} | of_days,
                {day: before.slices[day] for day in kept} | slices,
                {day: before.ids[day] for day in kept} | {day: uuid.uuid4().hex for day in of_days},
                copy.deepcopy(dict(note)),
            )
        )
        return len(states)

    def _states(self, table: TableRef) -> list[_State]:
        return self.states.setdefault((table.dataset, table.name), [])

    def _state(self, table: TableRef, version: int) -> _State:
        if not 1 <= version <= len(self._states(table)):
            raise StorageError(f"{table} has no version {version}")
        return self._states(table)[version - 1]

    def _rows(self, table: TableRef, days: Days | None, version: int | None = None) -> pa.Table:
        states = self._states(table)
        state = self._state(table, version) if version is not None else states[-1] if states else None
        there = {} if state is None else state.tables
        nothing = pa.schema([(c.name, c.type) for c in table.spec.columns]).empty_table()
        return pa.concat_tables([nothing, *(rows for day, rows in sorted(there.items()) if not days or day in days)])

    def _shown(self, dataset: str, view: View, query: BoundQuery) -> pa.Table:
        ref = TableRef(dataset, view.spec)
        there = [day for day in self.days(ref) if day in view.days]
        if view.required and not there:
            raise MissingSliceError(f"{query.query.path}: {ref} has no slice for {view.days}.")
        return self._rows(ref, Days.one(there[-1]) if view.latest and there else view.days)


def _within(table: pa.Table, spec: TableSpec, days: Days) -> pa.Array[Any]:
    column = table[spec.date_column]
    return pc.and_(pc.greater_equal(column, pa.scalar(days.first)), pc.less_equal(column, pa.scalar(days.last)))


def _with_whole_numbers(rows: pa.Table) -> pa.Table:
    """Sums of whole numbers as they are declared, however wide DuckDB adds them up."""
    huge = pa.decimal128(38, 0)
    return rows.cast(pa.schema([f.with_type(pa.int64()) if f.type == huge else f for f in rows.schema]))
