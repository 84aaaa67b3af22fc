"""Pictures of how a score comes about: what each part of it adds, or multiplies it by.

Not here: what there is to draw (the strategies), and how a bar is drawn (charts.py).
"""

from __future__ import annotations

from collections.abc import Sequence

from recs_platform.reporting.charts import Axis, Bar, Chart, bars
from recs_platform.reporting.explanation import Picture

MOST = 12
"""Bars; what moves the score least is drawn together."""


def added(title: str, parts: Sequence[tuple[str, float]], unit: str) -> Picture:
    """What each part adds, those that move the score most first.

    >>> added("Parts", [("price", 0.5), ("age", -0.25)], "log-odds").chart.description
    'price +0.500; age -0.250'
    """
    ordered = sorted(parts, key=lambda part: (-abs(part[1]), part[0]))
    shown, rest = ordered[:MOST], ordered[MOST:]
    if len(rest) == 1:
        shown, rest = ordered, []
    if rest:
        shown = [*shown, (f"{len(rest)} others together", sum(value for _, value in rest))]
    rows = [Bar(name, value, f"{value:+.3f}") for name, value in shown]
    return Picture(_told(title, rows, Axis(f"Adds to the score ({unit})")))


def effects(title: str, parts: Sequence[tuple[str, float]], axis: str) -> Picture:
    """In the order given."""
    return Picture(_told(title, [Bar(name, value, f"{value:.4f}") for name, value in parts], Axis(axis)))


def _told(title: str, rows: Sequence[Bar], axis: Axis) -> Chart:
    return bars(title, "; ".join(f"{row.label} {row.text}" for row in rows), rows, axis)


def sums(title: str, rows: Sequence[tuple[str, Sequence[float]]], series: Sequence[str], axis: str) -> Picture:
    """What each score is the sum of.

    >>> sums("Scores", [("A", (1.0, 0.5))], ("own", "others"), "Score").chart.description
    'A 1.500: own 1.000, others 0.500'
    """
    drawn = [Bar(name, sum(parts), f"{sum(parts):.3f}", parts=parts) for name, parts in rows]
    told = [
        f"{bar.label} {bar.text}: "
        + ", ".join(f"{name} {part:.3f}" for name, part in zip(series, bar.parts, strict=True))
        for bar in drawn
    ]
    return Picture(bars(title, "; ".join(told), drawn, Axis(axis), series=series))
