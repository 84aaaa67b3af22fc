"""`recs explain` asked for what it cannot explain. What it explains is tested where there is a shop
(strategies/offer_ranking/test_explain.py)."""

from __future__ import annotations

import pytest

from recs_platform_tests.cli.terminal import Terminal

PAIR = ("--customer", "C1", "--offer", "F1")


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (("metro", *PAIR), "metro has no recommendations yet. Make a day: recs run -c metro --date DAY"),
        (("acme", *PAIR), "`recs explain` explains offer_ranking, and acme is a company of vehicle_fitment."),
        (("metro", *PAIR, "--date", "yesterday"), "--date: 'yesterday' is not a day; write it as 2025-12-02."),
        (("nobody", *PAIR), 'no company "nobody". Known: acme'),
        (("metro", "--offer", "F1"), "Missing option '--customer'. See `recs explain --help`."),
        (("metro", "--customer", "C1"), "Missing option '--offer'. See `recs explain --help`."),
    ],
)
def test_a_mistake_is_one_sentence(terminal: Terminal, given: tuple[str, ...], words: str) -> None:
    ended = terminal.recs("explain", *given)
    assert (ended.code, ended.out) == (2, "")
    assert words in ended.told
