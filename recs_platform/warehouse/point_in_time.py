"""Which days of each table a query is shown. A query for day D cannot see D + 1, whatever the lake holds.

- A snapshot's query for D sees exactly D's slice of a snapshot, and of a log the days of its look-back, up to D.
- A log's query for days F..L sees, for each of its days, that day's slices; with a look-back of n on a log, also the
  n - 1 days before F. Its rows may depend on nothing else, so a range gives what its days one by one give.
- An earlier snapshot is seen only under the name that a header declares for it. It is empty where none was made: a
  company's first weeks have no past.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TypeAlias

from recs_platform.schemas.table import Kind, TableSpec
from recs_platform.warehouse.query import DIRECTIVES, Query
from recs_platform.warehouse.slices import Days
from recs_platform.warehouse.values import Values

Span: TypeAlias = int | str
"""A number of days, or the name of the parameter that holds it."""

LATEST = "latest"


@dataclass(frozen=True)
class Earlier:
    table: str
    back: Span
    """How many days before the query's own day, or `latest`: the newest snapshot before it."""


@dataclass(frozen=True)
class Looks:
    """What a query looks at beyond its own day."""

    back: Mapping[str, Span] = field(default_factory=dict)
    earlier: Mapping[str, Earlier] = field(default_factory=dict)
    at_most: frozenset[str] = frozenset()
    """The logs of `back` of which fewer days will do: no history is loaded for its sake."""


@dataclass(frozen=True)
class View:
    """The days of a table that stand under a name in a query."""

    name: str
    spec: TableSpec
    days: Days
    required: bool
    """A snapshot that must have been materialized: its absence is an error, not an empty table."""
    latest: bool = False
    """Only the newest slice of these days."""


def views(
    query: Query,
    looks: Looks,
    kind: Kind,
    tables: Mapping[str, TableSpec],
    days: Days,
    values: Values,
    *,
    outside: frozenset[str] = frozenset(),
) -> tuple[View, ...]:
    """The views that a query making a table of this kind is shown for these days, by name.

    `outside` names what does not come from the warehouse.
    """
    shown = []
    for name in sorted(query.tables - outside):
        if name in looks.earlier:
            shown.append(_earlier_view(name, looks.earlier[name], tables, days, values))
            continue
        spec = tables[name]
        back = looks.back[name] if spec.kind is Kind.LOG and name in looks.back else 1
        required = spec.kind is Kind.SNAPSHOT and kind is Kind.SNAPSHOT
        shown.append(View(name, spec, looking_back(days, back, values), required))
    return tuple(shown)


def _earlier_view(name: str, earlier: Earlier, tables: Mapping[str, TableSpec], days: Days, values: Values) -> View:
    spec = tables[earlier.table]
    if earlier.back == LATEST:
        before = days.first - timedelta(days=1)
        return View(name, spec, Days(before - timedelta(days=3650), before), required=False, latest=True)
    then = days.first - timedelta(days=span_days(earlier.back, values))
    return View(name, spec, Days.one(then), required=False)


def looking_back(days: Days, span: Span, values: Values) -> Days:
    """The days that a look-back on a log shows: so many up to each of these days."""
    return Days(days.first - timedelta(days=span_days(span, values) - 1), days.last)


def span_days(span: Span, values: Values) -> int:
    if isinstance(span, int):
        return span
    value = values[span]
    if not isinstance(value, int):
        raise TypeError(f"@{span} is not a number of days")
    return value


_LOOK_BACK = re.compile(r"^(?P<table>\w+) (?P<span>\d+|@\w+)(?P<at_most> at most)?$")
_SORTED = re.compile(r"^(?P<table>\w+) (?P<column>\w+)$")
_EARLIER = re.compile(r"^(?P<name>\w+) = (?P<table>\w+) (?P<span>\d+|@\w+|latest)$")


def looks_of(query: Query, kind: Kind, tables: Mapping[str, TableSpec], parameters: Collection[str]) -> Looks:
    """Read the `look-back` and `earlier` headers; what they name must exist and be used, as what `sorted` names."""
    for key, value, line in query.directives:
        if key == "sorted":
            _require_sortable(query, value, line, tables)
    back: dict[str, Span] = {}
    at_most: set[str] = set()
    earlier: dict[str, Earlier] = {}
    for key, value, line in query.directives:
        pattern = {"look-back": _LOOK_BACK, "earlier": _EARLIER}.get(key)
        if pattern is None:
            continue
        match = pattern.match(value)
        if match is None:
            raise query.error(f"cannot read `-- {key}: {value}`; write `-- {key}: {DIRECTIVES[key]}`", line=line)
        wanted = Kind.LOG if key == "look-back" else Kind.SNAPSHOT
        table, span = match["table"], _span(match["span"])
        if table not in tables or tables[table].kind is not wanted:
            raise query.error(f"`-- {key}:` needs a {wanted} of this strategy, and {table} is none", line=line)
        if isinstance(span, str) and span != LATEST and span not in parameters:
            raise query.error(f"`-- {key}:` names @{span}, which is not a parameter", line=line)
        if span == 0:
            raise query.error(f"`-- {key}:` needs at least 1 day", line=line)
        name = table if key == "look-back" else match["name"]
        if name in back or name in earlier:
            raise query.error(f"`-- {key}:` for {name} stands twice", line=line)
        if name not in query.tables:
            raise query.error(f"`-- {key}:` names {name}, which the query does not read", line=line)
        if key == "look-back":
            back[table] = span
            if match["at_most"]:
                at_most.add(table)
        elif kind is Kind.LOG:
            raise query.error("a log's query may not look at an earlier snapshot", line=line)
        elif name in tables:
            raise query.error(f"`-- earlier:` must give a new name, and {name} is a table", line=line)
        else:
            earlier[name] = Earlier(table, span)
    return Looks(back, earlier, frozenset(at_most))


def _require_sortable(query: Query, value: str, line: int, tables: Mapping[str, TableSpec]) -> None:
    match = _SORTED.match(value)
    if match is None:
        raise query.error(f"cannot read `-- sorted: {value}`; write `-- sorted: {DIRECTIVES['sorted']}`", line=line)
    known = tables[match["table"]].columns if match["table"] in query.tables & tables.keys() else ()
    if match["column"] not in {column.name for column in known}:
        raise query.error(f"`-- sorted:` names {value}, a column that the query does not read", line=line)


def _span(text: str) -> Span:
    return int(text) if text.isdigit() else text.removeprefix("@")
