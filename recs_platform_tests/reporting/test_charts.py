"""What a chart draws is what the figures say: lengths, intervals, signs, labels, at both widths."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree

import pytest

from recs_platform.reporting.charts import COLOURS, WIDTHS, Axis, Bar, Chart, ChartColumn, bars, columns, figure
from recs_platform_tests.campaign.report.reader import SVG, words

_AXIS = Axis("Share, %")


def drawn(chart: Chart, width: int = 928) -> ElementTree.Element:
    return ElementTree.fromstring(chart.draw(width))


def places_of_labels(svg: ElementTree.Element, coordinate: str) -> dict[str, float]:
    return {words(text): float(text.attrib[coordinate]) for text in svg.findall(f"{SVG}text")}


@pytest.mark.parametrize("width", WIDTHS.values())
def test_bars_reach_as_far_as_their_value_and_whiskers_as_their_interval(width: int) -> None:
    svg = drawn(bars("t", "d", [Bar("a", 50, "50", 40, 70), Bar("b", 100, "100")], _AXIS), width)
    at = places_of_labels(svg, "x")
    first, second = (group.find(f"{SVG}rect") for group in svg.findall(f"{SVG}g"))
    assert first is not None and second is not None
    assert float(second.attrib["width"]) == pytest.approx(2 * float(first.attrib["width"]), abs=0.2)
    assert float(first.attrib["x"]) == pytest.approx(at["0"], abs=0.1)
    assert float(second.attrib["x"]) + float(second.attrib["width"]) == pytest.approx(at["100"], abs=0.2)
    unit = (at["100"] - at["0"]) / 100
    path = svg.findall(f"{SVG}g/{SVG}path")
    assert len(path) == 1
    begin, end = (
        float(path[0].attrib["d"][1:].split()[0]),
        float(path[0].attrib["d"].partition("H")[2].partition("M")[0]),
    )
    assert begin == pytest.approx(at["0"] + 40 * unit, abs=0.2)
    assert end == pytest.approx(at["0"] + 70 * unit, abs=0.2)


def near(begin: float, end: float) -> Any:
    return pytest.approx((begin, end), abs=0.3)


@pytest.mark.parametrize("width", WIDTHS.values())
def test_the_parts_of_a_bar_stand_after_each_other_and_come_to_its_value(width: int) -> None:
    rows = [Bar("a", 50, "50", parts=(20, 30)), Bar("b", 100, "100", parts=(0, 100))]
    chart = bars("t", "d", rows, _AXIS, series=("own", "others"))
    svg = drawn(chart, width)
    at = places_of_labels(svg, "x")
    unit = (at["100"] - at["0"]) / 100
    parts = [[rect.attrib for rect in group.findall(f"{SVG}rect")] for group in svg.findall(f"{SVG}g")]
    reach = [[(float(one["x"]), float(one["x"]) + float(one["width"])) for one in row] for row in parts]
    assert reach == [
        [near(at["0"], at["0"] + 20 * unit), near(at["0"] + 20 * unit, at["0"] + 50 * unit)],
        [near(at["0"], at["100"])],
    ]
    assert [[one["fill"] for one in row] for row in parts] == [list(COLOURS[:2]), [COLOURS[1]]]
    assert "own" in str(figure(chart))


def test_differences_are_points_about_zero() -> None:
    svg = drawn(bars("t", "d", [Bar("a", -0.5, "−0.5", -1, 1)], _AXIS, points=True))
    at = places_of_labels(svg, "x")
    (circle,) = svg.findall(f"{SVG}g/{SVG}circle")
    assert float(circle.attrib["cx"]) == pytest.approx((at["−1"] + at["0"]) / 2, abs=0.1)
    assert not svg.findall(f"{SVG}g/{SVG}rect")


def test_columns_stack_and_what_is_negative_points_down() -> None:
    rows = [ChartColumn("1 Dec", (30, 10), "x"), ChartColumn("2 Dec", (-20, 0), "y", faded=True)]
    svg = drawn(columns("t", "d", rows, Axis("USD"), "Day", lambda most: [(0, "1 Dec")], ("kept", "paid back")))
    at = places_of_labels(svg, "y")
    unit = (at["0"] - at["40"]) / 40
    zero = at["0"] - 4
    kept, paid_back, below = (rect.attrib for rect in svg.findall(f"{SVG}g/{SVG}rect"))
    assert float(kept["y"]) + float(kept["height"]) == pytest.approx(zero, abs=0.2)
    assert float(kept["height"]) == pytest.approx(30 * unit, abs=0.2)
    assert float(paid_back["y"]) + float(paid_back["height"]) == pytest.approx(float(kept["y"]), abs=0.2)
    assert float(below["y"]) == pytest.approx(zero, abs=0.2)
    assert float(below["height"]) == pytest.approx(20 * unit, abs=0.2)
    assert "fill-opacity" in below and "fill-opacity" not in kept
    assert kept["fill"] != paid_back["fill"]


def test_a_chart_names_itself_its_axes_and_every_bar_to_those_who_cannot_see() -> None:
    chart = bars("Opens <all> & more", "the story", [Bar("<b>", 1, "1 & 2")], Axis("Opens, %"))
    svg = drawn(chart)
    assert svg.attrib["role"] == "img"
    assert [words(svg.find(f"{SVG}{name}")) for name in ("title", "desc")] == ["Opens <all> & more", "the story"]
    assert [words(title) for title in svg.findall(f"{SVG}g/{SVG}title")] == ["<b>: 1 & 2"]
    assert "Opens, %" in words(svg)
    whole = ElementTree.fromstring(figure(chart))
    assert [child.attrib.get("class") for child in whole] == [None, *WIDTHS]


def test_long_names_stand_above_their_bars_and_long_axis_titles_in_lines() -> None:
    long, title = "delivered, no open recorded", "Share of customers who were sent a message, with 95% interval"
    rows = [Bar(long, 10, "10"), Bar("b", 20, "20")]
    wide, narrow = (drawn(bars("t", "d", rows, Axis(title)), width) for width in WIDTHS.values())
    assert wide.find(f"{SVG}g/{SVG}text[@text-anchor='end']") is not None
    assert narrow.find(f"{SVG}g/{SVG}text[@text-anchor='end']") is None
    assert float(narrow.attrib["height"]) > float(wide.attrib["height"])
    for svg, lines in ((wide, 1), (narrow, 2)):
        under = [words(text) for text in svg.findall(f"{SVG}text") if len(words(text)) > 8]
        assert len(under) == lines
        assert " ".join(under) == title


def test_a_name_longer_than_the_picture_is_shortened_and_said_whole_in_the_tip() -> None:
    svg = drawn(bars("t", "d", [Bar("x" * 200, 1, "1")], _AXIS), 340)
    group = svg.find(f"{SVG}g")
    assert group is not None
    assert words(group.find(f"{SVG}title")) == "x" * 200 + ": 1"
    assert words(group.find(f"{SVG}text")) == "x" * 44 + "…"


def test_the_same_figures_give_the_same_picture() -> None:
    rows = [Bar(f"T{n}", n / 7, "x", n / 9, n / 5) for n in range(20)]
    assert bars("t", "d", rows, _AXIS).draw(340) == bars("t", "d", list(rows), _AXIS).draw(340)
