"""`recs evaluate`: what it refuses, and what it says of a small company's last baskets."""

from __future__ import annotations

import json
from typing import Any

import pytest

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
