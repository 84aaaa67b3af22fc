"""Columns that are worked out from the columns of a file's row: what may be said, what it gives, and that it reaches
nothing else."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from recs_platform.companies.source_expression import FUNCTIONS, check
from recs_platform.errors import ConfigError
from recs_platform.sources.conform import open_typed
from recs_platform.warehouse.lake.row_expressions import RowExpressionError, projected
from recs_platform_tests.companies.shop import shop
from recs_platform_tests.sources.connectors.reading import Reader

Put = Callable[[str, str | bytes], None]
FILES = {"connector": "files", "path": "c.csv"}
ITEM = {"item_id": "id"}


def worked_out(reader: Reader, text: str, column: str = "name", **options: Any) -> Any:
    source = {**FILES, "columns": ITEM, "constants": {"price": 1}, "expressions": {column: text}, **options}
    if column == "price":
        source["constants"] = {}
    with open_typed(reader.request(source)) as stream:
        (row,) = stream.read_all().to_pylist()
    return row["unreadable"] or row[column]


@pytest.fixture
def row(put: Put) -> None:
    put("c.csv", "id,cents,Part Type,when,seconds,empty,words\n7,1250,Brakes,31.12.2025,1767175200,,a-b-c\n")


@pytest.mark.usefixtures("row")
@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("CONCAT(id, '-', `Part Type`)", "7-Brakes"),
        ("id || '-' || `part type`", "7-Brakes"),
        ("UPPER(`Part Type`)", "BRAKES"),
        ("IF(id = '7', 'seven', 'other')", "seven"),
        ("IF(id = 7, 'seven', 'other')", "seven"),
        ("CASE WHEN cents > 1000 THEN 'dear' ELSE 'cheap' END", "dear"),
        ("COALESCE(empty, words)", "a-b-c"),
        ("SPLIT(words, '-')[OFFSET(1)]", "b"),
        ("SPLIT(words, '-')[SAFE_OFFSET(9)]", None),
        ("REGEXP_EXTRACT(words, r'[b-z]')", "b"),
        ("REGEXP_REPLACE(words, r'[^a-c]', '')", "abc"),
        ("REPLACE(words, '-', '/')", "a/b/c"),
        ("SUBSTR(words, 1, 3)", "a-b"),
        ("LPAD(id, 5, '0')", "00007"),
        ("LTRIM(cents, '1')", "250"),
        ("NULLIF(words, 'a-b-c')", None),
        ("CAST(LENGTH(words) AS STRING)", "5"),
    ],
)
def test_texts(reader: Reader, text: str, value: str | None) -> None:
    assert worked_out(reader, text) == value


@pytest.mark.usefixtures("row")
@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("cents / 100", 12.5),
        ("ROUND(cents / 99, 1)", 12.6),
        ("ABS(-cents)", 1250.0),
        ("SAFE_CAST(cents AS FLOAT64) * 2", 2500.0),
        ("CAST(cents AS INT64) + 1", 1251.0),
        ("GREATEST(cents / 100, 20)", 20.0),
        ("SAFE_DIVIDE(cents, 0)", None),
        ("cents / words", None),
        ("CAST(words AS FLOAT64)", None),
        ("MOD(DIV(cents, 100), 5)", 2.0),
    ],
)
def test_numbers_and_a_row_that_has_none(reader: Reader, text: str, value: float | None) -> None:
    assert worked_out(reader, text, "price") == value


def test_numbers_are_written_as_everywhere_in_the_file(reader: Reader, put: Put) -> None:
    put("c.csv", "id;preis;menge\n7;1.250,50;2\n")
    options = {"delimiter": ";", "decimal": ",", "thousands": "."}
    assert worked_out(reader, "preis / menge", "price", **options) == 625.25
    assert worked_out(reader, "CAST(preis AS FLOAT64)", "price", **options) == 1250.5
    assert worked_out(reader, "REPLACE(preis, '5', '6')", "price", **options) == 1260.6


def test_one_of_several_names_is_null_in_a_file_that_has_another(reader: Reader, put: Put) -> None:
    put("goods_1.csv", "SKU,price\na,1\n")
    put("goods_2.csv", "ArticleNo,price\nb,2\n")
    source = {
        "connector": "files",
        "path": "goods_*.csv",
        "columns": {"item_id": ["SKU", "ArticleNo"]},
        "expressions": {"name": "CONCAT('no. ', COALESCE(`SKU`, `ArticleNo`))"},
    }
    assert [(row["item_id"], row["name"]) for row in reader.rows(source)] == [("a", "no. a"), ("b", "no. b")]
    lost = {**source, "columns": {"item_id": "SKU"}}
    assert "goods_1.csv has no column ArticleNo, which its expression reads" in reader.complaint(lost)


def test_moments(reader: Reader, put: Put) -> None:
    put("c.csv", "id,day,hour,seconds,stamp\n7,31.12.2025,10:30,1767175200,2025-07-01 12:00:00\n")

    def moment(text: str, **options: Any) -> Any:
        source = {**FILES, "columns": {"customer_id": "id"}, "expressions": {"updated_at": text}, **options}
        with open_typed(reader.request(source, "customers")) as stream:
            (row,) = stream.read_all().to_pylist()
        return row["unreadable"] or row["updated_at"]

    assert moment("CONCAT(day, ' ', hour)", dates="%d.%m.%Y %H:%M") == datetime(2025, 12, 31, 10, 30)
    assert moment("PARSE_TIMESTAMP('%d.%m.%Y %H:%M', CONCAT(day, ' ', hour))") == datetime(2025, 12, 31, 10, 30)
    assert moment("PARSE_DATE('%d.%m.%Y', day)") == datetime(2025, 12, 31)
    assert moment("PARSE_DATE('%Y-%m-%d', day)") is None
    assert moment("DATE_ADD(PARSE_DATE('%d.%m.%Y', day), INTERVAL 2 DAY)") == datetime(2026, 1, 2)
    assert moment("TIMESTAMP_SECONDS(CAST(seconds AS INT64))") == datetime(2025, 12, 31, 10)
    # A count of seconds is UTC whatever the zone of the file's clock.
    assert moment("TIMESTAMP_SECONDS(CAST(seconds AS INT64))", timezone="Europe/Berlin") == datetime(2025, 12, 31, 10)
    assert moment("TIMESTAMP(stamp)", timezone="Europe/Berlin") == datetime(2025, 7, 1, 10)
    assert moment("TIMESTAMP_ADD(TIMESTAMP(stamp), INTERVAL 90 MINUTE)") == datetime(2025, 7, 1, 13, 30)


def test_typed_columns_of_parquet(reader: Reader, tmp_path: Path) -> None:
    table = pa.table({"id": [1, 2], "total": [10.0, 9.0], "units": [4, 0], "Units": [1, 1]})
    pq.write_table(table, tmp_path / "c.parquet")
    source = {"connector": "files", "path": "c.parquet", "expressions": {"price": "total / units", "item_id": "id"}}
    with open_typed(reader.request(source)) as stream:
        assert [(r["item_id"], r["price"]) for r in stream.read_all().to_pylist()] == [("1", 2.5), ("2", None)]


@pytest.mark.usefixtures("row")
def test_what_cannot_be_worked_out_is_told(reader: Reader, put: Put) -> None:
    def complaint(text: str) -> str:
        source = {**FILES, "columns": ITEM, "expressions": {"price": text}}
        return reader.complaint(source)

    assert complaint("cent / 100") == (
        "catalog, column price: c.csv has no column cent, which its expression reads; it has id, cents, Part Type, "
        "when, seconds, empty, words. Correct sources.catalog.expressions.price in the company file. "
        'Did you mean "cents"?'
    )
    assert complaint("DATE_ADD(id, INTERVAL 1 DAY)").startswith(
        "catalog, column price: has an expression that cannot be worked out: "
    )
    assert complaint('CONCAT("Part Type", id)') == (
        'catalog, column price: has the text "Part Type" in its expression, and a column is called so. '
        "Write a column in backticks: `Part Type`."
    )


def test_every_function_that_is_listed_works(reader: Reader, put: Put) -> None:
    put("c.csv", "id,t,n,d\n7,abc,12,2025-12-31\n")
    written = {
        "CAST": "CAST(n AS INT64)",
        "SAFE_CAST": "SAFE_CAST(n AS INT64)",
        "IF": "IF(n = '12', 'a', 'b')",
        "LEFT": "LEFT(t, 1)",
        "RIGHT": "RIGHT(t, 1)",
        "SUBSTR": "SUBSTR(t, 1)",
        "LPAD": "LPAD(t, 5)",
        "RPAD": "RPAD(t, 5, 'x')",
        "REPLACE": "REPLACE(t, 'a', 'b')",
        "SPLIT": "SPLIT(t, 'b')[OFFSET(0)]",
        "REGEXP_EXTRACT": "REGEXP_EXTRACT(t, 'b')",
        "REGEXP_REPLACE": "REGEXP_REPLACE(t, 'b', 'c')",
        "PARSE_DATE": "PARSE_DATE('%Y-%m-%d', d)",
        "PARSE_TIMESTAMP": "PARSE_TIMESTAMP('%Y-%m-%d', d)",
        "TIMESTAMP_SECONDS": "TIMESTAMP_SECONDS(CAST(n AS INT64))",
        "TIMESTAMP_MILLIS": "TIMESTAMP_MILLIS(CAST(n AS INT64))",
        "EXTRACT": "EXTRACT(YEAR FROM DATE(d))",
        "NULLIF": "NULLIF(t, 'x')",
    }
    written |= {name: f"{name}(DATE(d), INTERVAL 1 DAY)" for name in ("DATE_ADD", "DATE_SUB")}
    written |= {name: f"{name}(TIMESTAMP(d), INTERVAL 1 DAY)" for name in ("TIMESTAMP_ADD", "TIMESTAMP_SUB")}
    written |= {name: f"{name}(t, 'c')" for name in ("STRPOS", "STARTS_WITH", "ENDS_WITH", "REGEXP_CONTAINS")}
    written |= {name: f"{name}(n, 5)" for name in ("DIV", "MOD", "SAFE_DIVIDE")}
    written |= {name: f"{name}(n)" for name in ("ABS", "ROUND", "FLOOR", "CEIL")}
    written |= {name: f"{name}(t, id)" for name in ("COALESCE", "IFNULL", "CONCAT", "GREATEST", "LEAST")}
    written |= {name: f"{name}(t)" for name in ("UPPER", "LOWER", "TRIM", "LTRIM", "RTRIM", "LENGTH")}
    written |= {name: f"{name}(d)" for name in ("DATE", "TIMESTAMP")}
    assert written.keys() == FUNCTIONS.keys()
    values = {name: worked_out(reader, f"CAST({text} AS STRING)") for name, text in written.items()}
    assert None not in values.values(), values


# --- the thief ------------------------------------------------------------------------------------------------------

THEFT = [
    "(SELECT content FROM read_text('/etc/passwd'))",
    "read_text('/etc/passwd')",
    "id || (SELECT 1)",
    "getenv('HOME')",
    "getvariable('x')",
    "current_setting('home_directory')",
    "id FROM read_csv('/etc/passwd')",
    "id; SELECT 1",
    "id) FROM read_csv('/etc/passwd') --",
    "id, email",
    "id AS x",
    "*",
    "id INTO x",
    "SUM(id)",
    "COUNT(id) OVER ()",
    "ARRAY_AGG(id)",
    "id IN (SELECT content FROM read_text('/etc/passwd'))",
    "id IN UNNEST([1])",
    "EXISTS(SELECT 1)",
    "ARRAY(SELECT id)",
    "RAND() + id",
    "CURRENT_DATE()",
    "CURRENT_TIMESTAMP()",
    "GENERATE_UUID() || id",
    "SESSION_USER() || id",
    "@as_of",
    "given.id",
    "REPEAT(id, 1000000000)",
    "LPAD(id, 1000000000, 'x')",
    "LPAD(id, n, 'x')",
    "REPLACE(id, 'a', id)",
    "REPLACE(id, 'a', 'aaaaaaaaaaaaaaaaaaaa')",
    "REPLACE(" * 6 + "id" + ", 'a', 'bb')" * 6,
    "ERROR(id)",
    "query(id)",
    "nextval('x') || id",
    "CAST(id AS ARRAY<STRING>)",
    "CAST(id AS BYTES)",
    "id -- comment",
    "id /* comment */",
    "x -> x",
    "JSON_VALUE(id, '$')",
    "NET.HOST(id)",
    "ML.PREDICT(id)",
    "1",
    "",
    "(" * 3_000,
    "id + " * 500 + "id",
    "-" * 1_000 + "id",
    "NOT " * 400 + "id",
]


@pytest.mark.parametrize("text", THEFT, ids=range(len(THEFT)))
def test_what_is_no_scalar_over_the_row_is_refused_when_the_file_is_loaded(tmp_path: Path, text: str) -> None:
    source = {**FILES, "expressions": {"name": text}}
    with pytest.raises(ConfigError) as caught:
        shop(tmp_path, sources={"catalog": source})
    message = str(caught.value)
    assert ": sources.catalog.expressions.name: " in message
    assert "Traceback" not in message


@pytest.mark.parametrize(
    "text",
    [
        "(SELECT max(content) FROM read_text('/etc/passwd'))",
        "(SELECT count(*) FROM read_csv('/etc/passwd'))",
        "(SELECT count(*) FROM glob('/etc/*'))",
        "(SELECT count(*) FROM '/etc/passwd')",
        "(SELECT count(*) FROM secret_frame)",
        "getenv('HOME')",
        "(SELECT count(*) FROM sqlite_scan('{folder}/x.db', 't'))",
    ],
)
def test_what_gets_past_that_still_reaches_nothing(tmp_path: Path, text: str) -> None:
    """The engine that runs expressions is shut."""
    secret_frame = pa.table({"a": [1]})
    sqlite3.connect(tmp_path / "x.db").close()
    stream = pa.RecordBatchReader.from_batches(secret_frame.schema, secret_frame.to_batches())
    selected = {"a": text.format(folder=tmp_path)}
    with pytest.raises((RowExpressionError, Exception)) as caught, projected(stream, selected, 10) as reader:
        reader.read_all()
    assert any(word in str(caught.value) for word in ("disabled", "does not exist", "not in the catalog", "Permission"))


def test_settings_cannot_be_turned_back(tmp_path: Path) -> None:
    from recs_platform.warehouse.lake import row_expressions

    with row_expressions._shut_database(0).cursor() as connection:
        for statement in (
            "SET enable_external_access = true",
            "INSTALL httpfs",
            "LOAD httpfs",
            f"ATTACH '{tmp_path}/x.db'",
            f"COPY (SELECT 1) TO '{tmp_path}/x.csv'",
        ):
            with pytest.raises(Exception, match=r"locked|disabled|Permission"):
                connection.execute(statement)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("text", ["`; DROP TABLE x`", "'; SELECT 1; --' || id", '`a"b` || id'])
def test_names_and_texts_stay_names_and_texts(reader: Reader, put: Put, text: str) -> None:
    check(text)
    put("c.csv", 'id,; DROP TABLE x,"a""b"\n7,x,y\n')
    assert worked_out(reader, text) in ("x", "'; SELECT 1; --7", "; SELECT 1; --7", "y7")
