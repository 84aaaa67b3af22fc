"""What a query guarantees of the rows that it gives, whatever its tables hold: keys, and texts of a column.

It follows from the query's syntax tree, the values of its parameters, and the keys of those slices that are known to
have been audited by them. Not here: the rules of a single SELECT (`selects.py`), and what becomes of the rows when they
are written.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from sqlglot import exp

from recs_platform.warehouse.point_in_time import View
from recs_platform.warehouse.proof.relation import (
    Relation,
    UnclearError,
    one_below_the_other,
    opaque,
    stored,
    without_repeats,
)
from recs_platform.warehouse.proof.selects import select_relation
from recs_platform.warehouse.proof.sources import unnested
from recs_platform.warehouse.values import Values


@dataclass(frozen=True)
class Guarantee:
    tree: exp.Query
    values: Values
    views: Collection[View]
    trusted: frozenset[str]
    """The views of which each slice is known to keep the key that its table has today."""

    def key(self, columns: Collection[str]) -> bool:
        """Whether no two rows agree on these columns."""
        relation = self._relation
        if relation is None or relation.columns is None or not {*columns} <= relation.columns.keys():
            return False
        return relation.closure(frozenset(columns)).row

    def words(self, column: str) -> frozenset[str] | None:
        """The texts that a column may be, besides NULL; None where that is not known."""
        relation = self._relation
        known = relation.columns.get(column) if relation is not None and relation.columns is not None else None
        return known.words if known else None

    @cached_property
    def _relation(self) -> Relation | None:
        try:
            return self._query(self.tree, self._stored())
        except (UnclearError, RecursionError):
            return None

    def _stored(self) -> Mapping[str, Relation]:
        return {
            view.name.lower(): stored(
                view.spec, trusted=view.name in self.trusted, one_day=len(view.days) == 1 or view.latest
            )
            for view in self.views
        }

    def _query(self, node: exp.Expr, named: Mapping[str, Relation]) -> Relation:
        clause = node.args.get("with_")
        if clause is not None:
            named = dict(named) | dict(self._common(clause, named))
        match node:
            case exp.Subquery():
                if any(value for name, value in node.args.items() if name not in ("this", "alias", "with_")):
                    raise UnclearError
                return self._query(node.this, named)
            case exp.Union():
                return self._union(node, named)
            case exp.Select():
                relation = select_relation(node, lambda source: self._source(source, named), self.values)
                distinct = node.args.get("distinct")
                if distinct is not None and distinct.args.get("on"):
                    raise UnclearError
                return without_repeats(relation) if distinct is not None else relation
            case _:
                raise UnclearError

    def _common(self, clause: exp.Expr, named: Mapping[str, Relation]) -> Iterator[tuple[str, Relation]]:
        if clause.args.get("recursive"):
            raise UnclearError
        seen = dict(named)
        for common in clause.expressions:
            name = common.alias.lower()
            if common.args["alias"].columns:
                raise UnclearError
            seen[name] = self._or_opaque(common.this, seen)
            yield name, seen[name]

    def _or_opaque(self, node: exp.Query, named: Mapping[str, Relation]) -> Relation:
        """What is unclear inside a common table expression is not more so outside: it has names at least."""
        try:
            return self._query(node, named)
        except UnclearError:
            return opaque(None)

    def _union(self, node: exp.Union, named: Mapping[str, Relation]) -> Relation:
        branches = [self._query(branch, named) for branch in _branches(node)]
        both = one_below_the_other(branches)
        return without_repeats(both) if node.args.get("distinct") else both

    def _source(self, node: exp.Expr, named: Mapping[str, Relation]) -> Relation:
        match node:
            case exp.Table():
                if any(value for name, value in node.args.items() if name not in ("this", "alias")):
                    raise UnclearError
                return named.get(node.name.lower()) or opaque(None)
            case exp.Subquery():
                return self._query(node, named)
            case exp.Unnest():
                return unnested(node, self.values)
            case _:
                raise UnclearError


_OF_A_UNION = ("this", "expression", "distinct", "with_", "order", "limit", "offset")


def _branches(union: exp.Union) -> list[exp.Expr]:
    """A union of three is a union of a union; of those that keep repeated rows, the branches are told together."""
    found, node = list[exp.Expr](), union
    while True:
        if any(value for name, value in node.args.items() if name not in _OF_A_UNION):
            raise UnclearError
        found.append(node.expression)
        first = node.this
        inner = isinstance(first, exp.Union) and not any(map(first.args.get, ("with_", "order", "limit", "offset")))
        if not (inner and not first.args.get("distinct") and not union.args.get("distinct")):
            return [first, *reversed(found)]
        node = first
