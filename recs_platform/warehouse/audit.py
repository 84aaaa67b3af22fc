"""A staged slice against its table's Pandera model, inside the engine: every rule counted in one scan.

`schema.validate` of pandera.ibis runs one query per rule and prints every failing row. Here the same checks, taken from
the same model, are counted together; only rules that were broken are looked at again, for a few masked examples.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

import ibis
import ibis.expr.types as ir
from pandera.api.checks import Check
from pandera.api.ibis.types import IbisData

from recs_platform.errors import SliceError
from recs_platform.masking import mask_row
from recs_platform.schemas.table import Empty, TableSpec
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
    rules = list(_rules(staged, spec))
    counts = {f"rule_{number}": rule.broken.sum() for number, rule in enumerate(rules)}
    counted = staged.aggregate(staged.count().name("rows"), **counts).to_pyarrow().to_pylist()[0]
    found = [
        Violation(rule.column, rule.words, bad, _examples(staged.filter(rule.broken), spec, rule.column))
        for number, rule in enumerate(rules)
        if (bad := counted[f"rule_{number}"] or 0)
    ]
    return counted["rows"], found + _repeated_keys(staged, spec)


def _audit_schema(staged: ir.Table, subject: Subject) -> None:
    spec = subject.table.spec
    rows, found = violations(staged, spec)
    if spec.empty is Empty.FAIL and (empty := _empty_days(staged, subject)):
        shown = ", ".join(map(str, empty[:_EXAMPLES])) + (" ..." if len(empty) > _EXAMPLES else "")
        raise SliceError(f"{subject}: no rows on {shown}, and {spec.name} may not be empty. Nothing was published.")
    if found:
        listed = "\n".join(f"  - {violation}" for violation in found)
        raise SliceError(
            f"{subject}: {len(found)} rules of {spec.name} are broken among {rows:,} rows. "
            f"Nothing was published; what was there before stays.\n{listed}"
        )


SCHEMA_AUDIT = Audit(_audit_schema)


def _empty_days(staged: ir.Table, subject: Subject) -> list[date]:
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


def _repeated_keys(staged: ir.Table, spec: TableSpec) -> list[Violation]:
    if not spec.key:
        return []
    key = [staged[name] for name in dict.fromkeys((spec.date_column, *spec.key))]
    repeated = staged.group_by(key).aggregate(times=staged.count()).filter(lambda t: t.times > 1)
    summed = repeated.aggregate(keys=repeated.count()).to_pyarrow().to_pylist()[0]["keys"]
    if not summed:
        return []
    return [Violation(None, f"{', '.join(spec.key)} must be unique", summed, _examples(repeated, spec, None))]


def _examples(rows: ir.Table, spec: TableSpec, column: str | None) -> tuple[dict[str, object], ...]:
    names = dict.fromkeys((*(spec.key or (spec.date_column,)), *([column] if column else [])))
    # Ordered, so that the same bad slice gives the same message.
    shown = rows.select([rows[name] for name in names]).distinct().order_by(list(names)).limit(_EXAMPLES)
    return tuple(mask_row(row, spec.personal) for row in shown.to_pyarrow().to_pylist())
