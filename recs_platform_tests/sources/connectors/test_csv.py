"""CSV through the `files` connector: what its quirks mean, and how a broken file is told."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recs_platform.companies.source_tables import missing_columns_text
from recs_platform.errors import SourceError
from recs_platform.sources.connectors.base import read_source
from recs_platform_tests.sources.connectors.reading import CATALOG, Reader

Put = Callable[[str, str | bytes], None]
CSV = {"connector": "files", "path": "catalog.csv"}
OPEN_QUOTE = "has a quoted field that is not closed or is followed by more text"
SAY_ENCODING = "Correct the export, or say how it is written: sources.catalog.encoding, such as cp1252."
AS_TEXT = "Export it as CSV in UTF-8, or say how it is written: sources.catalog.encoding, such as cp1252."
AGAIN = "Correct the export and deliver the file again."


def test_all_columns_are_text_and_unknown_ones_are_left_aside(reader: Reader, put: Put) -> None:
    put("catalog.csv", "shelf,price,item_id\nA1,2.50,007\n")
    assert reader.table(CSV).schema == pa.schema(
        [("item_id", pa.string()), ("price", pa.string()), ("source_day", pa.date32())]
    )
    assert reader.rows(CSV) == [{"item_id": "007", "price": "2.50", "source_day": None}]


def test_an_empty_field_is_null_and_an_empty_quoted_field_is_text(reader: Reader, put: Put) -> None:
    put("catalog.csv", 'item_id,price,name\n1,,""\n2,"",\n')
    assert [(row["price"], row["name"]) for row in reader.rows(CSV)] == [(None, ""), ("", None)]


def test_renames_win_over_a_column_of_the_same_name(reader: Reader, put: Put) -> None:
    put("catalog.csv", "item_id,SKU,Unit Price,it's\n1,A-1,2,x\n")
    source = {**CSV, "columns": {"item_id": "SKU", "price": "Unit Price", "name": "it's", "brand": "SKU"}}
    assert reader.rows(source) == [{"item_id": "A-1", "price": "2", "name": "x", "brand": "A-1", "source_day": None}]


def test_a_feed_that_was_written_for_a_former_name(reader: Reader, put: Put) -> None:
    source = {"connector": "files", "path": "interactions.csv"}
    put("interactions.csv", "send_id,kind,at\ns1,VIEWED,2025-09-01\n")
    (row,) = reader.rows(source, "interactions")
    assert row["happened_at"] == "2025-09-01"
    put("interactions.csv", "send_id,kind,at,happened_at\ns1,VIEWED,2025-09-01,2025-09-02\n")
    (row,) = reader.rows(source, "interactions")
    assert row["happened_at"] == "2025-09-02"


@pytest.mark.parametrize(
    "content",
    [
        b"item_id,price\r\n1,2\r\n3,4",
        b"\xef\xbb\xbfitem_id,price\n1,2\n3,4\n",
        b"item_id,price\n1,2\n\n3,4\n\n",
        b'"item_id", price \n"1",2\n"3",4\n',
    ],
    ids=["CR LF, no end of line", "byte order mark", "blank lines", "quoted and padded header"],
)
def test_quirks_that_change_nothing(reader: Reader, put: Put, content: bytes) -> None:
    put("catalog.csv", content)
    assert [(row["item_id"], row["price"]) for row in reader.rows(CSV)] == [("1", "2"), ("3", "4")]


def test_quotes_commas_and_line_ends_within_a_field(reader: Reader, put: Put) -> None:
    put("catalog.csv", 'item_id,price,name\n1,2,"a ""b"",\nc"\n2,3,5" pipe\n')
    assert [row["name"] for row in reader.rows(CSV)] == ['a "b",\nc', '5" pipe']


def test_a_header_alone_is_a_table_without_rows(reader: Reader, put: Put) -> None:
    put("catalog.csv", "item_id,price\n")
    assert reader.rows(CSV) == []


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            'item_id,price,name\n1,2,x\n"a\nb",2,z\n3\n',
            f"catalog: line 5 of catalog.csv has 1 fields where the header has 3. {AGAIN}",
        ),
        (
            "item_id,price\n1,2\n3,4,jane@x.org\n",
            f"catalog: line 3 of catalog.csv has 3 fields where the header has 2. {AGAIN}",
        ),
        (
            'item_id,price\n1,2\n"3,4\n5,6\n',
            f"catalog: line 3 of catalog.csv {OPEN_QUOTE}. {AGAIN}",
        ),
        (
            'item_id,price\n1,2\n"3"x,4\n5,6\n',
            f"catalog: line 3 of catalog.csv {OPEN_QUOTE}. {AGAIN}",
        ),
        (b"item_id,price\n1,M\xfcller\n", f"catalog: line 2 of catalog.csv is not text in UTF-8. {SAY_ENCODING}"),
        (
            "item_id,price\n1,2\r\n3,4\n",
            "catalog: line 2 of catalog.csv ends differently from the lines before it (CR LF and LF are mixed). "
            + AGAIN,
        ),
        (
            "",
            "catalog: catalog.csv is empty (0 bytes). "
            "Deliver it again; a day without rows is a file with its header or schema alone.",
        ),
        (
            "4711,9.99,Jane Doe\n",
            "catalog: catalog.csv has no header: none of the table's columns is in its first line. "
            "Export it with a header, or name its columns under sources.catalog.columns.",
        ),
        (
            "item_id;price\n1;2\n",
            'catalog: catalog.csv is separated by semicolons. Write delimiter: ";" under sources.catalog.',
        ),
        (
            "item_id\tprice\n1\t2\n",
            "catalog: catalog.csv is separated by tabs. Write delimiter: tab under sources.catalog.",
        ),
        (
            b"PK\x03\x04\xff\xfe\x00",
            f"catalog: catalog.csv does not open with a header in UTF-8. {AS_TEXT}",
        ),
        (
            'item_id,price,"name\na1,1,x\na2,2,y\n',
            f"catalog: catalog.csv does not open with a header in UTF-8. {AS_TEXT}",
        ),
        (
            "item_id,prise,a@b.org\n1,2,3\n",
            "catalog, column price: catalog.csv has no column price; it has item_id, prise, a***@***.org. "
            'Name the source\'s column in the company file: sources.catalog.columns.price. Did you mean "prise"? '
            + missing_columns_text(CATALOG, ["price"]),
        ),
        (
            "item_id,price,price\n1,2,3\n",
            "catalog, column price: catalog.csv has the column price more than once. Leave one of them in the source.",
        ),
    ],
)
def test_a_broken_file_is_told_in_one_sentence(reader: Reader, put: Put, content: str | bytes, message: str) -> None:
    put("catalog.csv", content)
    assert reader.complaint(CSV) == message


def test_a_rename_that_finds_nothing_is_an_error_for_a_nullable_column_too(reader: Reader, put: Put) -> None:
    put("catalog.csv", "item_id,price,Part Type\n1,2,3\n")
    assert reader.complaint({**CSV, "columns": {"category": "PartType"}}) == (
        "catalog, column category: catalog.csv has no column PartType; it has Part Type, item_id, price. "
        'Name the source\'s column in the company file: sources.catalog.columns.category. Did you mean "Part Type"? '
        + missing_columns_text(CATALOG, ["category"])
    )


def test_a_large_file_is_streamed_up_to_its_broken_line(reader: Reader, put: Put) -> None:
    good = "".join(f"{n},1,{'x' * 50}\n" for n in range(400_000))
    put("catalog.csv", f"item_id,price,name\n{good}broken\n")
    stream = read_source(reader.request(CSV))
    assert stream.read_next_batch()["item_id"][0].as_py() == "0"
    with pytest.raises(SourceError, match=r"line 400002 of .*/catalog\.csv has 1 fields"):
        for _ in stream:
            pass


_CELLS = st.none() | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=8)


@pytest.mark.slow
@given(rows=st.lists(st.tuples(_CELLS, _CELLS), max_size=8))
def test_what_is_written_as_rfc_4180_is_read_back(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str | None, str | None]]
) -> None:
    folder = tmp_path_factory.mktemp("rfc4180")
    lines = [f"{_cell(name)},k,{_cell(tags)}" for name, tags in rows]
    Path(folder / "catalog.csv").write_bytes("\r\n".join(["name,item_id,tags", *lines, ""]).encode())
    read = Reader(folder).rows({**CSV, "columns": {"price": "item_id"}})
    assert [(row["name"], row["tags"]) for row in read] == rows


def _cell(value: str | None) -> str:
    return "" if value is None else '"' + value.replace('"', '""') + '"'
