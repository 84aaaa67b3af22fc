"""Checks: queries of `sql/validation/` that return the rows which break a rule.

The header says which table a check guards (`table:`), how bad a failure is (`severity:`), which share of rows may break
the rule (`tolerance:`), of which rows that is a share (`of:` a table, `among:` those that keep a condition), and what
to do about a failure (`remedy:`). The description is the rule in words.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING, Any

from recs_platform.clock import phase
from recs_platform.errors import QueryError
from recs_platform.masking import mask_row
from recs_platform.plurals import counted
from recs_platform.schemas.table import TableSpec
from recs_platform.timings import Phase
from recs_platform.warehouse.protocol import BoundQuery, Warehouse
from recs_platform.warehouse.query import Query, parse_query
from recs_platform.warehouse.values import Values

if TYPE_CHECKING:
    from sqlglot import exp

EXAMPLES = 10
_FEW_ROWS = 3
_FEW_FOR_A_SHARE = 20
_NUMBERS = ("_violations", "_rows")


class Severity(StrEnum):
    ERROR = "error"
    """Blocks everything downstream of the guarded table."""
    WARN = "warn"
    """Alerts."""


@dataclass(frozen=True)
class Check:
    query: Query
    table: str
    """The table it guards; its kind decides which days the check is shown."""
    severity: Severity
    tolerance: float | str
    """A share, or the name of the parameter that holds it."""
    of: str
    counting: Query
    """Counts the rows of that table which the rule is about."""
    remedy: str
    """What to do when it fails, in a sentence; perhaps nothing."""

    @property
    def name(self) -> str:
        return self.query.name

    @cached_property
    def judging(self) -> Query:
        """One query for everything that a verdict needs: both numbers, beside a few of the offending rows in a fixed
        order; where there is none, beside NULLs. No column is named like those parts: sorted by it, a part would be
        meant."""
        from sqlglot import exp

        columns = ", ".join(self.query.columns)
        tree: exp.Select = exp.maybe_parse(
            f"SELECT {columns}, _violations, _rows FROM _counted LEFT JOIN _shown ON TRUE ORDER BY {columns}",
            into=exp.Select,
            dialect="bigquery",
        )
        parts: dict[str, exp.Query | str] = {
            "_broken": self.query.tree.copy(),
            "_shown": f"SELECT {columns} FROM _broken ORDER BY {columns} LIMIT {EXAMPLES}",
            "_counted": f"SELECT (SELECT COUNT(*) FROM _broken) AS _violations, ({self.counting.text}) AS _rows",
        }
        for name, part in parts.items():
            tree = tree.with_(name, as_=part, dialect="bigquery", copy=False)
        return self.query.made_into(f"{self.name}, judged", tree)

    def allowed(self, values: Values) -> float:
        if isinstance(self.tolerance, float):
            return self.tolerance
        value = values[self.tolerance]
        if not isinstance(value, float | int):
            raise TypeError(f"@{self.tolerance} is not a share")
        return float(value)


@dataclass(frozen=True)
class CheckVerdict:
    passed: bool
    violations: int
    rows: int
    share: float
    allowed: float
    examples: tuple[dict[str, Any], ...]
    """Masked."""

    @property
    def finding(self) -> str:
        """How many rows violate the rule, and how many may.

        >>> CheckVerdict(False, 1, 1_765, 1 / 1_765, 0.0, ()).finding
        '1 of 1,765 rows (0.06%) violates the rule (none allowed)'
        >>> CheckVerdict(False, 12, 1_765, 12 / 1_765, 0.005, ()).finding
        '12 of 1,765 rows (0.68%) violate the rule (at most 0.50% allowed)'
        >>> CheckVerdict(False, 1, 1, 1.0, 0.0, ()).finding
        '1 row violates the rule (none allowed)'

        What is more than there are rows (a day that has none) is no share of them, and of a few rows it says little:

        >>> CheckVerdict(False, 1, 0, 1.0, 0.0, ()).finding
        '1 violation of the rule (none allowed)'
        >>> CheckVerdict(False, 2, 8, 0.25, 0.1, ()).finding
        '2 of 8 rows violate the rule (at most 10.00% allowed; a share of so few says little)'
        """
        limit = f"at most {self.allowed:.2%}" if self.allowed else "none"
        if self.violations > self.rows:
            return f"{counted(self.violations, 'violation')} of the rule ({limit} allowed)"
        few = self.allowed > 0 and self.violations > 0 and self.rows < _FEW_FOR_A_SHARE
        of = "row" if self.violations == self.rows == 1 else f"of {self.rows:,} rows"
        share = "" if self.violations in (0, self.rows) or few else f" ({self.share:.2%})"
        verb = "violates" if self.violations == 1 else "violate"
        remark = "; a share of so few says little" if few else ""
        return f"{self.violations:,} {of}{share} {verb} the rule ({limit} allowed{remark})"

    @property
    def counters(self) -> str:
        """What the offending rows hold, for a table of few rows: there, how many they are says nothing. Else nothing.

        >>> CheckVerdict(False, 1, 1, 1.0, 0.0, ({"as_of": "2025-09-10", "offers": 0, "reached": None},)).counters
        'offers 0'
        """
        if max(self.rows, self.violations) > _FEW_ROWS:
            return ""
        return "; ".join(", ".join(_told(row)) for row in self.examples)


def read_check(query: Query, tables: Mapping[str, TableSpec], parameters: frozenset[str]) -> Check:
    """Read a check's header; a wrong one is a QueryError with its line."""
    table, line = query.directive("table") or ("", 1)
    if table not in tables:
        raise query.error(f"`-- table:` must name the table that the check guards, not {table or 'nothing'}", line=line)
    severity, line = query.directive("severity") or ("", 1)
    if severity not in list(Severity):
        raise query.error(f"`-- severity:` must be error or warn, not {severity or 'missing'}", line=line)
    of, line = query.directive("of") or (table, 1)
    if of not in tables:
        raise query.error(f"`-- of:` names {of}, which is not a table of the strategy", line=line)
    text, line = query.directive("tolerance") or ("0", 1)
    tolerance = _tolerance(query, text, line, parameters)
    remedy, _ = query.directive("remedy") or ("", 1)
    return Check(query, table, Severity(severity), tolerance, of, _counting(query, of, parameters), remedy)


def _counting(query: Query, of: str, parameters: frozenset[str]) -> Query:
    """The query that counts what the share is of."""
    among, line = query.directive("among") or ("TRUE", 1)
    try:
        counting = parse_query(query.name, f"SELECT COUNT(*) AS n FROM {of} WHERE {among}", query.path)
    except QueryError as error:
        raise query.error(f"cannot read `-- among: {among}`: {error}", line=line) from None
    if counting.tables != {of} or not counting.parameters <= parameters:
        raise query.error(f"`-- among:` must be a condition on {of}, with known parameters, not {among}", line=line)
    return counting


def judge(warehouse: Warehouse, check: Check, bound: BoundQuery) -> CheckVerdict:
    """Run a check: how many rows break the rule, which share of all that is, and a few of them, masked."""
    with phase(Phase.CHECK, check.name), warehouse.run(replace(bound, query=check.judging)) as reader:
        judged = reader.read_all().to_pylist()
    violations, rows = judged[0]["_violations"], judged[0]["_rows"]
    offenders = [{c: v for c, v in row.items() if c not in _NUMBERS} for row in judged] if violations else []
    return verdict_of(check, bound, violations, rows, offenders)


def verdict_of(
    check: Check, bound: BoundQuery, violations: int, rows: int, offenders: Sequence[dict[str, Any]]
) -> CheckVerdict:
    """What the numbers say of the rule, and the offending rows that are shown, masked."""
    from recs_platform.warehouse.personal import PersonalColumns, personal_columns

    share = violations / rows if rows else float(violations > 0)
    allowed = check.allowed(bound.values)
    hidden = (
        personal_columns(check.query, {view.name: view.spec for view in bound.views}, list(offenders[0]))
        if offenders
        else PersonalColumns()
    )
    examples = tuple(mask_row(row, hidden.personal, derived=hidden.derived) for row in offenders)
    return CheckVerdict(violations == 0 or share <= allowed, violations, rows, share, allowed, examples)


def _told(row: Mapping[str, Any]) -> Iterator[str]:
    """A row's columns in words. The day is left out, which the check's partition says already."""
    for name, value in row.items():
        if value is not None and name != "as_of":
            yield f"{name} {round(value, 6) if isinstance(value, float) else value}"


def _tolerance(query: Query, text: str, line: int, parameters: frozenset[str]) -> float | str:
    if text.startswith("@"):
        if text[1:] not in parameters:
            raise query.error(f"`-- tolerance:` names {text}, which is not a parameter", line=line)
        return text[1:]
    try:
        share = float(text)
    except ValueError:
        share = -1.0
    if not 0 <= share <= 1:
        raise query.error(f"`-- tolerance:` must be a share between 0 and 1 or a @parameter, not {text}", line=line)
    return share
