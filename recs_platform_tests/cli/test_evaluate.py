"""`recs evaluate`: what it refuses, and what it says of a small company's last baskets."""

from __future__ import annotations

import json
from datetime import date, timedelta
from typing import Any

import pytest

from recs_platform.strategies.catalogue import company_named, pipeline_of
from recs_platform.warehouse.environment import open_warehouse
from recs_platform_tests.cli.terminal import Terminal
from recs_platform_tests.cli.test_wrong_use import check_one_message
from recs_platform_tests.cli.width import check_narrow

_LAST = ("evaluate", "concord", "--holdout", "last-basket", "--version", "v31")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--version", "v9"), "--version: there is no version v9. There is: v31, v32, v4."),
        (("--holdout", "month"), "--holdout: 'month' is neither weeks nor last-basket."),
        (("--holdout", "last-basket", "--weeks", "2"), "--weeks is for --holdout weeks"),
        (("--weeks", "0"), "Invalid value for '--weeks'"),
        (("--split", "absent.json"), "--split: there is no file absent.json."),
    ],
)
def test_what_it_does_not_know_is_refused_before_anything_is_read(
    terminal: Terminal, words: tuple[str, ...], told: str
) -> None:
    check_one_message(terminal.recs("evaluate", "concord", *words), told)
    assert not (terminal.folder / "home").exists()


def test_a_company_of_another_strategy_is_sent_elsewhere(terminal: Terminal) -> None:
    check_one_message(terminal.recs("evaluate", "metro"), "a company of offer_ranking", "docs/offer-evaluation.md")


@pytest.mark.slow
def test_too_short_a_log_is_said(used: Terminal) -> None:
    ended = used.recs("evaluate", "concord", "--version", "v31", "--weeks", "3")
    assert ended.code == 2
    assert "nobody ordered in the newest 3 weeks of its log and before" in ended.told
    assert "--holdout last-basket" in ended.told


@pytest.mark.slow
def test_last_baskets_of_a_small_company(used: Terminal) -> None:
    ended = used.recs(*_LAST, "--json")
    assert ended.code == 0, ended.told
    found: dict[str, Any] = ended.json
    assert (found["company"], found["holdout"], found["versions"]) == ("concord", "last-basket", ["v31"])
    assert found["clients"] > 0
    assert "The ideal list of NDCG is cut at k" in found["notes"][-1]
    assert set(found["chosen"]) == {"TIFU-KNN", "UP-CF"}
    methods = {row["method"] for row in found["figures"]}
    assert methods == {"v31", "TIFU-KNN", "UP-CF", "own top items", "global top items", "own, then global"}
    assert "tuning UP-CF" in ended.err
    assert used.recs(*_LAST, "--json").out == ended.out


@pytest.mark.slow
def test_a_split_says_who_is_judged(used: Terminal) -> None:
    orders = "SELECT COUNT(DISTINCT order_id) AS n, customer_id FROM order_lines GROUP BY customer_id ORDER BY 1, 2"
    asked = used.recs("query", "concord", orders, "--limit", "1000")
    clients = [name for _, name in asked.rows if name.startswith("C")]
    often = max(1, len(clients) // 3)  # who ordered most often stands at the end
    parts = {"train": clients[: -2 * often], "val": clients[-2 * often : -often], "test": clients[-often:]}
    (used.folder / "split.json").write_text(json.dumps(parts))
    ended = used.recs(*_LAST, "--split", "split.json", "--json")
    assert ended.code == 0, ended.told
    by_file = ended.json
    assert 0 < by_file["clients"] <= len(parts["test"])
    (used.folder / "split.json").write_text(json.dumps(parts | {"test": [*parts["test"], "nobody"]}))
    refused = used.recs(*_LAST, "--split", "split.json")
    assert refused.code == 2
    assert "1 client of test in split.json has no order in the log: 'nobody'" in refused.told


@pytest.mark.slow
def test_tables_fit_a_narrow_terminal(used: Terminal) -> None:
    check_narrow(lambda variables: used.recs(*_LAST, **variables))
    shown = used.recs(*_LAST).told
    assert "no quotas (what the literature judges)" in shown
    assert "Lists as clients get them" in shown
    assert "The ideal list of NDCG is cut at k" in shown


def a_shop(terminal: Terminal, weeks: int = 6, last: str = "\nend_date: 2025-11-16") -> None:
    """Nine clients who order every Monday."""
    monday = date(2025, 10, 6)
    lines = [
        f"K{client},{client}-{week},P{(client + 3 * week + 2 * item) % 15:02},{monday + timedelta(weeks=week)}"
        for week in range(weeks)
        for client in range(9)
        for item in range(4)
    ]
    (terminal.folder / "log.csv").write_text("\n".join(["customer_id,order_id,item_id,ordered_at", *lines]))
    terminal.companies.mkdir(exist_ok=True)
    (terminal.companies / "shop.yaml").write_text(
        f"name: shop\nstrategy: replenishment\nstart_date: {monday}{last}\n"
        "parameters: {history_days: 8, active_window_days: 7, campaign_window_days: 8, interaction_window_days: 5}\n"
        "sources:\n  events: {connector: purchases, path: ../log.csv}\n"
    )


_SHOP = ("evaluate", "shop", "--holdout", "last-basket", "--version", "v31", "--json")


@pytest.mark.slow
def test_the_whole_log_is_judged_whatever_a_week_of_lists_needed(terminal: Terminal) -> None:
    a_shop(terminal)
    made = terminal.recs("run", "shop", "--date", "2025-11-03", "--to", "2025-11-16", "--table", "order_lines")
    assert made.code == 0, made.told
    ended = terminal.recs(*_SHOP)
    assert ended.code == 0, ended.told
    assert ended.json["log"]["baskets"] == 54
    assert ended.json["log_days"] == ["2025-10-06", "2025-11-10"]
    assert "shop: orders of 2025-10-06 to 2025-10-19 are not stored" in " ".join(ended.err.split())
    again = terminal.recs(*_SHOP)
    assert again.out == ended.out
    assert "not stored" not in again.err


@pytest.mark.slow
def test_a_log_of_long_ago_that_does_not_say_when_it_ended_has_no_days_up_to_now(terminal: Terminal) -> None:
    a_shop(terminal, weeks=3, last="")
    ended = terminal.recs(*_SHOP)
    assert ended.code == 0, ended.told
    assert ended.json["log_days"] == ["2025-10-06", "2025-10-20"]
    with terminal.inside():
        company = company_named("shop")
        days = open_warehouse().days(pipeline_of(company).ref("order_lines", company))
    assert (len(days), max(days)) == (15, date(2025, 10, 20))
