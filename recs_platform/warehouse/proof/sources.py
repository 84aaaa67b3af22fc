"""The sources of a SELECT, and what its joins and conditions say that every row keeps.

What is not covered raises UnclearError: RIGHT and FULL JOIN, correlated subqueries in FROM, names that could be two
columns.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress

from sqlglot import exp

from recs_platform.warehouse.proof.expressions import is_plain
from recs_platform.warehouse.proof.relation import Closure, Names, Relation, UnclearError, Value, opaque
from recs_platform.warehouse.proof.scope import Scope, Source, Token
from recs_platform.warehouse.values import Values

RelationOf = Callable[[exp.Expr], Relation]


def scope_of(select: exp.Select, relation_of: RelationOf, values: Values) -> Scope:
    """The sources of a SELECT, and what its conditions say of their rows."""
    first = select.args.get("from_")
    scope = Scope([], values)
    if first is None:
        return scope
    only(first, "this")
    scope.sources.append(Source(_alias(first.this), relation_of(first.this), is_optional=False))
    for join in select.args.get("joins") or ():
        _join(scope, join, relation_of)
    aliases = [source.alias for source in scope.sources]
    if len({*aliases}) != len(aliases):
        raise UnclearError
    where = select.args.get("where")
    for condition in conjuncts(where.this if where else None):
        _learn(scope, condition)
    return scope


def _join(scope: Scope, join: exp.Join, relation_of: RelationOf) -> None:
    only(join, "this", "side", "kind", "on", "using")
    side, kind = (join.side or "").upper(), (join.kind or "").upper()
    if side not in ("", "LEFT") or kind not in ("", "INNER", "CROSS", "OUTER"):
        raise UnclearError
    alias, before = _alias(join.this), list(scope.sources)
    relation = relation_of(join.this)
    earlier = Scope(before, scope.values, dict(scope.using))
    using = [name.name.lower() for name in join.args.get("using") or ()]
    lefts = [earlier.token(exp.column(name)) for name in using]
    conditions = list(conjuncts(join.args.get("on")))
    if side == "LEFT":
        alone = Scope([Source(alias, relation, is_optional=False)], scope.values)
        equated: list[tuple[str, exp.Expr]] = [
            (name, exp.column(left[1], table=left[0]))
            for name, left in zip(using, lefts, strict=True)
            if _safe(alone.value((alias, name)), earlier.value(left))
        ]
        for condition in conditions:
            equated += _equated(alone, earlier, alias, condition)
        scope.sources.append(Source(alias, relation, is_optional=True, equated=tuple(equated)))
    else:
        scope.sources.append(Source(alias, relation, is_optional=False))
        for name, left in zip(using, lefts, strict=True):
            _equal(scope, (alias, name), exp.column(left[1], table=left[0]))
            _equal(scope, left, exp.column(name, table=alias))
        for condition in conditions:
            _learn(scope, condition)
    scope.using |= dict(zip(using, lefts, strict=True))


def _equated(alone: Scope, earlier: Scope, alias: str, condition: exp.Expr) -> Iterator[tuple[str, exp.Expr]]:
    """What ON says a column of the right side is equal to, over the sources before it alone."""
    if not isinstance(condition, exp.EQ):
        return
    for one, other in ((condition.left, condition.right), (condition.right, condition.left)):
        if isinstance(one, exp.Column) and one.table.lower() == alias and is_plain(other):
            try:
                token, value = alone.token(one), earlier.value_of(other)
                earlier.expression(other)
            except UnclearError:
                continue
            if _safe(alone.value(token), value):
                yield token[1], other


def _learn(scope: Scope, condition: exp.Expr) -> None:
    """Add what a condition says that every row keeps. What it names may be a column of a query around this one: then it
    says nothing here."""
    with suppress(UnclearError):
        if isinstance(condition, exp.EQ):
            for one, other in ((condition.left, condition.right), (condition.right, condition.left)):
                if isinstance(one, exp.Column) and is_plain(other):
                    _equal(scope, scope.token(one), other)
        elif isinstance(condition, exp.In) and isinstance(condition.this, exp.Column):
            words = _listed(condition, scope.values)
            if words is not None:
                scope.words[scope.token(condition.this)] = words


def _equal(scope: Scope, token: Token, other: exp.Expr) -> None:
    if _safe(scope.value(token), scope.value_of(other)):
        scope.equalities.append((token, scope.expression(other)))


def _safe(column: Value, other: Value) -> bool:
    """Whether the column is one value where it is equal to one. Two whole numbers may be equal to one fraction."""
    return column.type is not None and (column.type not in ("INT64", "FLOAT64") or column.type == other.type)


def _listed(condition: exp.In, values: Values) -> frozenset[str] | None:
    unnest = condition.args.get("unnest")
    if unnest is not None:
        (array,) = unnest.expressions if len(unnest.expressions) == 1 else (None,)
        value = values.get(array.name) if isinstance(array, exp.Parameter) else None
        return frozenset(value) if isinstance(value, tuple) else None
    listed = condition.expressions
    if not listed or not all(isinstance(one, exp.Literal) and one.is_string for one in listed):
        return None
    return frozenset(one.name for one in listed)


def _alias(node: exp.Expr) -> str:
    alias = node.alias_or_name.lower()
    if isinstance(node, exp.Unnest) and not alias:
        columns = node.args["alias"].columns if node.args.get("alias") else []
        alias = columns[0].name.lower() if columns else ""
    if not alias:
        raise UnclearError
    return alias


def unnested(node: exp.Unnest, values: Values) -> Relation:
    """The elements of an array: of a list that is written out, each once; with an offset, that stands once."""
    only(node, "expressions", "alias", "offset")
    columns = node.args["alias"].columns if node.args.get("alias") else []
    if len(columns) != 1 or len(node.expressions) != 1:
        raise UnclearError
    name, array = columns[0].name.lower(), node.expressions[0]
    offset = node.args.get("offset")
    place = offset.name.lower() if isinstance(offset, exp.Identifier) else None
    listed = _elements(array, values)
    words = None if listed is None or not all(isinstance(one, str) for one in listed) else frozenset(map(str, listed))
    type_ = "STRING" if words else "INT64" if listed and all(type(one) is int for one in listed) else None
    known = {name: Value(type_, words)} | ({place: Value("INT64")} if place else {})
    if len(known) == 1 and offset:
        raise UnclearError
    if listed is None and array.find(exp.Column, exp.Query):
        return opaque(known)
    once = {name} if listed is not None and type_ and len({*listed}) == len(listed) else set[str]()
    once |= {place} if place else set()

    def find(given: Names) -> Closure:
        return Closure(frozenset(known), row=True) if given & once else Closure(given, row=False)

    return Relation(known, find)


def _elements(array: exp.Expr, values: Values) -> Sequence[object] | None:
    if isinstance(array, exp.Parameter):
        value = values.get(array.name)
        return value if isinstance(value, tuple) else None
    if isinstance(array, exp.Array) and all(isinstance(one, exp.Literal) for one in array.expressions):
        return [
            one.name if one.is_string else int(one.name) if one.name.isdigit() else None for one in array.expressions
        ]
    return None


def conjuncts(condition: exp.Expr | None) -> Iterator[exp.Expr]:
    if isinstance(condition, exp.And):
        yield from conjuncts(condition.left)
        yield from conjuncts(condition.right)
    elif isinstance(condition, exp.Paren):
        yield from conjuncts(condition.this)
    elif condition is not None:
        yield condition


def only(node: exp.Expr, *known: str) -> None:
    """Raises UnclearError where a node has a part that no rule knows."""
    if any(value for name, value in node.args.items() if name not in known):
        raise UnclearError
