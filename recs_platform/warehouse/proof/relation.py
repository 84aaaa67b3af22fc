"""What is known of the rows that a part of a query gives: columns, and which of them determine a row.

A relation answers one question, `closure`: of two rows that agree on some columns, on which others do they agree, and
are they one row? Columns that determine the row are a key, whether anybody calls them so. Two values agree when GROUP
BY puts them together: NULL agrees with NULL, and 0.0 with -0.0. "No" may always be said; "yes" is a proof.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce

from recs_platform.schemas.table import TableSpec

Names = frozenset[str]


class UnclearError(Exception):
    """Something that the rules do not cover: nothing is proved of it."""


@dataclass(frozen=True)
class Value:
    """What is known of a column's values."""

    type: str | None = None
    """In GoogleSQL; None where it is not known."""
    words: frozenset[str] | None = None
    """The texts that it may be, besides NULL; None where they are not known."""
    literal: str | None = None
    """The one text that it is in every row."""


UNKNOWN = Value()
EXACT = frozenset({"STRING", "INT64", "DATE", "TIMESTAMP", "BOOL"})
"""Types whose values are the same when they agree. 0.0 and -0.0 agree, and CAST makes two texts of them."""


@dataclass(frozen=True)
class Closure:
    columns: Names
    row: bool


@dataclass
class Relation:
    columns: Mapping[str, Value] | None
    """By name, in order; None of what comes from outside, whose columns nobody has declared."""
    find: Callable[[Names], Closure]
    _found: dict[Names, Closure] = field(default_factory=dict)

    def closure(self, columns: Names) -> Closure:
        if columns not in self._found:
            self._found[columns] = self.find(columns)
        return self._found[columns]

    def named(self) -> Mapping[str, Value]:
        if self.columns is None:
            raise UnclearError
        return self.columns


def opaque(columns: Mapping[str, Value] | None) -> Relation:
    """Of whose rows nothing is known."""
    return Relation(columns, lambda given: Closure(given, row=False))


def stored(spec: TableSpec, *, trusted: bool, one_day: bool) -> Relation:
    """The slices of a table that a query is shown; `trusted` where each was audited by the rules that it has today. Of
    an older one nothing is believed, neither its key nor its types."""
    if not trusted:
        return opaque({column.name: UNKNOWN for column in spec.columns})
    columns = {
        column.name: Value(column.sql_type, frozenset(column.choices) if column.choices else None)
        for column in spec.columns
    }
    day, key = spec.date_column, {*spec.key, spec.date_column}

    def find(given: Names) -> Closure:
        known = given | {day} if one_day else given
        return Closure(frozenset(columns), row=True) if spec.key and key <= known else Closure(known, row=False)

    return Relation(columns, find)


def one_below_the_other(branches: Sequence[Relation]) -> Relation:
    """UNION ALL. Rows of two branches are told apart by a column that is another text in each."""
    named = [list(branch.named().items()) for branch in branches]
    if len({len(columns) for columns in named}) != 1:
        raise UnclearError
    names = [name for name, _ in named[0]]
    columns = {name: reduce(either, (of[place][1] for of in named)) for place, name in enumerate(names)}
    literals = [[of[place][1].literal for of in named] for place in range(len(names))]
    apart = {name for name, said in zip(names, literals, strict=True) if None not in said and len({*said}) == len(said)}

    def find(given: Names) -> Closure:
        if not apart & given:
            return Closure(given, row=False)
        of_branches = [
            branch.closure(frozenset(of[place][0] for place, name in enumerate(names) if name in given))
            for branch, of in zip(branches, named, strict=True)
        ]
        agreed = {
            name
            for place, name in enumerate(names)
            if all(of[place][0] in found.columns for of, found in zip(named, of_branches, strict=True))
        }
        return Closure(frozenset(agreed) | given, all(found.row for found in of_branches))

    return Relation(columns, find)


def either(one: Value, other: Value) -> Value:
    """What is known of a value that is one of two."""
    words = None if one.words is None or other.words is None else one.words | other.words
    return Value(one.type if one.type == other.type else None, words)


def without_repeats(relation: Relation) -> Relation:
    """DISTINCT: rows that agree on all columns are one."""
    every = frozenset(relation.named())

    def find(given: Names) -> Closure:
        found = relation.closure(given)
        return Closure(every, row=True) if found.row or every <= found.columns else found

    return Relation(relation.columns, find)
