"""What files propose: tables, columns, formats and a strategy, and what is said of the doubtful rest."""

from __future__ import annotations

import csv
import re
import sys
import tempfile
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from recs_platform.errors import ConfigError
from recs_platform.schemas.sources import EVENT_NAMES
from recs_platform.sources.proposal.company_text import company_yaml, questions_of
from recs_platform.sources.proposal.origin import propose_from
from recs_platform.sources.proposal.proposed_company import ProposedCompany
from recs_platform.strategies.catalogue import STRATEGIES

ORDERS = "order_id,customer_id,sku,qty,price,{}\n"


def proposed(folder: Path, strategy: str | None = None, **files: str) -> ProposedCompany:
    for name, content in files.items():
        (folder / f"{name}.csv").write_text(content)
    return propose_from("shop", str(folder), STRATEGIES, strategy)


def source(company: ProposedCompany, table: str = "events") -> dict[str, object]:
    found: dict[str, object] = yaml.safe_load(company_yaml(company))["sources"][table]
    return found


def orders(*days: str, header: str = "date") -> str:
    rows = "".join(f"o{n},c{n % 5},s{n % 7},1,2.50,{day}\n" for n, day in enumerate(days))
    return ORDERS.format(header) + rows


def test_an_open_order_of_day_and_month_is_said_and_not_decided(tmp_path: Path) -> None:
    company = proposed(tmp_path, orders=orders("01/02/2025", "03/04/2025", "11/12/2025"))
    text = company_yaml(company)
    assert "dates" not in source(company)
    assert '    #   ordered_at: "%d/%m/%Y"\n    #   ordered_at: "%m/%d/%Y"' in text
    assert any("can be read as" in question for question in questions_of(company))


def test_a_day_that_only_one_order_allows_decides_it(tmp_path: Path) -> None:
    company = proposed(tmp_path, orders=orders("01/02/2025", "12/31/2025"))
    assert source(company)["dates"] == {"ordered_at": "%m/%d/%Y"}
    assert "12/31/2025 is no day otherwise" in company_yaml(company)
    assert (str(company.first_day.value), str(company.last_day)) == ("2025-01-02", "2025-12-31")


def test_files_of_one_kind_with_other_headers_are_one_source(tmp_path: Path) -> None:
    other = orders("2025-09-02", "2025-09-03").replace("sku", "ArticleNo")
    company = proposed(tmp_path, orders_2024=orders("2024-09-01", "2024-09-02"), orders_2025=other)
    found = source(company)
    assert found["path"] == str(tmp_path / "orders_[0-9][0-9][0-9][0-9].csv")
    assert found["columns"]["item_id"] == ["sku", "ArticleNo"]  # type: ignore[index]


def test_a_header_that_nobody_knows_is_taken_by_its_place_and_its_values(tmp_path: Path) -> None:
    other = orders("2025-09-02", "2025-09-03").replace("sku", "zz")
    company = proposed(tmp_path, orders_2024=orders("2024-09-01", "2024-09-02"), orders_2025=other)
    assert source(company)["columns"]["item_id"] == ["sku", "zz"]  # type: ignore[index]
    assert "it stands in the same place and shares 2 values" in company_yaml(company)


def test_files_of_days_are_read_by_day_and_holes_are_said(tmp_path: Path) -> None:
    files = {f"orders-2025-09-0{n}": orders(f"2025-09-0{n} 10:00:00") for n in (1, 2, 4)}
    company = proposed(tmp_path, **files)
    found = source(company)
    assert (found["path"], found["missing_day"]) == (str(tmp_path / "orders-{date}.csv"), "empty")
    assert "1 days of them have no file, which is taken for days without rows; please check" in company_yaml(company)


def test_what_is_missing_is_named_and_nothing_is_made_up(tmp_path: Path) -> None:
    company = proposed(tmp_path, orders=orders("2025-09-01"), products="sku,title\ns1,Oil\ns2,Bread\n")
    text = company_yaml(company)
    assert "catalog" not in yaml.safe_load(text)["sources"]
    assert "# MISSING price, number (company's currency)" in text
    assert "  # catalog:\n" in text
    assert "catalog.price is required, and products.csv has nothing like it" in list(questions_of(company))


def test_the_feeds_own_words_become_canonical_ones(tmp_path: Path) -> None:
    events = "event_id,timestamp,action,user_id,sku\n" + "".join(
        f"{n},2025-09-01 10:00:0{n},{action},c{n},s{n}\n"
        for n, action in enumerate(["page view", "add_to_cart", "Kauf", "newsletter"])
    )
    opens = "message_id,event,time\n1,open,2025-09-01 10:00:00\n2,click,2025-09-01 10:00:01\n"
    sent = "message_id,customer,campaign,template,group,sent_at\n1,c1,a,t,x,2025-09-01 09:00:00\n"
    company = proposed(tmp_path, events=events, opens_clicks=opens, mailings=sent)
    written = yaml.safe_load(company_yaml(company))
    assert written["event_names"] == {
        "page view": "product_viewed",
        "add_to_cart": "cart_updated",
        "Kauf": "order_line",
    }
    assert "  # newsletter: ?" in company_yaml(company)
    assert source(company, "interactions")["expressions"] == {
        "kind": "CASE `event` WHEN 'click' THEN 'CLICKED' WHEN 'open' THEN 'VIEWED' END"
    }


def test_per_cents_and_row_totals_are_computed_and_said(tmp_path: Path) -> None:
    offers = "offer_id,sku,discount,valid_from,valid_to\n1,s1,20,2025-09-01,2025-09-08\n2,s2,5,2025-09-01,2025-09-08\n"
    lines = "order_id,line_id,customer_id,sku,qty,amount,date\no1,1,c1,s1,2,5.00,2025-09-01 10:00:00\n"
    company = proposed(tmp_path, "offer_ranking", offers=offers, orders=lines)
    assert source(company, "offers")["expressions"] == {"discount": "CAST(`discount` AS FLOAT64) / 100"}
    assert source(company)["expressions"] == {
        "unit_price": "SAFE_DIVIDE(CAST(`amount` AS FLOAT64), CAST(`qty` AS FLOAT64))"
    }
    assert "values up to 20 are taken for per cents" in company_yaml(company)


@pytest.mark.parametrize(
    ("lines", "why"),
    [
        ("order_id,customer_id,amount,date\no1,c1,5.00,2025-09-01\n", "every row is an order with what it cost"),
        ("customer_id,sku,qty,price,date\nc1,s1,2,5.00,2025-09-01\n", "customer_id and date are taken for it"),
    ],
)
def test_orders_without_lines_and_lines_without_orders(tmp_path: Path, lines: str, why: str) -> None:
    company = proposed(tmp_path, orders=lines)
    assert why in company_yaml(company)
    assert company.tables[0].missing == ()
    assert "order_id" in {**company.tables[0].matches, **company.tables[0].derived}


def test_events_of_the_companys_own_may_become_metrics(tmp_path: Path) -> None:
    visits = "customer,event,amount,time\nc1,Site visit,,2025-09-01 10:00:00\nc1,purchase,5.5,2025-09-01 11:00:00\n"
    text = company_yaml(proposed(tmp_path, events=visits, mailings=SENT))
    assert yaml.safe_load(text)["parameters"]["metrics"] == [
        {"name": "site_visit", "event": "Site visit", "kind": "rate"}
    ]
    assert "CAST(`amount` AS FLOAT64)" in text


PRODUCTS = "sku,title,price\ns1,Oil,2.50\n"
FITMENT = "year,make,model,sku\n1969,Ford,Bronco,s1\n1970,Ford,Bronco,s2\n"
CUSTOMERS = "customer_id,email\nc1,a@example.com\nc2,b@example.com\n"
OFFERS = "offer_id,sku,discount,start_date,end_date\n1,s1,0.2,2025-09-01,2025-09-08\n"
SHOWN = "impression_id,customer_id,offer_id,shown_at\n1,c1,1,2025-09-01 10:00:00\n"
REDEEMED = "customer_id,offer_id,redeemed_at,order_id\nc1,1,2025-09-01 10:00:00,o1\n"
SENT = "message_id,customer_id,campaign,template,arm,sent_at\n1,c1,a,t,x,2025-09-01 09:00:00\n"


@pytest.mark.parametrize(
    ("strategy", "files"),
    [
        (
            "vehicle_fitment",
            {"fitment": FITMENT, "customers": CUSTOMERS, "orders": orders("2025-09-01"), "products": PRODUCTS},
        ),
        (
            "offer_ranking",
            {"offers": OFFERS, "impressions": SHOWN, "redemptions": REDEEMED, "customers": CUSTOMERS},
        ),
        ("replenishment", {"orders": orders("2025-09-01"), "customers": CUSTOMERS}),
        ("replenishment", {"orders": orders("2025-09-01")}),
        ("measurement", {"mailings": SENT, "orders": orders("2025-09-01")}),
    ],
)
def test_the_strategy_follows_from_the_tables(tmp_path: Path, strategy: str, files: dict[str, str]) -> None:
    assert proposed(tmp_path, **files).strategy.name == strategy


def test_a_strategy_that_would_use_more_says_what_it_lacks(tmp_path: Path) -> None:
    company = proposed(tmp_path, fitment=FITMENT, customers=CUSTOMERS, orders=orders("2025-09-01"))
    assert company.strategy.name == "replenishment"
    assert "vehicle_fitment would use fitment, and lacks catalog" in company.strategy_why


def test_a_strategy_that_lacks_a_table_says_so(tmp_path: Path) -> None:
    company = proposed(tmp_path, "vehicle_fitment", orders=orders("2025-09-01"), customers=CUSTOMERS)
    assert "vehicle_fitment needs fitment, and nothing there is like it" in list(questions_of(company))


def test_identifiers_that_nobody_knows_are_a_question(tmp_path: Path) -> None:
    company = proposed(tmp_path, orders=orders("2025-09-01", "2025-09-02"), products="sku,price\nA1,2\nA2,3\n")
    assert "events.item_id: only 0 of 2 sampled are in catalog; are these the same identifiers?" in list(
        questions_of(company)
    )


def test_no_value_of_a_person_stands_in_the_file(tmp_path: Path) -> None:
    text = company_yaml(proposed(tmp_path, orders=orders("2025-09-01"), customers=CUSTOMERS))
    assert "a@example.com" not in text


def test_a_folder_without_a_table_is_one_message(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="nothing there is like a source table"):
        proposed(tmp_path, stuff="colour,shape\nred,round\n")
    with pytest.raises(ConfigError, match="there is no such folder"):
        propose_from("shop", str(tmp_path / "nowhere"), STRATEGIES, None)
    (tmp_path / "empty").mkdir()
    with pytest.raises(ConfigError, match="has no file that can be read"):
        propose_from("shop", str(tmp_path / "empty"), STRATEGIES, None)


ODD = st.text(st.sampled_from(list("ab1 \n\r\t\"'`#:-{}[]&*!|>%@,;\\\u2028é")), min_size=1, max_size=12)


@settings(max_examples=60, deadline=None)
@given(column=ODD, event=ODD, folder=ODD)
def test_what_data_is_called_cannot_change_what_the_file_says(column: str, event: str, folder: str) -> None:
    with tempfile.TemporaryDirectory() as place:
        path = Path(place) / ("x" + re.sub(r"[/\n\r]", "", folder))
        path.mkdir()
        with (path / "orders [new] 2024.csv").open("w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["order_id", "customer_id", "sku", "qty", "event", "time", f"total {column}", column])
            writer.writerow(["o1", "c1", "s1", "1", "purchase", "2025-09-01 10:00:00", "2", "x"])
            writer.writerow(["o1", "c1", "s2", "1", event, "2025-09-01 10:00:00", "3", "y"])
        company = propose_from("shop", str(path), STRATEGIES, "replenishment")
        written = yaml.safe_load(company_yaml(company))
        found = written["sources"]["events"]
        assert found["path"] == str(path.resolve() / "orders [new] 2024.csv")
    keys = {"name", "strategy", "dataset", "timezone", "currency", "start_date", "sources", "event_names"}
    assert set(written) == keys
    assert set(found) <= {"connector", "path", "columns", "expressions", "delimiter"}
    assert set(written["event_names"].values()) <= set(EVENT_NAMES)


def test_a_workbook_needs_a_reader_that_may_have_to_be_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "book.xlsx").write_bytes(b"")
    monkeypatch.setitem(sys.modules, "openpyxl", None)
    with pytest.raises(ConfigError, match=r"Install it: pip install 'recs-platform\[excel\]'"):
        propose_from("shop", str(tmp_path), STRATEGIES, None)


def written(company: ProposedCompany) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(company_yaml(company))
    return found


def test_a_log_of_purchases_is_one_short_file(tmp_path: Path) -> None:
    """A line that stands twice, a till without a card, and orders that two clients count alike."""
    rows = ["1;1;milk;2025-09-01", "1;1;milk;2025-09-01", "2;1;tea;2025-09-02", ";2;tea;2025-09-03"]
    (tmp_path / "log.csv").write_text("\n".join(["user_id;order_id;product;day", *rows, ""]))
    company = propose_from("shop", str(tmp_path / "log.csv"), STRATEGIES, None)
    assert list(questions_of(company)) == []
    assert written(company) == {
        "name": "shop",
        "strategy": "replenishment",
        "timezone": "UTC",
        "start_date": date(2025, 9, 1),
        "sources": {
            "events": {
                "connector": "purchases",
                "path": str(tmp_path / "log.csv"),
                "delimiter": ";",
                "columns": {
                    "customer_id": "user_id",
                    "order_id": "order_id",
                    "item_id": "product",
                    "ordered_at": "day",
                },
            }
        },
    }


def test_a_log_without_times_says_that_its_days_are_made_up(tmp_path: Path) -> None:
    lines = [(user, number) for user in (1, 2) for number in range(1, 61 if user == 1 else 4)]
    log = "".join(f"{user},{90 - number},{number},milk\n" for user, number in lines)
    (tmp_path / "log.csv").write_text(f"user_id,order_id,order_number,product_id\n{log}")
    company = propose_from("shop", str(tmp_path), STRATEGIES, None)
    assert [question.split(":")[0] for question in questions_of(company)] == ["events.days_between_orders"]
    found = written(company)
    assert (found["start_date"], found["end_date"]) == (date(2022, 11, 13), date(2023, 12, 31))
    assert found["parameters"] == {"history_days": 59 * 7 + 1}
    assert found["sources"]["events"]["days_between_orders"] == 7
    assert found["sources"]["events"]["columns"] == {
        "customer_id": "user_id",
        "order_id": "order_number",
        "item_id": "product_id",
    }


def test_more_orders_than_weeks_of_history_are_a_day_apart(tmp_path: Path) -> None:
    log = "".join(f"{user},{number},milk\n" for user in (1, 2) for number in range(200))
    (tmp_path / "log.csv").write_text(f"user_id,order_number,product_id\n{log}")
    found = written(propose_from("shop", str(tmp_path), STRATEGIES, None))
    assert found["sources"]["events"]["days_between_orders"] == 1
    assert (found["start_date"], found["parameters"]) == (date(2023, 6, 15), {"history_days": 200})


def test_orders_that_all_clients_share_no_number_of_have_no_days(tmp_path: Path) -> None:
    """Numbers of the shop's own say nothing of when a client ordered."""
    log = "".join(f"{user},{10 * user + number},milk\n" for user in (1, 2) for number in range(5))
    company = proposed(tmp_path, order_lines=f"user_id,order_id,product_id\n{log}")
    assert "events.event_ts is required, and order_lines.csv has nothing like it" in list(questions_of(company))


def test_rows_that_agree_in_all_are_told_apart_by_as_much_as_can_be(tmp_path: Path) -> None:
    """Of a feed that is no log of orders alone: a line that stands twice does not make an order's lines one."""
    events = "action,user_id,order_id,sku,timestamp\n" + "".join(
        f"purchase,1,7,{sku},2025-09-01 10:00:00\n" for sku in ("a", "b", "b")
    )
    expressions = source(proposed(tmp_path, events=events))["expressions"]
    assert "`sku`" in expressions["event_id"]  # type: ignore[index]


@pytest.mark.parametrize(("over", "end"), [(date(2025, 10, 1), None), (date(2025, 10, 2), date(2025, 9, 7))])
def test_a_log_that_ended_long_ago_has_a_last_day(tmp_path: Path, over: date, end: date | None) -> None:
    """Up to the Sunday after it, of which its last lists are made; without it every day until now would be one."""
    log = "".join(f"K{n},{n},milk,2025-09-0{1 + n % 3}\n" for n in range(9))
    (tmp_path / "log.csv").write_text(f"customer_id,order_id,item_id,ordered_at\n{log}")
    company = propose_from("shop", str(tmp_path / "log.csv"), STRATEGIES, None, over)
    assert written(company).get("end_date") == end


def test_the_only_column_that_says_what_was_bought_may_be_called_anything(tmp_path: Path) -> None:
    rows = "".join(f"K{n % 3},{n // 2},Öl {n % 4},2025-09-0{1 + n // 2}\n" for n in range(8))
    (tmp_path / "log.csv").write_text(f"household_id,basket_id,what,ordered_at\n{rows}")
    company = propose_from("shop", str(tmp_path / "log.csv"), STRATEGIES, None)
    assert written(company)["sources"]["events"]["columns"]["item_id"] == "what"
    assert "events.item_id: is it what?" in list(questions_of(company))


@pytest.mark.parametrize("value", ["paid", "2.50"])
def test_what_is_said_of_an_order_as_a_whole_is_nothing_that_was_bought(tmp_path: Path, value: str) -> None:
    rows = "".join(f"K{n % 3},{n},{value},2025-09-0{1 + n}\n" for n in range(8))
    (tmp_path / "orders.csv").write_text(f"customer_id,order_id,what,ordered_at\n{rows}")
    company = propose_from("shop", str(tmp_path), STRATEGIES, None)
    assert not any("item_id" in match.matches for match in company.tables)
