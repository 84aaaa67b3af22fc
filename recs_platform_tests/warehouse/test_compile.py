"""A query as BigQuery's console runs it: its text, after a declaration of each value."""

from __future__ import annotations

from datetime import date

import pytest
import sqlglot

from recs_platform.warehouse.compile import bigquery_sql
from recs_platform.warehouse.query import Query, parse_query
from recs_platform.warehouse.values import Value


def parse(text: str) -> Query:
    return parse_query("q", text, "sql/q.sql")


def test_bigquery_gets_the_text_and_a_declaration_of_each_value() -> None:
    text = "SELECT @as_of AS as_of FROM t WHERE as_of < @as_of AND name IN UNNEST(@names) AND price > @price"
    values = {"as_of": date(2025, 12, 2), "names": ("it's", "b\\"), "price": 1.5, "unused": 1}
    assert bigquery_sql(parse(text), values) == (
        "DECLARE p_as_of DATE DEFAULT CAST('2025-12-02' AS DATE);\n"
        "DECLARE p_names ARRAY<STRING> DEFAULT ARRAY<STRING>['it\\'s', 'b\\\\'];\n"
        "DECLARE p_price FLOAT64 DEFAULT CAST(1.5 AS FLOAT64);\n"
        "SELECT\n  p_as_of AS as_of\nFROM t\nWHERE\n  as_of < p_as_of AND name IN UNNEST(p_names) AND price > p_price"
    )


@pytest.mark.parametrize(
    ("value", "type_"),
    [
        (True, "BOOL"),
        (1, "INT64"),
        (1.0, "FLOAT64"),
        (date(2025, 1, 1), "DATE"),
        ((), "ARRAY<STRING>"),
        ("a", "STRING"),
        (None, "STRING"),
    ],
)
def test_every_type_of_parameter_is_declared(value: Value, type_: str) -> None:
    script = bigquery_sql(parse("SELECT @p AS v"), {"p": value})
    assert script.startswith(f"DECLARE p_p {type_} DEFAULT ")
    assert len(sqlglot.parse(script, read="bigquery")) == 2
