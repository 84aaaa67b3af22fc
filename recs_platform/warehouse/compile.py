"""The values of a query's parameters, as they are written in SQL; and a query as BigQuery's console runs it.

Not here: how an engine of ours runs a query (`lake/compile.py`).
"""

from __future__ import annotations

from datetime import date

from sqlglot import exp

from recs_platform.warehouse.query import Query
from recs_platform.warehouse.values import Value, Values


def bigquery_sql(query: Query, values: Values) -> str:
    """The query as BigQuery's console runs it: the text as it stands, after a declaration of its parameters."""
    declarations = [
        f"DECLARE p_{name} {bigquery_type(value)} DEFAULT {literal_of(value).sql(dialect='bigquery')};"
        for name, value in sorted(values.items())
        if name in query.parameters
    ]

    # In a script a variable is written without @, and a column of the same name (as_of) would win over it.
    def variable_for(node: exp.Expression) -> exp.Expression:
        return exp.column(f"p_{node.name}") if isinstance(node, exp.Parameter) else node

    body = query.tree.transform(variable_for)
    return "\n".join([*declarations, body.sql(dialect="bigquery", pretty=True, comments=False)])


def bigquery_type(value: Value) -> str:
    """BigQuery's type of a parameter value."""
    match value:
        case bool():
            return "BOOL"
        case int():
            return "INT64"
        case float():
            return "FLOAT64"
        case date():
            return "DATE"
        case tuple():
            return "ARRAY<STRING>"
        case _:
            return "STRING"


def literal_of(value: Value) -> exp.Expression:
    """A value as a literal of its type, in any dialect."""
    match value:
        case None:
            return exp.null()
        case bool():
            return exp.Boolean(this=value)
        case int():
            return exp.Literal.number(value)
        case float():
            return exp.cast(exp.Literal.number(repr(value)), exp.DataType.Type.DOUBLE)
        case date():
            return exp.cast(exp.Literal.string(value.isoformat()), exp.DataType.Type.DATE)
        case tuple():
            array = exp.Array(expressions=[exp.Literal.string(item) for item in value])
            return exp.cast(array, exp.DataType.build("ARRAY<STRING>", dialect="bigquery"))
        case _:
            return exp.Literal.string(value)
