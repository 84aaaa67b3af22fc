"""A query's text on the lake: GoogleSQL as DuckDB runs it, every parameter a typed literal."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from functools import lru_cache
from typing import TypeVar

from sqlglot import exp

from recs_platform.warehouse.compile import literal_of
from recs_platform.warehouse.query import Query
from recs_platform.warehouse.values import Value, Values


def duckdb_sql(query: Query, values: Values, *, pretty: bool = False) -> str:
    """The query as DuckDB runs it, every parameter replaced by a literal of its type."""
    used = {name: values[name] for name in query.parameters}
    days = {name: value for name, value in used.items() if isinstance(value, date)}
    # Days alone change from run to run, so they are put into a text that is compiled once.
    marked = used | {name: _Marked(name) for name in days}
    # 1, 1.0 and True are equal, and other literals.
    given = tuple((name, type(marked[name]).__name__, marked[name]) for name in sorted(marked))
    sql = _compiled(query, given, pretty)
    for name, value in days.items():
        sql = sql.replace(_Marked(name).text, value.isoformat())
    return sql


class _Marked(str):
    """Stands for a day in a compiled text."""

    __slots__ = ()

    @property
    def text(self) -> str:
        # Nobody's own text has this in it.
        return f"@day 5d0f7c1b {self}@"


@lru_cache(maxsize=1024)
def _compiled(query: Query, given: tuple[tuple[str, str, Value], ...], pretty: bool) -> str:
    values = {name: value for name, _, value in given}

    def literal_for(node: exp.Expression) -> exp.Expression:
        if isinstance(node, exp.In) and isinstance(node.args.get("unnest"), exp.Unnest):
            return _in_list(node, values)
        if isinstance(node, exp.Parameter):
            return _literal(values[node.name])
        if isinstance(node, exp.DataType) and node.this is exp.DataType.Type.TIMESTAMPTZ:
            # Every timestamp is UTC. Without a zone DuckDB needs no calendar arithmetic to read its day.
            return exp.DataType.build("TIMESTAMP", dialect="duckdb")
        return node

    # sqlglot writes a copy unless it is told that the tree is nobody else's.
    tree = _with_googlesql_meaning(query.tree.copy()).transform(literal_for, copy=False)
    return tree.sql(dialect="duckdb", pretty=pretty, comments=False, copy=False)


def _literal(value: Value) -> exp.Expression:
    if isinstance(value, _Marked):
        return exp.cast(exp.Literal.string(value.text), exp.DataType.Type.DATE)
    return literal_of(value)


def _in_list(node: exp.In, values: Values) -> exp.Expression:
    """`x IN UNNEST(@list)` as `x IN (...)`: DuckDB plans a list of constants far better than an array."""
    arrays = node.args["unnest"].expressions
    if len(arrays) != 1 or not isinstance(arrays[0], exp.Parameter):
        return node
    items = values[arrays[0].name]
    assert isinstance(items, tuple), f"@{arrays[0].name} is not a list"  # noqa: S101  (scope.py checked its type)
    if not items:
        return exp.false()
    return exp.In(this=node.this, expressions=[exp.Literal.string(item) for item in items])


_Tree = TypeVar("_Tree", bound=exp.Expr)
_WHITE_SPACE = " \t\n\v\f\r\u00a0"


def duckdb_expression(tree: exp.Expression) -> str:
    """One expression in GoogleSQL, which is not kept, as DuckDB runs it."""
    return _with_googlesql_meaning(exp.Paren(this=tree)).sql(dialect="duckdb", comments=False, copy=False)


def _with_googlesql_meaning(tree: _Tree) -> _Tree:
    """The tree with a twin for each function that sqlglot renders by one that means something else."""
    # Innermost first: a replaced node takes its replaced arguments along.
    for node in reversed(list(tree.find_all(*_TWINS))):
        twin = _TWINS[type(node)](node)
        if twin is not node:
            node.replace(twin)
    return tree


def _timestamp_diff(node: exp.Expr) -> exp.Expr:
    """DATE_DIFF counts the boundaries between two timestamps, GoogleSQL the whole units."""
    unit = exp.Literal.string(node.args["unit"].name.lower())
    return exp.Anonymous(this="DATESUB", expressions=[unit, node.expression, node.this])


def _trim(node: exp.Expr) -> exp.Expr:
    """DuckDB trims spaces, GoogleSQL every kind of white space."""
    if node.expression is None:
        node.set("expression", exp.Literal.string(_WHITE_SPACE))
    return node


def _as_date(node: exp.Expr) -> exp.Expr:
    """A date and an interval make a timestamp in DuckDB, and so does a truncated date."""
    return exp.cast(node.copy(), exp.DataType.Type.DATE)


def _countif(node: exp.Expr) -> exp.Expr:
    """COUNT_IF of no row, or of NULLs alone, is NULL in DuckDB and 0 in GoogleSQL."""
    return exp.Count(this=exp.case().when(node.this, exp.Literal.number(1)))


def _unix_seconds(node: exp.Expr) -> exp.Expr:
    """A cast rounds what is left of a second; GoogleSQL cuts it off."""
    seconds = exp.Floor(this=exp.Anonymous(this="EPOCH", expressions=[node.this]))
    return exp.cast(seconds, exp.DataType.Type.BIGINT)


def _array_to_string(node: exp.Expr) -> exp.Expr:
    """Of NULLs alone, DuckDB makes NULL, GoogleSQL an empty text."""
    text = exp.Coalesce(this=node.copy(), expressions=[exp.Literal.string("")])
    if isinstance(node.this, exp.Array):
        return text
    return exp.case().when(exp.Not(this=exp.Is(this=node.this.copy(), expression=exp.null())), text)


def _substring(node: exp.Expr) -> exp.Expr:
    """From character 0 on is from the first in GoogleSQL; DuckDB has one character less then."""
    start = node.args["start"]
    if isinstance(start, exp.Literal | exp.Neg) and start.name != "0":
        return node
    zero, one = exp.Literal.number(0), exp.Literal.number(1)
    node.set("start", exp.case().when(exp.EQ(this=start.copy(), expression=zero), one).else_(start.copy()))
    return node


def _extract(node: exp.Expr) -> exp.Expr:
    """To DuckDB the milliseconds of a point in time are those of its minute, to GoogleSQL those of its second."""
    of_a_second = {"MILLISECOND": 1_000, "MICROSECOND": 1_000_000}.get(node.name.upper())
    return exp.Mod(this=node.copy(), expression=exp.Literal.number(of_a_second)) if of_a_second else node


def _by_the_most(node: exp.Expr) -> exp.Expr:
    """ARG_MAX and ARG_MIN pass over rows whose value is NULL; MAX_BY and MIN_BY do not."""
    name = "ARG_MAX_NULL" if isinstance(node, exp.ArgMax) else "ARG_MIN_NULL"
    return exp.Anonymous(this=name, expressions=[node.this, node.expression])


_TWINS: Mapping[type[exp.Expr], Callable[[exp.Expr], exp.Expr]] = {
    exp.TimestampDiff: _timestamp_diff,
    exp.Trim: _trim,
    exp.DateAdd: _as_date,
    exp.DateSub: _as_date,
    exp.DateTrunc: _as_date,
    exp.CountIf: _countif,
    exp.UnixSeconds: _unix_seconds,
    exp.ArrayToString: _array_to_string,
    exp.Substring: _substring,
    exp.Extract: _extract,
    exp.ArgMax: _by_the_most,
    exp.ArgMin: _by_the_most,
}
