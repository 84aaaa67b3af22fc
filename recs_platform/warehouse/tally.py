"""One statement that counts, for several checks, the rows which break each rule and the rows that each is about.

What only chooses among the rows of one FROM clause is counted in one scan of that clause, with all that choose among
the same; anything else is a query of its own in the statement. A condition that is neither true nor false chooses no
row, as in WHERE. Not here: running it, and what becomes of the numbers (`check.py`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import TYPE_CHECKING

from sqlglot import exp

from recs_platform.warehouse.query import Query

if TYPE_CHECKING:
    from recs_platform.warehouse.check import Check

_CHOOSING = frozenset({"expressions", "from_", "joins", "where"})
"""What a query consists of that only chooses among the rows of its FROM clause."""


def violations_of(number: int) -> str:
    """The column of how many rows break the rule of one of the checks."""
    return f"_violations_{number}"


def rows_of(number: int) -> str:
    """The column of how many rows the rule is about."""
    return f"_rows_{number}"


@dataclass
class _Scan:
    """What is counted of the rows of one FROM clause: under each condition, the name of its count; of all rows, under
    no condition."""

    clause: exp.Select
    names: dict[str, str] = field(default_factory=dict)
    conditions: dict[str, exp.Expr] = field(default_factory=dict)

    def count(self, condition: exp.Expr | None, name: str) -> str:
        text = _text(condition) if condition else ""
        if condition:
            self.conditions[text] = condition
        return self.names.setdefault(text, name)

    def tree(self) -> exp.Select:
        if len(self.names) == 1:
            (name,) = self.names.values()
            only = self.clause.select(exp.alias_(exp.Count(this=exp.Star()), name), append=False)
            return only.where(*self.conditions.values(), copy=False)
        # Inside, a condition stands where it may hold anything that it may hold in WHERE.
        held = {text: f"{name}_holds" for text, name in self.names.items() if text}
        rows = self.clause.select(*(exp.alias_(self.conditions[t].copy(), n) for t, n in held.items()), append=False)
        counts = [
            exp.alias_(exp.CountIf(this=exp.column(held[text])) if text else exp.Count(this=exp.Star()), name)
            for text, name in self.names.items()
        ]
        return exp.select(*counts).from_(rows.subquery("_looked_at"))


@lru_cache(maxsize=512)
def tally(checks: tuple[Check, ...]) -> Query:
    """The statement: one row, with two columns for each check in turn."""
    scans: dict[str, _Scan] = {}
    parts: list[exp.Query] = []
    columns: list[exp.Expr] = []

    def count(name: str, tree: exp.Query, clause: exp.Select | None, otherwise: exp.Expr) -> None:
        if clause is None:
            parts.append(exp.select(exp.alias_(otherwise, name)).from_(tree.copy().subquery("_rows_of_it")))
            columns.append(exp.column(name))
        else:
            where = tree.args.get("where")
            scan = scans.setdefault(_text(clause), _Scan(clause))
            columns.append(exp.alias_(exp.column(scan.count(where and where.this, name)), name))

    for number, check in enumerate(checks):
        broken, about = check.query.tree, check.counting.tree
        count(violations_of(number), broken, _clause(broken, broken.expressions), exp.Count(this=exp.Star()))
        count(rows_of(number), about, _clause(about, ()), exp.column(check.counting.columns[0]))
    parts += [scan.tree() for scan in scans.values()]
    statement = exp.select(*columns)
    for number, part in enumerate(parts):
        one_row = part.subquery(f"_part_{number}", copy=False)
        statement = statement.join(one_row, join_type="cross", copy=False) if number else statement.from_(one_row)
    return _of_all(checks, statement)


def is_counted_at_once(check: Check) -> bool:
    """Whether it pays to count a check with others before it is judged. One that may find something mostly does, and
    would do its work twice, unless that is a scan which others make as well."""
    return check.tolerance == 0.0 or _clause(check.query.tree, check.query.tree.expressions) is not None


def sharing(checks: Sequence[Check]) -> Mapping[str, Sequence[str]]:
    """The FROM clauses among whose rows several checks choose the ones that break their rules, and which those are."""
    sharers: dict[str, list[str]] = {}
    for check in checks:
        if (clause := _clause(check.query.tree, check.query.tree.expressions)) is not None:
            sharers.setdefault(_text(clause), []).append(check.name)
    return {clause.removeprefix("SELECT "): names for clause, names in sharers.items() if len(names) > 1}


def _clause(tree: exp.Query, columns: Sequence[exp.Expr]) -> exp.Select | None:
    """The FROM clause of a query that only chooses among its rows, in a query without columns; None of any other.
    `columns` are those that say something about a row."""
    if not isinstance(tree, exp.Select) or any(tree.args[name] for name in tree.args.keys() - _CHOOSING):
        return None
    where, from_ = tree.args.get("where"), tree.args.get("from_")
    parts = [*columns, *([where.this] if where else [])]
    # With a table of its own, a condition is a join: in WHERE an engine can make less of it.
    if from_ is None or any(part.find(exp.AggFunc, exp.Window, exp.Table) for part in parts):
        return None
    return exp.Select(from_=from_.copy(), joins=[join.copy() for join in tree.args.get("joins") or ()])


def _text(tree: exp.Expr) -> str:
    return tree.sql(dialect="bigquery", comments=False)


def _of_all(checks: Sequence[Check], tree: exp.Query) -> Query:
    """The query of a tree that is made of those of all checks, known by all their texts."""
    first = checks[0]
    text = "\n".join(check.query.text for check in checks)
    whole = replace(first.query, path=f"checks of {first.table}", text=text, description="", directives=())
    return whole.made_into(f"{first.table}, counted", tree)
