"""Functions give on the lake what they give on Google's reference executor, for values at which engines differ.

Every function that `sql/` or a company's file may use is tried. What is known to differ stands in `DIFFERENT` and in
docs/sql.md; who mends one of them takes it off both.
"""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

import pyarrow as pa
import pytest
from sqlglot import exp

from recs_platform.companies.source_expression import FUNCTIONS
from recs_platform.warehouse.lake.compile import duckdb_sql
from recs_platform.warehouse.lake.engine import passing_connection
from recs_platform.warehouse.query import Query, parse_query, sql_folder
from recs_platform_tests.googlesql.server import GoogleSql, NotGoogleSql
from recs_platform_tests.sql.queries import platform_queries

pytestmark = pytest.mark.googlesql

_COLUMNS = {
    **dict.fromkeys(("i", "j"), "INT64"),
    **dict.fromkeys(("x", "y"), "FLOAT64"),
    **dict.fromkeys(("s", "u"), "STRING"),
    **dict.fromkeys(("b", "c"), "BOOL"),
    **dict.fromkeys(("d", "e"), "DATE"),
    **dict.fromkeys(("ts", "tz"), "TIMESTAMP"),
}
_VALUES: Mapping[str, Sequence[Any]] = {
    "INT64": [None, 0, 1, -1, 2, 7, -7, 100],
    "FLOAT64": [None, 0.0, -0.0, 0.5, 1.5, 2.5, -0.5, -2.5, 1e-7, 0.1, 1 / 3, 123456789.125],
    "STRING": [None, "", "a", "A", "abc", "ab0R", " a b ", "\u00a0x\t", "ÄÖ", "12", "a%b_c", "a,b,,c", "x\ny", "😀a"],
    "BOOL": [None, True, False],
    "DATE": [None, date(2025, 1, 31), date(2024, 2, 29), date(1969, 12, 31), date(2025, 12, 29), date(2021, 1, 3)],
    "TIMESTAMP": [
        None,
        datetime(2025, 1, 31, 23, 59, 59, 999999),
        datetime(1969, 12, 31, 23),
        datetime(2025, 2, 1),
        datetime(2024, 2, 29, 12, 30, 0, 500000),
    ],
}
_ARROW = {
    "INT64": pa.int64(),
    "FLOAT64": pa.float64(),
    "STRING": pa.string(),
    "BOOL": pa.bool_(),
    "DATE": pa.date32(),
    "TIMESTAMP": pa.timestamp("us"),
}

_NUMBERS = r"""
i + j | i - j | i * j | i + x | x * i | i / NULLIF(j, 0) | x / NULLIF(y, 0) | SAFE_DIVIDE(i, j) | SAFE_DIVIDE(x, y)
DIV(i, NULLIF(j, 0)) | MOD(i, NULLIF(j, 0)) | i = j | i <> j | i < j | x = y | x < y | i IS DISTINCT FROM j
COALESCE(i, j) | IFNULL(i, 9) | NULLIF(i, j) | GREATEST(i, j) | LEAST(x, y) | GREATEST(i, 1, NULL)
IF(b, i, j) | b AND c | b OR c | NOT b | i IN (1, NULL) | i NOT IN (1, 2) | x BETWEEN 0 AND 1 | -x | -i
ABS(i) | ABS(x) | ROUND(x) | ROUND(x, 2) | ROUND(x, 6) | ROUND(i, -1) | CEIL(x) | FLOOR(x) | SQRT(ABS(x)) | IS_NAN(x)
LN(NULLIF(ABS(x), 0)) | POW(ABS(x) + 1, MOD(i, 3)) | CAST(ROUND(x) AS INT64)
CAST(FLOOR(x) AS INT64) | CAST(i AS STRING)
CAST(b AS INT64) | CAST(b AS STRING) | ARRAY_LENGTH([i, j]) | CASE WHEN x > 1 THEN 'l' WHEN x <= 1 THEN 's' END
"""
_TEXTS = r"""
s = u | s < u | COALESCE(s, u) | CONCAT(s, u) | s || u | STARTS_WITH(s, u) | ENDS_WITH(s, u) | STRPOS(s, u)
CASE s WHEN u THEN 1 ELSE 2 END | ARRAY_TO_STRING([s, u], '-') | s IN ('a', 'A') | s BETWEEN 'a' AND 'b'
LOWER(s) | UPPER(s) | TRIM(s) | LTRIM(s) | RTRIM(s) | TRIM(s, 'a') | LEFT(s, 2) | RIGHT(s, 2) | LENGTH(s)
SUBSTR(s, 2) | SUBSTR(s, 1, 2) | SUBSTR(s, 0, 2) | SUBSTR(s, i + 1) | SUBSTR(s, -2) | LPAD(s, 4, '0') | RPAD(s, 3, '-')
LPAD(s, 1, 'ab') | REPLACE(s, 'b', '') | REPLACE(s, '', 'x') | SPLIT(s, ',')[SAFE_OFFSET(1)] | MD5(s) | TO_HEX(MD5(s))
REGEXP_REPLACE(s, r'([0-9])[BRGP]$', r'\1') | REGEXP_REPLACE(s, r'[^a-z]+', '') | REGEXP_REPLACE(s, r'(.)b', r'\1-\1')
REGEXP_CONTAINS(s, r'(?i)^a') | REGEXP_CONTAINS(s, r'.y') | REGEXP_EXTRACT(s, r'[0-9]+') | REGEXP_EXTRACT(s, r'(z)?a')
s LIKE 'a%' | s LIKE '%b_c' | SAFE_CAST(s AS FLOAT64) | SAFE_CAST(s AS DATE)
"""
_DAYS = r"""
d = e | d < e | GREATEST(d, e) | DATE_DIFF(d, e, DAY) | DATE_DIFF(d, e, MONTH) | DATE_ADD(d, INTERVAL i DAY)
DATE_SUB(d, INTERVAL 1 MONTH) | DATE_ADD(d, INTERVAL 1 YEAR) | DATE_TRUNC(d, MONTH) | CAST(d AS STRING) | UNIX_DATE(d)
GENERATE_DATE_ARRAY(d, DATE_ADD(d, INTERVAL 2 DAY)) | FORMAT_DATE('%u', d) | FORMAT_DATE('%V', d) | TIMESTAMP(d)
EXTRACT(YEAR FROM d) | EXTRACT(DAYOFYEAR FROM d) | EXTRACT(QUARTER FROM d) | LAST_DAY(d)
ts < tz | LEAST(ts, tz) | TIMESTAMP_DIFF(ts, tz, SECOND) | TIMESTAMP_DIFF(ts, tz, HOUR) | TIMESTAMP_DIFF(ts, tz, DAY)
TIMESTAMP_ADD(ts, INTERVAL i SECOND) | TIMESTAMP_SUB(ts, INTERVAL i HOUR) | DATE(ts) | DATE(ts, 'Europe/Berlin')
EXTRACT(HOUR FROM ts) | EXTRACT(SECOND FROM ts) | EXTRACT(MILLISECOND FROM ts) | EXTRACT(MICROSECOND FROM ts)
UNIX_SECONDS(ts) | TIMESTAMP_TRUNC(ts, HOUR) | FORMAT_TIMESTAMP('%H:%M', ts)
TIMESTAMP_SECONDS(i) | TIMESTAMP_MILLIS(i)
PARSE_DATE('%d.%m.%Y', '31.12.2025') | PARSE_TIMESTAMP('%Y-%m-%d %H:%M:%S', '2025-12-31 10:11:12')
TIMESTAMP('2025-12-31 10:11:12') | GENERATE_ARRAY(1, 3)
"""
EXPRESSIONS = [text.strip() for text in re.split(r" \| |\n", "".join((_NUMBERS, _TEXTS, _DAYS))) if text.strip()]
AGGREGATES = [
    text.strip()
    for text in r"""
COUNT(*) | COUNT(i) | COUNT(DISTINCT i) | COUNTIF(b) | COUNT(DISTINCT IF(b, s, NULL)) | SUM(i) | SUM(x)
SUM(IF(b, i, 0)) | AVG(i)
MIN(i) | MAX(s) | MIN(s) | MAX(d) | MIN(ts) | MAX(IF(b, i, NULL)) | LOGICAL_OR(b) | LOGICAL_AND(b) | BIT_OR(i)
STRING_AGG(s, ',' ORDER BY s) | STRING_AGG(DISTINCT s, ',' ORDER BY s) | ARRAY_LENGTH(ARRAY_AGG(i IGNORE NULLS))
ARRAY_AGG(i IGNORE NULLS ORDER BY i DESC)[SAFE_OFFSET(0)] | VAR_SAMP(i) | STDDEV(i)
ANY_VALUE(s HAVING MAX i) | ANY_VALUE(i HAVING MIN s) | ANY_VALUE(j HAVING MAX d)
""".replace("\n", " | ").split(" | ")
    if text.strip()
]
_NEEDS_OTHER_ROWS = {exp.Lag, exp.RowNumber, exp.Grouping, exp.Unnest, exp.Exists, exp.Struct}
"""Fixtures show what these give; GROUPING is beyond the executor, and no query says it."""

DIFFERENT: Mapping[str, tuple[Mapping[str, Any], Any, Any]] = {
    "x < y": ({"x": 1.0, "y": math.nan}, False, True),
    "CAST(x AS INT64)": ({"x": 2.5}, 3, 2),
    "CAST(x AS STRING)": ({"x": 1.0}, "1", "1.0"),
    "CAST(ts AS STRING)": ({"ts": datetime(2025, 1, 1)}, "2025-01-01 00:00:00+00", "2025-01-01 00:00:00"),
    "SAFE_CAST(s AS INT64)": ({"s": "2.7"}, None, 3),
    "SAFE_CAST(s AS BOOL)": ({"s": "t"}, None, True),
    "SAFE_CAST(s AS DATE)": ({"s": "2025-01-31 10:00:00"}, None, date(2025, 1, 31)),
    "UPPER(s)": ({"s": "ß"}, "SS", "ẞ"),
}
"""Expression: values at which it differs, what GoogleSQL gives, and what the lake gives."""


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_an_expression_gives_the_same(expression: str, googlesql: GoogleSql) -> None:
    names = _columns_of(expression)
    rows = list(itertools.product(*(_VALUES[_COLUMNS[name]] for name in names))) or [()]
    by_google, by_lake = _both(googlesql, expression, [dict(zip(names, row, strict=True)) for row in rows])
    different = [(row, *pair) for row, *pair in zip(rows, by_google, by_lake, strict=True) if not _same(*pair)]
    assert different == [], f"{len(different)} of {len(rows)}: values, GoogleSQL's, the lake's"


@pytest.mark.parametrize("expression", AGGREGATES)
def test_an_aggregate_gives_the_same(expression: str, googlesql: GoogleSql) -> None:
    nothing: dict[str, Any] = dict.fromkeys(_COLUMNS)
    some = [{name: _VALUES[type_][place] for name, type_ in _COLUMNS.items()} for place in (0, 1, 2, 2, -1)]
    for rows in ([], [nothing], some):
        (by_google,), (by_lake,) = _both(googlesql, expression, rows, aggregate=True)
        assert _same(by_google, by_lake), (rows, by_google, by_lake)


@pytest.mark.parametrize("expression", DIFFERENT)
def test_what_is_known_to_differ_still_does(expression: str, googlesql: GoogleSql) -> None:
    row, by_google, by_lake = DIFFERENT[expression]
    query = _query(expression)
    assert (_by_google(googlesql, query, [row]), _on_the_lake(query, [row])) == ([by_google], [by_lake])


def test_the_docs_list_what_differs() -> None:
    page = (sql_folder().parent / "docs" / "sql.md").read_text()
    rows = page.partition("### What differs on the lake")[2].split("|---|---|---|\n")[1].strip().splitlines()
    of_division = 1
    assert len(rows) == len(DIFFERENT) + of_division, "one row for each of DIFFERENT"


def test_a_division_by_zero_is_refused_by_google_alone(googlesql: GoogleSql) -> None:
    query, row = _query("i / j"), {"i": 1, "j": 0}
    assert _on_the_lake(query, [row]) == [math.inf]
    with pytest.raises(NotGoogleSql, match="division by zero"):
        _by_google(googlesql, query, [row])


@pytest.mark.slow
def test_every_function_that_may_be_used_is_tried() -> None:
    tried = {type(node) for text in (*EXPRESSIONS, *AGGREGATES) for node in _query(text).tree.walk()}
    used = {type(node) for query in platform_queries().values() for node in query.tree.find_all(exp.Func)}
    used |= {getattr(exp, name) for name in FUNCTIONS.values()}
    assert {kind.__name__ for kind in used - tried - _NEEDS_OTHER_ROWS} == set()


def _both(
    googlesql: GoogleSql, expression: str, rows: Sequence[Mapping[str, Any]], *, aggregate: bool = False
) -> tuple[list[Any], list[Any]]:
    query = _query(expression, aggregate=aggregate)
    return _by_google(googlesql, query, rows), _on_the_lake(query, rows)


def _query(expression: str, *, aggregate: bool = False) -> Query:
    text = f"SELECT {expression} AS v FROM t" if aggregate else f"SELECT {expression} AS v FROM t ORDER BY n"
    return parse_query("q", text, "q")


def _by_google(googlesql: GoogleSql, query: Query, rows: Sequence[Mapping[str, Any]]) -> list[Any]:
    shown = [(number, *(row.get(name) for name in _COLUMNS)) for number, row in enumerate(rows)]
    tables = {"t": {"n": "INT64", **_COLUMNS}}
    return [row["v"] for row in googlesql.evaluate(query.text, tables, {}, rows={"t": shown}, values={})]


def _on_the_lake(query: Query, rows: Sequence[Mapping[str, Any]]) -> list[Any]:
    columns = {name: pa.array([row.get(name) for row in rows], _ARROW[type_]) for name, type_ in _COLUMNS.items()}
    with passing_connection() as connection:
        connection.register("t", pa.table({"n": pa.array(range(len(rows)), pa.int64()), **columns}))
        return [value for (value,) in connection.execute(duckdb_sql(query, {})).fetchall()]


def _columns_of(expression: str) -> list[str]:
    named = {column.name for column in _query(expression).tree.find_all(exp.Column)}
    return [name for name in _COLUMNS if name in named]


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, float) and isinstance(other, float):
        return math.isclose(one, other, rel_tol=1e-12)
    if isinstance(one, datetime) and isinstance(other, datetime):
        return one.replace(tzinfo=None) == other.replace(tzinfo=None)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_same, one, other))
    return bool(one == other) and (one is None) == (other is None)
