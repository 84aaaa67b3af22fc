"""The rules that a table's Pandera model states, as conditions on its rows: what an engine counts.

`schema.validate` of pandera.ibis runs one query per rule and prints every failing row. Here the same checks, taken from
the same model, are expressions, which an engine counts together. Not here: what becomes of a broken rule (`audit.py`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import ibis
import ibis.expr.types as ir
from pandera.api.checks import Check
from pandera.api.ibis.types import IbisData

from recs_platform.schemas.table import TableSpec


@dataclass(frozen=True)
class Rule:
    column: str | None
    text: str
    broken: ir.BooleanValue
    """True for a row that breaks it; NULL counts as kept, as in Pandera."""


def rules_of(rows: ir.Table, spec: TableSpec) -> Iterator[Rule]:
    """Every rule of the model about single rows, in a fixed order."""
    for name, column in spec.schema.columns.items():
        values = rows[name]
        if not column.nullable:
            yield Rule(name, "must not be NULL", values.isnull())
        if values.type().is_floating():
            yield Rule(name, "must be a number, not NaN", values.isnan())
        for check in column.checks:
            yield Rule(name, _text(check), ~_kept(check, rows, name))
    for check in spec.schema.checks:
        yield Rule(None, _text(check), ~_kept(check, rows, None))


def _kept(check: Check, rows: ir.Table, column: str | None) -> ir.BooleanValue:
    """The expression that is true for rows that keep a check."""
    outcome = check._check_fn(IbisData(rows, column), **check._check_kwargs)
    if isinstance(outcome, ir.Table):
        # Pandera's built-in checks give a one-column selection over the table; its expression is what we count.
        expressions = [node.to_expr() for node in outcome.op().values.values()]
        return expressions[0] if len(expressions) == 1 else ibis.and_(*expressions)
    return outcome


def _text(check: Check) -> str:
    return str(check.error or check.name)
