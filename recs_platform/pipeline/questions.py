"""Questions: queries that somebody asks of a company's day, rather than tables that are made of it.

They stand in `sql/` under the rules of all queries, and are judged when definitions load. A stage names those that are
its own; a product has one, for its figures. What only the asking knows (`@customer`) stands in the header, `given:`.

Not here: a person's own SELECT (adhoc.py).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from recs_platform.schemas.table import Kind, TableSpec
from recs_platform.warehouse.point_in_time import Looks
from recs_platform.warehouse.query import DIRECTIVES, Query
from recs_platform.warehouse.scope import Scope
from recs_platform.warehouse.values import Value

_GIVEN = re.compile(r"^@\w+(, @\w+)*$")


@dataclass(frozen=True)
class Question:
    query: Query
    looks: Looks
    tables: Mapping[str, TableSpec]
    """What it may read, by the name that it reads it under."""
    given: frozenset[str]
    """The parameters that come with the asking."""

    def placeholders(self) -> dict[str, Value]:
        """Values that show where what is given goes."""
        from sqlglot import exp

        listed = {p.name for unnest in self.query.tree.find_all(exp.Unnest) for p in unnest.find_all(exp.Parameter)}
        return {name: (f"<{name}>",) if name in listed else f"<{name}>" for name in sorted(self.given)}


def questions_in(folder: str, queries: Mapping[str, Query]) -> tuple[Query, ...]:
    """Those that stand in a folder of `sql/`: a question needs no other registration."""
    return tuple(query for query in queries.values() if query.path.startswith(f"sql/{folder}/"))


def read_question(query: Query, scope: Scope) -> Question:
    """Judge a question as a query of one day; a wrong one is a QueryError with its line."""
    text, line = query.directive("given") or ("", 1)
    if text and not _GIVEN.match(text):
        raise query.error(f"cannot read `-- given: {text}`; write `-- given: {DIRECTIVES['given']}`", line=line)
    given = frozenset(name.removeprefix("@") for name in text.split(", ") if name)
    if unused := sorted(given - query.parameters):
        raise query.error(f"`-- given:` names @{unused[0]}, which the query does not use", line=line)
    if known := sorted(given & set(scope.parameters)):
        raise query.error(f"`-- given:` names @{known[0]}, which the company gives", line=line)
    return Question(query, scope.admit(query, Kind.SNAPSHOT, pinned=given), scope.tables, given)
