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
from recs_platform.warehouse.values import Value, placeholder

_GIVEN = re.compile(r"^@(?P<name>\w+)(?: (?P<type>STRING|INT64|FLOAT64|BOOL|DATE|ARRAY<STRING>))?$")


@dataclass(frozen=True)
class Question:
    query: Query
    looks: Looks
    tables: Mapping[str, TableSpec]
    """What it may read, by the name that it reads it under."""
    given: Mapping[str, str]
    """The parameters that come with the asking, and their types."""

    def placeholders(self) -> dict[str, Value]:
        """Values that show where what is given goes."""
        return {name: placeholder(name, type_) for name, type_ in sorted(self.given.items())}


def questions_in(folder: str, queries: Mapping[str, Query]) -> tuple[Query, ...]:
    """Those that stand in a folder of `sql/`: a question needs no other registration."""
    return tuple(query for query in queries.values() if query.path.startswith(f"sql/{folder}/"))


def read_question(query: Query, scope: Scope) -> Question:
    """Judge a question as a query of one day; a wrong one is a QueryError with its line."""
    given = _given(query)
    _, line = query.directive("given") or ("", 1)
    if unused := sorted(given.keys() - query.parameters):
        raise query.error(f"`-- given:` names @{unused[0]}, which the query does not use", line=line)
    if known := sorted(given.keys() & set(scope.parameters)):
        raise query.error(f"`-- given:` names @{known[0]}, which the company gives", line=line)
    return Question(query, scope.admit(query, Kind.SNAPSHOT, pinned=given), scope.tables, given)


def _given(query: Query) -> dict[str, str]:
    """What the header says is given, and its types: texts, unless it says otherwise."""
    text, line = query.directive("given") or ("", 1)
    matches = [_GIVEN.match(part) for part in text.split(", ") if text]
    if not all(matches):
        raise query.error(f"cannot read `-- given: {text}`; write `-- given: {DIRECTIVES['given']}`", line=line)
    return {match["name"]: match["type"] or "STRING" for match in matches if match}
