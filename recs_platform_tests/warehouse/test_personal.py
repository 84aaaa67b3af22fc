"""Which columns of a result are personal: followed through the query, and hidden where they cannot be followed.

`customers` has three personal columns, `email`, `phone` and `push_token`; the others have none. P is a personal column
as it is, D what is derived from one, and a dot what may be shown.
"""

from __future__ import annotations

import pytest

from recs_platform.schemas.sources import Catalog, Customers, Events
from recs_platform.schemas.table import spec_of
from recs_platform.warehouse.personal import PersonalColumns, personal_columns
from recs_platform.warehouse.query import parse_query

TABLES = {spec.name: spec for spec in map(spec_of, (Customers, Events, Catalog))}


def marks(text: str, columns: int) -> str:
    names = [f"n{number}" for number in range(columns)]
    found = personal_columns(parse_query("q", text, "q", passing=True), TABLES, names)
    return "".join("P" if name in found.personal else "D" if name in found.derived else "." for name in names)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("SELECT customer_id, email FROM customers", ".P"),
        (
            "SELECT email AS a, LOWER(TRIM(email)) AS b, LOWER(SUBSTR(email, 2)) AS c, TRIM(email, 'x') FROM customers",
            "PPDD",
        ),
        ("SELECT * FROM customers", "..P.....PP."),
        ("SELECT * EXCEPT (email) FROM customers", ".......PP."),
        ("SELECT * REPLACE (email AS customer_id) FROM customers", ".PP.....PP."),
        ("SELECT c.email, e.item_id FROM events AS e JOIN customers AS c USING (customer_id)", "P."),
        ("SELECT c AS a, TO_JSON_STRING(c) AS b, 1 AS d FROM customers AS c", "DD."),
        ("SELECT s.e, s.n FROM (SELECT STRUCT(email AS e, 1 AS n) AS s FROM customers)", "DD"),
        ("SELECT x, customer_id FROM customers, UNNEST([email]) AS x", "D."),
        ("SELECT (SELECT MAX(email) FROM customers) AS a, item_id FROM events", "D."),
        ("SELECT ARRAY(SELECT email FROM customers) AS a", "D"),
        ("SELECT email FROM customers UNION ALL SELECT name FROM catalog", "P"),
        ("WITH a AS (SELECT email AS b, 1 AS n FROM customers) SELECT n, b FROM a", ".P"),
        (
            "WITH RECURSIVE r AS (SELECT email AS a, name AS b, 1 AS n FROM customers CROSS JOIN catalog "
            "UNION ALL SELECT b, a, n + 1 FROM r WHERE n < 3) SELECT a, b, n FROM r",
            "PP.",
        ),
        # A name means the innermost thing of it, in either case.
        ("WITH t AS (SELECT 'x' AS email) SELECT (SELECT C.email FROM customers AS c) AS a FROM t AS C", "P"),
        ("SELECT email AS x, x AS y FROM customers", "PP"),
    ],
)
def test_columns_are_followed_by_where_they_come_from(text: str, expected: str) -> None:
    assert marks(text, len(expected)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "SELECT COUNT(*) AS a, COUNT(DISTINCT email), COUNTIF(email LIKE '%@%') / COUNT(*) FROM customers",
            "...",
        ),
        ("SELECT email IS NULL AS a, email LIKE 'a%' AS b, IF(email IS NULL, 'x', 'y') AS c FROM customers", "..."),
        ("SELECT IF(email LIKE 'a%', 'a', 'b') AS a FROM customers", "D"),
        (
            "SELECT COUNT(*) OVER (PARTITION BY email) AS a, MAX(email) OVER (PARTITION BY as_of) AS b FROM customers",
            ".D",
        ),
        ("SELECT customer_id FROM customers WHERE email = 'a@b.org' ORDER BY email", "."),
        ("SELECT SUM(LENGTH(email)) AS a, MAX(updated_at) AS b FROM customers", "D."),
    ],
)
def test_numbers_of_rows_and_whether_something_is_so_are_shown(text: str, expected: str) -> None:
    assert marks(text, len(expected)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "SELECT x, o, as_of FROM customers, UNNEST(['a']) AS x WITH OFFSET AS o WHERE x = SUBSTR(email, 1, 1)",
            "DD.",
        ),
        ("SELECT (SELECT o FROM UNNEST(['a']) AS x WITH OFFSET AS o WHERE x = email) AS a FROM customers", "D"),
        ("SELECT name FROM catalog WHERE name IN (SELECT email FROM customers)", "D"),
        ("SELECT item_id, name IN (SELECT email FROM customers) AS a FROM catalog", "D."),
        ("SELECT item_id FROM catalog AS i WHERE EXISTS (SELECT 1 FROM customers AS c WHERE c.email = i.name)", "D"),
        ("SELECT i.item_id, c.customer_id FROM catalog AS i JOIN customers AS c ON STRPOS(c.email, i.name) > 0", "D."),
        ("SELECT a.customer_id FROM customers AS a JOIN customers AS b ON LOWER(a.email) = LOWER(b.email)", "."),
        ("SELECT c.vehicle_make FROM customers AS c JOIN events AS e ON c.customer_id = e.customer_id", "."),
    ],
)
def test_what_is_told_apart_by_a_personal_column_is_as_telling(text: str, expected: str) -> None:
    assert marks(text, len(expected)) == expected


@pytest.mark.parametrize(
    "text",
    [
        "SELECT nobody FROM customers",
        "SELECT customer_id, (SELECT AS STRUCT email) AS b FROM customers",
        "SELECT * FROM customers PIVOT (COUNT(*) FOR email IN ('a', 'b'))",
        "SELECT customer_id FROM customers JOIN nowhere USING (customer_id)",
    ],
)
def test_what_cannot_be_followed_is_hidden(text: str) -> None:
    assert marks(text, 2) == "DD"


def test_a_query_of_other_columns_than_were_counted_is_hidden() -> None:
    assert marks("SELECT customer_id FROM customers", 2) == "DD"


def test_without_personal_tables_nothing_is_hidden_or_followed() -> None:
    query = parse_query("q", "SELECT nobody FROM catalog", "q", passing=True)
    assert personal_columns(query, TABLES, ["nobody"]) == PersonalColumns()
