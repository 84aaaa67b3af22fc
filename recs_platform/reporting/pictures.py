"""Drawing: one look for all pictures. Axes with units, colours that colour-blind people can tell apart, nothing else.

Not here: what is drawn (the strategies' own `pictures.py`) and where pictures go (presentation.py).
"""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.axes import Axes

WIDTH, HEIGHT, DPI = 7.2, 3.6, 110
COLOURS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00")
"""Okabe and Ito's palette."""
_GREY, _PALE = "#555555", "#dddddd"


def draw(title: str, fill: Callable[[Axes], None]) -> bytes:
    """A PNG with one pair of axes; the same rows give the same bytes."""
    # Drawing takes half a second to import, and most commands draw nothing.
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    with rc_context({"font.size": 10, "font.family": "DejaVu Sans", "axes.edgecolor": _GREY, "svg.hashsalt": "recs"}):
        figure = Figure(figsize=(WIDTH, HEIGHT), dpi=DPI, layout="constrained")
        axes = figure.add_subplot()
        axes.set_title(title, loc="left", fontsize=11, fontweight="bold")
        axes.spines[["top", "right"]].set_visible(False)
        axes.set_axisbelow(True)
        fill(axes)
        png = io.BytesIO()
        figure.savefig(png, format="png", metadata={"Software": None})
    return png.getvalue()


def label_bars(axes: Axes, x: Sequence[float], tops: Sequence[float], labels: Sequence[str]) -> None:
    """A value above each bar, or above the end of its interval."""
    for at, top, label in zip(x, tops, labels, strict=True):
        axes.annotate(label, (at, top), xytext=(0, 3), textcoords="offset points", ha="center", fontsize=9)


def horizontal_grid(axes: Axes) -> None:
    axes.grid(axis="y", color=_PALE, linewidth=0.8)
    axes.tick_params(length=0)
