"""Which columns of a query's result hold personal data: followed through its expressions, whatever they are called.

A result's column is personal when it reads a personal column anywhere in its expression. It also is when it could only
be told apart by one: a column that a query compares with a personal column is as telling as that. What cannot be
followed is personal. Counts, and whether something is so, are no one's value.

Not here: how a value is masked (`masking.py`), and the origins of columns for people to look at (`lineage.py`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import TypeAlias

from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.optimizer.qualify import qualify

from recs_platform.schemas.table import TableSpec
from recs_platform.warehouse.query import Query


class Holds(IntEnum):
    """What a column holds, from the least to the most that must be hidden of it."""

    NOTHING_PERSONAL = 0
    A_PERSONAL_COLUMN = 1
    """As it is, but for case and spaces: its values are those of the table."""
    SOMETHING_DERIVED = 2
    """Part of one, or mixed with others."""


@dataclass(frozen=True)
class PersonalColumns:
    """The names of a result's columns that are masked, in two ways (`mask_row`)."""

    personal: frozenset[str] = frozenset()
    derived: frozenset[str] = frozenset()


def personal_columns(query: Query, tables: Mapping[str, TableSpec], names: Sequence[str]) -> PersonalColumns:
    """Of the columns `names` of a query's result, in its order, those that must be masked."""
    read = {name: tables.get(name) for name in query.tables}
    if all(spec is not None and not spec.personal for spec in read.values()):
        return PersonalColumns()
    known = {name: spec for name, spec in read.items() if spec is not None}
    held = _held(query, known) if len(known) == len(read) else None
    if held is None or len(held) != len(names):
        return PersonalColumns(derived=frozenset(names))
    return PersonalColumns(
        frozenset(name for name, what in zip(names, held, strict=True) if what is Holds.A_PERSONAL_COLUMN),
        frozenset(name for name, what in zip(names, held, strict=True) if what is Holds.SOMETHING_DERIVED),
    )


def _held(query: Query, tables: Mapping[str, TableSpec]) -> list[Holds] | None:
    """What each column of the result holds; None when the query cannot be followed."""
    tree = query.tree.copy()
    for identifier in tree.find_all(exp.Identifier):
        # To the engines a name is the same in either case, and so it is to whoever follows it.
        identifier.set("this", identifier.this.lower())
    schema: dict[str, object] = {name: {c.name: c.sql_type for c in spec.columns} for name, spec in tables.items()}
    stored = {
        name: {
            c.name: Holds.A_PERSONAL_COLUMN if c.name in spec.personal else Holds.NOTHING_PERSONAL for c in spec.columns
        }
        for name, spec in tables.items()
    }
    try:
        qualified = qualify(tree, schema=schema, dialect="bigquery", identify=False, quote_identifiers=False)
        return list(_columns(qualified, _Seen(stored)).values())
    except (SqlglotError, RecursionError, LookupError):
        return None


Columns: TypeAlias = dict[str, Holds]


@dataclass(frozen=True)
class _Seen:
    """What can be named in a part of a query: tables, and the sources in FROM of the query around, innermost last."""

    tables: Mapping[str, Columns]
    sources: tuple[dict[str, Columns], ...] = ()

    def of(self, column: exp.Column) -> Columns | None:
        """The columns of the source that a column is one of; None when none of them has it."""
        for sources in reversed(self.sources):
            if column.table:
                named = sources.get(column.table) or _holding(sources, column.table)
            else:
                named = _holding(sources, column.name) or sources.get(column.name)
            if named is not None:
                return named
        return None


def _holding(sources: Mapping[str, Columns], name: str) -> Columns | None:
    return next((columns for columns in sources.values() if name in columns), None)


def _columns(tree: exp.Expr, seen: _Seen) -> Columns:
    """The columns of a query's result and what they hold."""
    if tree.args.get("with_"):
        seen = _with_common(tree.args["with_"], seen)
    match tree:
        case exp.Subquery() | exp.Paren():
            return dict(_columns(tree.this, seen))
        case exp.SetOperation() if not tree.args.get("by_name"):
            left, right = _columns(tree.left, seen), _columns(tree.right, seen)
            if len(left) != len(right):
                raise LookupError
            return {name: max(pair) for name, *pair in zip(left, left.values(), right.values(), strict=True)}
        case exp.Select() if not (tree.args.get("kind") or tree.args.get("laterals")):
            return _selected(tree, seen)
    raise LookupError


def _with_common(clause: exp.With, seen: _Seen) -> _Seen:
    tables = dict(seen.tables)
    for common in clause.expressions:
        held = dict.fromkeys(common.this.named_selects, Holds.NOTHING_PERSONAL)
        if clause.recursive:
            # A query that reads itself: nothing is known at first, and more with each look, until nothing new is.
            while tables.get(common.alias) != held:
                tables[common.alias] = held
                held = _columns(common.this, _Seen(tables, seen.sources))
        else:
            tables[common.alias] = _columns(common.this, _Seen(tables, seen.sources))
    return _Seen(tables, seen.sources)


def _selected(tree: exp.Select, seen: _Seen) -> Columns:
    sources: dict[str, Columns] = {}
    seen = _Seen(seen.tables, (*seen.sources, sources))
    clause = tree.args.get("from_")
    for source in [*([clause.this] if clause else []), *(join.this for join in tree.args.get("joins") or ())]:
        sources[source.alias_or_name] = _source(source, seen)
    while True:
        # What is compared with a personal column taints what stands before it.
        before = {name: dict(columns) for name, columns in sources.items()}
        conditions = [join.args.get("on") for join in tree.args.get("joins") or ()]
        conditions += [tree.args[part].this for part in ("where", "having", "qualify") if tree.args.get(part)]
        for condition in conditions:
            if condition is not None:
                _compared(condition, seen)
        columns = {selected.alias_or_name: _shown(selected.unalias(), seen) for selected in tree.selects}
        if len(columns) != len(tree.selects):
            raise LookupError
        if before == sources:
            return columns


def _source(source: exp.Expr, seen: _Seen) -> Columns:
    if source.args.get("pivots"):
        raise LookupError
    match source:
        case exp.Table() if source.name in seen.tables:
            return dict(seen.tables[source.name])
        case exp.Subquery():
            return _columns(source, seen)
        case exp.Unnest():
            held = max(
                (_derived(_held_by(array, seen)) for array in source.expressions), default=Holds.NOTHING_PERSONAL
            )
            names = [*source.alias_column_names, *([source.args["offset"].name] if _names_offset(source) else [])]
            return dict.fromkeys(names, held)
    raise LookupError


def _names_offset(unnest: exp.Unnest) -> bool:
    return isinstance(unnest.args.get("offset"), exp.Identifier)


_NUMBERS_OF_ROWS = (exp.Count, exp.CountIf, exp.ApproxDistinct, exp.RowNumber)


def _shown(selected: exp.Expr, seen: _Seen) -> Holds:
    """What a column holds. That something is so is nobody's value; what is made of it may be."""
    if isinstance(selected, exp.Predicate | exp.Not | exp.And | exp.Or):
        _compared(selected, seen)
        return Holds.NOTHING_PERSONAL
    return _held_by(selected, seen)


def _held_by(node: exp.Expr, seen: _Seen) -> Holds:
    """What an expression holds."""
    match node:
        case exp.Column() if isinstance(node.this, exp.Identifier) and not node.args.get("db"):
            return _held_by_column(node, seen)
        case exp.TableColumn():
            return _held_by_column(exp.column(node.this), seen)
        case exp.Column() | exp.Star() | exp.Table():
            raise LookupError
        case exp.Paren() | exp.Lower() | exp.Upper():
            return _held_by(node.this, seen)
        case exp.Trim() if node.expression is None:
            return _held_by(node.this, seen)
        case exp.Query():
            return max(_columns(node, seen).values(), default=Holds.SOMETHING_DERIVED)
        case exp.Window() if isinstance(node.this, _NUMBERS_OF_ROWS):
            return _held_by(node.this, seen)
        case exp.Is() if isinstance(node.expression, exp.Null):
            return Holds.NOTHING_PERSONAL
    if isinstance(node, _NUMBERS_OF_ROWS):
        _compared(node, seen)
        return Holds.NOTHING_PERSONAL
    return max((_derived(_held_by(part, seen)) for part in node.iter_expressions()), default=Holds.NOTHING_PERSONAL)


def _held_by_column(column: exp.Column, seen: _Seen) -> Holds:
    columns = seen.of(column)
    if columns is None:
        raise LookupError
    # A name that is no column of it is the row as a value, or a field of a column that holds rows.
    return (
        columns[column.name]
        if column.name in columns
        else _derived(max(columns.values(), default=Holds.SOMETHING_DERIVED))
    )


def _derived(held: Holds) -> Holds:
    return Holds.SOMETHING_DERIVED if held else held


def _compared(condition: exp.Expr, seen: _Seen) -> None:
    """Taint the rows that a condition tells apart by a personal column: all columns of what it compares with one."""
    if isinstance(condition, exp.And | exp.Or | exp.Not | exp.Paren):
        for part in condition.iter_expressions():
            _compared(part, seen)
        return
    parts = [part for part in condition.iter_expressions() if not isinstance(part, exp.Star)]
    held = [_held_by(part, seen) for part in parts]  # each of them: it may compare something itself
    if not any(held):
        return
    for column in condition.find_all(exp.Column):
        columns = seen.of(column)
        if columns is not None and not columns.get(column.name, columns.get(column.table)):
            columns.update({name: Holds.SOMETHING_DERIVED for name, held in columns.items() if not held})
