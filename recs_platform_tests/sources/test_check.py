"""`recs companies check`: what it says about a company's sources, without loading anything."""

from __future__ import annotations

import re
import sqlite3
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from recs_platform.settings import settings
from recs_platform.sources import trial
from recs_platform.sources.check import CheckLine, LineStatus, check_company
from recs_platform.strategies.catalogue import pipelines
from recs_platform_tests.companies.shop import shop

DAY = date(2025, 9, 10)
HEADER = "event_id,event_ts,event_name,customer_id,item_id,quantity,unit_price,order_id,is_promo,channel"
HEADER += ",send_id,campaign_id,coupon_id"


def said(folder: Path, table: str, source: dict[str, object], **changes: object) -> list[tuple[str, str]]:
    """What is said about one table of the shop; the others are simulated."""
    lines = check_company(shop(folder, sources={table: source}, **changes), DAY, pipelines())
    return [(line.status, line.message.replace(f"{folder}/", "")) for line in lines if line.table == table]


def test_a_simulated_company_can_be_loaded(tmp_path: Path) -> None:
    company = shop(tmp_path)
    lines = list(check_company(company, DAY, pipelines()))
    assert lines[0] == CheckLine(LineStatus.OK, "", "the company file is valid (replenishment, 8 tables)")
    assert {line.table for line in lines if line.status is LineStatus.OK} == {"", *company.tables}
    assert LineStatus.FAIL not in {line.status for line in lines}
    assert (settings().landing / "shop" / "catalog" / DAY.isoformat()).is_dir()


def test_a_source_that_is_missing_does_not_hide_the_others(tmp_path: Path) -> None:
    sources = {"catalog": {"connector": "files", "path": "gone.csv"}}
    lines = list(check_company(shop(tmp_path, sources=sources), DAY, pipelines()))
    assert [line for line in lines if line.status is LineStatus.FAIL] == [
        CheckLine(
            LineStatus.FAIL,
            "catalog",
            f"the file {tmp_path}/gone.csv does not exist. "
            "Deliver the file, or correct sources.catalog.path in the company file.",
        )
    ]
    others = {"events", "treatments", "deliveries", "interactions", "customers"}
    others |= {"served_recommendations", "recommendation_feedback"}
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
            "1 row; not in the source, left NULL: category, cost, image_url, price_tier, is_own_brand, is_fresh",
        )
    ]


def test_values_that_would_be_rejected_are_counted(tmp_path: Path) -> None:
    (tmp_path / "c.csv").write_text("item_id,price\n1,2\n,3\n4,cheap\n5,dear\n")
    source = {"connector": "files", "path": "c.csv"}
    assert said(tmp_path, "catalog", source)[1:] == [
        (
            "warn",
            "3 of 4 rows would be rejected (so few do not count: up to 10): "
            "price is not a number (2); item_id is missing (1)",
        )
    ]
    (tmp_path / "c.csv").write_text("item_id,price\n1,cheap\n2,dear\n")
    assert said(tmp_path, "catalog", source)[1:] == [
        (
            "fail",
            "2 of 2 rows would be rejected, and at most 5% may be, so loading would refuse them all: "
            "price is not a number (2)",
        )
    ]


def test_the_newest_day_that_has_landed_is_sampled(tmp_path: Path) -> None:
    for day in ("2025-09-07", "2025-09-08", "2025-09-11"):
        (tmp_path / f"{day}.csv").write_text(f"{HEADER}\n1,{day} 10:00:00,order_line,c,i,1,2,o,true,web,,,\n")
    source = {"connector": "files", "path": "{date}.csv"}
    assert said(tmp_path, "events", source) == [("ok", "1 row of 2025-09-08; 2025-09-10, the day asked for, has none")]


def test_no_day_at_all(tmp_path: Path) -> None:
    ((status, message),) = said(tmp_path, "events", {"connector": "files", "path": "{date}.csv"})
    assert (status, message) == (
        "fail",
        "there is no file for any day at {date}.csv. "
        "Deliver the files, or correct sources.events.path in the company file.",
    )


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
            "3 of 4 rows would be rejected (so few do not count: up to 10): event_name is unknown (3)",
        ),
        (
            "warn",
            'event names that are not mapped under event_names: "Refund" (2 rows), "from j***@***.org" (1 row)',
        ),
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


def test_a_campaign_window_without_room_for_earlier_orders(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("send_id,customer_id,treatment_id,campaign_id,arm,sent_at\n")
    source = {"connector": "files", "path": "t.csv"}
    found = said(tmp_path, "treatments", source, parameters={"campaign_window_days": 20})
    assert [message[:45] for status, message in found if status == "warn"] == [
        "campaign_window_days (20) has no room for cov"
    ]


def test_no_event_name_is_mapped(tmp_path: Path) -> None:
    source = events(tmp_path, *(f"Event {n:02}" for n in range(12)))
    rejected, line, *of_ids = said(tmp_path, "events", source)[1:]
    assert rejected == (
        "fail",
        "12 of 12 rows would be rejected, and at most 5% may be, so loading would refuse them all: "
        "event_name is unknown (12)",
    )
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
        ("ok", "no raw name maps to product_viewed under event_names; there will be no such events"),
        ("ok", "1 row of 2025-09-10"),
    ]


def test_a_feed_is_read_to_its_end(tmp_path: Path) -> None:
    rows = "".join(f"{n},1,{'x' * 50}\n" for n in range(300_000))
    (tmp_path / "c.csv").write_text(f"item_id,price,name\n{rows}broken\n")
    ((status, message),) = said(tmp_path, "catalog", {"connector": "files", "path": "c.csv"})
    assert (status, message.partition(". ")[0]) == (
        "fail",
        "line 300002 of c.csv has 1 fields where the header has 3",
    )


def test_of_a_feed_without_end_the_first_rows_are_looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trial, "MOST_ROWS", 70_000)
    rows = "".join(f"{n},1,{'x' * 50}\n" for n in range(300_000))
    (tmp_path / "c.csv").write_text(f"item_id,price,name\n{rows}broken\n")
    ((status, message),) = said(tmp_path, "catalog", {"connector": "files", "path": "c.csv"})
    assert (status, message.partition(";")[0]) == ("ok", "the first 70,000 rows")


def test_types_that_can_never_fit(tmp_path: Path) -> None:
    pq.write_table(pa.table({"item_id": ["a"], "price": [date(2025, 1, 1)]}), tmp_path / "c.parquet")
    ((status, message),) = said(tmp_path, "catalog", {"connector": "files", "path": "c.parquet"})
    assert status == "fail"
    assert message.startswith("column price: is of type date32[day], which cannot be")


# --- a day that has data --------------------------------------------------------------------------------------------


def test_a_day_after_the_one_that_is_asked_for_will_do(tmp_path: Path) -> None:
    for day in ("2025-10-01", "2025-10-02"):
        (tmp_path / "days" / day).mkdir(parents=True)
        (tmp_path / "days" / day / "e.csv").write_text(f"{HEADER}\n1,{day} 10:00:00,order_line,c,i,1,2,o,true,web,,,\n")
    assert said(tmp_path, "events", {"connector": "files", "path": "days/{date}/*.csv"}) == [
        ("ok", "1 row of 2025-10-02; 2025-09-10, the day asked for, has none")
    ]


def test_a_file_with_a_header_alone_is_not_the_days_data(tmp_path: Path) -> None:
    for day, rows in (("2025-09-10", ""), ("2025-09-09", ""), ("2025-09-05", "7,2\n")):
        (tmp_path / f"{day}.csv").write_text(f"item_id,price\n{rows}")
    ((status, message),) = said(tmp_path, "catalog", {"connector": "files", "path": "{date}.csv"})
    assert status == "ok"
    assert message.startswith("1 row of 2025-09-05; 2025-09-10, the day asked for, has none; not in the source")


def test_no_file_for_any_day_fails_also_where_a_day_may_be_empty(tmp_path: Path) -> None:
    """It was said to answer, and to have no row."""
    (tmp_path / "2025-99-99.csv").write_text("x")
    source = {"connector": "files", "path": "{date}.csv", "missing_day": "empty"}
    ((status, message),) = said(tmp_path, "deliveries", source)
    assert (status, message.partition(". ")[0]) == ("fail", "there is no file for any day at {date}.csv")
    (tmp_path / "2025-09-01.csv").write_text("send_id,status,reported_at\n")
    assert said(tmp_path, "deliveries", source) == [("ok", "the source answers, but has no row for 2025-09-10")]


def test_a_database_is_asked_for_the_days_around(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with sqlite3.connect(tmp_path / "shop.db") as database:
        database.execute("CREATE TABLE items (item_id TEXT, price REAL, day TEXT)")
        database.execute("INSERT INTO items VALUES ('a', 1, '2025-09-04')")
    database.close()
    monkeypatch.setenv("SHOP_DATABASE_URL", f"sqlite:///{tmp_path}/shop.db")
    source = {
        "connector": "sql",
        "url_env": "SHOP_DATABASE_URL",
        "query": "SELECT item_id, price FROM items WHERE day = :as_of",
    }
    ((status, message),) = said(tmp_path, "catalog", source)
    assert status == "ok"
    assert message.startswith("1 row of 2025-09-04; 2025-09-10, the day asked for, has none")
    ((status, message),) = said(tmp_path, "catalog", {**source, "query": source["query"] + " AND item_id = 'b'"})
    assert (status, message) == ("fail", "the source answers, but has no row for 2025-09-10, nor for 39 other days")


# --- what loading would reject --------------------------------------------------------------------------------------


def test_every_rule_of_landing_counts(tmp_path: Path) -> None:
    """The check knew of types and missing values alone; a price below zero, an unknown status and a moment before the
    start passed it, and stopped the load."""
    rows = [
        "1,2025-09-10 10:00:00,order_line,c,i,1,2,o,true,web,,,",
        "2,2025-08-31 10:00:00,order_line,c,i,1,2,o,true,web,,,",
        "3,2025-09-11 10:00:00,order_line,c,i,-1,2,o,true,web,,,",
        "4,2025-09-11 10:00:00,order_line,c,i,1,2,,true,web,,,",
    ]
    (tmp_path / "e.csv").write_text("\n".join([HEADER, *rows, ""]))
    assert said(tmp_path, "events", {"connector": "files", "path": "e.csv"}) == [
        ("ok", "4 rows of 2025-09-10"),
        (
            "warn",
            "3 of 4 rows would be rejected (so few do not count: up to 10): event_ts is before the start date (1); "
            "order_id is missing (1); quantity is negative (1)",
        ),
    ]


def test_rejections_are_judged_against_what_is_tolerated(tmp_path: Path) -> None:
    def of(bad: int, rows: int, **parameters: float) -> tuple[str, str]:
        text = "".join(f"{n},{-1 if n < bad else 1}\n" for n in range(rows))
        (tmp_path / "c.csv").write_text(f"item_id,price\n{text}")
        found = said(tmp_path, "catalog", {"connector": "files", "path": "c.csv"}, parameters=parameters)
        return found[1]

    assert of(50, 1_000) == ("warn", "50 of 1,000 rows would be rejected: price is negative (50)")
    assert of(51, 1_000) == (
        "fail",
        "51 of 1,000 rows would be rejected, and at most 5% may be, so loading would refuse them all: "
        "price is negative (51)",
    )
    assert of(51, 1_000, rejected_tolerance=0.1)[0] == "warn"


def test_a_day_of_which_nothing_can_be_used_is_refused_within_a_range(tmp_path: Path) -> None:
    rows = [f"{n},2025-09-10 10:00:00,order_line,c,i,1,2,o,true,web,,," for n in range(1_000)]
    rows += [f"x{n},2025-09-11 10:00:00,order_line,c,i,-1,2,o,true,web,,," for n in range(11)]
    (tmp_path / "e.csv").write_text("\n".join([HEADER, *rows, ""]))
    found = said(tmp_path, "events", {"connector": "files", "path": "e.csv"})
    assert found[1] == (
        "fail",
        "11 of 1,011 rows would be rejected, among them all of 2025-09-11, so loading would refuse that day: "
        "quantity is negative (11)",
    )


def test_opens_are_judged_against_the_messages_of_the_other_feed(tmp_path: Path) -> None:
    sends = "send_id,customer_id,treatment_id,campaign_id,arm,sent_at\ns1,c,t,k,a,2025-10-09 10:00:00\n"
    opens = "send_id,kind,happened_at\ns1,VIEWED,2025-10-10 10:00:00\ns2,VIEWED,2025-10-10 11:00:00\n"
    (tmp_path / "s.csv").write_text(sends)
    (tmp_path / "o.csv").write_text(opens)
    for path, day in (("s.csv", None), ("{date}.sends.csv", "2025-10-09")):
        if day:
            (tmp_path / "s.csv").rename(tmp_path / f"{day}.sends.csv")
        sources = {
            "treatments": {"connector": "files", "path": path},
            "interactions": {"connector": "files", "path": "o.csv"},
        }
        lines = check_company(shop(tmp_path, sources=sources), date(2025, 10, 10), pipelines())
        assert [line.message for line in lines if line.table == "interactions"][1:] == [
            "1 of 2 rows would be rejected (so few do not count: up to 10): send_id is unknown (1)"
        ]


def test_times_that_clocks_show_twice_or_never_are_told(tmp_path: Path) -> None:
    times = ["2025-10-26 02:30:00", "2025-10-26 02:31:00", "2025-03-30 02:30:00", "2025-09-10 12:00:00"]
    (tmp_path / "c.csv").write_text("customer_id,updated_at\n" + "".join(f"{n},{t}\n" for n, t in enumerate(times)))
    source = {"connector": "files", "path": "c.csv", "timezone": "Europe/Berlin"}
    assert said(tmp_path, "customers", source)[1:] == [
        (
            "ok",
            "2 times that clocks showed twice, read as the second and 1 time that clocks skipped, read as so much "
            "later (Europe/Berlin)",
        )
    ]


# --- what works -----------------------------------------------------------------------------------------------------


def at_the_end(folder: Path, **changes: object) -> list[tuple[str, str]]:
    lines = check_company(shop(folder, **changes), DAY, pipelines())
    return [(line.status, line.message) for line in lines if line.possibility]


def test_what_works_with_all_that_there_is(tmp_path: Path) -> None:
    strategy, *stages = at_the_end(tmp_path)
    assert strategy == ("ok", "strategy replenishment works")
    names = ("features", "model", "recommended", "publication", "reports", "campaigns")
    assert stages[:6] == [("ok", f"stage {name} works") for name in names]
    reports, *others = stages[6:]
    assert re.fullmatch(r"reports .*, campaign_summary.* work", reports[1])
    assert others == [
        ("ok", "strategy vehicle_fitment does not work, for want of fitment"),
        ("ok", "strategy offer_ranking does not work, for want of offers, impressions and redemptions"),
        ("ok", "strategy measurement works"),
    ]


def test_a_company_without_opens_and_messages_knows_what_it_does_without(tmp_path: Path) -> None:
    none = {"connector": "none"}
    found = at_the_end(tmp_path, sources={"interactions": none, "deliveries": none})
    assert {status for status, _ in found} == {"ok"}
    told = [message for _, message in found]
    assert any(re.fullmatch(r"reports .*campaign_summary.* work", message) for message in told)
    assert any(re.fullmatch(r"stage campaigns works without .*, for want of .*interactions", one) for one in told)
    assert any(
        re.fullmatch(r"reports .*engagement_by_hour.* do not work, for want of interactions", one) for one in told
    )


def test_a_table_that_cannot_be_read_is_not_there(tmp_path: Path) -> None:
    found = at_the_end(tmp_path, sources={"interactions": {"connector": "files", "path": "gone.csv"}})
    assert any(re.fullmatch(r"reports .* do not work, for want of interactions", message) for _, message in found)
    found = at_the_end(tmp_path, sources={"events": {"connector": "files", "path": "gone.csv"}})
    assert found[0] == ("fail", "strategy replenishment does not work, for want of events")


def test_what_is_optional_and_absent_is_a_line_and_no_warning(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("send_id,customer_id,treatment_id,campaign_id,arm,sent_at\n1,c,t,k,a,2025-09-10\n")
    (tmp_path / "e.csv").write_text(
        "event_id,event_ts,event_name,customer_id,order_id\n1,2025-09-10,order_placed,c,o\n"
    )
    sources = {name: {"connector": "files", "path": f"{name[0]}.csv"} for name in ("treatments", "events")}
    company = shop(tmp_path, strategy="measurement", sources=sources, without="simulation")
    lines = list(check_company(company, DAY, pipelines()))
    assert {line.status for line in lines} <= {LineStatus.OK, LineStatus.WARN}
    warned = [line.message for line in lines if line.status is LineStatus.WARN]
    assert [message for message in warned if "arm" not in message] == []
    assert any(line.message.startswith("not provided, and measurement can do without: ") for line in lines)
