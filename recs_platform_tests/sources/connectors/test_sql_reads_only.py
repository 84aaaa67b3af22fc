"""A query of a company file never writes to the source: each text here tries to, on a real database.

The rules for the text (test_connected_company.py holds those of the company file) are stepped around where a test says
so, so that what the database itself refuses is seen to be refused.
"""

from __future__ import annotations

import os
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import URL, make_url

from recs_platform.companies import source_query
from recs_platform.errors import SourceError
from recs_platform.sources.connectors.base import read_source
from recs_platform_tests.sources.connectors.reading import Reader
from recs_platform_tests.sources.connectors.test_sql import sql

# Each takes the form of one query for whoever reads text, comments and quotes in another way than the database does.
SQLITE = [
    "SELECT '1' AS item_id, 1 AS price /* /* */ ; DELETE FROM goods; /* */ */",
    "SELECT '1' AS item_id, 1 AS price; DROP TABLE goods",
    "/* /* */ DELETE FROM goods RETURNING sku AS item_id, price -- */ SELECT",
    "/* /* */ DROP TABLE goods -- */ SELECT",
    "/* /* */ ATTACH DATABASE '{folder}/other.db' AS other -- */ SELECT",
    "/* /* */ CREATE TABLE other AS SELECT 1 -- */ SELECT",
    "/* /* */ PRAGMA user_version = 7 -- */ SELECT",
    "/* /* */ VACUUM INTO '{folder}/other.db' -- */ SELECT",
    "/* /* */ REPLACE INTO goods VALUES ('9', 9) -- */ SELECT",
    "WITH gone AS (SELECT 1) DELETE FROM goods RETURNING sku AS item_id, 1 AS price",
    "WITH gone AS (SELECT 1) REPLACE INTO goods SELECT 'x', 2",
    "REPLACE INTO goods VALUES ('9', 9)",
    "PRAGMA user_version = 7",
    "PRAGMA query_only = OFF",
    "VACUUM INTO '{folder}/other.db'",
    "ATTACH DATABASE '{folder}/other.db' AS other",
    "CREATE TEMP TABLE other AS SELECT 1",
    "BEGIN IMMEDIATE",
    "UPDATE sqlite_master SET sql = 'CREATE TABLE goods (sku)'",
    "PRAGMA writable_schema = ON",
    "SELECT load_extension('nothing') AS item_id, 1 AS price",
]
POSTGRES = [
    r"SELECT E'\'' AS item_id, 1 AS price; COMMIT; DROP TABLE goods; --'",
    r"WITH a AS (SELECT E'\'' AS item_id, 1 AS price) SELECT * FROM a; COMMIT; DROP TABLE goods; --'",
    r"(SELECT E'\'' AS item_id, 1 AS price); COMMIT; DROP TABLE goods; --'",
    "SELECT '1' AS item_id, 1 AS price; COMMIT; DROP TABLE goods",
    "SELECT $a$'$a$ AS item_id, 1 AS price; COMMIT; DROP TABLE goods; --'",
    "SELECT '1' AS item_id, 1 AS price /* /* */ */; COMMIT; DROP TABLE goods",
    "SELECT 'a' U&'\\0027' UESCAPE '!' ; COMMIT; DROP TABLE goods; --'",
    "WITH gone AS (DELETE FROM goods RETURNING *) SELECT sku AS item_id, price FROM gone",
    "WITH gone AS (UPDATE goods SET price = 0 RETURNING *) SELECT sku AS item_id, price FROM gone",
    "SELECT sku AS item_id, price INTO other FROM goods",
    "SELECT sku AS item_id, price FROM goods FOR UPDATE",
    "SELECT set_config('transaction_read_only', 'off', false) AS item_id, nextval('numbers') AS price",
    "SELECT set_config('default_transaction_read_only', 'off', false) AS item_id, nextval('numbers') AS price",
    "SELECT setval('numbers', 99) AS item_id, 1 AS price",
    "SELECT emptied() AS item_id, 1 AS price",
    "SELECT lo_from_bytea(4711, 'x') AS item_id, 1 AS price",
    "COPY goods TO PROGRAM 'touch {folder}/other.db'",
    "DO $$ BEGIN DELETE FROM goods; END $$",
    "CREATE TABLE other AS SELECT 1",
    "COMMIT",
    "ROLLBACK",
]


@pytest.fixture
def any_text(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is written in a company file goes to the database."""
    monkeypatch.setattr(source_query, "check", lambda query, dialect=None: None)


def read(reader: Reader, query: str) -> None:
    """Read to the end, twice over, as a range of days would be; what the database says of it is no matter here."""
    request = reader.request(sql(query.replace("{folder}", str(reader.folder))))
    try:
        read_source(request).read_all()
    except SourceError as error:
        assert "\n" not in str(error)


# --- SQLite -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def goods(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    # Its name is one that a URI would take apart.
    path = tmp_path / "sho%70 #1.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript("CREATE TABLE goods (sku TEXT, price); INSERT INTO goods VALUES ('1', 1), ('2', 2)")
    monkeypatch.setenv("SHOP_URL", URL.create("sqlite", database=str(path)).render_as_string())
    return path


def assert_untouched(path: Path, before: bytes) -> None:
    assert path.read_bytes() == before
    assert sorted(found.name for found in path.parent.iterdir()) == [path.name, "shop.yaml"]


@pytest.mark.usefixtures("any_text")
@pytest.mark.parametrize("query", SQLITE)
def test_sqlite_is_not_written_to_whatever_the_text(reader: Reader, goods: Path, query: str) -> None:
    before = goods.read_bytes()
    read(reader, query)
    assert_untouched(goods, before)


@pytest.mark.parametrize("query", SQLITE[:9])
def test_comments_are_refused_before_sqlite_sees_them(reader: Reader, goods: Path, query: str) -> None:
    with pytest.raises(Exception, match="query: "):
        reader.request(sql(query.replace("{folder}", str(goods.parent))))


def test_sqlite_is_still_read(reader: Reader, goods: Path) -> None:
    query = "WITH a AS (SELECT sku, max(price) AS price FROM goods GROUP BY sku) SELECT sku AS item_id, price FROM a"
    assert [row["item_id"] for row in reader.rows(sql(f"{query} ORDER BY sku"))] == ["1", "2"]


def test_what_sqlite_makes_up_is_read_too(reader: Reader, goods: Path) -> None:
    with closing(sqlite3.connect(goods)) as connection:
        connection.executescript("CREATE VIRTUAL TABLE words USING fts5(word); INSERT INTO words VALUES ('red bolt')")
    query = "SELECT value AS item_id, word AS name, 1 AS price FROM words, json_each('[7]') WHERE word MATCH 'red'"
    assert [(row["item_id"], row["name"]) for row in reader.rows(sql(query))] == [("7", "red bolt")]


def test_a_url_cannot_ask_for_more(reader: Reader, goods: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP_URL", f"{os.environ['SHOP_URL']}?mode=rwc&uri=true&timeout=1")
    before = goods.read_bytes()
    assert len(reader.rows(sql("SELECT sku AS item_id, price FROM goods"))) == 2
    assert_untouched(goods, before)


# --- PostgreSQL -------------------------------------------------------------------------------------------------------


@pytest.fixture
def shop_url(postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    name = "reads_only"
    plain = make_url(postgres_url).set(drivername="postgresql")
    mine = plain.set(database=name).render_as_string(False)
    with psycopg.connect(plain.render_as_string(False), autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name}".encode())
        with psycopg.connect(mine) as connection:
            connection.execute("CREATE TABLE goods (sku text, price int)")
            connection.execute("INSERT INTO goods VALUES ('1', 1), ('2', 2)")
            connection.execute("CREATE SEQUENCE numbers")
            connection.execute(
                "CREATE FUNCTION emptied() RETURNS text LANGUAGE plpgsql AS "
                "$$ BEGIN SET TRANSACTION READ WRITE; DELETE FROM goods; RETURN 'x'; END $$"
            )
        monkeypatch.setenv("SHOP_URL", make_url(postgres_url).set(database=name).render_as_string(False))
        yield mine
        admin.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


def state(url: str) -> object:
    with psycopg.connect(url) as connection:
        tables = connection.execute("SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace")
        blobs = connection.execute("SELECT count(*) FROM pg_largeobject_metadata")
        numbers = connection.execute("SELECT last_value, is_called FROM numbers")
        goods = connection.execute("SELECT sku, price FROM goods ORDER BY sku")
        return [cursor.fetchall() for cursor in (tables, blobs, numbers, goods)]


@pytest.mark.usefixtures("any_text")
@pytest.mark.parametrize("query", POSTGRES)
def test_postgres_is_not_written_to_whatever_the_text(reader: Reader, shop_url: str, query: str) -> None:
    before = state(shop_url)
    read(reader, query)
    assert state(shop_url) == before
    assert not (reader.folder / "other.db").exists()


def test_quotes_and_comments_are_read_as_postgres_does(reader: Reader, shop_url: str) -> None:
    before = state(shop_url)
    assert reader.complaint(sql(POSTGRES[0])) == (
        "catalog: sources.catalog.query has a comment; write it beside the query, as a comment of YAML. "
        "Correct it in the company file."
    )
    assert reader.complaint(sql(r"SELECT E'\'' AS item_id, 1 AS price; COMMIT; DROP TABLE goods; SELECT '")) == (
        "catalog: sources.catalog.query has a quote or a comment that is never closed. Correct it in the company file."
    )
    assert reader.complaint(sql(r"SELECT E'\'', 1; DROP TABLE goods; SELECT E'\''")) == (
        "catalog: sources.catalog.query must be one query; take out the `;`. Correct it in the company file."
    )
    assert state(shop_url) == before
    assert reader.rows(sql(r"SELECT E'\'a\'' AS item_id, 1 AS price"))[0]["item_id"] == "'a'"


@pytest.mark.usefixtures("shop_url")
def test_a_driver_that_takes_several_statements_is_refused(reader: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    url = make_url(os.environ["SHOP_URL"])
    monkeypatch.setenv("SHOP_URL", url.set(drivername="postgresql+psycopg2").render_as_string(False))
    assert reader.complaint(sql("SELECT sku AS item_id, price FROM goods")) == (
        "catalog: SHOP_URL names the driver psycopg2, which cannot be held to one query that only reads. "
        "Write postgresql+psycopg:// instead."
    )


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("mysql://u:p@h/d", "the database driver MySQLdb is not installed. Install it: pip install mysqlclient."),
        ("mysql+pymysql://u:p@h/d", "the database driver pymysql is not installed. Install it: pip install pymysql."),
        ("mysql+mysqlconnector://u:p@h/d", "Install it: pip install mysql-connector-python."),
        ("mssql://u:p@h/d", "the database driver pyodbc is not installed. Install it: pip install pyodbc."),
        ("snowflake://u:p@h/d", "does not know (snowflake). Install its dialect: pip install snowflake-sqlalchemy."),
    ],
)
def test_what_is_not_installed_is_named_as_pip_names_it(
    reader: Reader, monkeypatch: pytest.MonkeyPatch, url: str, told: str
) -> None:
    monkeypatch.setenv("SHOP_URL", url)
    assert reader.complaint(sql("SELECT sku AS item_id, price FROM goods")).endswith(told)


def test_the_driver_of_postgres_is_an_extra(reader: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP_URL", "postgresql+psycopg://u:p@h/d")
    monkeypatch.setitem(sys.modules, "psycopg", None)
    told = reader.complaint(sql("SELECT sku AS item_id, price FROM goods"))
    assert told.endswith("is not installed. Install it: pip install 'recs-platform[postgres]'.")
