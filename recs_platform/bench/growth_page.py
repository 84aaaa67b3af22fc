"""The section of docs/scale.md that shows how a day grows, and its picture, from what `recs bench growth --json` told:

recs bench growth --repeat 1 --json > growth.json
python -m recs_platform.bench.growth_page growth.json docs
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from math import log10
from pathlib import Path

from recs_platform.bench.curves import Curve, curve_from
from recs_platform.reporting.charts import COLOURS, GREY, drawing, grid_across, grid_down, letters
from recs_platform.reporting.markup import Html, element

BEGIN, END = "<!-- growth: begin -->", "<!-- growth: end -->"
PICTURE = "growth.svg"
_WIDTH, _LEFT, _RIGHT, _TOP, _BOTTOM = 720, 60, 150, 28, 300


def write_page(told: Path, docs: Path) -> None:
    """Both, in place."""
    curves = [curve_from(one) for one in json.loads(told.read_text())["curves"]]
    page = docs / "scale.md"
    before, _, rest = page.read_text().partition(BEGIN)
    _, found, after = rest.partition(END)
    if not found:
        raise ValueError(f"{page} has no place for it, between {BEGIN} and {END}")
    page.write_text(f"{before}{BEGIN}\n{section(curves)}\n{END}{after}")
    (docs / "images" / PICTURE).write_text(f"{picture([curve for curve in curves if curve.over == 'customers'])}\n")


def section(curves: Sequence[Curve]) -> str:
    lines = [
        "| strategy | customers | days of history | seconds | CPU s | peak MiB | spilled MiB |",
        "|---|---:|---:|---:|---:|---:|---:|",
        *(line for curve in curves for line in _lines(curve)),
        "",
        *(f"- `{curve.strategy}` by {curve.over}: {curve.verdict}." for curve in curves),
    ]
    if any(curve.over == "customers" for curve in curves):
        lines += ["", f"![CPU seconds of a day by customers](images/{PICTURE})"]
    return "\n".join(lines)


def _lines(curve: Curve) -> Iterator[str]:
    for point in curve.points:
        sizes = f"{point.size:,} |" if curve.over == "customers" else f"| {point.size:,}"
        cost = f"{point.seconds:.1f} | {point.cpu:.1f} | {point.peak_mb:,.0f} | {point.spilled_mb:,.0f}"
        yield f"| `{curve.strategy}` | {sizes} | {cost} |"


def picture(curves: Sequence[Curve]) -> Html:
    """CPU seconds by customers, both in logarithms, where what grows as customers do has a slope of one."""
    points = [point for curve in curves for point in curve.points]
    rights = _decades([point.size for point in points])
    ups = _decades([point.cpu for point in points])

    def x(value: float) -> float:
        return _LEFT + (log10(value) - rights[0]) / (rights[-1] - rights[0]) * (_WIDTH - _LEFT - _RIGHT)

    def y(value: float) -> float:
        return _BOTTOM - (log10(value) - ups[0]) / (ups[-1] - ups[0]) * (_BOTTOM - _TOP)

    drawn = [letters("CPU seconds of a day", 2, 12, fill=GREY)]
    drawn += [grid_across(y(10**n), _LEFT, _WIDTH - _RIGHT, f"{10**n:,g}", bold=False) for n in ups]
    drawn += [grid_down(x(10**n), _BOTTOM, f"{10**n:,g}", bold=False, top=_TOP) for n in rights]
    for curve, colour in zip(curves, COLOURS, strict=False):
        path = "L".join(f"{x(point.size):.1f} {y(point.cpu):.1f}" for point in curve.points)
        drawn.append(element("path", d=f"M{path}", stroke=colour, stroke_width=2, fill="none"))
        drawn += [element("circle", cx=x(p.size), cy=y(p.cpu), r=3.5, fill=colour) for p in curve.points]
        last = curve.points[-1]
        drawn.append(letters(curve.strategy, x(last.size) + 8, y(last.cpu) + 4, fill=colour))
    low, left = 10.0 ** ups[0], 10.0 ** rights[0]
    reach = min(10.0 ** rights[-1] / left, 10.0 ** ups[-1] / low)
    line = f"M{x(left):.1f} {y(low):.1f}L{x(left * reach):.1f} {y(low * reach):.1f}"
    drawn.append(element("path", d=line, stroke=GREY, stroke_width=1.2, stroke_dasharray="5 4", fill="none"))
    under = "customers; dashed: ten times the customers, ten times the CPU"
    drawn.append(letters(under, _LEFT, _BOTTOM + 40, fill=GREY))
    description = "; ".join(f"{curve.strategy}: {curve.verdict}" for curve in curves)
    return drawing("CPU seconds of a day by customers", description, _WIDTH, _BOTTOM + 50, drawn)


def _decades(values: Sequence[float]) -> list[int]:
    """Whole powers of ten around them."""
    low, high = int(log10(min(values)) // 1), -int(-log10(max(values)) // 1)
    return list(range(low, max(high, low + 1) + 1))


if __name__ == "__main__":
    write_page(Path(sys.argv[1]), Path(sys.argv[2]))
