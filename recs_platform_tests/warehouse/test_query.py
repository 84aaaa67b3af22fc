"""What a query of `sql/` may say: everything else is refused when definitions load, with file, line and a way out."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from recs_platform.errors import QueryError
from recs_platform.schemas.table import Kind
from recs_platform.warehouse.point_in_time import Earlier, Looks
from recs_platform.warehouse.query import Query, load_queries, parse_query
from recs_platform.warehouse.scope import Scope
from recs_platform_tests.warehouse.tables import PROFILES, VISITS

SCOPE = Scope(
    "offer_ranking",
    {"visits": VISITS, "profiles": PROFILES},
    frozenset({"window_days", "min_price"}),
    {"landed_visits": "it is private to sources", "due_items": "it belongs to candidates, which comes later"},
)


def parse(text: str) -> Query:
    return parse_query("due", text, "sql/replenishment/due.sql")


def said(text: str, kind: Kind | None = None, pinned: tuple[str, ...] = ()) -> str:
    """Line and message of the refusal of a query, by itself or as the maker of a log or snapshot."""
    with pytest.raises(QueryError) as caught:
        query = parse(text)
        if kind is not None:
            SCOPE.admit(query, kind, pinned=pinned)
    opening = "sql/replenishment/due.sql:"
    assert str(caught.value).startswith(opening)
    return str(caught.value).removeprefix(opening)


def snapshot_looks(text: str) -> Looks:
    return SCOPE.admit(parse(text), Kind.SNAPSHOT)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("SELECT a\nFROM visits\nWHERE (a", "3: is not GoogleSQL: Expecting )"),
        ("SELECT a\nFROM visits\nWHERE b = 'x\n AND TRUE", "3: is not GoogleSQL: a quote or comment is not closed"),
        ("SELECT a\nFROM visits\n/* why", "3: is not GoogleSQL: a quote or comment is not closed"),
        ("SELECT 1 AS a;\n\nSELECT 2 AS a", "3: must hold exactly one SELECT statement and nothing else"),
        ("-- Why.\nDELETE FROM visits WHERE TRUE", "2: must hold exactly one SELECT statement and nothing else"),
        ("-- Nothing else.", "1: must hold exactly one SELECT statement and nothing else"),
        ("", "1: must hold exactly one SELECT statement and nothing else"),
    ],
)
def test_what_is_no_single_select(text: str, message: str) -> None:
    assert said(text) == message


@pytest.mark.parametrize("statement", ["SELECT 1 AS a;", "SELECT 1 AS a; -- done", "(SELECT 1 AS a)"])
def test_what_is_one(statement: str) -> None:
    assert parse(statement).tables == frozenset()


STAR = "the outermost SELECT must name its columns, so that nobody's new column leaks into it"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("SELECT *\nFROM visits", 1),
        ("SELECT\n  1 AS b,\n  visits.*\nFROM visits", 3),
        ("SELECT * EXCEPT (a)\nFROM visits", 1),
        ("SELECT a\nFROM visits\nUNION ALL\nSELECT *\nFROM visits", 4),
        ("WITH x AS (SELECT a FROM visits)\nSELECT *\nFROM x", 2),
    ],
)
def test_a_star_at_the_top(text: str, line: int) -> None:
    assert said(text) == f"{line}: {STAR}"
    assert parse_query("due", text, "sql/due.sql", passing=True).tables == {"visits"}


def test_a_star_below_the_top_is_fine() -> None:
    assert parse("SELECT COUNT(*) AS n FROM (SELECT * FROM visits)").tables == {"visits"}


CLOCK = "a query must not read the clock; use @as_of"


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("CURRENT_DATE()", CLOCK),
        ("current_date", CLOCK),
        ("CURRENT_DATE('Europe/Berlin')", CLOCK),
        ("CURRENT_TIMESTAMP()", CLOCK),
        ("CURRENT_DATETIME()", CLOCK),
        ("CURRENT_TIME()", CLOCK),
        ("RAND()", "a query must give the same rows twice; use MD5 of the key for a repeatable draw"),
        ("GENERATE_UUID()", "a query must give the same rows twice; make the key of the row's own columns"),
        ("FARM_FINGERPRINT('a')", "FARM_FINGERPRINT has no twin on the lake; use MD5"),
        ("SESSION_USER()", "a query must not depend on who runs it; use a @parameter"),
        ("EXTRACT(DAYOFWEEK FROM d)", "the engines count weeks differently; use FORMAT_DATE('%u' or '%V', ...)"),
        ("EXTRACT(DATE FROM ts)", "the lake cannot EXTRACT a DATE; use DATE(...)"),
        ("EXTRACT(WEEK(MONDAY) FROM d)", "the engines count weeks differently; use FORMAT_DATE('%u' or '%V', ...)"),
    ],
)
def test_what_differs_from_run_to_run_or_engine_to_engine(expression: str, message: str) -> None:
    assert (
        said(f"-- Uses RAND() and CURRENT_DATE nowhere.\nSELECT\n  {expression} AS a\nFROM visits") == f"3: {message}"
    )


@pytest.mark.parametrize("window", ["SUM(n) OVER ()", "ROW_NUMBER() OVER (ORDER BY n)"])
def test_a_window_over_everything(window: str) -> None:
    """DuckDB 1.5 fails on one now and then; somebody's passing question may try."""
    text = f"SELECT\n  {window} AS a\nFROM visits"
    assert said(text) == "2: a window needs PARTITION BY; take a total from a subquery, a top from LIMIT"
    assert parse_query("due", text, "sql/due.sql", passing=True).tables == {"visits"}


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("SELECT\n  at\nFROM visits", "at"),
        ("SELECT a,\n  b AS `at`, c AS New\nFROM visits", "New"),
        ("SELECT a,\n  MAX(visits.limit) AS b\nFROM visits", "limit"),
        ("WITH\n  rows AS (SELECT a FROM visits)\nSELECT a FROM visits", "rows"),
        ("SELECT a,\n  new.b FROM visits AS new", "new"),
    ],
)
def test_a_reserved_word_is_no_name(text: str, word: str) -> None:
    """BigQuery would refuse the file, and the lake runs it."""
    assert said(text) == f"2: {word} is a reserved word of GoogleSQL; choose another name"


@pytest.mark.parametrize("text", ["SELECT FROM visits", "SELECT ALL FROM visits", "SELECT a INTO b FROM visits"])
def test_a_select_that_gives_no_column(text: str) -> None:
    """BigQuery would refuse the file, and sqlglot does not."""
    assert said(text) == "1: a SELECT must name the columns that it gives, and nothing else"


def test_a_word_that_is_not_reserved_or_is_quoted_is_a_name() -> None:
    assert parse_query("due", "SELECT day, `at`, EXTRACT(HOUR FROM ts) AS hour FROM visits", "sql/due.sql")


def test_values_come_by_name() -> None:
    assert said("SELECT a FROM visits WHERE a = ?") == "1: takes values by name; use a @parameter"


def test_a_table_is_read_as_it_stands() -> None:
    message = "2: a table is read as it stands, without FOR SYSTEM_TIME"
    assert said("SELECT a\nFROM visits FOR SYSTEM_TIME AS OF TIMESTAMP '2025-09-01'") == message


def test_a_table_is_named_bare() -> None:
    """A dataset in the text would be one company's, read by all."""
    message = "2: a table is named bare: visits, without a dataset"
    assert said("SELECT a\nFROM company_8.visits") == message
    assert said("SELECT a\nFROM project.company_8.visits") == message


def test_a_header_is_read() -> None:
    query = parse("-- One row per visit.\n-- look-back: visits 7\n-- Why: because.\nSELECT a FROM visits")
    assert query.description == "One row per visit. Why: because."
    assert query.directives == (("look-back", "visits 7", 2),)


def test_a_description_ends_at_the_first_empty_comment_line() -> None:
    query = parse("-- One row\n-- per visit.\n--\n-- A proof.\n-- look-back: visits 7\nSELECT a FROM visits")
    assert query.description == "One row per visit."
    assert query.directives == (("look-back", "visits 7", 5),)


KNOWN = "known: look-back, earlier, sorted, table, severity, tolerance, of, remedy, among, judges, given"


@pytest.mark.parametrize("key", ["lookback", "look_back", "Look-back", "LOOK-BACK", "lok-back"])
def test_a_misspelt_header(key: str) -> None:
    assert said(f"-- Why.\n-- {key}: visits 7\nSELECT a FROM visits") == f"2: unknown header `{key}`; {KNOWN}"


def test_a_header_after_the_first_comment_is_not_overlooked() -> None:
    message = "3: `-- look-back:` must stand in the comment that opens the file"
    assert said("-- Why.\n\n-- look-back: visits 7\nSELECT a FROM visits") == message
    assert said("-- Why.\nSELECT a\n  -- look-back: visits 7\nFROM visits") == message


def test_a_header_twice() -> None:
    query = parse("-- table: visits\n-- table: profiles\nSELECT a FROM visits")
    with pytest.raises(QueryError, match=r"due.sql:2: `-- table:` stands twice"):
        query.directive("table")


LOOK_BACK = (
    "<log> <days | @parameter> [at most]: the days of a log that are shown, ending with the query's own; "
    "at most where fewer will do"
)
SORTED = (
    "<table> <column>: how the lake hands over the table's rows, where what is added up should lie together; nothing "
    "that the query gives depends on it"
)
EARLIER = "<name> = <snapshot> <days | @parameter | latest>: an earlier snapshot, under a name of its own"


@pytest.mark.parametrize(
    ("header", "message"),
    [
        ("look-back:", f"cannot read `-- look-back: `; write `-- look-back: {LOOK_BACK}`"),
        ("look-back: visits", f"cannot read `-- look-back: visits`; write `-- look-back: {LOOK_BACK}`"),
        ("look-back: visits 7 days", f"cannot read `-- look-back: visits 7 days`; write `-- look-back: {LOOK_BACK}`"),
        ("look-back: visits 0", "`-- look-back:` needs at least 1 day"),
        ("look-back: profiles 7", "`-- look-back:` needs a log of this strategy, and profiles is none"),
        ("look-back: vists 7", "`-- look-back:` needs a log of this strategy, and vists is none"),
        ("look-back: visits @window", "`-- look-back:` names @window, which is not a parameter"),
        ("earlier: before = profiles", f"cannot read `-- earlier: before = profiles`; write `-- earlier: {EARLIER}`"),
        ("earlier: before = visits 7", "`-- earlier:` needs a snapshot of this strategy, and visits is none"),
        ("earlier: before = profiles 0", "`-- earlier:` needs at least 1 day"),
        ("earlier: before = profiles @x", "`-- earlier:` names @x, which is not a parameter"),
        ("earlier: before = profiles 7", "`-- earlier:` names before, which the query does not read"),
        ("sorted: visits", f"cannot read `-- sorted: visits`; write `-- sorted: {SORTED}`"),
        ("sorted: visits a, b", f"cannot read `-- sorted: visits a, b`; write `-- sorted: {SORTED}`"),
        ("sorted: visits c", "`-- sorted:` names visits c, a column that the query does not read"),
        ("sorted: vists a", "`-- sorted:` names vists a, a column that the query does not read"),
        ("earlier: profiles = profiles 7", "`-- earlier:` must give a new name, and profiles is a table"),
    ],
)
def test_a_header_that_does_not_fit(header: str, message: str) -> None:
    text = f"-- Why.\n-- {header}\nSELECT visits.a FROM visits CROSS JOIN profiles"
    assert said(text, Kind.SNAPSHOT) == f"2: {message}"


def test_a_look_back_on_a_table_that_is_not_read() -> None:
    message = "1: `-- look-back:` names visits, which the query does not read"
    assert said("-- look-back: visits 7\nSELECT a FROM profiles", Kind.SNAPSHOT) == message


def test_two_look_backs_on_one_table() -> None:
    text = "-- look-back: visits 7\n-- look-back: visits 9\nSELECT a FROM visits"
    assert said(text, Kind.LOG) == "2: `-- look-back:` for visits stands twice"


def test_a_log_may_not_look_at_an_earlier_snapshot() -> None:
    text = "-- earlier: before = profiles 7\nSELECT a FROM before"
    assert said(text, Kind.LOG) == "1: a log's query may not look at an earlier snapshot"


def test_what_a_query_looks_at() -> None:
    text = """-- look-back: visits @window_days
-- earlier: before = profiles 7
-- earlier: live = profiles latest
SELECT a FROM visits CROSS JOIN before CROSS JOIN live"""
    looks = Looks({"visits": "window_days"}, {"before": Earlier("profiles", 7), "live": Earlier("profiles", "latest")})
    assert snapshot_looks(text) == looks


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ("nothing", "offer_ranking has no table nothing"),
        ("profile", "offer_ranking has no table profile; did you mean profiles?"),
        ("landed_visits", "may not read landed_visits: it is private to sources"),
        ("due_items", "may not read due_items: it belongs to candidates, which comes later"),
        ("visits", "visits is a log: say how many days of it a snapshot needs, `-- look-back: visits <days>`"),
    ],
)
@pytest.mark.parametrize(
    "place", ["FROM {}", "FROM profiles\nWHERE a IN (SELECT a FROM {})", "FROM (SELECT a FROM {})"]
)
def test_a_table_that_may_not_be_read(table: str, message: str, place: str) -> None:
    text = f"-- Of {table}.\nSELECT a\n{place.format(table)}"
    line = next(n for n, words in enumerate(text.splitlines(), 1) if re.search(rf"FROM {table}\b", words))
    assert said(text, Kind.SNAPSHOT) == f"{line}: {message}"


def test_a_table_behind_a_common_table_expression_of_its_name_is_read_too() -> None:
    text = "WITH due_items AS (SELECT a FROM due_items)\nSELECT a FROM due_items"
    assert "may not read due_items" in said(text, Kind.SNAPSHOT)


def test_a_common_table_expression_is_no_table() -> None:
    assert parse("WITH own AS (SELECT a FROM visits) SELECT a FROM own").tables == {"visits"}


@pytest.mark.parametrize(
    ("parameter", "message"),
    [
        ("@min_prise", "@min_prise is not a parameter of offer_ranking; did you mean min_price?"),
        ("@nothing", "@nothing is not a parameter of offer_ranking"),
    ],
)
def test_a_parameter_that_is_not_bound(parameter: str, message: str) -> None:
    text = f"-- Not @nothing, nor @min_prise.\nSELECT a\nFROM profiles\nWHERE a > {parameter}"
    assert said(text, Kind.SNAPSHOT) == f"4: {message}"


def test_a_log_has_no_as_of() -> None:
    text = "SELECT a\nFROM visits\nWHERE event_date = @as_of"
    assert said(text, Kind.LOG) == "3: a log's query runs for ranges of days and has no @as_of"
    assert snapshot_looks(f"-- look-back: visits 1\n{text}") == Looks({"visits": 1})


def test_a_pinned_parameter_must_be_used() -> None:
    text = "SELECT a\nFROM profiles"
    assert said(text, Kind.SNAPSHOT, ("depth",)) == "1: its asset binds @depth, which the query does not use"
    SCOPE.admit(parse(f"{text} WHERE a < @depth"), Kind.SNAPSHOT, pinned=["depth"])


def test_a_fingerprint_is_of_the_statement_alone() -> None:
    first = parse("-- Why.\nSELECT a FROM visits")
    assert first.fingerprint == parse("SELECT  a\nFROM visits -- as ever").fingerprint
    assert first.fingerprint != parse("SELECT b FROM visits").fingerprint


def test_a_folder_of_queries(tmp_path: Path) -> None:
    sql = tmp_path / "sql"
    (sql / "a").mkdir(parents=True)
    (sql / "a" / "due.sql").write_text("-- One row per item.\nSELECT item FROM visits")
    assert {name: query.path for name, query in load_queries(sql).items()} == {"due": "sql/a/due.sql"}
    (sql / "b").mkdir()
    (sql / "b" / "due.sql").write_text("-- Again.\nSELECT item FROM visits")
    with pytest.raises(QueryError, match=r"^sql/b/due.sql:1: a table has one query, and sql/a/due.sql has this name"):
        load_queries(sql)
    (sql / "b" / "due.sql").write_text("SELECT item FROM visits")
    (sql / "a" / "due.sql").unlink()
    with pytest.raises(QueryError, match=r"^sql/b/due.sql:1: must open with a comment that says what a row is"):
        load_queries(sql)


@pytest.mark.parametrize(
    ("text", "tables"),
    [
        ("SELECT a FROM visits WHERE a IN (SELECT a FROM profiles)", {"visits", "profiles"}),
        ("SELECT (SELECT ARRAY(SELECT a FROM profiles)) AS a", {"profiles"}),
        ("SELECT a FROM UNNEST(ARRAY(SELECT a FROM profiles)) AS a", {"profiles"}),
        ("SELECT a FROM visits AS v, v.items AS a", {"visits"}),
        ("WITH visits AS (SELECT a FROM visits) SELECT a FROM visits", {"visits"}),
        ("WITH a AS (SELECT x FROM b), b AS (SELECT x FROM c) SELECT x FROM a", {"b", "c"}),
        ("WITH a AS (SELECT x FROM b), c AS (SELECT x FROM A) SELECT x FROM C", {"b"}),
        ("WITH RECURSIVE a AS (SELECT 1 AS n UNION ALL SELECT n FROM a) SELECT n FROM a", set()),
        ("SELECT (WITH a AS (SELECT x FROM b) SELECT x FROM a) AS x FROM a", {"a", "b"}),
        ("WITH a AS (SELECT x FROM b) (SELECT x FROM a UNION ALL SELECT x FROM c)", {"b", "c"}),
    ],
)
def test_every_table_is_seen_wherever_it_stands(text: str, tables: set[str]) -> None:
    assert parse(text).tables == tables


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "SELECT a\nFROM read_text('x')",
            "2: read_text is not a function that a query may call; use one of GoogleSQL",
        ),
        ("SELECT `Getenv` ('x') AS a", "1: Getenv is not a function that a query may call; use one of GoogleSQL"),
        ("SELECT a FROM (VALUES (1)) AS t", "1: VALUES is not a function that a query may call; use one of GoogleSQL"),
        (
            "SELECT a FROM\nGENERATE_ARRAY(1, 2) AS a",
            "1: reads tables by their names; of functions, only UNNEST gives rows",
        ),
        (
            "SELECT a FROM visits, LATERAL COUNT(a)",
            "1: reads tables by their names; of functions, only UNNEST gives rows",
        ),
        (f"SELECT {'(' * 101}1{')' * 101} AS a", "1: is nested too deeply; take parts of it out with WITH"),
    ],
)
def test_what_reaches_beyond_tables_is_refused(text: str, message: str) -> None:
    assert said(text) == message
