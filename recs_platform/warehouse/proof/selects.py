"""One SELECT: what its joins, groups and windows say of its rows, by a closed set of rules.

Rows of a SELECT are made of a row of each source, so columns that determine each source's row determine the row. They
do it through a source's own key; through an equality that every row keeps (INNER JOIN, WHERE); through the partition of
a ROW_NUMBER() that is 1; and for the right side of a LEFT JOIN, which has at most one row where its equalities hold its
key, through the rows of the sources before it. GROUP BY has a row for each combination of its expressions.

What is not covered raises UnclearError, and nothing is proved of the SELECT: ROLLUP, RIGHT and FULL JOIN, correlated
subqueries in FROM, names that could be two columns.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from sqlglot import exp

from recs_platform.warehouse.proof.expressions import is_plain, value_of
from recs_platform.warehouse.proof.relation import (
    EXACT,
    UNKNOWN,
    Closure,
    Names,
    Relation,
    UnclearError,
    Value,
    opaque,
)
from recs_platform.warehouse.values import Values

Token = tuple[str, str]
"""A column of a source: the source's alias and the column's name."""
RelationOf = Callable[[exp.Expr], Relation]


@dataclass(frozen=True)
class Source:
    alias: str
    relation: Relation
    is_optional: bool
    """The right side of a LEFT JOIN: its row may be missing."""
    equated: tuple[tuple[str, exp.Expr], ...] = ()
    """Its columns that the ON of its LEFT JOIN equates to expressions over the sources before it."""


@dataclass(frozen=True)
class Expression:
    """An expression over the columns of the sources."""

    text: str
    """The same for the same expression."""
    columns: frozenset[Token]
    plain: bool
    """Whether its columns determine it; else the row does."""


@dataclass
class Scope:
    sources: list[Source]
    values: Values
    using: dict[str, Token] = field(default_factory=dict)
    equalities: list[tuple[Token, Expression]] = field(default_factory=list)
    """A column, and what it is equal to in every row."""
    words: dict[Token, frozenset[str]] = field(default_factory=dict)
    numbered: list[tuple[tuple[Expression, ...], Expression | None]] = field(default_factory=list)
    """Partitions in which a number stands once, and the number; None where only its first row is left."""

    def token(self, column: exp.Column) -> Token:
        name, table = column.name.lower(), column.table.lower()
        if column.args.get("db") or isinstance(column.this, exp.Star):
            raise UnclearError
        if table:
            having = [source for source in self.sources if source.alias == table]
        elif name in self.using:
            return self.using[name]
        elif len(self.sources) == 1 and self.sources[0].relation.columns is None:
            having = self.sources
        else:
            having = [source for source in self.sources if name in source.relation.named()]
        if len(having) != 1 or (having[0].relation.columns is not None and name not in having[0].relation.columns):
            raise UnclearError
        return having[0].alias, name

    def value(self, token: Token) -> Value:
        source = next(source for source in self.sources if source.alias == token[0])
        known = (source.relation.columns or {}).get(token[1], UNKNOWN)
        literal = None if source.is_optional else known.literal
        return Value(known.type, self.words.get(token, known.words), literal)

    def value_of(self, expression: exp.Expr) -> Value:
        return value_of(expression, lambda column: self.value(self.token(column)), self.values)

    def expression(self, given: exp.Expr) -> Expression:
        while isinstance(given, exp.Paren | exp.Alias):
            given = given.this
        plain = is_plain(given)
        if not plain:
            return Expression(given.sql(dialect="bigquery", comments=False), frozenset(), plain=False)
        tokens = {id(column): self.token(column) for column in given.find_all(exp.Column)}

        def written_out(node: exp.Expr) -> exp.Expr:
            return exp.column(tokens[id(node)][1], table=tokens[id(node)][0]) if id(node) in tokens else node

        # Of a tree that is changed in place nodes keep their identity, so each column is found by it.
        text = _rewritten(given, written_out)
        return Expression(text, frozenset(tokens.values()), plain=True)

    def closed(self, known: set[Token], said: set[str]) -> tuple[set[Token], set[str]]:
        """All columns that are determined, and the sources whose row is; `said` are expressions that are given."""
        rows: set[str] = set()
        while True:
            size = len(known), len(rows)
            for place, source in enumerate(self.sources):
                self._close_source(place, source, known, rows)
            for token, expression in self.equalities:
                if self.follows(expression, known, said, rows):
                    known.add(token)
            for partition, number in self.numbered:
                parts = (*partition, number) if number else partition
                if all(self.follows(part, known, said, rows) for part in parts):
                    rows |= {source.alias for source in self.sources}
            if (len(known), len(rows)) == size:
                return known, rows

    def _close_source(self, place: int, source: Source, known: set[Token], rows: set[str]) -> None:
        own = frozenset(name for alias, name in known if alias == source.alias)
        if source.is_optional:
            if not all(before.alias in rows for before in self.sources[:place]):
                return
            found = source.relation.closure(own | {name for name, _ in source.equated})
            found = found if found.row else Closure(own, row=False)
        else:
            found = source.relation.closure(own)
        if found.row or source.alias in rows:
            rows.add(source.alias)
            known |= {(source.alias, name) for name in source.relation.columns or ()}
        known |= {(source.alias, name) for name in found.columns}

    def follows(self, wanted: Expression, known: set[Token], said: set[str], rows: set[str]) -> bool:
        """Whether an expression is the same in rows that agree on what is known."""
        if wanted.text in said or len(rows) == len(self.sources):
            return True
        if not wanted.plain:
            return False
        if len(wanted.columns) == 1 and wanted.text == _column_text(*wanted.columns):
            (token,) = wanted.columns
            return token in known or token[0] in rows
        # Values of fractions may agree and differ all the same; in one row each is what it is.
        return all(token[0] in rows or (token in known and self.value(token).type in EXACT) for token in wanted.columns)

    def may_have(self, name: str) -> bool:
        """Whether a bare name may be that of a source's column."""
        return any(source.relation.columns is None or name in source.relation.columns for source in self.sources)


def _column_text(token: Token) -> str:
    return exp.column(token[1], table=token[0]).sql(dialect="bigquery")


def _rewritten(tree: exp.Expr, change: Callable[[exp.Expr], exp.Expr]) -> str:
    """The text of a tree with some nodes exchanged; the tree stays as it is."""
    copied = tree.copy()
    for node, twin in list(zip(tree.walk(), copied.walk(), strict=True)):
        changed = change(node)
        if changed is not node:
            if twin is copied:
                return changed.sql(dialect="bigquery")
            twin.replace(changed)
    return copied.sql(dialect="bigquery", comments=False)


def conjuncts(condition: exp.Expr | None) -> Iterator[exp.Expr]:
    if isinstance(condition, exp.And):
        yield from conjuncts(condition.left)
        yield from conjuncts(condition.right)
    elif isinstance(condition, exp.Paren):
        yield from conjuncts(condition.this)
    elif condition is not None:
        yield condition


def scope_of(select: exp.Select, relation_of: RelationOf, values: Values) -> Scope:
    """The sources of a SELECT, and what its conditions say of their rows."""
    first = select.args.get("from_")
    scope = Scope([], values)
    if first is None:
        return scope
    _only(first, "this")
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
    _only(join, "this", "side", "kind", "on", "using")
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


def _only(node: exp.Expr, *known: str) -> None:
    """Raises UnclearError where a node has a part that no rule knows."""
    if any(value for name, value in node.args.items() if name not in known):
        raise UnclearError


_KNOWN = (
    *("with_", "expressions", "from_", "joins", "where", "group", "having", "qualify", "distinct", "order", "limit"),
    "offset",
)


def select_relation(select: exp.Select, relation_of: RelationOf, values: Values) -> Relation:
    """What is known of the rows of a SELECT, before DISTINCT."""
    _only(select, *_KNOWN)
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
            for token in of.columns if of.text == _column_text(token)
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
        _only(star, "except_")
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
    _only(group, "expressions")
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
    if given is not None and scope.expression(given).text != _column_text(token):
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


def unnested(node: exp.Unnest, values: Values) -> Relation:
    """The elements of an array: of a list that is written out, each once; with an offset, that stands once."""
    _only(node, "expressions", "alias", "offset")
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
