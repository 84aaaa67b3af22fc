"""Comparisons as pictures: what changes for customers, and how the traffic moves between treatments.

Not here: how charts look in general (`reporting/charts.py`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from recs_platform.publication.allocation import ComparedAllocation
from recs_platform.reporting.charts import Axis, Bar, Chart, bars, picture
from recs_platform.reporting.figures import percent, tick
from recs_platform.reporting.presentation import Presentation

_TREATMENTS_SHOWN = 12
CHANGES = "What would change for customers"


def show_allocation(rows: Sequence[Mapping[str, Any]]) -> Presentation:
    """Words and tables; a picture if there is something to compare with."""
    compared = ComparedAllocation(rows)
    if compared.is_first or not compared.section("shares"):
        return Presentation(compared.markdown())
    return Presentation(compared.markdown(), picture(_shares(compared)))


def _shares(compared: ComparedAllocation) -> Chart:
    """Of the traffic of customers of an unlisted segment; the largest treatments."""
    rows = [
        change_bar(f"{row['name']}: {said}", row[version])
        for row in compared.section("shares")[:_TREATMENTS_SHOWN]
        for version, said in (("before", "live"), ("after", "new"))
    ]
    title = "How the traffic would move"
    return bars(title, "Shares of the traffic of each treatment, live and new.", rows, Axis("share", write=tick))


def change_bar(label: str, share: float | None, *, sign: bool = False) -> Bar:
    return Bar(label, share or 0.0, percent(share or 0.0, sign=sign))
