"""What a query may be, in the language of the database that runs it."""

from __future__ import annotations

import re

import pytest

from recs_platform.companies.source_query import check, check_googlesql, check_statement, values_of


@pytest.mark.parametrize(
    ("query", "dialect"),
    [
        (r"SELECT E'\';' FROM t", "postgres"),
        ("SELECT $$a; DROP TABLE t$$ FROM t", "postgres"),
        ("SELECT U&'d\\0061' FROM t", "postgres"),
        ("SELECT `a;`, [b;] FROM t", "sqlite"),
        (r"SELECT '\' AS a FROM t", "sqlite"),
    ],
)
def test_what_only_its_database_understands_is_no_second_statement(query: str, dialect: str) -> None:
    check(query, dialect)


@pytest.mark.parametrize(
    ("query", "dialect", "rule"),
    [
        (r"SELECT E'\'', 1; DROP TABLE t; SELECT E'\''", "postgres", "take out the `;`"),
        (r"SELECT '\'; DROP TABLE t; --'", "sqlite", "comment"),
        ("SELECT 1 # 2", "mysql", "comment"),
        ("SELECT 1 /*! INTO OUTFILE '/tmp/x' */", "mysql", "comment"),
        ("SELECT [a;b] DROP TABLE t", "tsql", "must only read, but has DROP"),
    ],
)
def test_what_only_its_database_understands_as_one_is(query: str, dialect: str, rule: str) -> None:
    with pytest.raises(ValueError, match=rule):
        check(query, dialect)


@pytest.mark.parametrize("query", ["SELECT 1 AS a BACKUP DATABASE shop TO DISK = 'x'", "WITH a AS (SELECT 1)"])
def test_statements_without_anything_between_them_are_not_one(query: str) -> None:
    check(query, "tsql")
    with pytest.raises(ValueError, match="one query"):
        check_statement(query, "tsql")


def test_one_statement() -> None:
    check_statement("WITH a AS (SELECT 1 AS b) SELECT TOP 5 b FROM a ORDER BY b", "tsql")


@pytest.mark.parametrize(
    ("query", "values"),
    [
        ("SELECT id FROM shop.log WHERE day BETWEEN @first AND @LAST", {"first", "last"}),
        ("SELECT '@first', \"@x\", r'\\@y' AS `a@z` FROM log WHERE day = @as_of;", {"as_of"}),
        ("WITH a AS (SELECT 1 AS b) SELECT b FROM a", set()),
    ],
)
def test_googlesql_names_its_days(query: str, values: set[str]) -> None:
    check_googlesql(query)
    assert values_of(query) == values


@pytest.mark.parametrize(
    ("query", "rule"),
    [
        ("SELECT @day", "unknown value @day. Allowed: @as_of, or @first and @last"),
        ("SELECT @first", "use @as_of alone, or @first with @last"),
        ("SELECT @first, @last, @as_of", "use @as_of alone, or @first with @last"),
        ("SELECT @@session_id", "unknown value @@"),
        ("SELECT 1 -- @first", "has a comment"),
        ("SELECT 1; DROP TABLE shop.log", "take out the `;`"),
        ("DECLARE x INT64", "must be one query that starts with SELECT or WITH"),
        ("SELECT 1) UNION ALL (SELECT 2; CALL p()", "take out the `;`"),
    ],
)
def test_googlesql_that_is_refused(query: str, rule: str) -> None:
    with pytest.raises(ValueError, match=re.escape(rule)):
        check_googlesql(query)
