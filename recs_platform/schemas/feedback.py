"""What became of recommendations: what they came to, and what steps back because it was shown and ignored."""

from __future__ import annotations

import datetime

from recs_platform.schemas.field import Field
from recs_platform.schemas.table import Empty, Table, snapshot


@snapshot(key=("customer_id", "item_id", "weeks_ago"), empty=Empty.ALLOWED)
class IgnoredWeeks(Table):
    """One row per customer, recommendation and week in which it was shown, and neither clicked nor bought since."""

    as_of: datetime.date = Field(description="The day whose state this is.")
    customer_id: str = Field(description="Who was shown it.")
    item_id: str = Field(description="What was shown: an item, or an offer of offer ranking.")
    weeks_ago: int = Field(ge=0, description="Which week: 0 are the seven days up to the day.")
    last_shown_on: datetime.date = Field(description="The last day of that week on which it was shown.")


class _Ignored(Table):
    as_of: datetime.date = Field(description="The day whose state this is.")
    customer_id: str = Field(description="Who was shown it.")
    item_id: str = Field(description="What was shown: an item, or an offer of offer ranking.")
    weeks_ignored: int = Field(ge=1, description="Weeks in which it was shown, since the last click or purchase.")
    last_shown_on: datetime.date = Field(description="The last day on which it was shown.")
    factor: float = Field(gt=0, le=1, description="What its score is multiplied by.")


@snapshot(key=("customer_id", "item_id"), empty=Empty.ALLOWED)
class IgnoredRecommendations(_Ignored):
    """One row per customer and recommendation that steps back: shown for weeks, and neither clicked nor bought."""


@snapshot(key=("customer_id", "item_id"), empty=Empty.ALLOWED)
class IgnoredItems(_Ignored):
    """One row per client and item that steps back: shown for weeks, and neither clicked nor ordered."""


@snapshot(key=("product", "version", "arm", "rank"), empty=Empty.ALLOWED)
class RecommendationOutcomes(Table):
    """One row per product, version, arm and rank: how often it was served, and what customers did."""

    as_of: datetime.date = Field(description="The day whose state this is.")
    product: str = Field(description="The product; unknown where the answers name none.")
    version: int = Field(ge=0, description="The publication's version; 0 where the answers name none.")
    arm: str = Field(description="The arm or version of scoring; empty where lists have none.")
    rank: int = Field(ge=1, description="The place in the answer.")
    served: int = Field(ge=1, description="Recommendations served there.")
    shown: int = Field(ge=0, description="Those of them that a customer was shown, or clicked.")
    clicked: int = Field(ge=0, description="Those that a customer clicked.")
    bought: int = Field(ge=0, description="Those that a customer bought.")
