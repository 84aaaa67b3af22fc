"""A curve over two axes of numbers as inline SVG, its points with intervals, and a line to hold it against.

Not here: bars, columns and what all charts are made of (charts.py).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from recs_platform.reporting.axis import ticks
from recs_platform.reporting.charts import (
    COLOURS,
    GREY,
    INK,
    LETTER,
    LINE,
    Axis,
    Chart,
    Place,
    below,
    drawing,
    grid_across,
    grid_down,
    letters,
)
from recs_platform.reporting.markup import Html, element

_TOP, _BOTTOM, _RIGHT = 28, 300, 18


@dataclass(frozen=True)
class Point:
    x: float
    y: float
    text: str
    """The point in words, where somebody points at it."""
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Guide:
    """A straight line for comparison: what the curve would be if there were nothing to see."""

    at_zero: float
    slope: float
    name: str


def curve(title: str, description: str, points: Sequence[Point], across: Axis, up: Axis, guide: Guide) -> Chart:
    """The points, joined in the order given; needs at least one."""

    def draw(width: int) -> Html:
        return _draw(title, description, points, (across, up), guide, width)

    return Chart(title, description, draw)


def _draw(
    title: str, description: str, points: Sequence[Point], axes: tuple[Axis, Axis], guide: Guide, width: int
) -> Html:
    across, up = axes
    rights = ticks(0.0, max(point.x for point in points), max(2, width // 110))
    reach = [end for point in points for end in (point.y, point.low, point.high) if end is not None]
    levels = ticks(min(reach), max(*reach, guide.at_zero), 6)
    left = 12 + LETTER * max(len(up.write(level)) for level in levels)

    def x(value: float) -> float:
        return left + value / rights[-1] * (width - left - _RIGHT)

    def y(value: float) -> float:
        return _BOTTOM - (value - levels[0]) / (levels[-1] - levels[0]) * (_BOTTOM - _TOP)

    drawn = [letters(up.title, 2, 12, fill=GREY)]
    drawn += [grid_across(y(level), left, width - _RIGHT, up.write(level), bold=level == 0) for level in levels]
    drawn += [grid_down(x(mark), _BOTTOM, across.write(mark), bold=mark == 0, top=_TOP) for mark in rights]
    drawn += _guide(guide, rights[-1], levels[-1], x, y)
    drawn += _line(points, x, y)
    under = below(f"{across.title}; dashed: {guide.name}", width, _BOTTOM + 33)
    return drawing(title, description, width, _BOTTOM + 24 + LINE * len(under), [*drawn, *under])


def _guide(guide: Guide, right: float, top: float, x: Place, y: Place) -> Iterator[Html]:
    """As far as the axes reach."""
    end = right if guide.slope <= 0 else min(right, (top - guide.at_zero) / guide.slope)
    path = f"M{x(0):.1f} {y(guide.at_zero):.1f}L{x(end):.1f} {y(guide.at_zero + guide.slope * end):.1f}"
    yield element("path", d=path, stroke=GREY, stroke_width=1.2, stroke_dasharray="5 4", fill="none")


def _line(points: Sequence[Point], x: Place, y: Place) -> Iterator[Html]:
    path = "L".join(f"{x(point.x):.1f} {y(point.y):.1f}" for point in points)
    yield element("path", d=f"M{path}", stroke=COLOURS[0], stroke_width=2, fill="none")
    for point in points:
        marks = [element("title", point.text)]
        if point.low is not None and point.high is not None:
            whisker = f"M{x(point.x):.1f} {y(point.low):.1f}V{y(point.high):.1f}"
            marks.append(element("path", d=whisker, stroke=INK, stroke_width=1.4, fill="none"))
        marks.append(element("circle", cx=x(point.x), cy=y(point.y), r=3.5, fill=COLOURS[0]))
        yield element("g", *marks)
