"""A query that uses a column or a parameter as what it is not is refused, in words, with its line."""

from __future__ import annotations

import pytest

from recs_platform.errors import QueryError
from recs_platform.warehouse.query import parse_query
from recs_platform.warehouse.query_types import judge_types
from recs_platform_tests.warehouse.wrong_queries import PARAMETERS, RIGHT, TABLES, WRONG


def judge(text: str, makes: dict[str, str] | None = None) -> None:
    judge_types(parse_query("q", text, "sql/q.sql"), TABLES, PARAMETERS, makes=makes)


@pytest.mark.parametrize(("text", "message"), WRONG.items())
def test_what_is_wrong_is_refused(text: str, message: str) -> None:
    with pytest.raises(QueryError) as caught:
        judge(text)
    assert message in str(caught.value)


@pytest.mark.parametrize("text", RIGHT)
def test_what_is_right_is_not(text: str) -> None:
    judge(text)


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("CAST(price AS INT64)", "the engines round halves differently; CAST a ROUND or FLOOR: CAST(sales.price AS"),
        ("SAFE_CAST(price / 2 AS INT64)", "the engines round halves differently"),
        ("CAST(price AS STRING)", "the engines write a FLOAT64 differently; make it an INT64 first"),
        ("CAST(MAX(sold_at) AS STRING)", "the engines write a TIMESTAMP differently; use FORMAT_TIMESTAMP"),
    ],
)
def test_what_the_engines_understand_differently_is_refused(expression: str, message: str) -> None:
    with pytest.raises(QueryError) as caught:
        judge(f"SELECT {expression} AS n FROM sales")
    assert message in str(caught.value)


@pytest.mark.parametrize("expression", ["ROUND(price)", "FLOOR(price)", "TRUNC(price)", "CEIL(price)", "sold"])
def test_a_whole_number_is_made_of_what_is_whole(expression: str) -> None:
    judge(f"SELECT CAST(CAST({expression} AS INT64) AS STRING) AS n FROM sales")


def test_a_message_names_the_line_and_shows_what_was_written() -> None:
    text = "-- One row per item.\nSELECT item_id\nFROM sales\nWHERE sold > 1\n  AND item_id = @days"
    with pytest.raises(QueryError, match=r"^sql/q\.sql:5: cannot compare STRING with INT64: sales\.item_id = @days$"):
        judge(text)
    with pytest.raises(
        QueryError, match=r"^sql/q\.sql:3: nothing that it reads there has a column prize; did you mean"
    ):
        judge("-- One row per item.\nSELECT item_id,\n  sales.prize\nFROM sales")


def test_what_a_query_gives_must_be_what_its_table_holds() -> None:
    text = "SELECT item_id, COUNT(*) AS orders, SUM(price) AS revenue FROM sales GROUP BY item_id"
    judge(text, {"item_id": "STRING", "orders": "FLOAT64", "revenue": "FLOAT64"})
    with pytest.raises(QueryError, match="orders is INT64, and STRING in the table that it makes"):
        judge(text, {"item_id": "STRING", "orders": "STRING", "revenue": "FLOAT64"})


def test_a_long_expression_is_cut() -> None:
    names = ", ".join(f"'name number {number}'" for number in range(40))
    with pytest.raises(QueryError, match=r" \.\.\.$") as caught:
        judge(f"SELECT sold FROM sales WHERE sold IN ({names})")
    assert len(str(caught.value)) < 200
