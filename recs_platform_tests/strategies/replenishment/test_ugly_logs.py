"""Exports as they come: what becomes of odd rows is what docs/purchase-log.md says, and what cannot be read is one
message."""

from __future__ import annotations

import re
import subprocess
from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from recs_platform.companies.loader import read_company
from recs_platform.companies.purchase_log import PurchasesSource
from recs_platform.sources.proposal.company_text import company_yaml
from recs_platform.sources.proposal.origin import propose_from
from recs_platform.strategies.catalogue import STRATEGIES, company_named, pipeline_of
from recs_platform.warehouse.environment import open_warehouse
from recs_platform_tests.cli.terminal import Ended, Terminal
from recs_platform_tests.docs.console import ROOT, commands

pytestmark = pytest.mark.slow
PAGE = (ROOT / "docs" / "purchase-log.md").read_text()
FIRST, LAST = "2025-09-01", "2025-09-03"
HEADER = "customer_id,order_id,item_id,ordered_at\n"
GOOD = "".join(f"K{n},{n},milk,2025-09-0{1 + n % 3}\n" for n in range(60))


class Shop:
    """A company of one log."""

    def __init__(self, folder: Path) -> None:
        self.terminal = Terminal(folder)
        self.terminal.companies.mkdir()

    def made(self, log: str | bytes, *source: str) -> Ended:
        """The whole log as order lines, by the command that a user types."""
        folder = self.terminal.companies
        (folder / "log.csv").write_bytes(log if isinstance(log, bytes) else log.encode())
        options = "".join(f"    {line}\n" for line in ("connector: purchases", "path: log.csv", *source))
        (folder / "shop.yaml").write_text(
            f"name: shop\nstrategy: replenishment\nstart_date: {FIRST}\nsources:\n  events:\n{options}"
        )
        return self.terminal.recs("run", "shop", "--date", FIRST, "--to", LAST, "--table", "order_lines")

    def rows(self, table: str) -> list[dict[str, Any]]:
        with self.terminal.inside():
            company = company_named("shop")
            with open_warehouse().read(pipeline_of(company).ref(table, company)) as batches:
                found: list[dict[str, Any]] = batches.read_all().to_pylist()
                return found

    def refused(self, log: str, *source: str) -> str:
        """What is said of a log that nothing is made of."""
        ended = self.made(log, *source)
        assert ended.code == 2, ended.told
        return ended.told.replace(f"{self.terminal.companies}/", "")


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path)


def test_odd_rows_are_counted_and_the_others_are_loaded(shop: Shop) -> None:
    odd = [
        "K1,1,milk,2025-09-02",  # as it stands above
        "K7,1,milk,2025-09-02",  # an order number of two clients
        ",99,milk,2025-09-02",
        "K2,,milk,2025-09-02",
        "K2,200,,2025-09-02",
        "K2,201,milk,",
        "K2,202,milk,yesterday",
        "K2,203,milk,2024-12-31",
    ]
    ended = shop.made(b"\xef\xbb\xbf" + (HEADER + GOOD + "\n".join(odd) + "\n").encode())
    assert ended.code == 0, ended.told
    lines = shop.rows("order_lines")
    assert len(lines) == 60 + 1
    assert sorted(row["order_id"] for row in lines if row["order_id"].endswith("/1")) == ["K1/1", "K7/1"]
    assert [row["event_id"] for row in shop.rows("events") if row["customer_id"] is None] == ["/99/milk"]
    assert Counter(row["rejection"] for row in shop.rows("landed_events") if row["rejection"]) == {
        "order_id is missing": 1,
        "item_id is missing": 1,
        "event_ts is missing": 1,
        "event_ts is not a timestamp": 1,
        "event_ts is before the start date": 1,
    }


def test_days_of_another_form_are_refused_with_what_to_write(shop: Shop) -> None:
    log = re.sub(r"(\d{4})-(\d\d)-(\d\d)", r"\3.\2.\1", HEADER + GOOD)
    told = shop.refused(log)
    assert "shop: source table events, column event_ts: 60 of 60 rows" in told
    assert "event_ts is not a timestamp (60)" in told
    assert shop.made(log, 'dates: {ordered_at: "%d.%m.%Y"}').code == 0
    assert len(shop.rows("order_lines")) == 60


def test_another_separator_is_refused_with_what_to_write(shop: Shop) -> None:
    told = shop.refused((HEADER + GOOD).replace(",", ";"))
    assert 'shop: source table events: log.csv is separated by semicolons. Write delimiter: ";"' in told
    assert shop.made((HEADER + GOOD).replace(",", ";"), 'delimiter: ";"').code == 0


def test_a_line_that_is_broken_is_named(shop: Shop) -> None:
    told = shop.refused(HEADER + GOOD + "K1,1,milk\n")
    assert "line 62 of log.csv has 3 fields where the header has 4" in told


def test_the_files_of_the_page_load_and_the_first_is_what_is_proposed(tmp_path: Path) -> None:
    with_times, by_number = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    (tmp_path / "shop.yaml").write_text(with_times)
    (tmp_path / "numbered.yaml").write_text(by_number)
    shop = read_company(tmp_path / "shop.yaml", STRATEGIES)
    numbered = read_company(tmp_path / "numbered.yaml", STRATEGIES)
    assert (shop.dataset, shop.timezone, shop.currency) == ("shop", "UTC", "XXX")
    assert isinstance(numbered.sources["events"], PurchasesSource)
    assert numbered.end_date == date(2023, 12, 31)
    subprocess.run(["bash", "-c", commands(PAGE)[0].text], cwd=tmp_path, check=True)
    proposed = yaml.safe_load(company_yaml(propose_from("shop", str(tmp_path / "log.csv"), STRATEGIES, None)))
    written = yaml.safe_load(with_times)
    assert proposed["sources"]["events"]["columns"] == written["sources"]["events"]["columns"]
    assert proposed["start_date"] == written["start_date"]
