"""The `sql` connector, against SQLite files and a real PostgreSQL."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from sqlalchemy import create_engine, make_url, text

from recs_platform.companies.source_tables import missing_columns_text
from recs_platform.errors import AnySourceError, SourceError, SourceUnavailableError
from recs_platform.sources.connectors.base import open_source, read_source
from recs_platform_tests.sources.connectors.reading import CATALOG, Reader

SET = "Set SHOP_URL to the database's SQLAlchemy URL, such as postgresql+psycopg://<user>:<password>@<host>/<name>."
CORRECT = "Correct sources.catalog.query in the company file."


def sql(query: str, **more: Any) -> dict[str, Any]:
    return {"connector": "sql", "url_env": "SHOP_URL", "query": query, **more}


# --- PostgreSQL -------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def postgres_tables(postgres_url: str) -> Iterator[str]:
    """A schema of its own, so that no other test sees these tables; its URL finds them by their bare names."""
    engine = create_engine(postgres_url)
    with engine.begin() as connection:
        for statement in (
            "CREATE SCHEMA feeds",
            "CREATE TABLE feeds.goods"
            " (sku integer, price numeric(10,2), cost numeric, tier numeric, name text, extra jsonb)",
            "INSERT INTO feeds.goods VALUES (1, 2.50, 1, 3, 'Bolt', '{}'), (2, 0.1, NULL, NULL, NULL, NULL)",
            "CREATE TABLE feeds.log (id bigint, at timestamptz, day date, who text)",
            "INSERT INTO feeds.log SELECT n, TIMESTAMPTZ '2025-09-01 23:30:00-05' + n * INTERVAL '1 microsecond',"
            " DATE '2025-09-01' + (n % 2)::int, NULLIF('c' || n % 3, 'c0') FROM generate_series(1, 100000) AS n",
        ):
            connection.execute(text(statement))
    url = make_url(postgres_url)
    yield url.update_query_dict({"options": "-csearch_path=feeds"}).render_as_string(hide_password=False)
    with engine.begin() as connection:
        connection.execute(text("DROP SCHEMA feeds CASCADE"))
    engine.dispose()


@pytest.fixture
def postgres(postgres_tables: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP_URL", postgres_tables)


LOG = "SELECT id AS event_id, at AS event_ts, who AS customer_id, 'order_line' AS event_name, day FROM log"


@pytest.mark.usefixtures("postgres")
def test_numbers_and_nulls_of_postgres(reader: Reader) -> None:
    query = "SELECT sku, price, cost, tier AS price_tier, name, price > 1 AS is_fresh FROM goods ORDER BY sku"
    table = reader.table(sql(query, columns={"item_id": "sku"}))
    assert table.schema == pa.schema(
        [
            ("item_id", pa.string()),
            ("name", pa.string()),
            ("price", pa.float64()),
            ("cost", pa.float64()),
            # NUMERIC where the table wants a whole number stays exact, as text
            ("price_tier", pa.string()),
            ("is_fresh", pa.bool_()),
            ("source_day", pa.date32()),
        ]
    )
    assert [list(row.values()) for row in table.to_pylist()] == [
        ["1", "Bolt", 2.5, 1.0, "3", True, None],
        ["2", None, 0.1, None, None, False, None],
    ]


@pytest.mark.usefixtures("postgres")
def test_points_in_time_become_naive_utc(reader: Reader) -> None:
    table = reader.table(sql(f"{LOG} WHERE id = 1"), "events")
    assert table.schema.field("event_ts").type == pa.timestamp("us")
    assert table["event_ts"].to_pylist() == [datetime(2025, 9, 2, 4, 30, 0, 1)]


@pytest.mark.usefixtures("postgres")
def test_as_of_runs_the_query_for_each_day(reader: Reader) -> None:
    rows = reader.rows(sql(f"{LOG} WHERE day = :as_of AND id < 5 ORDER BY id"), "events", days=3)
    assert [(row["event_id"], row["source_day"]) for row in rows] == [
        ("2", date(2025, 9, 1)),
        ("4", date(2025, 9, 1)),
        ("1", date(2025, 9, 2)),
        ("3", date(2025, 9, 2)),
    ]


@pytest.mark.usefixtures("postgres")
def test_types_are_seen_on_the_first_day_that_has_rows(reader: Reader) -> None:
    table = reader.table(sql(f"{LOG} WHERE day = CAST(:as_of AS date) - 1 AND id = 2"), "events", days=2)
    assert table.schema.field("event_ts").type == pa.timestamp("us")
    assert table["source_day"].to_pylist() == [date(2025, 9, 2)]


@pytest.mark.usefixtures("postgres")
def test_the_connection_is_given_back_when_not_all_is_read(reader: Reader, postgres_url: str) -> None:
    with open_source(reader.request(sql(LOG, chunk_rows=1_000), "events")) as stream:
        assert len(stream.read_next_batch()) == 1_000
        assert _connections_in_a_transaction(postgres_url) == 1
    assert _connections_in_a_transaction(postgres_url) == 0
    with pytest.raises(SourceError) as still_held:
        read_source(reader.request(sql("SELECT 1 AS nothing_of_use"), "events"))
    assert still_held
    assert _connections_in_a_transaction(postgres_url) == 0


def _connections_in_a_transaction(postgres_url: str) -> int:
    engine = create_engine(postgres_url)
    query = "SELECT count(*) FROM pg_stat_activity WHERE state LIKE 'idle in transaction%'"
    with engine.connect() as connection:
        count: int = connection.execute(text(query)).scalar_one()
    engine.dispose()
    return count


@pytest.mark.usefixtures("postgres")
def test_a_hundred_thousand_rows_in_batches(reader: Reader) -> None:
    batches = list(read_source(reader.request(sql(f"{LOG} ORDER BY id", chunk_rows=10_000), "events")))
    assert [len(batch) for batch in batches] == [10_000] * 10
    assert batches[-1]["event_id"][-1].as_py() == "100000"


@pytest.mark.usefixtures("postgres")
def test_rows_come_before_the_query_has_ended(reader: Reader) -> None:
    query = "SELECT n AS item_id, 1 / (50000 - n) AS price FROM generate_series(1, 100000) AS n"
    stream = read_source(reader.request(sql(query, chunk_rows=1_000)))
    assert len(stream.read_next_batch()) == 1_000
    with pytest.raises(SourceError, match=f"the query failed: division by zero. {CORRECT}"):
        stream.read_all()


@pytest.mark.usefixtures("postgres")
def test_a_query_cannot_write(reader: Reader, postgres_url: str) -> None:
    engine = create_engine(postgres_url)
    with engine.begin() as connection:
        connection.execute(text("CREATE SEQUENCE feeds.numbers"))
    engine.dispose()
    complaint = reader.complaint(sql("SELECT nextval('numbers') AS item_id, 1 AS price"))
    assert complaint == f"catalog: the query failed: cannot execute nextval() in a read-only transaction. {CORRECT}"


@pytest.mark.usefixtures("postgres")
@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("SELECT * FROM nothing", f'catalog: the query failed: relation "nothing" does not exist. {CORRECT}'),
        ("SELECT * FROM goods WHERE", f"catalog: the query failed: syntax error at end of input. {CORRECT}"),
        (
            "SELECT 1/0 AS item_id, CAST(:as_of AS date) AS price",
            f"catalog: the query failed for 2025-09-01: division by zero. {CORRECT}",
        ),
        (
            "SELECT CAST('jane@shop.example' AS integer) AS item_id",
            f'catalog: the query failed: invalid input syntax for type integer: "j***@***.example". {CORRECT}',
        ),
        (
            "SELECT sku, price FROM goods",
            "catalog, column item_id: the query's result has no column item_id; it has sku, price. "
            "Name the source's column in the company file: sources.catalog.columns.item_id. "
            + missing_columns_text(CATALOG, ["item_id"]),
        ),
        (
            "SELECT sku AS item_id, price, price FROM goods",
            "catalog, column price: the query's result has the column price more than once. "
            "Leave one of them in the source.",
        ),
        (
            "SELECT sku AS item_id, price, extra AS tags FROM goods ORDER BY sku",
            "catalog, column tags: holds a value of the type dict, where one readable value per row is expected. "
            "Take it apart, or convert it to text, in the query.",
        ),
    ],
)
def test_queries_that_fail(reader: Reader, query: str, message: str) -> None:
    assert reader.complaint(sql(query)) == message


@pytest.mark.usefixtures("postgres")
def test_a_document_further_on_is_found_too(reader: Reader) -> None:
    query = (
        "SELECT n AS item_id, 1 AS price, CASE WHEN n > 150 THEN '{}'::jsonb END AS tags FROM generate_series(1, 200) n"
    )
    assert reader.complaint(sql(query, chunk_rows=100)).startswith(
        "catalog, column tags: holds a value of the type dict, "
    )


# --- SQLite -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def sqlite(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "shop.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(
            """
            CREATE TABLE goods (sku INTEGER, price NUMERIC, name TEXT, day DATE);
            INSERT INTO goods VALUES
              (1, 10, NULL, '2025-09-01'), (2, 10.5, 'Nut', '2025-09-02'), (3, 'n/a', '', '2025-09-02');
            """
        )
    monkeypatch.setenv("SHOP_URL", f"sqlite:///{path}")


@pytest.mark.usefixtures("sqlite")
def test_sqlites_values_are_text_because_a_column_may_mix_them(reader: Reader) -> None:
    table = reader.table(sql("SELECT sku AS item_id, price, name FROM goods ORDER BY sku"))
    assert table.drop_columns("source_day").schema.types == [pa.string()] * 3
    assert [list(row.values())[:3] for row in table.to_pylist()] == [
        ["1", None, "10"],
        ["2", "Nut", "10.5"],
        ["3", "", "n/a"],
    ]


@pytest.mark.usefixtures("sqlite")
def test_as_of_on_sqlite(reader: Reader) -> None:
    rows = reader.rows(sql("SELECT sku AS item_id, price FROM goods WHERE day <= :as_of ORDER BY sku"), days=2)
    assert [(row["item_id"], row["source_day"].day) for row in rows] == [("1", 1), ("1", 2), ("2", 2), ("3", 2)]


@pytest.mark.usefixtures("sqlite")
def test_no_rows_at_all(reader: Reader) -> None:
    table = reader.table(sql("SELECT sku AS item_id, price FROM goods WHERE 1 = 0"))
    assert table.schema.names == ["item_id", "price", "source_day"]
    assert len(table) == 0


@pytest.mark.usefixtures("sqlite")
def test_a_table_that_is_not_there(reader: Reader) -> None:
    assert reader.complaint(sql("SELECT * FROM gods")) == f"catalog: the query failed: no such table: gods. {CORRECT}"


@pytest.mark.usefixtures("sqlite")
def test_bytes_are_no_text(reader: Reader) -> None:
    query = "SELECT x'00' AS item_id, 1 AS price"
    assert reader.complaint(sql(query)).startswith("catalog, column item_id: holds a value of the type bytes, ")


# --- reaching the database --------------------------------------------------------------------------------------------


def test_a_variable_that_is_not_set(reader: Reader) -> None:
    assert reader.complaint(sql("SELECT 1")) == f"catalog: the environment variable SHOP_URL is not set. {SET}"


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("s3cret", f"catalog: SHOP_URL does not hold a SQLAlchemy URL. {SET}"),
        ("postgresql+psycopg://me:s3cret@host:port/x", f"catalog: SHOP_URL does not hold a SQLAlchemy URL. {SET}"),
        (
            "informix://me:s3cret@host/x",
            f"catalog: SHOP_URL names a kind of database that SQLAlchemy does not know (informix). {SET}",
        ),
        ("sqlite:////nowhere/shop.db", f"catalog: the database file that SHOP_URL names does not exist. {SET}"),
    ],
)
def test_a_database_that_cannot_be_reached(
    reader: Reader, monkeypatch: pytest.MonkeyPatch, url: str, message: str
) -> None:
    monkeypatch.setenv("SHOP_URL", url)
    complaint = reader.complaint(sql("SELECT 1"))
    assert complaint == message
    assert "s3cret" not in complaint


def test_a_server_that_does_not_answer_may_answer_later(reader: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP_URL", "postgresql+psycopg://me:s3cret@127.0.0.1:1/x")
    complaint = reader.complaint(sql("SELECT 1"), kind=SourceUnavailableError)
    assert complaint == (
        'catalog: the database cannot be reached: connection failed: connection to server at "127.0.0.1", port 1 '
        "failed: Connection refused. Check the database and the URL in SHOP_URL."
    )


@pytest.mark.usefixtures("postgres")
def test_a_connection_that_breaks_off_is_an_outage_and_a_wrong_query_is_none(reader: Reader, postgres_url: str) -> None:
    stream = read_source(reader.request(sql(LOG, chunk_rows=1_000), "events"))
    assert len(stream.read_next_batch()) == 1_000
    engine = create_engine(postgres_url)
    with engine.connect() as connection:
        others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE state LIKE 'idle in transaction%'"
        connection.execute(text(others))
    engine.dispose()
    with pytest.raises(SourceUnavailableError, match=r"the query broke off: .* Check the database and the URL in SHOP"):
        stream.read_all()


def test_a_password_that_the_driver_repeats_is_hidden(reader: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP_URL", "postgresql+psycopg://me:s3cret@127.0.0.1:1/x?options=s3cret&hostaddr=s3cret")
    assert "s3cret" not in reader.complaint(sql("SELECT 1"), kind=AnySourceError)
