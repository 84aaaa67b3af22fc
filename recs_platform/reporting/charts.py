"""Charts as inline SVG: horizontal bars with intervals, and columns. Each is drawn for a desk and for a phone.

A picture that is scaled down to a phone has letters nobody can read, so a chart is drawn twice, at both widths, and the
page shows one of them. Not here: which figures are drawn (the sections), curves (curves.py), and where ticks stand
(axis.py).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from textwrap import wrap
from typing import TypeAlias

from recs_platform.reporting.axis import ticks
from recs_platform.reporting.figures import short
from recs_platform.reporting.markup import Html, element, joined

COLOURS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00")
"""Okabe and Ito's palette: color-blind people can tell them apart."""
WIDTHS = {"wide": 928, "narrow": 340}
"""In CSS pixels; drawn at its own size, so letters are as large as those of the text."""
INK, GREY, PALE = "#1a1a1a", "#555555", "#dddddd"
LETTER = 7.4
"""Width of a letter at the size of the charts' letters, in a wide font."""
LINE, _BAR, _BAR_STEP, _LABEL_ABOVE = 15, 16, 27, 14
_MOST_FOR_LABELS = 0.36
"""Of the width; longer labels stand above their bars."""
_HEAD, _FOOT, _COLUMNS_HEIGHT, _WIDEST_COLUMN = 20, 42, 240, 64
_FADED = 0.45

Write: TypeAlias = Callable[[float], str]
Place: TypeAlias = Callable[[float], float]
"""A value's coordinate."""


@dataclass(frozen=True)
class Bar:
    label: str
    value: float
    text: str
    """The figure in words, beside the bar."""
    low: float | None = None
    high: float | None = None
    parts: Sequence[float] = ()
    """What the value is the sum of, none below 0, in the order of the series; drawn after each other."""


@dataclass(frozen=True)
class ChartColumn:
    label: str
    parts: Sequence[float]
    """From the axis upwards, as many as there are series; the first may be negative and then points down."""
    text: str
    faded: bool = False
    """May still change."""


@dataclass(frozen=True)
class Axis:
    title: str
    """What is measured, with its unit."""
    write: Write = short
    whole: bool = False


@dataclass(frozen=True)
class Chart:
    """A chart with what is said about it; `draw` is given the width."""

    title: str
    description: str
    draw: Callable[[int], Html]
    series: Sequence[str] = ()
    """Names of the colors, when there are several."""


def figure(chart: Chart) -> Html:
    """The chart in both widths, under its title and with the key of its colors."""
    keys = [
        element("span", _swatch(colour), name, class_="key")
        for name, colour in zip(chart.series, COLOURS, strict=False)
    ]
    key = [element("div", *keys, class_="keys")] if keys else []
    drawn = [element("div", chart.draw(width), class_=name) for name, width in WIDTHS.items()]
    return element("figure", element("figcaption", chart.title), *key, *drawn)


def picture(chart: Chart) -> bytes:
    """The chart by itself, as an image."""
    return str(chart.draw(WIDTHS["wide"])).encode()


def bars(
    title: str,
    description: str,
    rows: Sequence[Bar],
    axis: Axis,
    *,
    points: bool = False,
    series: Sequence[str] = (),
) -> Chart:
    """A bar per row from zero, with the interval as a whisker; as `points` only its end, for differences. The
    `series` name the parts of bars that have them."""

    def draw(width: int) -> Html:
        return _draw_bars(title, description, rows, axis, width, points)

    return Chart(title, description, draw, series)


def _draw_bars(title: str, description: str, rows: Sequence[Bar], axis: Axis, width: int, points: bool) -> Html:
    widest = 18 + LETTER * max(len(row.label) for row in rows)
    above = widest > width * _MOST_FOR_LABELS
    left, right = 14 if above else widest, 18 + LETTER * max(len(row.text) for row in rows)
    reach = [end for row in rows for end in (row.value, row.low, row.high) if end is not None]
    marks = ticks(min(reach), max(reach), most=max(2, int((width - left - right) / 62)), whole=axis.whole)
    left = max(left, 4 + LETTER * len(axis.write(marks[0])) / 2)

    def x(value: float) -> float:
        return left + (value - marks[0]) / (marks[-1] - marks[0]) * (width - left - right)

    step = _BAR_STEP + (_LABEL_ABOVE if above else 0)
    bottom = len(rows) * step + 2
    drawn = [grid_down(x(mark), bottom, axis.write(mark), bold=mark == 0) for mark in marks]
    for number, row in enumerate(rows):
        label = (left - 6, number * step + 14) if above else (left - 8, number * step + _BAR_STEP / 2 + 4)
        drawn.append(
            element(
                "g",
                element("title", f"{row.label}: {row.text}"),
                letters(shorten(row.label, int(width / LETTER)), *label, anchor=None if above else "end"),
                letters(row.text, width - right + 8, (number + 1) * step - _BAR_STEP / 2 + 4),
                *_bar(row, x, (number + 1) * step - _BAR_STEP / 2, points),
            )
        )
    under = below(axis.title, width, bottom + 33)
    return drawing(title, description, width, bottom + 24 + LINE * len(under), [*drawn, *under])


def _bar(row: Bar, x: Place, middle: float, points: bool) -> Iterator[Html]:
    zero, end = x(0), x(row.value)
    if points:
        yield element("circle", cx=end, cy=middle, r=4.5, fill=COLOURS[0])
    elif row.parts:
        yield from _stacked(row.parts, x, middle)
    else:
        begin = min(zero, end)
        yield element("rect", x=begin, y=middle - _BAR / 2, width=abs(end - zero), height=_BAR, fill=COLOURS[0])
    if row.low is not None and row.high is not None:
        low, high = x(row.low), x(row.high)
        path = f"M{low:.1f} {middle - 4:g}v8M{low:.1f} {middle:g}H{high:.1f}M{high:.1f} {middle - 4:g}v8"
        yield element("path", d=path, stroke=INK, stroke_width=1.4, fill="none")


def _stacked(parts: Sequence[float], x: Place, middle: float) -> Iterator[Html]:
    foot = 0.0
    for part, colour in zip(parts, COLOURS, strict=False):
        begin, foot = x(foot), foot + part
        if part > 0:
            yield element("rect", x=begin, y=middle - _BAR / 2, width=x(foot) - begin, height=_BAR, fill=colour)


def columns(
    title: str,
    description: str,
    rows: Sequence[ChartColumn],
    axis: Axis,
    across: str,
    marks: Callable[[int], Sequence[tuple[int, str]]],
    series: Sequence[str] = (),
) -> Chart:
    """A column per row, its parts stacked. `across` names the horizontal axis; `marks` says which columns are labeled
    when so many labels have room."""

    def draw(width: int) -> Html:
        return _draw_columns(title, description, rows, axis, across, marks, width)

    return Chart(title, description, draw, series if len(series) > 1 else ())


def _draw_columns(
    title: str,
    description: str,
    rows: Sequence[ChartColumn],
    axis: Axis,
    across: str,
    marks: Callable[[int], Sequence[tuple[int, str]]],
    width: int,
) -> Html:
    tops = [sum(part for part in row.parts if part > 0) for row in rows]
    levels = ticks(min(0.0, *(part for row in rows for part in row.parts)), max(tops), 5, whole=axis.whole)
    left, right = 12 + LETTER * max(len(axis.write(level)) for level in levels), 14.0
    bottom = _COLUMNS_HEIGHT - _FOOT

    def y(value: float) -> float:
        return bottom - (value - levels[0]) / (levels[-1] - levels[0]) * (bottom - _HEAD - 8)

    step = (width - left - right) / len(rows)
    drawn = [letters(axis.title, 2, 12, fill=GREY)]
    drawn += [grid_across(y(level), left, width - right, axis.write(level), bold=level == 0) for level in levels]
    for number, row in enumerate(rows):
        drawn.append(_column(row, left + number * step, step, y))
    for number, label in marks(max(2, int((width - left - right) / 48))):
        drawn.append(letters(label, left + (number + 0.5) * step, bottom + 16, anchor="middle", fill=GREY))
    under = below(across, width, bottom + 35)
    return drawing(title, description, width, bottom + 26 + LINE * len(under), [*drawn, *under])


def _column(row: ChartColumn, left: float, step: float, y: Place) -> Html:
    gap = max(min(step * 0.2, 3.0), step - _WIDEST_COLUMN)
    parts, foot = [element("title", f"{row.label}: {row.text}")], 0.0
    for part, colour in zip(row.parts, COLOURS, strict=False):
        if part == 0:
            continue
        begin, end = foot, foot + part
        foot = max(foot, end)
        top, height = min(y(begin), y(end)), abs(y(begin) - y(end))
        parts.append(
            element(
                "rect",
                x=left + gap / 2,
                y=top,
                width=max(step - gap, 0.5),
                height=height,
                fill=colour,
                fill_opacity=_FADED if row.faded else None,
            )
        )
    return element("g", *parts)


def drawing(title: str, description: str, width: int, height: float, drawn: Sequence[Html]) -> Html:
    return element(
        "svg",
        element("title", title),
        element("desc", description),
        *drawn,
        xmlns="http://www.w3.org/2000/svg",
        role="img",
        viewBox=f"0 0 {width} {height:g}",
        font_family="system-ui, sans-serif",
        font_size=12,
        width=width,
        height=height,
    )


def grid_down(x: float, bottom: float, label: str, *, bold: bool, top: float = 0) -> Html:
    line = element("path", d=f"M{x:.1f} {top:g}V{bottom:g}", stroke=GREY if bold else PALE, fill="none")
    return joined([line, letters(label, x, bottom + 14, anchor="middle", fill=GREY)])


def grid_across(y: float, left: float, right: float, label: str, *, bold: bool) -> Html:
    line = element("path", d=f"M{left:.1f} {y:.1f}H{right:.1f}", stroke=GREY if bold else PALE, fill="none")
    return joined([line, letters(label, left - 6, y + 4, anchor="end", fill=GREY)])


def letters(text: str, x: float, y: float, *, anchor: str | None = None, fill: str = INK) -> Html:
    return element("text", text, x=x, y=y, text_anchor=anchor, fill=fill)


def shorten(label: str, most: int) -> str:
    """
    >>> shorten("personalised", 8), shorten("random", 8)
    ('persona…', 'random')
    """
    return label if len(label) <= most else f"{label[: most - 1]}…"


def below(title: str, width: int, y: float) -> list[Html]:
    """The name of an axis, in as many lines as it needs."""
    lines = wrap(title, int(width / LETTER))
    return [letters(line, width / 2, y + n * LINE, anchor="middle", fill=GREY) for n, line in enumerate(lines)]


def _swatch(colour: str) -> Html:
    square = element("rect", width=11, height=11, fill=colour)
    return element("svg", square, width=11, height=11, viewBox="0 0 11 11", aria_hidden="true")
