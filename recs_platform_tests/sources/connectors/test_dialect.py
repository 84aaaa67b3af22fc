"""Exports as they are: other delimiters, decimal signs, date formats, encodings and zones, each said in the file."""

from __future__ import annotations

import csv
import gzip
import io
import zipfile
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recs_platform.errors import ConfigError
from recs_platform.sources.conform import open_typed
from recs_platform.sources.connectors.base import SourceRequest
from recs_platform_tests.companies.shop import shop
from recs_platform_tests.sources.connectors.reading import Reader

Put = Callable[[str, str | bytes], None]
FILES = {"connector": "files", "path": "catalog.csv"}


def typed(reader: Reader, source: dict[str, Any], table: str = "catalog") -> list[dict[str, Any]]:
    """The rows as they are landed."""
    with open_typed(reader.request({**FILES, **source}, table)) as stream:
        rows: list[dict[str, Any]] = stream.read_all().to_pylist()
    return rows


def problem(folder: Path, **source: Any) -> str:
    with pytest.raises(ConfigError) as caught:
        shop(folder, sources={"catalog": {**FILES, **source}})
    return str(caught.value).partition("shop.yaml: sources.catalog")[2].lstrip(".")


# --- delimiters and encodings ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(("written", "sign"), [(";", ";"), ("tab", "\t"), ("\t", "\t"), ("\\t", "\t"), ("|", "|")])
def test_another_delimiter(reader: Reader, put: Put, written: str, sign: str) -> None:
    put("catalog.csv", f'item_id{sign}price{sign}name\n1{sign}2{sign}"a{sign}b, c"\n')
    (row,) = reader.rows({**FILES, "delimiter": written})
    assert (row["item_id"], row["price"], row["name"]) == ("1", "2", f"a{sign}b, c")


@pytest.mark.parametrize("delimiter", ["", ";;", '"', "a", "\n", " ", "é", 5])
def test_what_is_no_delimiter(tmp_path: Path, delimiter: object) -> None:
    assert problem(tmp_path, delimiter=delimiter).startswith("delimiter: should be ")


@pytest.mark.parametrize(
    ("encoding", "content"),
    [
        ("latin-1", "item_id,price,name\n1,2,Müller\n".encode("latin-1")),
        ("cp1252", "item_id,price,name\n1,2,Müller\n".encode("cp1252")),
        ("utf-8", "item_id,price,name\n1,2,Müller\n".encode("utf-8-sig")),
        ("utf-8-sig", "item_id,price,name\n1,2,Müller\n".encode("utf-8-sig")),
        ("utf-16", "item_id,price,name\n1,2,Müller\n".encode("utf-16")),
        ("utf-16", b"\xfe\xff" + "item_id,price,name\n1,2,Müller\n".encode("utf-16-be")),
    ],
)
def test_another_encoding(reader: Reader, put: Put, encoding: str, content: bytes) -> None:
    put("catalog.csv", content)
    assert [row["name"] for row in reader.rows({**FILES, "encoding": encoding})] == ["Müller"]


def test_a_long_text_in_another_encoding_is_read_to_its_end(reader: Reader, put: Put) -> None:
    """A character may stand across two pieces of the file."""
    rows = "".join(f"{n},1,{'ä€𝄞' * 20}\n" for n in range(20_000))
    put("catalog.csv", f"item_id,price,name\n{rows}".encode("utf-16"))
    names = [row["name"] for row in reader.rows({**FILES, "encoding": "utf-16"})]
    assert names == ["ä€𝄞" * 20] * 20_000


def test_a_byte_that_is_no_character_is_told_with_its_line(reader: Reader, put: Put) -> None:
    put("catalog.csv", b"item_id,price,name\n1,2,a\n2,3,\x81\n")
    assert reader.complaint({**FILES, "encoding": "cp1252"}) == (
        "catalog: line 3 of catalog.csv is not text in CP1252. "
        "Correct the export, or say how it is written: sources.catalog.encoding, such as cp1252."
    )


@pytest.mark.parametrize(
    ("said", "content", "complaint"),
    [
        ("utf-8", "item_id\n1\n".encode("utf-16"), "UTF-16, and is read as utf-8. Write encoding: utf-16 under"),
        ("latin-1", "item_id\n1\n".encode("utf-8-sig"), "UTF-8, and is read as latin-1. Take out encoding under"),
    ],
)
def test_the_first_bytes_say_that_the_encoding_is_wrong(
    reader: Reader, put: Put, said: str, content: bytes, complaint: str
) -> None:
    put("catalog.csv", content)
    assert reader.complaint({**FILES, "encoding": said}) == (
        f"catalog: catalog.csv begins with the mark of {complaint} sources.catalog."
    )


def test_an_unknown_encoding(tmp_path: Path) -> None:
    assert "utf-8, utf-8-sig, latin-1, cp1252" in problem(tmp_path, encoding="ebcdic").replace("'", "")


# --- numbers --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "text", "number"),
    [
        ({"decimal": ","}, "1234,5", 1234.5),
        ({"decimal": ","}, "-0,5", -0.5),
        ({"decimal": ","}, ",5", 0.5),
        ({"decimal": ","}, "1,5E3", 1500.0),
        ({"decimal": ","}, " 7 ", 7.0),
        ({"decimal": ","}, "1.5", None),
        ({"decimal": ","}, "1.234,5", None),
        ({"decimal": ",", "thousands": "."}, "1.234.567,5", 1234567.5),
        ({"decimal": ",", "thousands": "."}, "1234567,5", 1234567.5),
        ({"decimal": ",", "thousands": "."}, "1.5", None),
        ({"decimal": ",", "thousands": "."}, "1.2345", None),
        ({"decimal": ",", "thousands": " "}, "1\u202f234,5", 1234.5),
        ({"decimal": ",", "thousands": " "}, "1\u00a0234 567,5", 1234567.5),
        ({"thousands": ","}, "1,234.5", 1234.5),
        ({"thousands": "'"}, "1'234.5", 1234.5),
        ({"thousands": ","}, "1,23", None),
    ],
)
def test_numbers_are_read_as_the_file_says_or_not_at_all(
    reader: Reader, put: Put, options: dict[str, str], text: str, number: float | None
) -> None:
    """`1.5` where the comma is the decimal sign is 15 or a mistake; it is never 1.5."""
    put("catalog.csv", f'item_id;price\n1;"{text}"\n')
    (row,) = typed(reader, {"delimiter": ";", **options})
    assert row["price"] == number
    assert row["unreadable"] == (None if number is not None else "price is not a number")


def test_a_text_column_keeps_its_commas(reader: Reader, put: Put) -> None:
    put("catalog.csv", "item_id;price;name;price_tier\n1,5;2,5;a,b;2\n")
    (row,) = typed(reader, {"delimiter": ";", "decimal": ",", "thousands": "."})
    assert (row["item_id"], row["price"], row["name"], row["price_tier"]) == ("1,5", 2.5, "a,b", 2)


def test_numbers_that_are_text_in_parquet_too(reader: Reader, tmp_path: Path) -> None:
    pq.write_table(
        pa.table({"item_id": ["a", "b"], "price": ["1,5", None], "cost": [1.5, 2.5]}), tmp_path / "c.parquet"
    )
    rows = typed(reader, {"path": "c.parquet", "decimal": ","})
    assert [(row["price"], row["cost"], row["unreadable"]) for row in rows] == [(1.5, 1.5, None), (None, 2.5, None)]


def test_one_sign_cannot_mean_two_things(tmp_path: Path) -> None:
    assert problem(tmp_path, thousands=".") == ': thousands and decimal are both "."; a number could mean two things.'


# --- days and points in time ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "text", "moment"),
    [
        ("%d.%m.%Y", "31.12.2025", datetime(2025, 12, 31)),
        ("%d.%m.%Y", "1.2.2025", datetime(2025, 2, 1)),
        ("%d.%m.%y", "31.12.25", datetime(2025, 12, 31)),
        ("%m/%d/%Y %I:%M %p", "12/31/2025 11:05 PM", datetime(2025, 12, 31, 23, 5)),
        ("%d.%m.%Y %H:%M:%S.%f", "31.12.2025 10:00:00.25", datetime(2025, 12, 31, 10, 0, 0, 250_000)),
        ("%d.%m.%Y %H:%M %z", "31.12.2025 10:00 +0200", datetime(2025, 12, 31, 8)),
        ("%d-%b-%Y", "31-Dec-2025", datetime(2025, 12, 31)),
        ("%d.%m.%Y", "31.12.25", None),
        ("%d.%m.%Y", "29.02.2025", None),
        ("%d.%m.%Y", "2025-12-31", None),
        ("%d.%m.%Y", "12.31.2025", None),
        ("%d.%m.%Y", "31.12.2025 10:00", None),
    ],
)
def test_points_in_time_are_read_by_their_format_or_not_at_all(
    reader: Reader, put: Put, written: str, text: str, moment: datetime | None
) -> None:
    put("c.csv", f"customer_id,updated_at\n1,{text}\n2,\n")
    for dates in (written, {"updated_at": written}):
        one, empty = typed(reader, {"path": "c.csv", "dates": dates}, "customers")
        assert one["updated_at"] == moment
        assert one["unreadable"] == (None if moment else "updated_at is not a timestamp")
        assert (empty["updated_at"], empty["unreadable"]) == (None, None)


def test_days_and_other_columns_than_those_named(reader: Reader, put: Put, tmp_path: Path) -> None:
    put("s.csv", "send_id,customer_id,treatment_id,campaign_id,arm,sent_at\n1,c,t,k,a,2025-12-31 10:00:00\n")
    (row,) = typed(reader, {"path": "s.csv", "dates": {}}, "treatments")
    assert row["sent_at"] == datetime(2025, 12, 31, 10)
    company = shop(
        tmp_path,
        strategy="offer_ranking",
        sources={"offers": {**FILES, "path": "o.csv", "dates": {"starts_on": "%d.%m.%Y", "ends_on": "%d.%m.%Y %H:%M"}}},
    )
    put("o.csv", "offer_id,item_id,discount,starts_on,ends_on\n1,i,0.5,01.12.2025,31.12.2025 23:59\n")
    request = SourceRequest(company, company.tables["offers"], date(2025, 12, 1), date(2025, 12, 1))
    with open_typed(request) as stream:
        (offer,) = stream.read_all().to_pylist()
    assert (offer["starts_on"], offer["ends_on"]) == (date(2025, 12, 1), date(2025, 12, 31))


@pytest.mark.parametrize(
    ("dates", "sentence"),
    [
        ("%d.%m", "dates: should say the year (%Y) once"),
        ("%H:%M", "dates: should say the day (%d) once"),
        ("%d.%m.%Q", "dates: has %Q, which is not one of"),
        ("%d.%m.%Y %I:%M", "dates: has hours of a clock of twelve"),
        ("%d.%m.%Y %d", "dates: has %d twice"),
        (["%d.%m.%Y"], "dates: should be a format such as"),
        ({"updated_at": 5}, "dates.updated_at: should be a text in quotes"),
        ({"item_id": "%d.%m.%Y"}, "dates.item_id: is neither a day nor a point in time."),
        ({"sku": "%d.%m.%Y"}, 'dates.sku: "sku" is not a column of catalog.'),
    ],
)
def test_what_is_no_format(tmp_path: Path, dates: object, sentence: str) -> None:
    assert problem(tmp_path, dates=dates).startswith(sentence)


@pytest.mark.parametrize(
    ("local", "utc"),
    [
        ("2025-07-01 12:00:00", datetime(2025, 7, 1, 10)),
        ("2025-12-31 00:30:00", datetime(2025, 12, 30, 23, 30)),
        ("2025-07-01 12:00:00Z", datetime(2025, 7, 1, 12)),
        ("2025-07-01 12:00:00+05:00", datetime(2025, 7, 1, 7)),
        ("2025-07-01", datetime(2025, 7, 1)),  # a day alone is no point in time
        ("2025-10-26 02:30:00", datetime(2025, 10, 26, 1, 30)),  # shown twice: the second
        ("2025-03-30 02:30:00", datetime(2025, 3, 30, 1, 30)),  # never shown: an hour on
    ],
)
def test_points_in_time_without_a_zone_are_of_the_files(reader: Reader, put: Put, local: str, utc: datetime) -> None:
    put("c.csv", f"customer_id,updated_at\n1,{local}\n")
    (row,) = typed(reader, {"path": "c.csv", "timezone": "Europe/Berlin"}, "customers")
    assert (row["updated_at"], row["unreadable"]) == (utc, None)


def test_a_zone_and_a_format_and_parquet(reader: Reader, put: Put, tmp_path: Path) -> None:
    put("c.csv", "customer_id,updated_at\n1,01.07.2025 12:00\n")
    source = {"path": "c.csv", "timezone": "Europe/Berlin", "dates": "%d.%m.%Y %H:%M"}
    assert typed(reader, source, "customers")[0]["updated_at"] == datetime(2025, 7, 1, 10)
    times = pa.array([datetime(2025, 7, 1, 12)], pa.timestamp("us"))
    aware = pa.array([datetime(2025, 7, 1, 12)], pa.timestamp("us", "UTC"))
    for column, expected in ((times, datetime(2025, 7, 1, 10)), (aware, datetime(2025, 7, 1, 12))):
        pq.write_table(pa.table({"customer_id": ["1"], "updated_at": column}), tmp_path / "c.parquet")
        source = {"path": "c.parquet", "timezone": "Europe/Berlin"}
        assert typed(reader, source, "customers")[0]["updated_at"] == expected


def test_a_zone_that_there_is_not(tmp_path: Path) -> None:
    assert problem(tmp_path, timezone="Europe/Berlim").startswith(
        'timezone: "Europe/Berlim" is not an IANA time zone. Did you mean "Europe/Berlin"?'
    )


# --- columns that are called differently from file to file ----------------------------------------------------------


def test_a_column_that_is_called_differently_per_year(reader: Reader, put: Put) -> None:
    put("y/2023.csv", "SKU,price\n1,2\n")
    put("y/2024.csv", "Artikel,price\n2,3\n")
    put("y/2025.csv", "SKU,Artikel,price\n3,9,4\n")
    source = {"connector": "files", "path": "y", "columns": {"item_id": ["SKU", "Artikel"]}}
    assert [row["item_id"] for row in reader.rows(source)] == ["1", "2", "3"]
    put("y/2026.csv", "Nr,price\n4,5\n")
    assert reader.complaint(source).startswith(
        "catalog, column item_id: y/2026.csv has no column SKU or Artikel; it has Nr, price."
    )


@pytest.mark.parametrize("names", [[], [5], "", {"a": "b"}, 7, ["x" * 301]])
def test_what_is_no_name_of_a_column(tmp_path: Path, names: object) -> None:
    assert problem(tmp_path, columns={"item_id": names}).startswith("columns.item_id: should be a")


def test_options_of_another_kind_of_file(tmp_path: Path) -> None:
    assert problem(tmp_path, path="a.parquet", delimiter=";") == (
        ": delimiter: only for CSV files, and path ends otherwise."
    )
    assert problem(tmp_path, sheet="Items") == ": sheet: only for .xlsx files, and path ends otherwise."


# --- all of them together -------------------------------------------------------------------------------------------

_TEXT = st.text(st.characters(codec="cp1252", exclude_categories=("Cc", "Zs", "Zl", "Zp")), min_size=1, max_size=12)
_ITEM = st.fixed_dictionaries(
    {
        "item_id": _TEXT,
        "name": st.none() | _TEXT,
        "price": st.integers(0, 10**9).map(lambda cents: cents / 100),
        "price_tier": st.none() | st.integers(-(10**6), 10**6),
    }
)
_CUSTOMER = st.fixed_dictionaries(
    {"customer_id": _TEXT, "updated_at": st.none() | st.datetimes(datetime(1000, 1, 1), datetime(9999, 12, 30))}
)
_DIALECT = st.fixed_dictionaries(
    {
        "delimiter": st.sampled_from([",", ";", "\t", "|"]),
        "decimal": st.sampled_from([".", ","]),
        "thousands": st.sampled_from([None, ".", ",", "'", " "]),
        "encoding": st.sampled_from(["utf-8", "utf-8-sig", "cp1252", "utf-16"]),
        "dates": st.sampled_from(["%d.%m.%Y %H:%M:%S.%f", "%m/%d/%Y %I:%M:%S.%f %p", "%Y-%m-%d %H:%M:%S.%f"]),
    }
).filter(lambda dialect: dialect["decimal"] != dialect["thousands"])


def as_written(value: Any, dialect: dict[str, Any]) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.strftime(dialect["dates"].replace("%Y", f"{value.year:04}"))
    if isinstance(value, int | float):
        text = f"{value:,}" if dialect["thousands"] else f"{value}"
        return text.translate(str.maketrans({".": dialect["decimal"], ",": dialect["thousands"]}))
    return str(value)


@pytest.mark.slow
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    items=st.lists(_ITEM, max_size=8),
    customers=st.lists(_CUSTOMER, max_size=8),
    dialect=_DIALECT,
    packed=st.sampled_from(["", ".gz", "zip"]),
)
def test_a_table_in_any_dialect_reads_back_equal_to_the_same_table_as_parquet(
    reader: Reader, items: list[dict[str, Any]], customers: list[dict[str, Any]], dialect: dict[str, Any], packed: str
) -> None:
    for table, rows in (("catalog", items), ("customers", customers)):
        columns = list((rows or [{"item_id": "", "price": 0.0} if table == "catalog" else {"customer_id": ""}])[0])
        text = io.StringIO(newline="")
        writer = csv.writer(text, delimiter=dialect["delimiter"], lineterminator="\n")
        writer.writerow(columns)
        writer.writerows([as_written(row[column], dialect) for column in columns] for row in rows)
        content = text.getvalue().encode(dialect["encoding"])
        name = {"": f"{table}.csv", ".gz": f"{table}.csv.gz", "zip": f"{table}.zip"}[packed]
        path = reader.folder / name
        if packed == "zip":
            with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
                archive.writestr("feed.csv", content)
        else:
            path.write_bytes(gzip.compress(content) if packed else content)
        spec = shop(reader.folder).tables[table]
        schema = pa.schema([field for field in spec.arrow_schema if field.name in columns])
        pq.write_table(pa.Table.from_pylist(rows, schema=schema), reader.folder / f"{table}.parquet")
        assert typed(reader, {"path": name, **dialect}, table) == typed(reader, {"path": f"{table}.parquet"}, table)
