"""A query's text as BigQuery runs it: the file's own words, behind a WITH of its views; and values as query parameters.

The views are what makes a query see its days and no others: each is a common table expression of the query's own name
for a table, over exactly those days of it. Not here: which days those are (`warehouse/shown_days.py`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING

import sqlglot
from sqlglot import exp

from recs_platform.schemas.table import Column, TableSpec
from recs_platform.warehouse.compile import bigquery_type
from recs_platform.warehouse.query import Query
from recs_platform.warehouse.slices import Days
from recs_platform.warehouse.values import Value, Values

if TYPE_CHECKING:
    from google.cloud import bigquery

_ESCAPES = {"\\": "\\\\", "'": "\\'", "\n": "\\n", "\r": "\\r", "\t": "\\t"}


def with_views(query: Query, views: Mapping[str, str], values: Values) -> str:
    """The statement, every name that it reads being a common table expression."""
    text = statement(query, values)
    if not views:
        return text
    named = ",\n".join(f"{quoted(name)} AS (\n{view}\n)" for name, view in views.items())
    own = query.tree.args.get("with_")
    if own is None:
        return f"WITH {named}\n{text}"
    if own.recursive or {one.alias.lower() for one in own.expressions} & {name.lower() for name in views}:
        # Its own expressions keep their meaning inside brackets.
        return f"WITH {named}\n({text})"
    return f"WITH {named},\n{text.lstrip()[len('WITH') :].lstrip()}"


def statement(query: Query, values: Values) -> str:
    """The text without its comments, in which an @ would be a parameter. A value that is NULL has no type of its own,
    so it stands in the text."""
    nulls = [name for name in query.parameters if values[name] is None]
    if not query.put_together and not nulls:
        return without_comments(query.text)

    def null_for(node: exp.Expression) -> exp.Expression:
        return exp.null() if isinstance(node, exp.Parameter) and node.name in nulls else node

    return query.tree.copy().transform(null_for).sql(dialect="bigquery", pretty=True, comments=False)


def without_comments(text: str) -> str:
    """One statement of GoogleSQL, without comments and the closing semicolon.

    >>> without_comments("-- @a\\nSELECT 1 /* b */ AS x, '-- c' AS y -- d\\n;")
    "SELECT 1 AS x, '-- c' AS y"
    """
    parts, end = [], 0
    tokens = [token for token in sqlglot.tokenize(text, read="bigquery") if token.text != ";"]
    for token in tokens:
        gap = text[end : token.start]
        parts.append(gap if gap.isspace() or not gap else "\n" if "\n" in gap else " ")
        parts.append(text[token.start : token.end + 1])
        end = token.end + 1
    return "".join(parts).strip()


def parameters(query: Query, values: Values) -> list[bigquery.ScalarQueryParameter | bigquery.ArrayQueryParameter]:
    """The values of a query's parameters, typed; those that are NULL stand in its text."""
    from google.cloud import bigquery

    given: list[bigquery.ScalarQueryParameter | bigquery.ArrayQueryParameter] = []
    for name in sorted(query.parameters):
        value = values[name]
        if isinstance(value, tuple):
            given.append(bigquery.ArrayQueryParameter(name, "STRING", list(value)))
        elif value is not None:
            given.append(bigquery.ScalarQueryParameter(name, bigquery_type(value), value))
    return given


def view_of_days(
    table: str, spec: TableSpec, stored: Mapping[str, str] | None, days: Days | None, columns: Sequence[Column] = ()
) -> str:
    """A SELECT of a table's declared columns, or of others, over some days, over all when none are named. `stored` are
    the columns that its table has by now, and their types; None when there is no table."""
    selected = ", ".join(_selected(column, stored or {}) for column in columns or spec.columns)
    if stored is None:
        return f"SELECT {selected} FROM UNNEST(CAST([] AS ARRAY<INT64>)) AS nothing"
    return f"SELECT {selected} FROM {quoted(table)} WHERE {between(spec.date_column, days)}"


def between(column: str, days: Days | None) -> str:
    """A condition on the column that a table is partitioned by: tables refuse to be read without one."""
    if days is None:
        return f"{quoted(column)} >= DATE '0001-01-01'"
    return f"{quoted(column)} BETWEEN {literal(days.first)} AND {literal(days.last)}"


def _selected(column: Column, stored: Mapping[str, str]) -> str:
    name = quoted(column.name)
    there = [
        quoted(known) if stored[known] == column.sql_type else cast_expression(known, stored[known], column)
        for known in (column.name, column.formerly)
        if known is not None and known in stored
    ]
    match there:
        case []:
            return f"CAST(NULL AS {column.sql_type}) AS {name}"
        case [one]:
            return name if one == name else f"{one} AS {name}"
        case _:
            return f"COALESCE({', '.join(there)}) AS {name}"


def cast_expression(given: str, of_type: str, column: Column) -> str:
    """A column that is given as another type, as a declared one. A fraction is not rounded away in silence."""
    name, wanted = quoted(given), column.sql_type
    if wanted == "INT64" and of_type in ("FLOAT64", "NUMERIC", "BIGNUMERIC"):
        return f"IF({name} <> TRUNC({name}), ERROR('fraction in {column.name}'), CAST({name} AS INT64))"
    return f"CAST({name} AS {wanted})"


def quoted(name: str) -> str:
    """An identifier, or a path of them.

    >>> quoted("acme.events")
    '`acme.events`'
    """
    if "`" in name or "\\" in name:
        raise ValueError(f"{name!r} is no name of BigQuery")
    return f"`{name}`"


def literal(value: Value) -> str:
    """A value in a script, which takes no parameters.

    >>> literal("it's"), literal(date(2025, 12, 1)), literal(7), literal(None)
    ("'it\\\\'s'", "DATE '2025-12-01'", '7', 'NULL')
    """
    match value:
        case None:
            return "NULL"
        case bool():
            return "TRUE" if value else "FALSE"
        case int():
            return str(value)
        case date():
            return f"DATE '{value.isoformat()}'"
        case str():
            return "'" + "".join(_ESCAPES.get(character, character) for character in value) + "'"
        case _:
            raise TypeError(f"{value!r} does not stand in a script")
