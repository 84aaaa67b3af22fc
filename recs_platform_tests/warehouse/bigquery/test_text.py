"""What BigQuery is sent is what stands in the file."""

from __future__ import annotations

from recs_platform.warehouse.bigquery.text import statement, with_views
from recs_platform.warehouse.query import parse_query

TEXT = """-- One row per item.
WITH a AS (SELECT item_id   FROM sales)
SELECT item_id FROM a -- that @p
WHERE item_id = @id"""


def test_a_query_keeps_its_own_words_also_when_it_was_parsed_just_now() -> None:
    query = parse_query("q", TEXT, "sql/q.sql")
    _ = query.tree
    words = "WITH a AS (SELECT item_id   FROM sales)\nSELECT item_id FROM a\nWHERE item_id = @id"
    assert statement(query, {"id": "x"}) == words
    shown = with_views(query, {"sales": "SELECT 1 AS item_id"}, {"id": "x"})
    assert shown == f"WITH `sales` AS (\nSELECT 1 AS item_id\n),\n{words.removeprefix('WITH ')}"


def test_what_is_put_together_is_written_as_its_tree_says() -> None:
    query = parse_query("q", TEXT, "sql/q.sql")
    made = query.made_into("q, counted", parse_query("r", "SELECT COUNT(*) AS n FROM sales", "r").tree)
    assert statement(made, {}).split() == ["SELECT", "COUNT(*)", "AS", "n", "FROM", "sales"]


def test_a_value_that_is_null_stands_in_the_text() -> None:
    query = parse_query("q", "SELECT COALESCE(item_id, @id) AS a FROM sales", "sql/q.sql")
    assert statement(query, {"id": None}).split()[1:3] == ["COALESCE(item_id,", "NULL)"]
