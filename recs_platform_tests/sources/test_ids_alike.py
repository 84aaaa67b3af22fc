"""`recs companies check`: whether a company's feeds write the same ids alike."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from recs_platform.sources.check import check_company
from recs_platform.sources.ids_alike import LISTED_ROWS
from recs_platform.strategies.catalogue import pipelines
from recs_platform_tests.companies.shop import shop

DAY = date(2025, 9, 10)
HEADER = "event_id,event_ts,event_name,customer_id,item_id,quantity,unit_price,order_id,is_promo,channel"


def said(folder: Path, events: list[tuple[str, str]], customers: list[str], **parameters: object) -> list[str]:
    """What is said of ids; `events` are pairs of customer and item, and the catalog has the items i0 to i9."""
    rows = [f"e{n},{DAY} 10:00:00,product_viewed,{c},{i},,,,,web" for n, (c, i) in enumerate(events)]
    (folder / "events.csv").write_text("\n".join([HEADER, *rows, ""]))
    (folder / "customers.csv").write_text("\n".join(["customer_id,email", *(f"{c}," for c in customers), ""]))
    (folder / "catalog.csv").write_text("\n".join(["item_id,price", *(f"i{n},1" for n in range(10)), ""]))
    sources = {name: {"connector": "files", "path": f"{name}.csv"} for name in ("events", "customers", "catalog")}
    company = shop(folder, sources=sources, parameters=parameters)
    lines = [line for line in check_company(company, DAY, pipelines()) if "sampled rows name one" in line.message]
    return [f"{line.status} {line.table}: {line.message}" for line in lines if line.table != "treatments"]


@pytest.mark.parametrize(
    ("written", "listed"),
    [("7.0", "7"), ("7", "7.0"), ("0007", "7"), ("AB-7", "ab-7"), (" 7 ", "7")],
)
def test_another_spelling_is_shown(tmp_path: Path, written: str, listed: str) -> None:
    events = [(f'"{written}"', "i1")] * 20
    assert said(tmp_path, events, [listed, "x"]) == [
        "fail events: customer_id: 20 of 20 sampled rows name one that customers does not have; "
        f'ids look like "{written}" in events and "{listed}" in customers: write both alike'
    ]


def test_few_ids_are_told_when_not_one_is_known(tmp_path: Path) -> None:
    assert len(said(tmp_path, [("c1.0", "i1")] * 5, ["c1"])) == 1
    assert said(tmp_path, [("c1.0", "i1")] * 5 + [("c1", "i1")], ["c1"]) == []


def test_ids_of_something_else(tmp_path: Path) -> None:
    assert said(tmp_path, [("c1", "SKU-1")] * 20, ["c1"]) == [
        "fail events: item_id: 20 of 20 sampled rows name one that catalog does not have; "
        "do both feeds mean the same ids?"
    ]


def test_an_address_is_masked(tmp_path: Path) -> None:
    (line,) = said(tmp_path, [("Jane.Doe@shop.example", "i1")] * 20, ["jane.doe@shop.example"])
    assert 'ids look like "J***@***.example" in events and "j***@***.example" in customers' in line


def test_what_is_normal_is_not_told(tmp_path: Path) -> None:
    guests = [("guest", "i1")] * 10 + [("c1", "gone")] * 10
    assert said(tmp_path, guests, ["c1"]) == []
    assert said(tmp_path, [("c1.0", "i1")] * 4 + [("", "")] * 30, ["c1"]) == []  # too few; nobody is no id
    assert said(tmp_path, [("c1", "i1B"), ("c1", "i2G")] * 10, ["c1"]) == []  # variants


def test_the_companys_own_tolerance_counts(tmp_path: Path) -> None:
    events = [("c1", "i1")] * 3 + [("guest", "i1")] * 2
    assert said(tmp_path, events, ["c1"], unknown_minimum=5) == []
    assert len(said(tmp_path, events, ["c1"], unknown_minimum=5, unknown_warning=0, unknown_tolerance=0.3)) == 1


def test_a_feed_that_cannot_be_read_to_its_end_says_nothing_of_ids(tmp_path: Path) -> None:
    many = [f"c{n}" for n in range(2_000)]
    assert said(tmp_path, [("c1.0", "i1")] * 20, [*many, "c\nbroken\nx"]) == []


@pytest.mark.slow
def test_among_too_many_ids_none_is_missed(tmp_path: Path) -> None:
    assert said(tmp_path, [("c1.0", "i1")] * 20, [f"c{n}" for n in range(LISTED_ROWS + 1)]) == []
