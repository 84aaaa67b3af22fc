"""What a query may name: the tables it may see, the parameters that are bound. Judged when definitions load."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from recs_platform.errors import QueryError
from recs_platform.schemas.table import Kind, TableSpec
from recs_platform.warehouse.point_in_time import Looks, looks_of
from recs_platform.warehouse.query import Query

AS_OF = "as_of"
SENT_FROM, SENT_TO = "sent_from", "sent_to"
"""The days of messages that a question about campaigns is about."""
OF_A_SNAPSHOT = frozenset({AS_OF, SENT_FROM, SENT_TO})
"""What a snapshot's query may use besides parameters: they follow from its day."""


@dataclass(frozen=True)
class Scope:
    """What is visible to the queries of one stage of one strategy."""

    strategy: str
    tables: Mapping[str, TableSpec]
    parameters: Collection[str]
    hidden: Mapping[str, str] = field(default_factory=dict)
    """Tables that exist but may not be read here, with the reason."""
    itself: TableSpec | None = None
    """The table that is made: an earlier day of it may be read, under a name of its own."""

    def admit(self, query: Query, kind: Kind, *, pinned: Collection[str] = ()) -> Looks:
        """Judge a query whose result is a log or a snapshot; returns what it looks at beyond its own day."""
        self._judge_parameters(query, kind, pinned)
        itself = {self.itself.name: self.itself} if self.itself else {}
        looks = looks_of(query, kind, {**self.tables, **itself}, {*self.parameters, *pinned})
        for table in sorted(query.tables - set(looks.earlier)):
            self._judge_table(query, kind, table, looks)
        return looks

    def _judge_parameters(self, query: Query, kind: Kind, pinned: Collection[str]) -> None:
        bound = {*self.parameters, *pinned} | (OF_A_SNAPSHOT if kind is Kind.SNAPSHOT else set())
        for name in sorted(query.parameters - bound):
            if name == AS_OF:
                raise query.error("a log's query runs for ranges of days and has no @as_of", word="@as_of")
            hint = _did_you_mean(name, bound)
            raise query.error(f"@{name} is not a parameter of {self.strategy}{hint}", word=f"@{name}")
        for name in sorted(set(pinned) - query.parameters):
            raise QueryError(query.path, 1, f"its asset binds @{name}, which the query does not use")

    def _judge_table(self, query: Query, kind: Kind, table: str, looks: Looks) -> None:
        if table in self.hidden:
            raise query.error(f"may not read {table}: {self.hidden[table]}", word=table)
        spec = self.tables.get(table)
        if spec is None and self.itself and table == self.itself.name:
            raise query.error(
                f"{table} is not made of itself; an earlier day of it has a name of its own: "
                f"`-- earlier: before = {table} latest`",
                word=table,
            )
        if spec is None:
            hint = _did_you_mean(table, self.tables)
            raise query.error(f"{self.strategy} has no table {table}{hint}", word=table)
        if kind is Kind.SNAPSHOT and spec.kind is Kind.LOG and table not in looks.back:
            raise query.error(
                f"{table} is a log: say how many days of it a snapshot needs, `-- look-back: {table} <days>`",
                word=table,
            )


def _did_you_mean(name: str, names: Collection[str]) -> str:
    close = difflib.get_close_matches(name, sorted(names), n=1)
    return f"; did you mean {close[0]}?" if close else ""
