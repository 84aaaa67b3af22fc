"""What a strategy is told that makes some of its stages weekly: on which weekday.

Not here: which stages those are (a strategy's record says it, with `weekly` of pipeline/strategy.py), and which days
follow from the weekday (companies/weeks.py).
"""

from __future__ import annotations

from pydantic import Field

from recs_platform.declarations.parameters import Parameters
from recs_platform.models.settings import Weekday


class WeeklyParameters(Parameters):
    weekly_day: Weekday = Field(
        "monday", description="Weekday on whose morning, at 06:00, the weekly tables are made and published."
    )
