"""What files propose: tables, columns, formats and a strategy, and what is said of the doubtful rest."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from recs_platform.errors import ConfigError
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
    assert '    #   event_ts: "%d/%m/%Y"\n    #   event_ts: "%m/%d/%Y"' in text
    assert any("can be read as" in question for question in questions_of(company))


def test_a_day_that_only_one_order_allows_decides_it(tmp_path: Path) -> None:
    company = proposed(tmp_path, orders=orders("01/02/2025", "12/31/2025"))
    assert source(company)["dates"] == {"event_ts": "%m/%d/%Y"}
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
    assert "#     - {name: site_visit, event: Site visit, kind: rate}" in text
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
