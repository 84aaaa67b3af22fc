"""What recommendations came to, in words, tables and a picture: sums of the counts, and Wilson's intervals."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from recs_platform.cli.evaluation_tables import show_outcomes as print_outcomes
from recs_platform.statistics.intervals import proportion
from recs_platform.strategies.feedback.outcomes import by_arm, by_rank, by_version, outcome_lines, show_outcomes


def row(rank: int, served: int, shown: int, clicked: int, bought: int, **other: Any) -> dict[str, Any]:
    told = {"as_of": date(2025, 9, 10), "product": "recommendations", "version": 3, "arm": "v4", **other}
    return {**told, "rank": rank, "served": served, "shown": shown, "clicked": clicked, "bought": bought}


ROWS = [
    row(1, 100, 80, 20, 5),
    row(2, 100, 40, 4, 1),
    row(1, 50, 0, 0, 2, version=4, arm="v32"),
]


def test_places_and_arms_and_versions_are_counted_together() -> None:
    assert [(one.name, one.served, one.clicked) for one in by_rank(ROWS)] == [("place 1", 150, 20), ("place 2", 100, 4)]
    assert [(one.name, one.served) for one in by_arm(ROWS)] == [
        ("recommendations v32", 50),
        ("recommendations v4", 200),
    ]
    assert [one.name for one in by_version(ROWS)] == ["recommendations version 3", "recommendations version 4"]


def test_shares_have_wilsons_intervals() -> None:
    first = by_rank(ROWS)[0]
    assert (first.clicks, first.purchases) == (proportion(20, 80), proportion(7, 150))


def test_all_in_a_sentence_and_one_for_each_arm() -> None:
    lines = list(outcome_lines(ROWS))
    assert lines == [
        "250 recommendations served: 120 shown, 24 of them clicked (20.0%, 13.8% to 28.0%), "
        "8 bought (3.20%, 1.63% to 6.19%)",
        "recommendations v32: of 50 served no shop says that any was shown; 2 bought (4.00%, 1.10% to 13.46%)",
        "recommendations v4: of 200 served 120 shown, 24 of them clicked (20.0%, 13.8% to 28.0%), "
        "6 bought (3.00%, 1.38% to 6.39%)",
    ]
    assert list(outcome_lines([])) == []


def test_the_picture_has_a_bar_for_each_place_that_was_shown() -> None:
    shown = show_outcomes([*ROWS, row(3, 10, 0, 0, 0)])
    assert shown.picture is not None
    picture = shown.picture.decode()
    assert "place 1" in picture and "place 2" in picture
    assert "place 3" not in picture
    assert show_outcomes([]).picture is show_outcomes([row(1, 10, 0, 0, 1)]).picture is None


def test_on_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    print_outcomes([])
    assert capsys.readouterr().out == ""
    print_outcomes(ROWS)
    told = " ".join(capsys.readouterr().out.split())
    assert "What was served, by place, as of 2025-09-10" in told
    assert "What was served, by arm" in told
