"""Pictures of what a score is made of."""

from __future__ import annotations

from recs_platform.reporting.working import MOST, added, sums
from recs_platform_tests.reporting.test_charts import SVG, drawn, words


def test_what_moves_a_score_most_comes_first_and_the_rest_is_one_bar() -> None:
    parts = [(f"p{n:02d}", (-1) ** n * n / 100) for n in range(1, MOST + 4)]
    told = added("Parts", parts, "log-odds").chart.description.split("; ")
    assert told[:2] == ["p15 -0.150", "p14 +0.140"]
    assert told[MOST:] == ["3 others together -0.020"]


def test_one_part_too_many_is_not_hidden_behind_a_name() -> None:
    told = added("Parts", [(f"p{n:02d}", 1.0) for n in range(MOST + 1)], "log-odds").chart.description
    assert "others" not in told
    assert told.count(";") == MOST


def test_every_bar_says_its_figure_to_who_does_not_see_it() -> None:
    chart = sums("Scores", [("A", (1.0, 0.5)), ("B", (0.0, 0.25))], ("own", "others"), "Score").chart
    svg = drawn(chart)
    assert words(svg.find(f"{SVG}title")) == "Scores"
    assert [words(group.find(f"{SVG}title")) for group in svg.findall(f"{SVG}g")] == ["A: 1.500", "B: 0.250"]
    assert chart.description == "A 1.500: own 1.000, others 0.500; B 0.250: own 0.000, others 0.250"
