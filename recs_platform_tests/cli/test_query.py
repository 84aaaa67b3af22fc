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
    assert "At most 3 rows are shown" in ended.told
    assert len(used.recs("query", "SELECT item_id FROM catalog", "-c", "concord", "--limit", "3", "--json").json) == 3


@pytest.mark.parametrize(
    "sql, told",
    [
        ("SELECT * FROM evnts", "concord has no table evnts"),
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
