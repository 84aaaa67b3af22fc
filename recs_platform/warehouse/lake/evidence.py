"""What is known of a new slice before anybody reads it: the statistics of its files, and what its query guarantees.

What follows from a query is asked of large slices alone: of a small one, counting takes less time than reading its
query does. Not here: the rules by which a query is read (`warehouse/proof`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from typing import TYPE_CHECKING

from recs_platform.schemas.table import TableSpec
from recs_platform.warehouse.lake.relations import Shelf, view_over
from recs_platform.warehouse.lake.types import type_of
from recs_platform.warehouse.lake.written_statistics import WrittenFile, of_column
from recs_platform.warehouse.proof.declared import DeclaredRule, rules_fingerprint
from recs_platform.warehouse.proof.statistics import proves
from recs_platform.warehouse.protocol import BoundQuery, DayCount
from recs_platform.warehouse.shown_days import days_shown
from recs_platform.warehouse.slices import key_of_slices

if TYPE_CHECKING:
    from recs_platform.warehouse.proof.guarantee import Guarantee

AUDITED = "audited"
"""In the note of a commit: the rules that its slices were audited by."""
QUERY_ASKED = 50_000
"""Rows from which on the query is asked."""
_WHOLE_NUMBERS = {"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT"}


@dataclass(frozen=True)
class StagedQuery:
    """The query whose rows a slice is, and what it read."""

    bound: BoundQuery
    shelf: Shelf
    shown: Mapping[str, str]
    """What stood behind the name of each view."""
    given: Mapping[str, str]
    """The types of the columns that it gave, before they were made those of the table."""

    @cached_property
    def guarantee(self) -> Guarantee:
        from recs_platform.warehouse.proof.guarantee import Guarantee

        query = self.bound
        trusted = frozenset(view.name for view in query.views if self._audited(view.name))
        return Guarantee(query.query.tree, query.values, query.views, trusted)

    def _audited(self, name: str) -> bool:
        """Whether each slice that stood behind a name was audited by the rules of today. Files have names of their own,
        so where the same files stand there now, what is said of them was said of what was read."""
        view = next(view for view in self.bound.views if view.name == name)
        ref, rules = self.bound.ref(view.spec), rules_fingerprint(view.spec)
        days = days_shown(self.shelf.days, ref, view, self.bound)
        slices = [one for one in self.shelf.slices(ref) if days is None or one.day in days]
        same = view_over(self.shelf, self.bound, view) == self.shown[name]
        return same and all(one.note.get(AUDITED) == rules for one in slices)

    def same_where_alike(self, spec: TableSpec, name: str) -> bool:
        """Whether two values that differ in the query differ in the table: a timestamp that becomes a day need not."""
        given, wanted = self.given[name], next(type_of(column) for column in spec.columns if column.name == name)
        return given == wanted or (wanted == "BIGINT" and given in _WHOLE_NUMBERS)


@dataclass(frozen=True)
class Evidence:
    spec: TableSpec
    files: Sequence[WrittenFile]
    """Those that have rows."""
    query: StagedQuery | None = None

    @property
    def rows(self) -> int:
        return sum(file.rows for file in self.files)

    def proves(self, rule: DeclaredRule) -> bool:
        return proves(of_column(self.spec, self.files, rule.column), rule) or self._is_listed(rule)

    def proves_key(self) -> bool:
        key, query = key_of_slices(self.spec), self._asked
        if query is None:
            return self.rows <= 1
        return all(query.same_where_alike(self.spec, name) for name in key) and query.guarantee.key(key)

    def _is_listed(self, rule: DeclaredRule) -> bool:
        query = self._asked
        if rule.word != "isin" or query is None or not query.same_where_alike(self.spec, rule.column):
            return False
        words = query.guarantee.words(rule.column)
        return words is not None and words <= {*rule.value}

    @property
    def _asked(self) -> StagedQuery | None:
        return self.query if self.rows >= QUERY_ASKED else None

    def by_day(self, column: str) -> Sequence[DayCount] | None:
        of_files = of_column(self.spec, self.files, column)
        if any(statistics.nulls is None for statistics in of_files):
            return None
        known = [(f.day, f.rows, f.rows - (s.nulls or 0)) for f, s in zip(self.files, of_files, strict=True) if f.rows]
        by_day = groupby(sorted(known), key=lambda one: one[0])
        return [
            DayCount(day, sum(rows for _, rows, _ in of_day), sum(filled for *_, filled in of_day))
            for day, of_day in ((day, list(group)) for day, group in by_day)
        ]
