"""What is known of the rows that a SELECT is made of: its sources, what is equal in every row, what is numbered.

Rows of a SELECT are made of a row of each source, so columns that determine each source's row determine the row. They
do it through a source's own key; through an equality that every row keeps (INNER JOIN, WHERE); through the partition of
a ROW_NUMBER() that is 1; and for the right side of a LEFT JOIN, which has at most one row where its equalities hold its
key, through the rows of the sources before it. Not here: what fills a scope (sources.py), and what follows for the rows
that a SELECT gives (selects.py).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from sqlglot import exp

from recs_platform.warehouse.proof.expressions import is_plain, value_of
from recs_platform.warehouse.proof.relation import EXACT, UNKNOWN, Closure, Relation, UnclearError, Value
from recs_platform.warehouse.values import Values

Token = tuple[str, str]
"""A column of a source: the source's alias and the column's name."""


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
        if len(wanted.columns) == 1 and wanted.text == column_text(*wanted.columns):
            (token,) = wanted.columns
            return token in known or token[0] in rows
        # Values of fractions may agree and differ all the same; in one row each is what it is.
        return all(token[0] in rows or (token in known and self.value(token).type in EXACT) for token in wanted.columns)

    def may_have(self, name: str) -> bool:
        """Whether a bare name may be that of a source's column."""
        return any(source.relation.columns is None or name in source.relation.columns for source in self.sources)


def column_text(token: Token) -> str:
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
