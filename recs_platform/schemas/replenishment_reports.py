"""What the weekly lists are like beside those that are live. Not here: the lists (`replenishment.py`)."""

from __future__ import annotations

import datetime

from recs_platform.schemas.field import Field
from recs_platform.schemas.table import Table, snapshot

WEEKLY_SECTIONS = ("customers", "lost_because", "repurchases", "discoveries", "averages", "replaced", "added")


@snapshot(key=("section", "name"))
class WeeklyComparison(Table):
    """One row per figure of the comparison of a day's weekly lists with those that are live."""

    as_of: datetime.date = Field(description="The day whose recommendations are compared.")
    section: str = Field(isin=list(WEEKLY_SECTIONS), description="What the figure belongs to.")
    name: str = Field(description="Which figure of the section; of `replaced` and `added`, the item.")
    count: int = Field(nullable=True, ge=0, description="How many clients; of kinds, how many items of their lists.")
    share: float = Field(nullable=True, description="Of all; of an average, how much it moved (0.1 is 10% up).")
    before: float = Field(nullable=True, description="The figure of what is live.")
    after: float = Field(nullable=True, description="The figure of the day.")
    detail: str = Field(nullable=True, description="Of an item, its group; of an average, the versions of scoring.")
