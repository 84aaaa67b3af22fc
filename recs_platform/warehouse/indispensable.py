"""Of which tables a query must be shown a row, so that it can give one: those that it reads in FROM and joins to.

It follows from the syntax tree alone. A table that is joined from the left may be empty, and so may one in a condition.
Where that cannot be told, the table counts as one that may be empty. Not here: which tables a query names (syntax.py),
and which of them a company lacks (`pipeline/left_out.py`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from sqlglot import exp

_NONE: frozenset[str] = frozenset()
_OneOfEach = Mapping[str, frozenset[str]]


def indispensable(tree: exp.Expr | None, common: _OneOfEach | None = None) -> frozenset[str]:
    """The tables without a row of which a query gives none; `common` are those of each common table expression."""
    if not isinstance(tree, exp.Query):
        return _NONE
    known = dict(common or {})
    for one in tree.ctes:
        # A recursive one reads itself, of which nothing is known.
        known[one.alias.lower()] = indispensable(one.this, {**known, one.alias.lower(): _NONE})
    match tree:
        case exp.Subquery():
            return indispensable(tree.this, known)
        case exp.Union():
            return frozenset.intersection(*(indispensable(branch, known) for branch in _branches(tree)))
        case exp.Select():
            return _NONE if _always_a_row(tree) else _joined(tree, known)
    return _NONE


def _branches(union: exp.Union) -> Iterator[exp.Expr]:
    """Of unions in a row, which lean to the left and may be thousands."""
    left: exp.Expr = union
    while isinstance(left, exp.Union):
        yield left.right
        left = left.left
    yield left


def _always_a_row(select: exp.Select) -> bool:
    """Whether it counts over everything: of no rows that is a row."""
    group = select.args.get("group")
    if group is not None:
        return any(isinstance(part, exp.Rollup | exp.Cube) or _of_everything(part) for part in group.expressions)
    # The nearest of them around an aggregate is the query itself, unless it is another query's, or a window's.
    return any(
        call.find_ancestor(exp.Window, exp.Select) is select
        for projection in select.expressions
        for call in projection.find_all(exp.AggFunc)
    )


def _of_everything(part: exp.Expr) -> bool:
    """Whether one of several groupings, `()`, is of all rows together."""
    return isinstance(part, exp.GroupingSets) and any(
        isinstance(grouping, exp.Tuple) and not grouping.expressions for grouping in part.expressions
    )


def _joined(select: exp.Select, known: _OneOfEach) -> frozenset[str]:
    start = select.args.get("from_")
    needed = _rows_of(start.this, known) if start is not None else _NONE
    for join in select.args.get("joins") or ():
        own, side = _rows_of(join.this, known), join.side.upper()
        if side == "FULL":
            needed &= own
        elif side == "RIGHT":
            needed = own
        elif side != "LEFT":
            needed |= own
    return needed


def _rows_of(source: exp.Expr, known: _OneOfEach) -> frozenset[str]:
    if isinstance(source, exp.Table):
        return known.get(source.name.lower(), frozenset({source.name}))
    return indispensable(source, known) if isinstance(source, exp.Query) else _NONE
