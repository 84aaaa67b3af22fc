"""The tables of the publication stages. Not here: the inventory of publications, which is in the platform database."""

from __future__ import annotations

import datetime

from recs_platform.schemas.field import Field
from recs_platform.schemas.table import Table, snapshot

SECTIONS = (
    "customers",
    "lost_because",
    "changed_per_customer",
    "changed_at_position",
    "scores",
    "average_price",
    "swaps",
)
ALLOCATION_SECTIONS = ("treatments", "shares", "segment_moves", "largest_moves")


@snapshot(key=("section", "name"))
class Comparison(Table):
    """One row per figure of the comparison of a day's recommendations with those that are live."""

    as_of: datetime.date = Field(description="The day whose recommendations are compared.")
    section: str = Field(isin=list(SECTIONS), description="What the figure belongs to.")
    name: str = Field(description="Which figure of the section.")
    count: int = Field(nullable=True, ge=0, description="How many.")
    share: float = Field(nullable=True, description="Of all; of an average price, how much it moved (0.1 is 10% up).")
    before: float = Field(nullable=True, description="The figure of what is live.")
    after: float = Field(nullable=True, description="The figure of the day's recommendations.")
    detail: str = Field(nullable=True, description="In words.")


@snapshot(key=("section", "name"))
class AllocationComparison(Table):
    """One row per figure of the comparison of a day's treatment shares with those that are live."""

    as_of: datetime.date = Field(description="The day whose shares are compared.")
    section: str = Field(isin=list(ALLOCATION_SECTIONS), description="What the figure belongs to.")
    name: str = Field(description="Which figure of the section.")
    count: int = Field(nullable=True, ge=0, description="How many treatments.")
    share: float = Field(
        nullable=True, description="Of all treatments; of a segment's traffic, what moves; of a treatment, by how much."
    )
    before: float = Field(nullable=True, description="The figure of what is live.")
    after: float = Field(nullable=True, description="The figure of the day.")
    detail: str = Field(nullable=True, description="In words.")
