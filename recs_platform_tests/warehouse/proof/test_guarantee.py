"""Whatever is said to follow from a query holds of its rows, whatever the tables hold."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import combinations
from typing import Any

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given, settings

from recs_platform.warehouse.lake.compile import duckdb_sql
from recs_platform.warehouse.lake.engine import quoted
from recs_platform.warehouse.proof.guarantee import Guarantee
from recs_platform.warehouse.query import Query, parse_query
from recs_platform_tests.warehouse.proof.drawn_queries import SPECS, TABLES, VALUES, VIEWS, queries


@lru_cache(maxsize=1)
def connection() -> duckdb.DuckDBPyConnection:
    return duckdb.connect(config={"threads": 1})


def parsed(text: str) -> Query:
    return parse_query("drawn", text, "drawn.sql", passing=True)


def guarantee(text: str, trusted: frozenset[str] = frozenset(SPECS)) -> Guarantee:
    return Guarantee(parsed(text).tree, VALUES, VIEWS, trusted)


def repeated(sql: str, columns: Sequence[str]) -> int:
    key = ", ".join(map(quoted, columns)) or "1"
    ((count,),) = (
        connection()
        .execute(f"SELECT count(*) FROM (SELECT 1 FROM ({sql}) GROUP BY {key} HAVING count(*) > 1)")
        .fetchall()
    )
    return int(count)


_ONCE = "(SELECT DISTINCT {} FROM loose)"
_LABELLED = (
    "SELECT b.part, a.l FROM named AS a LEFT JOIN (SELECT '{}' AS part, l FROM named) AS b ON b.l = a.l AND a.k = 1"
)
_SOMETIMES_MATCHED = "LEFT JOIN named AS b ON b.l = 'x' AND a.k = 1"


@pytest.mark.slow
def test_what_is_guaranteed_is_found_in_the_rows() -> None:
    claims: Counter[str] = Counter()

    @settings(max_examples=60)
    @given(text=queries(), tables=TABLES)
    def hold(text: str, tables: Mapping[str, list[dict[str, Any]]]) -> None:
        query = parsed(text)
        promised, columns = guarantee(text), query.columns
        keys = [key for size in range(4) for key in combinations(columns, size) if promised.key(key)]
        words = {column: said for column in columns if (said := promised.words(column)) is not None}
        claims.update({"queries": 1, "keys": bool(keys), "words": bool(words)})
        if not keys and not words:
            return
        for name, rows in tables.items():
            schema = pa.schema([(column.name, column.type) for column in SPECS[name].columns])
            connection().register(name, pa.Table.from_pylist(rows, schema=schema))
        sql = duckdb_sql(query, VALUES)
        for key in keys:
            assert not repeated(sql, key), (text, key)
        for column, said in words.items():
            found = {text for (text,) in connection().execute(f"SELECT {quoted(column)} FROM ({sql})").fetchall()}
            assert found - {None} <= said, (text, column)

    hold()
    # A prover that proves nothing would pass.
    assert claims["keys"] > claims["queries"] / 4
    assert claims["words"] > claims["queries"] / 4


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("SELECT k, l, COUNT(*) AS n FROM loose GROUP BY k, l", ("k", "l")),
        ("SELECT l AS name, COUNT(*) AS n FROM loose GROUP BY name", ("name",)),
        ("SELECT IF(k > 1, 'a', 'b') AS kind, COUNT(*) AS n FROM loose GROUP BY IF(k > 1, 'a', 'b')", ("kind",)),
        ("SELECT k, COUNT(*) AS n FROM loose WHERE l = 'x' GROUP BY k, l", ("k",)),
        ("SELECT COUNT(*) AS n FROM loose", ()),
        ("SELECT DISTINCT k, l FROM loose", ("k", "l")),
        ("SELECT k, l FROM keyed", ("k", "l")),
        ("SELECT l FROM keyed WHERE k = 1", ("l",)),
        ("SELECT k, f FROM loose QUALIFY ROW_NUMBER() OVER (PARTITION BY k ORDER BY f) = 1", ("k",)),
        ("SELECT k, ROW_NUMBER() OVER (PARTITION BY k ORDER BY f) AS place FROM loose", ("k", "place")),
        ("SELECT a.k, a.l, b.f FROM keyed AS a LEFT JOIN named AS b ON b.l = a.l", ("k", "l")),
        ("SELECT a.k, a.l FROM keyed AS a LEFT JOIN keyed AS b ON b.l = LOWER(a.l) AND b.k = 1", ("k", "l")),
        ("SELECT a.k, b.l FROM keyed AS a JOIN named AS b ON b.l = a.l", ("k", "l")),
        ("SELECT a.k, l FROM keyed AS a JOIN named AS b USING (l)", ("k", "l")),
        ("SELECT a.k, a.l FROM keyed AS a CROSS JOIN (SELECT COUNT(*) AS n FROM loose) AS total", ("k", "l")),
        ("SELECT l, word FROM named CROSS JOIN UNNEST(['a', 'b']) AS word", ("l", "word")),
        ("SELECT 'a' AS part, l FROM named UNION ALL SELECT 'b', l FROM named", ("part", "l")),
        ("WITH one AS (SELECT DISTINCT l FROM loose) SELECT * FROM one", ("l",)),
    ],
)
def test_a_key_that_a_query_guarantees_is_seen(text: str, key: tuple[str, ...]) -> None:
    assert guarantee(text).key(key)


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("SELECT k, l, COUNT(*) AS n FROM loose GROUP BY ROLLUP(k, l)", ("k", "l")),
        ("SELECT k, COUNT(*) AS n FROM loose GROUP BY k, l", ("k",)),
        ("SELECT k, l FROM loose", ("k", "l")),
        ("SELECT k, l FROM keyed WHERE l <> 'x'", ("k",)),
        ("SELECT k FROM loose QUALIFY RANK() OVER (PARTITION BY k ORDER BY f) = 1", ("k",)),
        ("SELECT k FROM loose QUALIFY ROW_NUMBER() OVER (PARTITION BY k ORDER BY f) <= 1", ("k",)),
        ("SELECT k FROM loose QUALIFY ROW_NUMBER() OVER (PARTITION BY k, l ORDER BY f) = 1", ("k",)),
        ("SELECT CAST(f AS STRING) AS f, COUNT(*) AS n FROM loose GROUP BY CAST(f AS STRING)", ()),
        ("SELECT f FROM (SELECT f, CAST(f AS STRING) AS t FROM loose) AS _ GROUP BY f, CAST(f AS STRING)", ("f",)),
        ("SELECT a.k, a.l FROM keyed AS a LEFT JOIN keyed AS b ON b.l = a.l", ("k", "l")),
        # A row without a match and one with a match may agree on everything that the equality names.
        (f"SELECT a.f FROM named AS a {_SOMETIMES_MATCHED} WHERE a.l = COALESCE(b.l, 'y')", ("f",)),
        ("SELECT b.l FROM loose AS a LEFT JOIN named AS b ON b.l = a.l", ("l",)),
        ("SELECT b.k, b.l FROM loose AS a JOIN keyed AS b ON b.l = a.l AND b.k = a.k", ("k", "l")),
        ("SELECT a.l FROM named AS a RIGHT JOIN named AS b ON a.l = b.l", ("l",)),
        (f"SELECT a.f FROM {_ONCE.format('f')} AS a LEFT JOIN {_ONCE.format('k')} AS b ON b.k = a.f", ("f",)),
        ("SELECT l FROM named UNION ALL SELECT l FROM named", ("l",)),
        ("SELECT 'a' AS part, l FROM named UNION ALL SELECT 'a', l FROM named", ("part", "l")),
        (f"{_LABELLED.format('p')} UNION ALL {_LABELLED.format('q')}", ("part", "l")),
        ("SELECT l, word FROM named CROSS JOIN UNNEST(['a', 'a']) AS word", ("l", "word")),
        ("SELECT CONCAT(l, 'x') AS l FROM named", ("l",)),
    ],
)  # fmt: skip
def test_what_only_seems_to_be_a_key_is_not_taken_for_one(text: str, key: tuple[str, ...]) -> None:
    assert not guarantee(text).key(key)


def test_of_slices_that_nobody_has_audited_by_todays_rules_nothing_is_believed() -> None:
    text = "SELECT k, l FROM keyed"
    assert guarantee(text).key(("k", "l"))
    assert not guarantee(text, frozenset()).key(("k", "l"))
    assert guarantee(text).words("l") == {"x", "y"}
    assert guarantee(text, frozenset()).words("l") is None


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        ("'a'", {"a"}),
        ("@word", {"x"}),
        ("IF(k = 1, 'a', 'b')", {"a", "b"}),
        ("CASE WHEN k = 1 THEN 'a' END", {"a"}),
        ("CASE k WHEN 1 THEN 'a' WHEN 2 THEN NULL ELSE l END", {"a", "x", "y"}),
        ("COALESCE(l, 'none')", {"x", "y", "none"}),
        ("LOWER('A')", None),
        ("IF(k = 1, 'a', LOWER(l))", None),
    ],
)
def test_the_texts_that_an_expression_may_be(expression: str, words: set[str] | None) -> None:
    assert guarantee(f"SELECT {expression} AS said FROM keyed").words("said") == words


def test_the_texts_of_a_union_are_those_of_all_its_branches() -> None:
    assert guarantee("SELECT 'a' AS said FROM keyed UNION ALL SELECT l FROM keyed").words("said") == {"a", "x", "y"}
