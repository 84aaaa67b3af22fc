"""A staged slice against its table's Pandera model: which rules it breaks, how often, and in which rows.

The engine counts all rules that it has no proof of in one scan; only rules that were broken are looked at again, for a
few masked examples. Not here: what the rules are (`rules.py`), what proves one (`proof/`), and how an engine counts.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from recs_platform.errors import SliceError
from recs_platform.masking import mask_row
from recs_platform.schemas.table import Empty, TableSpec
from recs_platform.warehouse.protocol import Audit, StagedSlice, Subject
from recs_platform.warehouse.slices import key_of_slices

if TYPE_CHECKING:
    import ibis.expr.types as ir

_EXAMPLES = 5


@dataclass(frozen=True)
class Violation:
    column: str | None
    rule: str
    rows: int
    examples: tuple[dict[str, object], ...]

    def __str__(self) -> str:
        where = f"column {self.column}: " if self.column else ""
        shown = "; ".join(str(example) for example in self.examples)
        noun = "row" if self.rows == 1 else "rows"
        return f"{where}{self.rule}: {self.rows:,} bad {noun}, such as {shown}"


def violations(staged: StagedSlice, spec: TableSpec) -> tuple[int, list[Violation]]:
    """The number of rows, and every rule of the model that they break."""
    counts = staged.count(spec)
    if not any(counts.broken) and not counts.repeated_keys:
        return counts.rows, []
    # What was broken is told in Pandera's words, which nobody loads for what was not.
    from recs_platform.warehouse.rules import rules_of

    rows = staged.rows
    rules = rules_of(rows, spec) if any(counts.broken) else ()
    broken = [
        Violation(rule.column, rule.text, bad, _examples(staged, rows.filter(rule.broken), spec, rule.column))
        for rule, bad in zip(rules, counts.broken, strict=False)
        if bad
    ]
    if counts.repeated_keys:
        examples = _examples(staged, _repeated_keys(rows, spec), spec, None)
        broken.append(Violation(None, f"{', '.join(spec.key)} must be unique", counts.repeated_keys, examples))
    return counts.rows, broken


def _audit_schema(staged: StagedSlice, subject: Subject) -> None:
    spec = subject.table.spec
    rows, broken = violations(staged, spec)
    if spec.empty is Empty.FAIL and (empty := _empty_days(staged, subject, rows)):
        shown = ", ".join(map(str, empty[:_EXAMPLES])) + (" ..." if len(empty) > _EXAMPLES else "")
        raise SliceError(f"{subject}: no rows on {shown}, and {spec.name} may not be empty. Nothing was published.")
    if broken:
        noun = "rule" if len(broken) == 1 else "rules"
        listed = "\n".join(f"  - {violation}" for violation in broken)
        raise SliceError(
            f"{subject}: the new rows ({rows:,} in all) violate {len(broken)} {noun} of {spec.name}. "
            f"Nothing was published; what was there before stays.\n{listed}"
        )


SCHEMA_AUDIT = Audit(_audit_schema)


def _empty_days(staged: StagedSlice, subject: Subject, rows: int) -> list[date]:
    if len(subject.days) == 1:
        return [] if rows else list(subject.days)
    column = subject.table.spec.date_column
    known = staged.known_by_day(column)
    if known is None:
        filled = set(staged.answer(staged.rows.select(column).distinct())[column].to_pylist())
    else:
        filled = {count.day for count in known}
    return [day for day in subject.days if day not in filled]


def _repeated_keys(staged: ir.Table, spec: TableSpec) -> ir.Table:
    key = [staged[name] for name in key_of_slices(spec)]
    return staged.group_by(key).aggregate(times=staged.count()).filter(lambda t: t.times > 1)


def _examples(
    staged: StagedSlice, rows: ir.Table, spec: TableSpec, column: str | None
) -> tuple[dict[str, object], ...]:
    names = dict.fromkeys((*(spec.key or (spec.date_column,)), *([column] if column else [])))
    # Ordered, so that the same bad slice gives the same message.
    shown = rows.select([rows[name] for name in names]).distinct().order_by(list(names)).limit(_EXAMPLES)
    return tuple(mask_row(row, spec.personal) for row in staged.answer(shown).to_pylist())
