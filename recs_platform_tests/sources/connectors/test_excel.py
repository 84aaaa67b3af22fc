"""Excel workbooks through the `files` connector: sheets, cells that are typed, formulas, and hostile files."""

from __future__ import annotations

import io
import subprocess
import sys
import zipfile
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from recs_platform.sources.conform import open_typed
from recs_platform.sources.connectors import excel_file
from recs_platform_tests.sources.connectors.reading import Reader

Put = Callable[[str, str | bytes], None]
SOURCE = {"connector": "files", "path": "c.xlsx"}


def write(path: Path, **sheets: list[list[Any]]) -> None:
    workbook = openpyxl.Workbook()
    workbook.remove(workbook.active)
    for title, rows in sheets.items():
        sheet = workbook.create_sheet(title)
        for row in rows:
            sheet.append(row)
    workbook.save(path)


def typed(reader: Reader, table: str = "catalog", **options: Any) -> list[dict[str, Any]]:
    with open_typed(reader.request({**SOURCE, **options}, table)) as stream:
        rows: list[dict[str, Any]] = stream.read_all().to_pylist()
    return rows


def test_cells_are_what_they_are_and_texts_what_the_file_says(reader: Reader, tmp_path: Path) -> None:
    header = ["item_id", "price", "price_tier", "is_fresh", "name", None]
    rows = [
        [7, 2.5, 3, True, "a", "left aside"],
        [],
        ["A-1", "2,5", 3.0, "false", None],
        [1e20, 10**6, None, None, " "],
    ]
    write(tmp_path / "c.xlsx", Items=[header, *rows])
    found = [
        (row["item_id"], row["price"], row["price_tier"], row["is_fresh"], row["name"], row["unreadable"])
        for row in typed(reader, decimal=",")
    ]
    assert found == [
        ("7", 2.5, 3, True, "a", None),
        ("A-1", 2.5, 3, False, None, None),
        ("100000000000000000000", 1e6, None, None, None, None),
    ]


def test_days_are_days_whatever_the_texts_beside_them_look_like(reader: Reader, tmp_path: Path) -> None:
    moments = [datetime(2025, 12, 31, 10, 30), date(2025, 12, 31), "31.12.2025", "12/31/2025"]
    write(tmp_path / "c.xlsx", S=[["customer_id", "updated_at"], *([n, m] for n, m in enumerate(moments))])
    found = [(row["updated_at"], row["unreadable"]) for row in typed(reader, "customers", dates="%d.%m.%Y")]
    assert found == [
        (datetime(2025, 12, 31, 10, 30), None),
        (datetime(2025, 12, 31), None),
        (datetime(2025, 12, 31), None),
        (None, "updated_at is not a timestamp"),
    ]
    assert typed(reader, "customers")[0]["updated_at"] == datetime(2025, 12, 31, 10, 30)


def test_the_sheet_is_named_where_there_are_several(reader: Reader, tmp_path: Path) -> None:
    write(tmp_path / "c.xlsx", Items=[["item_id", "price"], [1, 2]], Notes=[["x"]])
    assert [row["item_id"] for row in typed(reader, sheet="Items")] == ["1"]
    assert reader.complaint(SOURCE) == (
        "catalog: c.xlsx has several sheets: Items, Notes. Name one of them under sources.catalog.sheet."
    )
    assert reader.complaint({**SOURCE, "sheet": "Itmes"}) == (
        "catalog: c.xlsx has no sheet Itmes; it has Items, Notes. "
        'Correct sources.catalog.sheet in the company file. Did you mean "Items"?'
    )


def test_a_sheet_of_more_rows_than_a_batch(reader: Reader, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(excel_file, "BATCH_ROWS", 10)
    write(tmp_path / "c.xlsx", S=[["item_id", "price"], *([n, n] for n in range(25))])
    assert [row["item_id"] for row in typed(reader)] == [str(n) for n in range(25)]


def test_expressions_and_names_work_as_in_a_csv(reader: Reader, tmp_path: Path) -> None:
    write(tmp_path / "c.xlsx", S=[["SKU", "Cents"], ["a", 250]])
    (row,) = typed(reader, columns={"item_id": "SKU"}, expressions={"price": "Cents / 100"}, constants={"brand": "x"})
    assert (row["item_id"], row["price"], row["brand"]) == ("a", 2.5, "x")


@pytest.mark.parametrize("rows", [[], [[None, None], [1, 2]]])
def test_a_sheet_without_a_header(reader: Reader, tmp_path: Path, rows: list[list[Any]]) -> None:
    write(tmp_path / "c.xlsx", S=rows)
    assert reader.complaint(SOURCE).startswith("catalog: c.xlsx has no header in the first row of its sheet.")


# --- formulas -------------------------------------------------------------------------------------------------------


def with_value(path: Path, value: str) -> None:
    """As Excel saves it: a formula with what it came to."""
    content = io.BytesIO()
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(content, "w") as new:
        for part in old.infolist():
            text = old.read(part)
            if part.filename.startswith("xl/worksheets/"):
                text = text.replace(b"<v></v>", f"<v>{value}</v>".encode()).replace(
                    b"<v />", f"<v>{value}</v>".encode()
                )
            new.writestr(part, text)
    path.write_bytes(content.getvalue())


@pytest.mark.parametrize(
    "formula", ["=1+1", '=HYPERLINK("http://x.org","a")', '=WEBSERVICE("http://x.org")', "=cmd|'/c calc'!A0"]
)
def test_a_formula_is_never_worked_out(reader: Reader, tmp_path: Path, formula: str) -> None:
    write(tmp_path / "c.xlsx", S=[["item_id", "price"], ["a", 1], ["b", formula]])
    assert reader.complaint(SOURCE) == (
        "catalog: row 3 of c.xlsx has a formula in the column price whose value is not in the file. "
        "Open it in Excel and save it, so that its formulas are worked out; or save the sheet as CSV."
    )
    with_value(tmp_path / "c.xlsx", "5")
    assert [row["price"] for row in typed(reader)] == [1.0, 5.0]


def test_a_formula_in_a_column_that_is_not_read_is_nobodys_trouble(reader: Reader, tmp_path: Path) -> None:
    write(tmp_path / "c.xlsx", S=[["item_id", "price", "note"], ["a", 1, "=1+1"]])
    assert [row["item_id"] for row in typed(reader)] == ["a"]


def test_a_text_that_looks_like_a_formula_stays_text(reader: Reader, put: Put) -> None:
    put("c.csv", "item_id,price,name\n1,2,\"=cmd|'/c calc'!A0\"\n")
    (row,) = reader.rows({"connector": "files", "path": "c.csv"})
    assert row["name"] == "=cmd|'/c calc'!A0"


# --- hostile and damaged files --------------------------------------------------------------------------------------


def rewritten(path: Path, part: str, change: Callable[[bytes], bytes]) -> None:
    content = io.BytesIO()
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as new:
        for info in old.infolist():
            new.writestr(info.filename, change(old.read(info)) if info.filename == part else old.read(info))
    path.write_bytes(content.getvalue())


@pytest.mark.parametrize("content", [b"PK", b"item_id,price\n1,2\n", b"\xd0\xcf\x11\xe0 an old .xls"])
def test_what_is_no_workbook(reader: Reader, put: Put, content: bytes) -> None:
    put("c.xlsx", content)
    assert reader.complaint(SOURCE).startswith(
        "catalog: c.xlsx is not an Excel workbook (.xlsx), or is damaged. Open it"
    )


@pytest.mark.parametrize("part", ["xl/workbook.xml", "xl/worksheets/sheet1.xml"])
def test_a_workbook_whose_inside_is_damaged(reader: Reader, tmp_path: Path, part: str) -> None:
    write(tmp_path / "c.xlsx", S=[["item_id", "price"], *([n, n] for n in range(50))])
    rewritten(tmp_path / "c.xlsx", part, lambda text: text[: len(text) // 2])
    assert reader.complaint(SOURCE).startswith("catalog: c.xlsx is not an Excel workbook (.xlsx), or is damaged.")


def test_a_workbook_that_unpacks_without_end(reader: Reader, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(excel_file, "_SURELY_HARMLESS", 1 << 20)
    write(tmp_path / "c.xlsx", S=[["item_id", "price"], [1, 2]])
    rewritten(tmp_path / "c.xlsx", "xl/worksheets/sheet1.xml", lambda text: text + b" " * (16 << 20))
    assert "which is more than a workbook of a table has. Save the sheet as CSV." in reader.complaint(SOURCE)


LAUGHS = b'<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">' + b"".join(
    b'<!ENTITY %c "%s">' % (98 + n, b"&%c;" % (97 + n) * 10) for n in range(1, 12)
)


@pytest.mark.parametrize(
    "entities",
    [LAUGHS + b"]>", b'<!DOCTYPE x [<!ENTITY m SYSTEM "file:///etc/passwd">]>'],
    ids=["a billion laughs", "a file of the machine"],
)
def test_entities_of_xml_neither_grow_nor_reach_a_file(reader: Reader, tmp_path: Path, entities: bytes) -> None:
    write(tmp_path / "c.xlsx", S=[["item_id", "price"], ["a", 1]])

    def spoiled(text: bytes) -> bytes:
        head, _, rest = text.partition(b"<worksheet") if b"<worksheet" in text else text.partition(b"<sst")
        name = b"<worksheet" if b"<worksheet" in text else b"<sst"
        return head + entities + name + rest.replace(b">a</t>", b">&m;</t>").replace(b">price</t>", b">price</t>")

    part = "xl/sharedStrings.xml"
    rewritten(tmp_path / "c.xlsx", part, spoiled)
    try:
        rows = reader.rows(SOURCE)
    except Exception as error:
        assert "is damaged" in str(error)
    else:
        assert all("root:" not in str(row) and len(str(row)) < 1_000 for row in rows)


def test_without_the_extra_the_command_to_install_it_is_told(
    reader: Reader, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path / "c.xlsx", S=[["item_id", "price"], [1, 2]])
    monkeypatch.setitem(sys.modules, "openpyxl", None)
    assert reader.complaint(SOURCE) == (
        "catalog: c.xlsx is an Excel workbook, and what reads it is not installed. "
        "Install it: pip install 'recs-platform[excel]'. Or save the sheet as CSV."
    )


def test_nobody_loads_it_who_does_not_read_a_workbook() -> None:
    code = "import sys, recs_platform.sources.check; assert 'openpyxl' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
