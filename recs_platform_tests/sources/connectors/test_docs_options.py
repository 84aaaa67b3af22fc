"""The examples of docs/companies.md on files as they are exported, read from real files."""

from __future__ import annotations

import gzip
import re
from datetime import datetime
from pathlib import Path
from typing import Any

import openpyxl
import yaml

from recs_platform.companies.source_config import FilesSource
from recs_platform.companies.source_expression import FUNCTIONS
from recs_platform.sources.conform import open_typed
from recs_platform_tests.sources.connectors.reading import Reader

PAGE = (Path(__file__).parents[3] / "docs" / "companies.md").read_text(encoding="utf-8")


def example(option: str) -> dict[str, Any]:
    blocks = [yaml.safe_load(block) for block in re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)]
    sources = [source for block in blocks for source in block["sources"].values()]
    found: dict[str, Any] = next(source for source in sources if option in source)
    return found


def test_an_export_of_a_german_shop(reader: Reader, tmp_path: Path) -> None:
    (tmp_path / "export").mkdir()
    for year, item in ((2024, "Artikel"), (2025, "Art.-Nr.")):
        text = (
            f"Beleg;Position;Kunde;{item};Menge;Preis;Zeit;Rabatt\n"
            f"77;1;Müller;A-1;2;1.234,50;01.07.{year} 12:00;0\n"
            f"77;2;Müller;A-2;1;0,99;01.07.{year} 12:00;12,5\n"
        )
        (tmp_path / "export" / f"Bestellungen_{year}.csv.gz").write_bytes(gzip.compress(text.encode("cp1252")))
    with open_typed(reader.request(example("delimiter"), "events")) as stream:
        rows = stream.read_all().to_pylist()
    names = ("event_id", "customer_id", "item_id", "quantity", "unit_price", "event_ts", "is_promo", "order_id")
    assert [tuple(row[name] for name in names) for row in rows[2:]] == [
        ("77-1", "Müller", "A-1", 2, 1234.5, datetime(2025, 7, 1, 10), False, "00000077"),
        ("77-2", "Müller", "A-2", 1, 0.99, datetime(2025, 7, 1, 10), True, "00000077"),
    ]
    assert {(row["event_name"], row["channel"], row["unreadable"]) for row in rows} == {("order_line", "store", None)}


def test_a_workbook(reader: Reader, tmp_path: Path) -> None:
    workbook = openpyxl.Workbook()
    workbook.create_sheet("Items").append(["SKU", "price"])
    workbook["Items"].append(["A-1", 2.5])
    (tmp_path / "data").mkdir()
    workbook.save(tmp_path / "data" / "price list.xlsx")
    with open_typed(reader.request(example("sheet"))) as stream:
        (row,) = stream.read_all().to_pylist()
    assert (row["item_id"], row["price"]) == ("A-1", 2.5)


def test_every_option_and_function_is_described() -> None:
    for option in FilesSource.model_fields:
        assert f"`{option}`" in PAGE or f"{option}:" in PAGE, option
    listed = re.search(r"`(CAST SAFE_CAST .*? EXTRACT)`", PAGE, re.DOTALL)
    assert listed
    assert {name.partition("(")[0] for name in listed[1].split()} == FUNCTIONS.keys()
