"""`recs companies check`: what it says about a company's sources, without loading anything."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from recs_platform.settings import settings
from recs_platform.sources.check import SAMPLE_ROWS, CheckLine, LineStatus, check_company
from recs_platform_tests.companies.shop import shop

DAY = date(2025, 9, 10)
LEFT_NULL = "; not in the source, left NULL: send_id, campaign_id, coupon_id"
HEADER = "event_id,event_ts,event_name,customer_id,item_id,quantity,unit_price,order_id,is_promo,channel"
HEADER += ",send_id,campaign_id,coupon_id"


def said(folder: Path, table: str, source: dict[str, object], **changes: object) -> list[tuple[str, str]]:
    """What is said about one table of the shop; the others are simulated."""
    lines = check_company(shop(folder, sources={table: source}, **changes), DAY)
    return [(line.status, line.message.replace(f"{folder}/", "")) for line in lines if line.table == table]


def test_a_simulated_company_can_be_loaded(tmp_path: Path) -> None:
    company = shop(tmp_path)
    lines = list(check_company(company, DAY))
    assert lines[0] == CheckLine(LineStatus.OK, "", "the company file is valid (replenishment, 6 tables)")
    assert {line.table for line in lines if line.status is LineStatus.OK} == {"", *company.tables}
    assert LineStatus.FAIL not in {line.status for line in lines}
    assert (settings().landing / "shop" / "catalog" / DAY.isoformat()).is_dir()


def test_a_source_that_is_missing_does_not_hide_the_others(tmp_path: Path) -> None:
    sources = {"catalog": {"connector": "files", "path": "gone.csv"}}
    lines = list(check_company(shop(tmp_path, sources=sources), DAY))
    assert [line for line in lines if line.status is LineStatus.FAIL] == [
        CheckLine(
            LineStatus.FAIL,
            "catalog",
            f"the file {tmp_path}/gone.csv does not exist. "
            "Deliver the file, or correct sources.catalog.path in the company file.",
        )
    ]
    others = {"events", "treatments", "deliveries", "interactions", "customers"}
    assert {line.table for line in lines if line.status is LineStatus.OK} == {"", *others}


def test_a_missing_column_is_named(tmp_path: Path) -> None:
    (tmp_path / "c.csv").write_text("item_id,prise\n1,2\n")
    ((status, message),) = said(tmp_path, "catalog", {"connector": "files", "path": "c.csv"})
    assert status == "fail"
    assert message.startswith(
        "column price: c.csv has no column price; it has item_id, prise. Name the source's column"
    )


def test_columns_that_the_source_lacks_are_listed(tmp_path: Path) -> None:
    (tmp_path / "c.csv").write_text("item_id,price,name,brand,tags,group_id\n1,2,a,b,c,d\n")
    assert said(tmp_path, "catalog", {"connector": "files", "path": "c.csv"}) == [
        (
            "ok",
            "1 row sampled; not in the source, left NULL: "
            "category, cost, image_url, price_tier, is_own_brand, is_fresh",
        )
    ]


def test_values_that_would_be_rejected_are_counted(tmp_path: Path) -> None:
    (tmp_path / "c.csv").write_text("item_id,price\n1,2\n,3\n4,cheap\n5,dear\n")
    source = {"connector": "files", "path": "c.csv"}
    assert said(tmp_path, "catalog", source)[1:] == [
        ("warn", "price is not a number in 2 of 4 rows; they would be rejected"),
        ("warn", "item_id is missing in 1 of 4 rows; they would be rejected"),
    ]
    (tmp_path / "c.csv").write_text("item_id,price\n1,cheap\n2,dear\n")
    assert said(tmp_path, "catalog", source)[1:] == [
        ("fail", "price is not a number in 2 of 2 rows; they would be rejected")
    ]


def test_the_newest_day_that_has_landed_is_sampled(tmp_path: Path) -> None:
    for day in ("2025-09-07", "2025-09-08", "2025-09-11"):
        (tmp_path / f"{day}.csv").write_text(f"{HEADER}\n1,{day} 10:00:00,order_line,c,i,1,2,o,true,web,,,\n")
    source = {"connector": "files", "path": "{date}.csv"}
    assert said(tmp_path, "events", source) == [("ok", f"1 row of 2025-09-08 sampled{LEFT_NULL}")]


def test_no_day_at_all(tmp_path: Path) -> None:
    ((status, message),) = said(tmp_path, "events", {"connector": "files", "path": "{date}.csv"})
    assert (status, message.partition(" at ")[0]) == ("fail", "there is no file for 2025-09-10")


@pytest.mark.parametrize(
    ("table", "header", "status"),
    [("catalog", "item_id,price", "fail"), ("events", HEADER, "warn"), ("deliveries", "send_id,status,at", "ok")],
)
def test_no_rows_are_judged_as_the_table_says(tmp_path: Path, table: str, header: str, status: str) -> None:
    (tmp_path / "empty.csv").write_text(f"{header}\n")
    assert said(tmp_path, table, {"connector": "files", "path": "empty.csv"}) == [
        (status, "the source answers, but has no row for 2025-09-10")
    ]


def events(folder: Path, *names: str) -> dict[str, object]:
    rows = [f"{n},2025-09-10 10:00:00,{name},c,i,1,2,o,true,web,,," for n, name in enumerate(names)]
    (folder / "events.csv").write_text("\n".join([HEADER, *rows, ""]))
    return {"connector": "files", "path": "events.csv"}


def test_event_names_that_are_not_mapped(tmp_path: Path) -> None:
    source = events(tmp_path, "order_line", "Refund", "Refund", "from jane@x.org")
    assert said(tmp_path, "events", source)[1:] == [
        (
            "warn",
            'event names that are not mapped under event_names: "Refund" (2 rows), "from j***@***.org" (1 row)',
        )
    ]


def test_an_event_that_a_metric_is_declared_on_needs_no_canonical_name(tmp_path: Path) -> None:
    source = events(tmp_path, "order_line", "Visit")
    parameters = {"metrics": [{"name": "visits", "event": "Visit", "kind": "rate"}]}
    assert [status for status, _ in said(tmp_path, "events", source, parameters=parameters)] == ["ok"]


def test_arms_that_no_message_has(tmp_path: Path) -> None:
    rows = ["1,c,t,k,Holdout,2025-09-10 10:00:00", "2,c,t,k,mail,2025-09-10 10:00:00"]
    (tmp_path / "t.csv").write_text("\n".join(["send_id,customer_id,treatment_id,campaign_id,arm,sent_at", *rows, ""]))
    source = {"connector": "files", "path": "t.csv"}
    found = said(tmp_path, "treatments", source, parameters={"holdout_arms": ["holdout"]})
    assert found[1:] == [
        (
            "warn",
            'parameters.holdout_arms: no message is of an arm "holdout". Did you mean "Holdout"? There are Holdout '
            "(1 message), mail (1 message) in the sample",
        )
    ]
    assert len(said(tmp_path, "treatments", source)) == 1


def test_no_event_name_is_mapped(tmp_path: Path) -> None:
    source = events(tmp_path, *(f"Event {n:02}" for n in range(12)))
    line, *of_ids = said(tmp_path, "events", source)[1:]
    assert [one[1].partition(":")[0] for one in of_ids] == ["customer_id", "item_id"]
    assert line[0] == "fail"
    assert line[1].startswith('none of the event names is mapped under event_names: "Event 00" (1 row), ')
    assert line[1].endswith(
        "and 2 more; mapped are product_viewed, cart_updated, order_line, order_placed, order_refunded"
    )


def test_canonical_names_that_nothing_maps_to(tmp_path: Path) -> None:
    source = events(tmp_path, "Sale")
    names = {"Sale": "order_line", "Order": "order_placed", "Basket": "cart_updated"}
    assert said(tmp_path, "events", source, event_names=names) == [
        ("warn", "no raw name maps to product_viewed under event_names; there will be no such events"),
        ("ok", f"1 row sampled{LEFT_NULL}"),
    ]


def test_only_a_sample_is_read(tmp_path: Path) -> None:
    """The broken line at the end is for the load to find."""
    rows = "".join(f"{n},1,{'x' * 50}\n" for n in range(300_000))
    (tmp_path / "c.csv").write_text(f"item_id,price,name\n{rows}broken\n")
    ((status, message),) = said(tmp_path, "catalog", {"connector": "files", "path": "c.csv"})
    assert (status, message.partition(";")[0]) == ("ok", f"{SAMPLE_ROWS:,} rows sampled")


def test_types_that_can_never_fit(tmp_path: Path) -> None:
    pq.write_table(pa.table({"item_id": ["a"], "price": [date(2025, 1, 1)]}), tmp_path / "c.parquet")
    ((status, message),) = said(tmp_path, "catalog", {"connector": "files", "path": "c.parquet"})
    assert status == "fail"
    assert message.startswith("column price: is of type date32[day], which cannot be")
