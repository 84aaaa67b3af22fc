"""The comparison of an allocation in words and as a picture: how the traffic moves between treatments.

Not here: how charts look in general (`reporting/charts.py`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from recs_platform.publication.allocation import ComparedAllocation
from recs_platform.publication.change_bars import change_bar
from recs_platform.reporting.charts import Axis, Chart, bars, picture
from recs_platform.reporting.figures import tick
from recs_platform.reporting.presentation import Presentation

_TREATMENTS_SHOWN = 12


def show_allocation(rows: Sequence[Mapping[str, Any]]) -> Presentation:
    """Words and tables; a picture if there is something to compare with."""
    compared = ComparedAllocation(rows)
    if compared.is_first or not compared.section("shares"):
        return Presentation(compared.markdown())
    return Presentation(compared.markdown(), picture(_shares(compared)))


def _shares(compared: ComparedAllocation) -> Chart:
    """Of the traffic of customers of an unlisted segment; the largest treatments."""
    rows = [
        change_bar(f"{row['name']}: {side}", row[version])
        for row in compared.section("shares")[:_TREATMENTS_SHOWN]
        for version, side in (("before", "live"), ("after", "new"))
    ]
    title = "How the traffic would move"
    return bars(title, "Shares of the traffic of each treatment, live and new.", rows, Axis("share", write=tick))
