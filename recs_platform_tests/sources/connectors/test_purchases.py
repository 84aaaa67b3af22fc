"""A file of who bought what becomes lines of orders; a log without times has its days from its orders' numbers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recs_platform.companies.model import Company
from recs_platform.errors import ConfigError, SourceError
from recs_platform.sources.conform import open_typed
from recs_platform.sources.connectors.base import SourceRequest
from recs_platform_tests.companies.shop import shop

Put = Callable[[str, str | bytes], None]
START, END = date(2025, 9, 1), date(2025, 12, 28)
HEADER = "customer_id,order_id,item_id,ordered_at\n"
NUMBERED = "customer_id,order_id,item_id\n"


def company(folder: Path, **source: Any) -> Company:
    given = {"connector": "purchases", "path": "log.csv", **source}
    return shop(folder, simulation=None, timezone="UTC", end_date=str(END), sources={"events": given})


def lines(folder: Path, **source: Any) -> list[dict[str, Any]]:
    of = company(folder, **source)
    with open_typed(SourceRequest(of, of.tables["events"], START, END)) as typed:
        rows: list[dict[str, Any]] = typed.read_all().to_pylist()
    return rows


def complaint(folder: Path, **source: Any) -> str:
    with pytest.raises((SourceError, ConfigError)) as caught:
        lines(folder, **source)
    return str(caught.value).replace(f"{folder}/", "")


def test_four_columns_are_lines_of_orders(tmp_path: Path, put: Put) -> None:
    put("log.csv", HEADER + "K1,7,milk,2025-09-02\nK1,7,bread,2025-09-02 18:30:00\nK2,7,milk,2025-09-03\n")
    rows = lines(tmp_path)
    assert [(row["event_id"], row["order_id"], row["customer_id"], row["item_id"]) for row in rows] == [
        ("K1/7/milk", "K1/7", "K1", "milk"),
        ("K1/7/bread", "K1/7", "K1", "bread"),
        ("K2/7/milk", "K2/7", "K2", "milk"),
    ]
    assert [row["event_ts"] for row in rows] == [
        datetime(2025, 9, 2),
        datetime(2025, 9, 2, 18, 30),
        datetime(2025, 9, 3),
    ]
    assert {(row["event_name"], row["quantity"], row["unreadable"]) for row in rows} == {("order_line", None, None)}


def test_what_a_log_has_besides_is_taken(tmp_path: Path, put: Put) -> None:
    put("log.csv", "k;b;a;t;menge;preis;laden\nK1;7;milk;02.09.2025;2;1,50;Nord\n")
    (row,) = lines(
        tmp_path,
        delimiter=";",
        decimal=",",
        dates={"ordered_at": "%d.%m.%Y"},
        columns={
            "customer_id": "k",
            "order_id": "b",
            "item_id": "a",
            "ordered_at": "t",
            "quantity": "menge",
            "unit_price": "preis",
            "channel": "laden",
        },
    )
    assert (row["quantity"], row["unit_price"], row["channel"]) == (2, 1.5, "Nord")
    assert row["event_ts"] == datetime(2025, 9, 2)


def test_a_mark_of_byte_order_is_no_part_of_the_first_name(tmp_path: Path, put: Put) -> None:
    put("log.csv", b"\xef\xbb\xbf" + (HEADER + "K1,7,milk,2025-09-02\n").encode())
    assert [row["customer_id"] for row in lines(tmp_path)] == ["K1"]


def test_ids_that_hold_the_sign_between_them_are_not_taken_for_each_other(tmp_path: Path, put: Put) -> None:
    put("log.csv", HEADER + "A/1,B,milk,2025-09-02\nA,1/B,milk,2025-09-02\nA\\,/1,milk,2025-09-02\n")
    rows = lines(tmp_path)
    assert len({row["order_id"] for row in rows}) == len({row["event_id"] for row in rows}) == 3


def test_long_ids_and_other_letters(tmp_path: Path, put: Put) -> None:
    item = "Ünï😀 " * 40
    put("log.csv", HEADER + f'K1,7,"{item}",2025-09-02\n')
    (row,) = lines(tmp_path)
    assert (row["item_id"], len(item)) == (item, 200)


def test_numbers_of_parquet_are_ids(tmp_path: Path) -> None:
    rows = {"customer_id": [1, 2], "order_id": [5, 5], "item_id": [9, 9], "ordered_at": [START, START]}
    pq.write_table(pa.table(rows), tmp_path / "log.parquet")
    assert [row["event_id"] for row in lines(tmp_path, path="log.parquet")] == ["1/5/9", "2/5/9"]


def test_a_line_without_a_customer_is_nobodys_and_one_without_an_order_is_none(tmp_path: Path, put: Put) -> None:
    put("log.csv", HEADER + ",7,milk,2025-09-02\nK1,,milk,2025-09-02\n")
    rows = lines(tmp_path)
    assert [(row["customer_id"], row["order_id"]) for row in rows] == [(None, "/7"), ("K1", None)]


def days_of(rows: list[dict[str, Any]]) -> dict[tuple[str, str], date]:
    return {(row["customer_id"], row["order_id"]): row["event_ts"].date() for row in rows}


def test_orders_by_number_end_on_the_last_day_a_week_apart(tmp_path: Path, put: Put) -> None:
    put("log.csv", NUMBERED + "A,1,milk\nA,2,milk\nA,2,bread\nB,9,milk\nB,10,milk\nB,20,tea\n")
    days = days_of(lines(tmp_path, days_between_orders=7))
    assert days == {
        ("A", "A/2"): END,
        ("A", "A/1"): END - timedelta(days=7),
        ("B", "B/20"): END,
        ("B", "B/10"): END - timedelta(days=7),
        ("B", "B/9"): END - timedelta(days=14),
    }


@given(log=st.lists(st.tuples(st.sampled_from("ABC"), st.integers(1, 30)), min_size=1), step=st.integers(1, 4))
def test_each_order_is_so_many_days_after_the_one_before_it(
    tmp_path_factory: pytest.TempPathFactory, log: list[tuple[str, int]], step: int
) -> None:
    folder = tmp_path_factory.mktemp("log")
    (folder / "log.csv").write_text(NUMBERED + "".join(f"{who},{number},milk\n" for who, number in log))
    days = days_of(lines(folder, days_between_orders=step))
    numbers: dict[str, set[int]] = defaultdict(set)
    for who, number in log:
        numbers[who].add(number)
    expected = {
        (who, f"{who}/{number}"): END - timedelta(days=step * back)
        for who, of in numbers.items()
        for back, number in enumerate(sorted(of, reverse=True))
    }
    assert days == expected


def test_one_number_that_is_written_in_two_ways_is_one_order_before_the_next(tmp_path: Path, put: Put) -> None:
    put("log.csv", NUMBERED + "A,1,milk\nA,2.0,tea\nA,02,milk\nA,3,milk\n")
    days = days_of(lines(tmp_path, days_between_orders=7))
    ago = {order: (END - day).days for (_, order), day in days.items()}
    assert ago == {"A/1": 14, "A/2.0": 7, "A/02": 7, "A/3": 0}


def test_columns_under_other_names(tmp_path: Path, put: Put) -> None:
    put("log.csv", "user,n,product\n1,1,a\n1,2,b\n")
    names = {"customer_id": "user", "order_id": "n", "item_id": "product"}
    assert days_of(lines(tmp_path, days_between_orders=1, columns=names)) == {
        ("1", "1/1"): END - timedelta(days=1),
        ("1", "1/2"): END,
    }


@pytest.mark.parametrize(
    ("content", "source", "message"),
    [
        (
            "customer_id,order_id,item_id\nK1,7,milk\n",
            {},
            "shop: source table events, column event_ts: log.csv has no column ordered_at or event_ts; it has "
            "customer_id, order_id, item_id. Name the source's column in the company file: "
            "sources.events.columns.ordered_at. A log without times: sources.events.days_between_orders.",
        ),
        (
            "user,order_id,item_id,ordered_at\nK1,7,milk,2025-09-02\n",
            {},
            "shop: source table events, column customer_id: log.csv has no column customer_id; it has item_id, "
            "order_id, ordered_at, user. Name the source's column in the company file: "
            "sources.events.columns.customer_id.",
        ),
        (
            HEADER.replace(",", ";") + "K1;7;milk;2025-09-02\n",
            {},
            'shop: source table events: log.csv is separated by semicolons. Write delimiter: ";" under sources.events.',
        ),
        (
            NUMBERED + "K1,7,milk\nK1,A-8,milk\n",
            {"days_between_orders": 7},
            'shop: source table events, column order_id: is not a number in 1 of 2 orders, such as "A-8", and '
            "days_between_orders counts by it. Name the column that counts each client's orders: "
            "sources.events.columns.order_id.",
        ),
        (
            NUMBERED + "".join(f"K1,{n},milk\n" for n in range(30)),
            {"days_between_orders": 7},
            "shop: source table events, column order_id: has clients with 30 orders, 7 days apart: the first is on "
            "2025-06-08, and the company starts on 2025-09-01. Write start_date: 2025-06-08, or a smaller "
            "sources.events.days_between_orders.",
        ),
    ],
)
def test_what_a_log_lacks_is_one_message(
    tmp_path: Path, put: Put, content: str, source: dict[str, Any], message: str
) -> None:
    put("log.csv", content)
    assert complaint(tmp_path, **source) == message


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (
            {"columns": {"event_name": "what"}},
            "sources.events.columns.event_name: is made by the platform.",
        ),
        (
            {"columns": {"ordered_at": "when"}, "days_between_orders": 7},
            "sources.events.columns.ordered_at: is made by the platform: days_between_orders says when orders were; "
            "take out one of the two.",
        ),
        ({"days_between_orders": 0}, "sources.events.days_between_orders: 0 is out of range; allowed: 1 to 31."),
    ],
)
def test_what_a_log_may_not_be_told(tmp_path: Path, put: Put, source: dict[str, Any], message: str) -> None:
    put("log.csv", HEADER)
    assert complaint(tmp_path, **source) == f"shop.yaml: {message}"


def test_a_log_without_times_ends_on_a_day_that_somebody_names(tmp_path: Path) -> None:
    source = {"connector": "purchases", "path": "log.csv", "days_between_orders": 7}
    with pytest.raises(
        ConfigError, match="days_between_orders: needs the company's end_date: the day of each client's"
    ):
        shop(tmp_path, sources={"events": source})


def test_only_what_was_ordered_is_a_log_of_purchases(tmp_path: Path) -> None:
    with pytest.raises(
        ConfigError, match=r"catalog\.connector: purchases is only for events; files reads other tables"
    ):
        shop(tmp_path, sources={"catalog": {"connector": "purchases", "path": "log.csv"}})
