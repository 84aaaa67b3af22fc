"""Whether a query uses columns and parameters as what they are: names that its tables have, types that go together.

sqlglot puts every column under its table and a type on every expression. It takes about a hundredth of a second for a
query, so this is asked by `recs sql check` and not when definitions load.

Not here: what may be done with which type (`type_rules.py`), what a query may name (`scope.py`), and where the types
come from (`pipeline/typed_queries.py`).
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from typing import cast

from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.optimizer.annotate_types import annotate_types
from sqlglot.optimizer.qualify import qualify
from sqlglot.schema import MappingSchema

from recs_platform.errors import QueryError
from recs_platform.schemas.table import Columns
from recs_platform.warehouse.query import Query
from recs_platform.warehouse.type_rules import (
    MAKE_DAYS_OF_TEXTS,
    engine_differences,
    family,
    family_named,
    is_given,
    misuses,
    type_name,
)

_LONGEST = 100
_UNRESOLVED = re.compile(r"""column:? '?"?(?P<name>\w+)""", re.IGNORECASE)
_AT_LINE = re.compile(r"Line: (?P<line>\d+)")


def judge_types(
    query: Query, tables: Mapping[str, Columns], parameters: Columns, *, makes: Columns | None = None
) -> None:
    """Raises a QueryError where a query names a column that its tables lack, or uses a value as what it is not.

    `makes` are the columns of the table that its rows become.
    """
    tree = _typed(query, tables, parameters)
    for node in tree.walk():
        for misuse in (*misuses(node), *engine_differences(node)):
            raise query.error(f"{misuse.what}: {_shown(misuse.node)}", line=_line(misuse.node))
    for select in tree.selects:
        declared = (makes or {}).get(select.alias_or_name)
        if declared and family(select) not in (None, family_named(declared)):
            what = f"{select.alias_or_name} is {type_name(select)}, and {declared} in the table that it makes"
            raise query.error(what, line=_line(select))


def _typed(query: Query, tables: Mapping[str, Columns], parameters: Columns) -> exp.Query:
    def of_its_type(node: exp.Expr) -> exp.Expr:
        if not isinstance(node, exp.Parameter):
            return node
        type_ = parameters[node.name]
        stays_unknown = type_ == "STRING" and isinstance(node.parent, MAKE_DAYS_OF_TEXTS)
        return node if stays_unknown else exp.cast(node.copy(), type_, dialect="bigquery")

    tree = query.tree.copy().transform(of_its_type, copy=False)
    for identifier in tree.find_all(exp.Identifier):
        identifier.set("this", identifier.this.lower())
    schema = MappingSchema({name: dict(columns) for name, columns in tables.items()}, dialect="bigquery")
    try:
        named = qualify(tree, schema=schema, dialect="bigquery", identify=False, quote_identifiers=False)
    except SqlglotError as error:
        raise _unknown_column(query, tables, str(error)) from None
    return cast(exp.Query, annotate_types(named, schema=schema, dialect="bigquery"))


def _unknown_column(query: Query, tables: Mapping[str, Columns], message: str) -> QueryError:
    match, at = _UNRESOLVED.search(message), _AT_LINE.search(message)
    if match is None:
        return query.error(f"cannot be followed: {message}")
    name = match["name"]
    having = [table for table, columns in sorted(tables.items()) if name in columns]
    close = difflib.get_close_matches(name, sorted({c for columns in tables.values() for c in columns}), n=1)
    hint = f"; did you mean {close[0]}?" if close else ""
    what = (
        f"cannot tell where {name} comes from; it is a column of {', '.join(having)}"
        if having
        else f"nothing that it reads there has a column {name}{hint}"
    )
    return query.error(what, line=int(at["line"])) if at else query.error(what, word=name)


def _shown(node: exp.Expr) -> str:
    """The expression as its author knows it: parameters without the type that was put on them."""

    def as_written(part: exp.Expr) -> exp.Expr:
        inner: exp.Expr = part.this if is_given(part) else part
        return inner

    text = node.copy().transform(as_written).sql(dialect="bigquery", comments=False)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]} ..."


def _line(node: exp.Expr) -> int | None:
    lines = (part.meta.get("line") for part in node.walk())
    return next((int(line) for line in lines if line), None)
