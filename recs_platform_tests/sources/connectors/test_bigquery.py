"""The `bigquery` connector, by Google's own client on an emulator, and on a server that fails as BigQuery does."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

from recs_platform.companies.source_config import BigQuerySource
from recs_platform.errors import SourceError, SourceUnavailableError
from recs_platform.settings import settings
from recs_platform.sources.check import CheckLine, _check_table
from recs_platform.sources.connectors.base import SourceRequest, count_rows, read_source
from recs_platform.sources.connectors.bigquery import bytes_to_read, read_bigquery
from recs_platform.strategies.catalogue import pipelines
from recs_platform.warehouse.bigquery import client as way_to_bigquery
from recs_platform.warehouse.bigquery.client import open_client
from recs_platform_tests.bigquery_troubles import Troubles, troubled
from recs_platform_tests.companies.shop import shop
from recs_platform_tests.emulator import EMULATOR
from recs_platform_tests.slow import takes_seconds
from recs_platform_tests.sources.connectors.reading import DAY, Reader

pytestmark = pytest.mark.slow

PROJECT = "connector-tests"
CORRECT = "in the company file, or have the platform's account given access or quota."
_TABLES = (
    "CREATE TABLE shop.goods (sku INT64, price NUMERIC, cost FLOAT64, name STRING, words ARRAY<STRING>)",
    "INSERT INTO shop.goods VALUES (1, NUMERIC '2.50', 1, 'Bolt', ['a']), (2, NUMERIC '0.1', NULL, NULL, [])",
    "CREATE TABLE shop.log (id INT64, happened TIMESTAMP, clock DATETIME, day DATE, who STRING) PARTITION BY day",
    "INSERT INTO shop.log VALUES"
    " (1, TIMESTAMP '2025-09-01 23:30:00-05', DATETIME '2025-09-01 23:30:00', DATE '2025-09-02', 'c1'),"
    " (2, TIMESTAMP '2025-09-01 10:00:00+00', DATETIME '2025-09-01 10:00:00', DATE '2025-09-01', NULL),"
    " (3, TIMESTAMP '2025-09-03 10:00:00+00', DATETIME '2025-09-03 10:00:00', DATE '2025-09-03', 'c3')",
)
LOG = {"event_id": "id", "event_ts": "happened", "customer_id": "who"}


@takes_seconds
@pytest.fixture(scope="module")
def tables(bigquery_emulator: str) -> str:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(EMULATOR, bigquery_emulator)
        client = open_client(PROJECT, None)
        client.create_dataset("shop")
        for statement in _TABLES:
            client.query(statement).result()
    return bigquery_emulator


@pytest.fixture(autouse=True)
def server(tables: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Troubles]:
    with troubled(tables) as troubles:
        monkeypatch.setenv(EMULATOR, troubles.url)
        monkeypatch.setattr(way_to_bigquery, "RETRY_SECONDS", 0.5)
        yield troubles


def bigquery(**more: Any) -> dict[str, Any]:
    return {"connector": "bigquery", "project": PROJECT, **more}


def goods(**more: Any) -> dict[str, Any]:
    return bigquery(table="shop.goods", columns={"item_id": "sku"}, **more)


def log(**more: Any) -> dict[str, Any]:
    return bigquery(columns=LOG, constants={"event_name": "order_line"}, **more)


# --- tables and queries -----------------------------------------------------------------------------------------------


def test_a_table_under_other_names_in_its_own_types(reader: Reader, server: Troubles) -> None:
    table = reader.table(goods())
    kinds = {"item_id": pa.int64(), "name": pa.string(), "price": pa.decimal128(38, 9), "cost": pa.float64()}
    assert table.schema == pa.schema([*kinds.items(), ("source_day", pa.date32())])
    assert [list(row.values()) for row in sorted(table.to_pylist(), key=lambda row: row["item_id"])] == [
        [1, "Bolt", Decimal("2.5"), 1.0, None],
        [2, None, Decimal("0.1"), None, None],
    ]
    # What the table does not want is not read, and not billed.
    (query,) = server.queries
    assert (
        query == "SELECT `sku` AS `item_id`, `name` AS `name`, `price` AS `price`, `cost` AS `cost` FROM `shop.goods`"
    )


def test_of_a_table_with_days_only_those_that_are_asked_for_are_read(reader: Reader, server: Troubles) -> None:
    rows = reader.rows(log(table="shop.log", day="day"), "events", days=2)
    assert sorted((row["event_id"], row["event_ts"], row["source_day"]) for row in rows) == [
        (1, datetime(2025, 9, 2, 4, 30), date(2025, 9, 2)),
        (2, datetime(2025, 9, 1, 10), date(2025, 9, 1)),
    ]
    (query,) = server.queries
    assert query.endswith(" WHERE `day` BETWEEN @first AND @last")


@pytest.mark.parametrize("column", ["happened", "clock"])
def test_a_point_in_time_says_the_day_too(reader: Reader, column: str) -> None:
    rows = reader.rows(log(table="shop.log", day=column), "events", days=2)
    days = {"happened": {1: 2, 2: 1}, "clock": {1: 1, 2: 1}}
    assert {row["event_id"]: row["source_day"].day for row in rows} == days[column]


def test_a_query_over_a_range_of_days_runs_once(reader: Reader, server: Troubles) -> None:
    query = "SELECT * FROM shop.log WHERE day BETWEEN @first AND @last"
    rows = reader.rows(log(query=query), "events", days=2)
    assert sorted((row["event_id"], row["source_day"]) for row in rows) == [(1, None), (2, None)]
    assert len(server.queries) == 1


def test_a_query_of_one_day_runs_for_each(reader: Reader, server: Troubles) -> None:
    query = "SELECT id AS item_id, id AS price FROM shop.log WHERE day <= @as_of;"
    rows = reader.rows(bigquery(query=query), days=2)
    assert sorted((row["item_id"], row["source_day"].day) for row in rows) == [(1, 2), (2, 1), (2, 2)]
    assert len(server.queries) == 2


def test_no_rows_at_all(reader: Reader) -> None:
    table = reader.table(bigquery(query="SELECT sku AS item_id, price FROM shop.goods WHERE false"))
    assert table.schema.names == ["item_id", "price", "source_day"]
    assert len(table) == 0


def test_rows_are_counted_by_bigquery(reader: Reader) -> None:
    assert count_rows(reader.request(log(table="shop.log", day="day"), "events", days=2)) == 2
    assert count_rows(reader.request(bigquery(query="SELECT sku AS item_id, price FROM shop.goods"))) == 2


def test_the_project_of_the_platform_is_the_default(reader: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    source = {"connector": "bigquery", "table": "shop.goods", "columns": {"item_id": "sku"}}
    assert reader.complaint(source) == (
        "catalog: no project says where the query is run. "
        "Write sources.catalog.project in the company file, or set RECS_GCP_PROJECT."
    )
    monkeypatch.setenv("RECS_GCP_PROJECT", PROJECT)
    settings.cache_clear()
    assert len(reader.rows(source)) == 2


# --- what is refused --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (
            bigquery(table="shop.gods"),
            "catalog: BigQuery refuses: Not found: table:connector-tests.shop.gods. "
            f"Correct sources.catalog.table {CORRECT}",
        ),
        (
            bigquery(query="SELECT sku AS item_id, nothing AS price FROM shop.goods"),
            'catalog: BigQuery refuses: Query execution failed: Binder Error: Referenced column "nothing" not found in '
            f"FROM clause. Correct sources.catalog.query {CORRECT}",
        ),
        (
            goods(day="dya"),
            "catalog: the table shop.goods has no column dya; it has sku, price, cost, name, words. "
            "Correct sources.catalog.day in the company file.",
        ),
        (
            goods(day="name"),
            "catalog: the column name of shop.goods is of the type STRING, and no day. "
            "Name a column of days or points in time as sources.catalog.day, or use a query.",
        ),
        (
            bigquery(table="shop.goods", columns={"item_id": "sku", "name": "words"}),
            "catalog, column name: holds values of the type ARRAY, where one readable value per row is expected. "
            "Take it apart, or convert it to text, in a query.",
        ),
    ],
)
def test_what_a_person_has_to_settle(reader: Reader, source: dict[str, Any], message: str) -> None:
    assert reader.complaint(source) == message


def test_a_column_that_the_table_lacks(reader: Reader) -> None:
    complaint = reader.complaint(bigquery(table="shop.goods"))
    assert complaint.startswith(
        "catalog, column item_id: the table shop.goods has no column item_id; it has sku, price, cost, name, words. "
    )


def test_a_query_that_would_read_too_much_is_not_run(
    reader: Reader, server: Troubles, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.size = 3 * 10**12
    assert reader.complaint(goods()) == (
        "catalog: its query would read 3.0 TB, and RECS_BIGQUERY_QUERY_BYTES allows 500GiB. Read fewer days or "
        "columns: name the column of the table's partitions as sources.catalog.day, or filter by it in the query. "
        "Or raise the limit."
    )
    assert server.queries == []
    assert bytes_to_read(_request(reader, goods()), _request(reader, goods()).source) == server.size  # type: ignore[arg-type]
    monkeypatch.setenv("RECS_BIGQUERY_QUERY_BYTES", "4TB")
    settings.cache_clear()
    assert len(reader.rows(goods())) == 2
    # BigQuery holds it to the limit itself.
    (job,) = [job for job in server.asked if not job.get("dryRun")]
    assert job["query"]["maximumBytesBilled"] == str(4 * 10**12)  # type: ignore[index]


@pytest.mark.parametrize("query", ["DELETE FROM shop.goods WHERE true", "CREATE TABLE shop.more AS SELECT 1 AS a"])
def test_what_writes_is_not_run_whatever_has_judged_its_text(reader: Reader, server: Troubles, query: str) -> None:
    given = reader.request(goods())
    source = BigQuerySource.model_construct(connector="bigquery", project=PROJECT, query=query)
    with pytest.raises(SourceError, match=r"sources\.catalog\.query must only read"):
        read_bigquery(given, source)
    assert server.queries == []
    assert count_rows(given) == 2


@pytest.mark.parametrize(
    ("refusal", "message"),
    [
        (
            (403, "accessDenied", "Access Denied: Table p:shop.goods: User does not have permission jane@shop.example"),
            "Access Denied: Table p:shop.goods: User does not have permission j***@***.example",
        ),
        ((403, "quotaExceeded", "Quota exceeded: bytes scanned per day"), "Quota exceeded: bytes scanned per day"),
    ],
)
def test_a_right_or_a_quota_that_is_not_there(
    reader: Reader, server: Troubles, refusal: tuple[int, str, str], message: str
) -> None:
    server.refusal = refusal
    assert reader.complaint(goods()) == f"catalog: BigQuery refuses: {message}. Correct sources.catalog.table {CORRECT}"


@pytest.mark.parametrize(
    "refusal",
    [
        (503, "backendError", "The service is unavailable"),
        (500, "internalError", "An internal error occurred"),
        (403, "rateLimitExceeded", "Exceeded rate limits"),
    ],
)
def test_what_may_be_over_later(reader: Reader, server: Troubles, refusal: tuple[int, str, str]) -> None:
    server.refusal = refusal
    complaint = reader.complaint(goods(), kind=SourceUnavailableError)
    assert complaint == f"catalog: BigQuery does not answer just now: {refusal[2]}. Run it again."


def test_a_server_that_is_away(reader: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(EMULATOR, "http://127.0.0.1:1")
    complaint = reader.complaint(goods(), kind=SourceUnavailableError)
    assert complaint == "catalog: BigQuery does not answer just now: the connection failed. Run it again."


def test_a_server_that_fails_while_rows_are_read(reader: Reader, server: Troubles) -> None:
    stream = read_source(reader.request(goods()))
    server.refusal = (503, "backendError", "The service is unavailable")
    with pytest.raises(SourceUnavailableError, match="The service is unavailable"):
        stream.read_all()


def test_without_credentials_it_is_said_how_to_get_some(reader: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(EMULATOR)
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", "")
    monkeypatch.setenv("CLOUDSDK_CONFIG", "/nowhere")
    monkeypatch.setenv("NO_GCE_CHECK", "true")
    assert "gcloud auth application-default login" in reader.complaint(goods())


# --- recs companies check ---------------------------------------------------------------------------------------------


def test_the_check_of_a_company_says_what_a_day_costs(reader: Reader, server: Troubles) -> None:
    server.size = 1_200_000
    (dated, *others), (undated, *_) = (
        _checked(reader, log(table="shop.log", day="day"), "events"),
        _checked(reader, bigquery(query="SELECT sku AS item_id, price FROM shop.goods"), "catalog"),
    )
    assert dated.message == "BigQuery reads 1.2 MB for 2025-09-01"
    assert others[0].message.startswith("1 row of 2025-09-01")
    assert undated.message == (
        "BigQuery reads 1.2 MB for 2025-09-01, as for every day: nothing says which rows are of it"
    )


def _checked(reader: Reader, source: dict[str, Any], table: str) -> list[CheckLine]:
    company = shop(reader.folder, sources={table: source})
    lines = _check_table(company, company.tables[table], DAY, pipelines()[company.strategy.name], {}, {})
    return list(lines)


def _request(reader: Reader, source: dict[str, Any]) -> SourceRequest:
    return reader.request(source)
