"""A table is indispensable to a query when the query gives no row without one of it."""

from __future__ import annotations

import pytest

from recs_platform.warehouse.query import parse_query


@pytest.mark.parametrize(
    ("text", "tables"),
    [
        ("SELECT a.x FROM a JOIN b USING (x)", "ab"),
        ("SELECT a.x FROM a CROSS JOIN b", "ab"),
        ("SELECT a.x FROM a, b", "ab"),
        ("SELECT a.x FROM a LEFT JOIN b USING (x)", "a"),
        ("SELECT b.x FROM a RIGHT JOIN b USING (x)", "b"),
        ("SELECT x FROM a FULL JOIN b USING (x)", ""),
        ("SELECT x FROM a WHERE x IN (SELECT x FROM b)", "a"),
        ("SELECT x FROM a UNION ALL SELECT x FROM b", ""),
        ("SELECT x FROM a UNION ALL SELECT a.x FROM a JOIN b USING (x)", "a"),
        ("SELECT COUNT(*) AS n FROM a", ""),
        ("SELECT x, COUNT(*) AS n FROM a GROUP BY x", "a"),
        ("SELECT x, COUNT(*) AS n FROM a GROUP BY GROUPING SETS ((x), ())", ""),
        ("SELECT x, y, COUNT(*) AS n FROM a GROUP BY GROUPING SETS ((x), (y))", "a"),
        ("SELECT x, COUNT(*) AS n FROM a GROUP BY ROLLUP (x)", ""),
        ("SELECT x, COUNT(*) OVER (PARTITION BY x) AS n FROM a", "a"),
        ("SELECT x, (SELECT COUNT(*) FROM b) AS n FROM a", "a"),
        ("SELECT (SELECT COUNT(*) FROM a) AS n", ""),
        ("SELECT a.x FROM a LEFT JOIN (SELECT MAX(x) AS x FROM b) AS c ON c.x = a.x", "a"),
        ("SELECT a.x FROM a CROSS JOIN (SELECT MAX(x) AS x FROM b) AS c", "a"),
        ("SELECT a.x FROM a CROSS JOIN UNNEST([1, 2]) AS n", "a"),
        ("WITH c AS (SELECT a.x FROM a JOIN b USING (x)), d AS (SELECT x FROM c) SELECT x FROM d", "ab"),
        ("WITH c AS (SELECT x FROM a), d AS (SELECT COUNT(*) AS n FROM c) SELECT n FROM d", ""),
        ("WITH a AS (SELECT x FROM b) SELECT x FROM a", "b"),
    ],
)
def test_what_a_query_cannot_do_without(text: str, tables: str) -> None:
    assert parse_query("q", text, "q.sql").indispensable == set(tables)
