"""`recs query`: any table of a company, read-only, personal data masked unless asked for."""

from __future__ import annotations

import pytest

from recs_platform_tests.cli.terminal import Terminal

_EMAILS = "SELECT customer_id, email FROM customers WHERE email LIKE '%@%' ORDER BY customer_id, as_of"


def test_personal_data_is_masked_unless_asked_for(used: Terminal) -> None:
    masked = used.recs("query", _EMAILS, "--company", "concord", "--json").json
    plain = used.recs("query", _EMAILS, "--company", "concord", "--json", "--personal").json
    assert len(masked) == len(plain) > 0
    assert all("@" in row["email"] and "***" not in row["email"] for row in plain)
    assert not {row["email"] for row in plain} & {row["email"] for row in masked}
    renamed = used.recs("query", "SELECT LOWER(email) AS anything FROM customers", "-c", "concord")
    assert not any(row["email"].lower() in renamed.out for row in plain)


def test_a_day_shows_what_was_known_on_it(used: Terminal) -> None:
    days = "SELECT MIN(event_date) AS first, MAX(event_date) AS last FROM source_counts"
    assert used.recs("query", days, "-c", "concord", "--json").json == [{"first": "2025-09-01", "last": "2025-09-03"}]
    then = used.recs("query", days, "-c", "concord", "--date", "2025-09-02", "--json").json
    assert then == [{"first": "2025-09-01", "last": "2025-09-02"}]
    states = used.recs("query", "SELECT DISTINCT as_of FROM catalog", "-c", "concord", "--date", "2025-09-02", "--json")
    assert states.json == [{"as_of": "2025-09-02"}]


def test_the_limit_is_said(used: Terminal) -> None:
    ended = used.recs("query", "SELECT item_id FROM catalog", "-c", "concord", "--limit", "3")
    assert ended.code == 0
    assert "The first 3 rows; --limit shows more." in ended.told
    assert len(used.recs("query", "SELECT item_id FROM catalog", "-c", "concord", "--limit", "3", "--json").json) == 3


@pytest.mark.parametrize(
    "sql, told",
    [
        ("SELECT * FROM evnts", 'concord has no table evnts. Did you mean "events"?'),
        ("SELECT * FROM zzzzzz", "concord has no table zzzzzz. It has allocation_comparison, "),
        ("SELECT colour FROM events", "colour"),
        ("SELECT item_id FROM catalog WHERE price > @minimum", "@minimum is not bound"),
        ("DELETE FROM events WHERE true", "exactly one SELECT"),
        ("CREATE TABLE mine AS SELECT 1 AS one", "exactly one SELECT"),
        ("SELECT 1 AS one; SELECT 2 AS two", "exactly one SELECT"),
        ("SELECT 'open", "a quote or comment is not closed"),
        ("", "exactly one SELECT"),
    ],
)
def test_what_cannot_be_read_is_refused(used: Terminal, sql: str, told: str) -> None:
    ended = used.recs("query", sql, "--company", "concord")
    assert ended.code == 2
    assert told in ended.told
    assert ended.out == ""


def test_the_parameters_of_the_company_are_bound(used: Terminal) -> None:
    sql = "SELECT @active_window_days AS days, @start_date AS start"
    assert used.recs("query", sql, "-c", "concord", "--json").json == [{"days": 3, "start": "2025-09-01"}]


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM (VALUES ((SELECT content FROM read_text('/etc/hostname')))) AS t(a)",
        "SELECT * FROM (VALUES ((SELECT COUNT(*) FROM read_parquet('{lake}/concord/*/*/*.parquet')))) AS t(a)",
        "SELECT * FROM (VALUES ((SELECT COUNT(*) FROM query('SELECT 1')))) AS t(a)",
        "SELECT * FROM (VALUES ((SELECT COUNT(*) FROM duckdb_settings()))) AS t(a)",
        "SELECT * FROM (VALUES ((SELECT COUNT(*) FROM enable_logging(storage_path => '{lake}/../log')))) AS t(a)",
        "SELECT * FROM read_text('/etc/hostname')",
        "SELECT current_setting('memory_limit') AS a",
        "SELECT write_log('mine') AS a",
        "SELECT a FROM GENERATE_ARRAY(1, 3) AS a",
    ],
)
def test_nothing_but_the_companys_tables_is_read(used: Terminal, sql: str) -> None:
    home = used.folder / ".recs"
    ended = used.recs("query", sql.replace("{lake}", str(home / "lake")), "--company", "concord")
    assert ended.code == 2, ended.out
    assert "query:1: " in ended.told
    assert ended.out == ""
    assert len(ended.err.splitlines()) == 1
    assert not (home / "log").exists()


def test_a_query_that_does_not_end_is_stopped(used: Terminal) -> None:
    sql = "WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r) SELECT MAX(n) AS n FROM r"
    ended = used.recs("query", sql, "-c", "concord", "--timeout", "0.5")
    assert ended.code == 2
    assert ended.err == (
        "error: query:1: ran for 0.5 s and was stopped; ask for less, or give it longer (--timeout).\n"
    )


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT item_id AS a, category AS a FROM catalog",
        "SELECT 1 AS a, 2 AS A",
        "SELECT * FROM catalog AS a JOIN catalog AS b ON a.item_id = b.item_id",
    ],
)
def test_two_columns_of_one_name_are_refused(used: Terminal, sql: str) -> None:
    for form in ((), ("--json",), ("--personal",)):
        ended = used.recs("query", sql, "-c", "concord", *form)
        assert ended.code == 2, ended.out
        assert "gives two columns the name" in ended.told
        assert ended.out == ""


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT ERROR(email) AS a FROM customers",
        "SELECT CAST(email AS INT64) AS a FROM customers",
        "SELECT PARSE_DATE('%Y', email) AS a FROM customers",
        "SELECT customer_id FROM customers WHERE CAST(email AS DATE) IS NULL",
        "SELECT IF(customer_id >= 'C', ERROR(CONCAT('no ', email, '!')), customer_id) AS a FROM customers",
    ],
)
def test_an_error_does_not_tell_a_personal_value(used: Terminal, sql: str) -> None:
    emails = used.recs("query", "SELECT DISTINCT email FROM customers", "-c", "concord", "--json", "--personal").json
    ended = used.recs("query", sql, "-c", "concord")
    assert ended.code == 2, ended.told
    assert "The value is not shown: customers holds personal data" in ended.told
    assert len(ended.err.splitlines()) == 1
    assert not any(row["email"] and row["email"].strip() in ended.told for row in emails)


def test_an_error_tells_a_value_of_a_table_that_holds_no_personal_data(used: Terminal) -> None:
    ended = used.recs("query", "SELECT CAST(item_id AS DATE) AS a FROM catalog", "-c", "concord")
    assert ended.code == 2
    assert "Conversion: " in ended.told
