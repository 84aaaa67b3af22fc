"""A query means on DuckDB what it means in GoogleSQL, whatever the values that are bound to it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recs_platform.warehouse.lake.compile import duckdb_sql
from recs_platform.warehouse.lake.engine import Engine
from recs_platform.warehouse.query import Query, parse_query
from recs_platform.warehouse.values import Value

ROW = """(SELECT TIMESTAMP '2025-12-02 23:30:00' AS ts, TIMESTAMP '2025-12-01 23:45:00' AS earlier,
  DATE '2025-12-02' AS d, [1, 2] AS list, CAST(NULL AS VARCHAR) AS nothing, -7 AS n)"""


def parse(text: str) -> Query:
    return parse_query("q", text, "sql/q.sql")


def value_of(engine: Engine, expression: str, values: Mapping[str, Value] | None = None) -> Any:
    """What DuckDB makes of a GoogleSQL expression, as the lake runs it."""
    sql = duckdb_sql(parse(f"SELECT {expression} AS v FROM one_row"), values or {})
    with engine.connect() as connection:
        connection.execute(f"CREATE TEMP VIEW one_row AS {ROW}")
        found = connection.execute(sql).fetchone()
    assert found is not None
    return found[0]


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    return Engine("500MB", 1, tmp_path_factory.mktemp("spill"))


VALUES: list[tuple[Value, str, Any]] = [
    ("it's", "VARCHAR", "it's"),
    ("", "VARCHAR", ""),
    (5, "INTEGER", 5),
    (-5, "INTEGER", -5),
    (2**40, "BIGINT", 2**40),
    (0.1, "DOUBLE", 0.1),
    (-1e-7, "DOUBLE", -1e-7),
    (3.0, "DOUBLE", 3.0),
    (True, "BOOLEAN", True),
    (False, "BOOLEAN", False),
    (date(2025, 12, 2), "DATE", date(2025, 12, 2)),
    (("a", "it's"), "VARCHAR[]", ["a", "it's"]),
    ((), "VARCHAR[]", []),
    (None, "INTEGER", None),
]


@pytest.mark.parametrize(("value", "type_", "expected"), VALUES)
def test_every_type_of_parameter_keeps_type_and_value(engine: Engine, value: Value, type_: str, expected: Any) -> None:
    assert value_of(engine, "@p", {"p": value}) == expected
    with engine.connect() as connection:
        described = connection.execute(f"DESCRIBE {duckdb_sql(parse('SELECT @p AS v'), {'p': value})}").fetchone()
    assert described is not None
    assert described[1] == type_


def test_a_text_that_is_compiled_once_serves_every_day_and_keeps_types() -> None:
    query = parse_query("q", "SELECT @as_of AS as_of, @limit AS most, DATE_SUB(@as_of, INTERVAL 1 DAY) AS before", "q")
    first, second = (duckdb_sql(query, {"as_of": date(2025, 9, day), "limit": 1}) for day in (1, 2))
    assert first == second.replace("2025-09-02", "2025-09-01")
    assert (first.count("2025-09-01"), second.count("2025-09-02")) == (2, 2)
    texts = {duckdb_sql(query, {"as_of": date(2025, 9, 1), "limit": limit}) for limit in (1, 1.0, True)}
    assert len(texts) == 3, "equal values of other types share a text"


@given(
    text=st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])), items=st.lists(st.text("a'\\\"%é"))
)
def test_a_text_cannot_break_out_of_its_literal(text: str, items: list[str]) -> None:
    sql = duckdb_sql(
        parse("SELECT @p AS v, @items AS items, 'x' IN UNNEST(@items) AS x"), {"p": text, "items": tuple(items)}
    )
    assert duckdb.execute(sql).fetchone() == (text, items, False)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("'a' IN UNNEST(@some)", True),
        ("'c' IN UNNEST(@some)", False),
        ("'c' NOT IN UNNEST(@some)", True),
        ("'a' IN UNNEST(@none)", False),
        ("'a' NOT IN UNNEST(@none)", True),
        ("nothing IN UNNEST(@none)", False),
        ("nothing IN UNNEST(@some)", None),
        ("1 IN UNNEST(list)", True),
        ("(SELECT COUNT(*) FROM UNNEST(@some))", 2),
        ("ARRAY_LENGTH(@none)", 0),
    ],
)
def test_membership_of_lists(engine: Engine, expression: str, expected: Any) -> None:
    assert value_of(engine, expression, {"some": ("a", "b"), "none": ()}) == expected


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("TIMESTAMP '2025-12-02 10:00:00'", datetime(2025, 12, 2, 10)),
        ("CAST('2025-12-02 10:00:00' AS TIMESTAMP)", datetime(2025, 12, 2, 10)),
        ("DATE(ts)", date(2025, 12, 2)),
        ("DATE(ts, 'Europe/Berlin')", date(2025, 12, 3)),
        ("EXTRACT(HOUR FROM ts)", 23),
        ("EXTRACT(MILLISECOND FROM TIMESTAMP_ADD(ts, INTERVAL 7005 MILLISECOND))", 5),
        ("TIMESTAMP_TRUNC(ts, HOUR)", datetime(2025, 12, 2, 23)),
        ("TIMESTAMP_ADD(ts, INTERVAL 90 MINUTE)", datetime(2025, 12, 3, 1)),
        ("TIMESTAMP_SUB(ts, INTERVAL @n HOUR)", datetime(2025, 12, 2, 20, 30)),
        ("FORMAT_TIMESTAMP('%Y-%m-%d %H:%M', ts)", "2025-12-02 23:30"),
        ("UNIX_SECONDS(ts)", 1764718200),
        ("TIMESTAMP_MILLIS(1764670272000)", datetime(2025, 12, 2, 10, 11, 12)),
        ("CAST(ts AS STRING)", "2025-12-02 23:30:00"),
    ],
)
def test_timestamps_are_utc_and_have_no_zone(engine: Engine, expression: str, expected: Any) -> None:
    assert value_of(engine, expression, {"n": 3}) == expected


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        # GoogleSQL counts whole units between two timestamps: 23:45 to 23:30 of the next day is no whole day.
        ("TIMESTAMP_DIFF(ts, earlier, DAY)", 0),
        ("TIMESTAMP_DIFF(ts, earlier, HOUR)", 23),
        ("TIMESTAMP_DIFF(earlier, ts, HOUR)", -23),
        ("TIMESTAMP_DIFF(ts, TIMESTAMP_SUB(earlier, INTERVAL @n DAY), DAY)", 3),
        # ... and the boundaries between two dates.
        ("DATE_DIFF(d, DATE '2025-11-30', MONTH)", 1),
        ("DATE_DIFF(d, DATE '2025-11-30', DAY)", 2),
        # A date and an interval make a date, not a timestamp.
        ("DATE_SUB(d, INTERVAL 7 DAY)", date(2025, 11, 25)),
        ("CAST(DATE_ADD(d, INTERVAL @n - 1 DAY) AS STRING)", "2025-12-04"),
        ("DATE_ADD(DATE_SUB(d, INTERVAL @n DAY), INTERVAL 1 MONTH)", date(2025, 12, 29)),
        ("FORMAT_DATE('%u', d)", "2"),
        ("GENERATE_DATE_ARRAY(d, DATE_ADD(d, INTERVAL 1 DAY))", [date(2025, 12, 2), date(2025, 12, 3)]),
        ("UNIX_DATE(d)", 20424),
        ("DATE_TRUNC(d, MONTH)", date(2025, 12, 1)),
        # What is left of a second does not count.
        ("UNIX_SECONDS(TIMESTAMP_ADD(ts, INTERVAL 999999 MICROSECOND))", 1764718200),
        # Numbers.
        ("SAFE_DIVIDE(n, 0)", None),
        ("n / 2", -3.5),
        ("DIV(n, 2)", -3),
        ("MOD(n, 2)", -1),
        ("SAFE_CAST('x' AS INT64)", None),
        ("n - @minus", -4),
        ("GREATEST(n, CAST(nothing AS INT64))", None),
        # Texts, where NULL stays NULL.
        ("CONCAT('a', nothing)", None),
        ("REGEXP_CONTAINS('a@b', r'^[^@\\s]+@')", True),
        ("ARRAY_TO_STRING(['a', nothing, 'b'], '-')", "a-b"),
        ("ARRAY_TO_STRING([nothing, nothing], '-')", ""),
        ("ARRAY_TO_STRING(IF(n < 0, NULL, ['a']), '-')", None),
        ("SUBSTR('abc', 0, 2)", "ab"),
        ("SUBSTR('abc', n + 7, 2)", "ab"),
        ("SUBSTR('abc', -2)", "bc"),
        # The row with the most has its value, NULL or not.
        ("(SELECT ANY_VALUE(IF(a = 2, NULL, a) HAVING MAX a) FROM UNNEST(list) AS a)", None),
        ("(SELECT MAX_BY(IF(a = 2, NULL, a), a) FROM UNNEST(list) AS a)", None),
        ("(SELECT MIN_BY(IF(a = 1, NULL, a), a) FROM UNNEST(list) AS a)", None),
        # A count is 0 where there is nothing to count.
        ("COUNTIF(n < 0) OVER (PARTITION BY d)", 1),
        ("COUNTIF(nothing = 'a')", 0),
        ("(SELECT COUNTIF(a > 1) FROM UNNEST(list) AS a WHERE a > 9)", 0),
    ],
)
def test_functions_mean_what_googlesql_means(engine: Engine, expression: str, expected: Any) -> None:
    found = value_of(engine, expression, {"n": 3, "minus": -3})
    assert (found, type(found)) == (expected, type(expected))


def test_nulls_come_first_as_in_googlesql(engine: Engine) -> None:
    rows = "UNNEST([STRUCT(1 AS a), STRUCT(NULL AS a), STRUCT(2 AS a)])"
    assert value_of(engine, f"ARRAY(SELECT a FROM {rows} ORDER BY a)") == [None, 1, 2]
    assert value_of(engine, f"ARRAY(SELECT a FROM {rows} ORDER BY a DESC)") == [2, 1, None]


def test_trim_takes_every_kind_of_white_space_as_googlesql_does() -> None:
    query = parse_query("padded", "SELECT TRIM(address) AS address FROM padded", "sql/padded.sql")
    with duckdb.connect() as connection:
        connection.execute("CREATE TABLE padded AS SELECT chr(9) || ' jane@x.org ' || chr(13) || chr(10) AS address")
        assert connection.execute(duckdb_sql(query, {})).fetchall() == [("jane@x.org",)]
