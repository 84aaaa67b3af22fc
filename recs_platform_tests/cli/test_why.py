"""`recs why` asked for what it cannot explain. What it explains is tested where there is a shop
(strategies/offer_ranking/test_why.py, strategies/vehicle_fitment/test_why.py)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from recs_platform.platform_db.engine import opened_database
from recs_platform.strategies.catalogue import STRATEGIES
from recs_platform_tests.cli.terminal import Terminal

PAIR = ("C1", "--item", "F1")


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (("metro", *PAIR), "metro has no recommendations yet. Make a day: recs run metro --date DAY"),
        (("concord", "C1"), "concord has no recommendations yet. Make a day: recs weekly concord --week DAY"),
        (("metro", *PAIR, "--date", "yesterday"), "--date: 'yesterday' is not a day; write it as 2025-12-02."),
        (("nobody", *PAIR), 'no company "nobody". Known: acme'),
        (("metro",), "Missing argument 'CUSTOMER'. Write: recs why [OPTIONS] COMPANY CUSTOMER. See `recs why --help`."),
    ],
)
def test_a_mistake_is_one_sentence(terminal: Terminal, given: tuple[str, ...], words: str) -> None:
    with terminal.inside():
        opened_database().dispose()
    ended = terminal.recs("why", *given)
    assert (ended.code, ended.out) == (2, "")
    assert words in ended.told


def test_a_strategy_that_recommends_and_cannot_say_why(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    silent = replace(STRATEGIES["replenishment"], explainer=None)
    monkeypatch.setitem(STRATEGIES, "replenishment", silent)
    ended = terminal.recs("why", "concord", "C1")
    assert ended.told == "error: concord has nothing to explain: replenishment cannot say why yet."
