"""A staged slice against its table's Pandera model, inside the engine: every rule counted in one scan.

`schema.validate` of pandera.ibis runs one query per rule and prints every failing row. Here the same checks, taken from
the same model, are counted together; only rules that were broken are looked at again, for a few masked examples.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

import ibis
import ibis.expr.types as ir
from pandera.api.checks import Check
from pandera.api.ibis.types import IbisData

from recs_platform.errors import SliceError
from recs_platform.masking import mask_row
from recs_platform.schemas.table import Empty, TableSpec
from recs_platform.warehouse.lake.engine import quoted
from recs_platform.warehouse.protocol import Audit, Subject

_EXAMPLES = 5


@dataclass(frozen=True)
class Rule:
    column: str | None
    words: str
    broken: ir.BooleanValue
    """True for a row that breaks it; NULL counts as kept, as in Pandera."""


@dataclass(frozen=True)
class Violation:
    column: str | None
    rule: str
    rows: int
    examples: tuple[dict[str, object], ...]

    def __str__(self) -> str:
        where = f"column {self.column}: " if self.column else ""
        shown = "; ".join(str(example) for example in self.examples)
        return f"{where}{self.rule}: {self.rows:,} bad rows, such as {shown}"


def violations(staged: ir.Table, spec: TableSpec) -> tuple[int, list[Violation]]:
    """The number of rows, and every rule of the model that they break."""
    counting = _counting(spec, staged.schema(), staged.get_name())
    rows, *broken, repeated = staged.get_backend().raw_sql(counting).fetchone()
    rules = _rules(staged, spec) if any(broken) else ()
    found = [
        Violation(rule.column, rule.words, bad, _examples(staged.filter(rule.broken), spec, rule.column))
        for rule, bad in zip(rules, broken, strict=False)
        if bad
    ]
    if repeated:
        examples = _examples(_repeated_keys(staged, spec), spec, None)
        found.append(Violation(None, f"{', '.join(spec.key)} must be unique", repeated, examples))
    return rows, found


@lru_cache(maxsize=512)
def _counting(spec: TableSpec, schema: ibis.Schema, name: str) -> str:
    """SQL that counts the rows, those that break each rule, and the repeated keys. The rules of a table are the same
    for every slice, and writing them as SQL takes longer than asking."""
    staged = ibis.table(schema, name=name)
    counts = {f"rule_{number}": rule.broken.sum() for number, rule in enumerate(_rules(staged, spec))}
    counted = ibis.duckdb.compile(staged.aggregate(staged.count().name("rows"), **counts))
    key = ", ".join(map(quoted, _key_of_slices(spec)))
    repeated = f"SELECT count(*) FROM (SELECT {key} FROM {quoted(name)} GROUP BY {key} HAVING count(*) > 1)"
    return f"SELECT *, ({repeated if spec.key else 0}) FROM ({counted})"


def _audit_schema(staged: ir.Table, subject: Subject) -> None:
    spec = subject.table.spec
    rows, found = violations(staged, spec)
    if spec.empty is Empty.FAIL and (empty := _empty_days(staged, subject, rows)):
        shown = ", ".join(map(str, empty[:_EXAMPLES])) + (" ..." if len(empty) > _EXAMPLES else "")
        raise SliceError(f"{subject}: no rows on {shown}, and {spec.name} may not be empty. Nothing was published.")
    if found:
        listed = "\n".join(f"  - {violation}" for violation in found)
        raise SliceError(
            f"{subject}: {len(found)} rules of {spec.name} are broken among {rows:,} rows. "
            f"Nothing was published; what was there before stays.\n{listed}"
        )


SCHEMA_AUDIT = Audit(_audit_schema)


def _empty_days(staged: ir.Table, subject: Subject, rows: int) -> list[date]:
    if len(subject.days) == 1:
        return [] if rows else list(subject.days)
    column = subject.table.spec.date_column
    filled = set(staged.select(column).distinct().to_pyarrow()[column].to_pylist())
    return [day for day in subject.days if day not in filled]


def _rules(staged: ir.Table, spec: TableSpec) -> Iterator[Rule]:
    for name, column in spec.schema.columns.items():
        values = staged[name]
        if not column.nullable:
            yield Rule(name, "must not be NULL", values.isnull())
        if values.type().is_floating():
            yield Rule(name, "must be a number, not NaN", values.isnan())
        for check in column.checks:
            yield Rule(name, _words(check), ~_kept(check, staged, name))
    for check in spec.schema.checks:
        yield Rule(None, _words(check), ~_kept(check, staged, None))


def _kept(check: Check, staged: ir.Table, column: str | None) -> ir.BooleanValue:
    """The expression that is true for rows that keep a check."""
    outcome = check._check_fn(IbisData(staged, column), **check._check_kwargs)
    if isinstance(outcome, ir.Table):
        # Pandera's built-in checks give a one-column selection over the table; its expression is what we count.
        expressions = [node.to_expr() for node in outcome.op().values.values()]
        return expressions[0] if len(expressions) == 1 else ibis.and_(*expressions)
    return outcome


def _words(check: Check) -> str:
    return str(check.error or check.name)


def _key_of_slices(spec: TableSpec) -> Sequence[str]:
    """A key stands once a day."""
    return list(dict.fromkeys((spec.date_column, *spec.key)))


def _repeated_keys(staged: ir.Table, spec: TableSpec) -> ir.Table:
    key = [staged[name] for name in _key_of_slices(spec)]
    return staged.group_by(key).aggregate(times=staged.count()).filter(lambda t: t.times > 1)


def _examples(rows: ir.Table, spec: TableSpec, column: str | None) -> tuple[dict[str, object], ...]:
    names = dict.fromkeys((*(spec.key or (spec.date_column,)), *([column] if column else [])))
    # Ordered, so that the same bad slice gives the same message.
    shown = rows.select([rows[name] for name in names]).distinct().order_by(list(names)).limit(_EXAMPLES)
    return tuple(mask_row(row, spec.personal) for row in shown.to_pyarrow().to_pylist())
