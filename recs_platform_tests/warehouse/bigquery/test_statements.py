"""A query as BigQuery runs it: views under its own names, values as parameters, and nothing quoted wrong."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recs_platform.warehouse.bigquery.client import open_client
from recs_platform.warehouse.bigquery.text import (
    literal,
    parameters,
    quoted,
    view_of_days,
    with_views,
    without_comments,
)
from recs_platform.warehouse.query import parse_query
from recs_platform_tests.warehouse.tables import VISITS, days

VIEW = "SELECT 2 AS pages UNION ALL SELECT 3"


def answer(project: str, sql: str, values: Mapping[str, Any] | None = None) -> list[dict[str, Any]]:
    from google.cloud.bigquery import QueryJobConfig

    query = parse_query("q", sql, "sql/q.sql", passing=True)
    text = with_views(query, {"visits": VIEW} if "visits" in query.tables else {}, values or {})
    config = QueryJobConfig(query_parameters=list(parameters(query, values or {})))
    return [dict(row.items()) for row in open_client(project, "EU").query_and_wait(text, job_config=config)]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("sql", "values", "rows"),
    [
        ("SELECT SUM(pages) AS n FROM visits", {}, [5]),
        ("WITH many AS (SELECT pages FROM visits WHERE pages > 2) SELECT pages AS n FROM many", {}, [3]),
        (
            "WITH RECURSIVE up AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM up WHERE n < 3) SELECT n FROM up",
            {},
            [1, 2, 3],
        ),
        ("SELECT pages AS n -- not @this\nFROM visits /* nor @that */ WHERE pages > @least", {"least": 2}, [3]),
        ("SELECT COUNT(*) AS n FROM visits WHERE @most IS NULL OR pages < @most", {"most": None}, [2]),
        ("SELECT '-- @no' AS n", {}, ["-- @no"]),
        ("SELECT pages AS n FROM visits WHERE CAST(pages AS STRING) IN UNNEST(@them)", {"them": ("3", "4")}, [3]),
        ("SELECT pages AS n FROM visits ORDER BY pages DESC LIMIT 1;", {}, [3]),
    ],
)
def test_the_views_are_what_a_query_sees(bigquery: str, sql: str, values: dict[str, Any], rows: list[Any]) -> None:
    assert sorted(row["n"] for row in answer(bigquery, sql, values)) == rows


def test_an_expression_of_the_query_with_the_name_of_a_view_keeps_its_meaning() -> None:
    """The view is outside of the brackets, so the query's own expression may read it."""
    query = parse_query("q", "WITH a AS (SELECT 1 AS n) SELECT n FROM a", "sql/q.sql")
    assert with_views(query, {"A": "SELECT 2 AS n"}, {}).startswith("WITH `A` AS (\nSELECT 2 AS n\n)\n(WITH")


@pytest.mark.slow
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")), min_size=1, max_size=20))
def test_a_literal_is_the_text_itself(bigquery: str, texts: list[str]) -> None:
    columns = ", ".join(f"{literal(text)} AS c{number}" for number, text in enumerate(texts))
    (row,) = open_client(bigquery, "EU").query_and_wait(f"SELECT {columns}")
    assert list(row.values()) == texts


@given(st.text())
def test_a_text_never_ends_its_literal(text: str) -> None:
    inside = literal(text)[1:-1]
    assert "'" not in inside.replace("\\\\", "").replace("\\'", "")
    assert not inside.replace("\\\\", "").endswith("\\")
    assert "\n" not in inside


@pytest.mark.parametrize("name", ["a`b", "a\\b"])
def test_no_name_ends_its_quotes(name: str) -> None:
    with pytest.raises(ValueError, match="no name of BigQuery"):
        quoted(name)


def test_what_has_no_literal_is_refused() -> None:
    with pytest.raises(TypeError, match="does not stand in a script"):
        literal(1.5)


def test_comments_go_and_strings_stay() -> None:
    text = "SELECT 1 -- @a\n, '/* b */' AS x /* @c */ FROM t;"
    assert without_comments(text) == "SELECT 1\n, '/* b */' AS x FROM t"


def test_a_view_names_its_columns_and_its_days_alone() -> None:
    stored = {column.name: column.sql_type for column in VISITS.columns} | {"pages": "FLOAT64", "other": "STRING"}
    sql = view_of_days("p.d.visits", VISITS, stored, days(0, 1))
    assert "other" not in sql
    assert "IF(`pages` <> TRUNC(`pages`), ERROR('fraction in pages'), CAST(`pages` AS INT64)) AS `pages`" in sql
    assert sql.endswith("WHERE `event_date` BETWEEN DATE '2025-12-01' AND DATE '2025-12-02'")
    assert "FROM UNNEST(CAST([] AS ARRAY<INT64>))" in view_of_days("p.d.visits", VISITS, None, days(0, 1))
    assert literal(date(2025, 12, 1)) == "DATE '2025-12-01'"
