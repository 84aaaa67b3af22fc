"""One SELECT: what its groups and windows say of the rows that it gives, by a closed set of rules.

GROUP BY has a row for each combination of its expressions; without it, what determines the row of each source
determines the row. What is not covered raises UnclearError, and nothing is proved of the SELECT: ROLLUP, and what
sources.py does not cover.
"""

from __future__ import annotations

from collections.abc import Mapping

from sqlglot import exp

from recs_platform.warehouse.proof.relation import UNKNOWN, Closure, Names, Relation, UnclearError, Value
from recs_platform.warehouse.proof.scope import Expression, Scope, column_text
from recs_platform.warehouse.proof.sources import RelationOf, conjuncts, only, scope_of
from recs_platform.warehouse.values import Values

_KNOWN = (
    *("with_", "expressions", "from_", "joins", "where", "group", "having", "qualify", "distinct", "order", "limit"),
    "offset",
)


def select_relation(select: exp.Select, relation_of: RelationOf, values: Values) -> Relation:
    """What is known of the rows of a SELECT, before DISTINCT."""
    only(select, *_KNOWN)
    scope = scope_of(select, relation_of, values)
    projected = _projected(select, scope)
    by_name = dict(projected)
    if len(by_name) != len(projected):
        raise UnclearError
    columns = {name: _value(scope, expression) for name, expression in by_name.items()}
    outputs = {name: _try_expression(scope, expression) for name, expression in by_name.items()}
    groups = _groups(select, scope, by_name)
    _number(select, scope, by_name)

    def find(given: Names) -> Closure:
        said = {of.text for name in given if (of := outputs[name]) is not None}
        known = {
            token for name in given if (of := outputs[name]) is not None and of.plain
            for token in of.columns if of.text == column_text(token)
        }  # fmt: skip
        known, rows = scope.closed(known, said)
        if groups is None:
            row = len(rows) == len(scope.sources)
        else:
            row = all(scope.follows(group, known, said, rows) for group in groups)
        if row:
            return Closure(frozenset(by_name), row=True)
        also = {name for name, of in outputs.items() if of is not None and scope.follows(of, known, said, rows)}
        return Closure(given | also, row=False)

    return Relation(columns, find)


def _value(scope: Scope, expression: exp.Expr) -> Value:
    try:
        return scope.value_of(expression.this if isinstance(expression, exp.Alias) else expression)
    except UnclearError:
        return UNKNOWN


def _try_expression(scope: Scope, expression: exp.Expr) -> Expression | None:
    try:
        return scope.expression(expression)
    except UnclearError:
        return None


def _projected(select: exp.Select, scope: Scope) -> list[tuple[str, exp.Expr]]:
    """The columns that a SELECT gives, by name."""
    projected: list[tuple[str, exp.Expr]] = []
    for expression in select.expressions:
        star = expression.this if isinstance(expression, exp.Column) else expression
        if not isinstance(star, exp.Star):
            name = expression.alias_or_name.lower()
            if not name:
                raise UnclearError
            projected.append((name, expression))
            continue
        only(star, "except_")
        table = expression.table.lower() if isinstance(expression, exp.Column) else ""
        if scope.using and not table:
            raise UnclearError
        left_out = {one.name.lower() for one in star.args.get("except_") or ()}
        for source in scope.sources:
            if table in ("", source.alias):
                names = [name for name in source.relation.named() if name not in left_out]
                projected += [(name, exp.column(name, table=source.alias)) for name in names]
    return projected


def _groups(select: exp.Select, scope: Scope, by_name: Mapping[str, exp.Expr]) -> list[Expression] | None:
    """The expressions that rows are grouped by; none of them for a total, None where rows are not grouped."""
    group = select.args.get("group")
    if group is None:
        having = select.args.get("having")
        places = [*select.expressions, *([having.this] if having else [])]
        return [] if any(_aggregates(place) for place in places) else None
    only(group, "expressions")
    given = []
    for expression in group.expressions:
        if isinstance(expression, exp.Rollup | exp.Cube | exp.GroupingSets | exp.Tuple):
            raise UnclearError
        if isinstance(expression, exp.Literal):
            if expression.is_string or not 1 <= int(expression.name) <= len(by_name):
                raise UnclearError
            given.append(list(by_name.values())[int(expression.name) - 1])
        else:
            given.append(_meant(expression, scope, by_name))
    return [scope.expression(expression) for expression in given]


def _meant(expression: exp.Expr, scope: Scope, by_name: Mapping[str, exp.Expr]) -> exp.Expr:
    """A bare name may be a column's, or that of a column that the SELECT gives."""
    if not isinstance(expression, exp.Column) or expression.table:
        return expression
    given = by_name.get(expression.name.lower())
    try:
        token = scope.token(expression)
    except UnclearError:
        if given is None or scope.may_have(expression.name.lower()):
            raise
        return given
    if given is not None and scope.expression(given).text != column_text(token):
        raise UnclearError
    return expression


def _aggregates(node: exp.Expr) -> bool:
    """Whether an expression looks at all rows, not counting what stands in windows and subqueries."""
    if isinstance(node, exp.Window | exp.Query | exp.Exists):
        return False
    return isinstance(node, exp.AggFunc) or any(_aggregates(child) for child in node.iter_expressions())


def _number(select: exp.Select, scope: Scope, by_name: Mapping[str, exp.Expr]) -> None:
    """Learn of what ROW_NUMBER() numbers. Windows look at rows before QUALIFY leaves any out."""
    for expression in by_name.values():
        given = expression.this if isinstance(expression, exp.Alias) else expression
        partition = _partition(given, scope)
        if partition is not None:
            scope.numbered.append((partition, scope.expression(given)))
    qualify = select.args.get("qualify")
    for condition in conjuncts(qualify.this if qualify else None):
        if isinstance(condition, exp.EQ) and condition.right == exp.Literal.number(1):
            number = condition.left
            if isinstance(number, exp.Column) and not number.table and not scope.may_have(number.name.lower()):
                named = by_name.get(number.name.lower(), number)
                number = named.this if isinstance(named, exp.Alias) else named
            partition = _partition(number, scope)
            if partition is not None:
                scope.numbered.append((partition, None))


def _partition(window: exp.Expr, scope: Scope) -> tuple[Expression, ...] | None:
    if not isinstance(window, exp.Window) or not isinstance(window.this, exp.RowNumber) or window.args.get("alias"):
        return None
    try:
        return tuple(scope.expression(expression) for expression in window.args.get("partition_by") or ())
    except UnclearError:
        return None
