"""Source tables of what became of recommendations. The prediction service fills them where a company names no feed.

Not here: what strategies make of them (feedback.py).
"""

from __future__ import annotations

import datetime

from recs_platform.schemas.field import Field
from recs_platform.schemas.table import Table, log, spec_of

REACTIONS = ("shown", "clicked", "bought")
"""What a customer may do with a recommendation."""


@log(key=("answer_id", "item_id"), time="served_at")
class ServedRecommendations(Table):
    """One row per recommendation that was served: what an answer offered to whom, at which rank.

    A day holds what became known on it: an answer that was on its way over midnight is of the day on which it came.
    """

    answer_id: str = Field(description="The answer: the request_id that it named.", example="9f2c41d07be24c0e8f6d2a90")
    customer_id: str = Field(description="Who was answered.", example="C-1001")
    item_id: str = Field(description="What was recommended: an item, or an offer of offer ranking.", example="SKU-1")
    rank: int = Field(ge=1, description="Its place in the answer.", unit="place", example="1")
    served_at: datetime.datetime = Field(description="When, in UTC.", unit="UTC", example="2025-09-01 09:00:00")
    product: str = Field(
        nullable=True,
        description="The product that the answer was of.",
        example="recommendations",
    )
    version: int = Field(nullable=True, ge=1, description="The publication's version.", unit="number", example="17")
    arm: str = Field(nullable=True, description="The arm or version of scoring, where the list has one.", example="v4")
    propensity: float = Field(
        nullable=True,
        gt=0,
        le=1,
        description="Chance with which it got this place, where it was drawn.",
        unit="0 to 1",
        example="0.5",
    )
    event_date: datetime.date = Field(description="The UTC day on which it became known.")


@log(key=("event_id",), time="happened_at")
class RecommendationFeedback(Table):
    """One row per reaction to a recommendation: shown, clicked or bought. What is reported twice counts once.

    A day holds what became known on it: a click of the evening before that is reported in the morning is of the
    morning's day. So a day never changes once it is over, and training for it knows what was known then.
    """

    event_id: str = Field(description="Identifies the reaction; the shop's own.", example="F-1")
    customer_id: str = Field(description="Who reacted.", example="C-1001")
    item_id: str = Field(description="To what: an item, or an offer of offer ranking.", example="SKU-1")
    reaction: str = Field(isin=list(REACTIONS), description="What the customer did.", example="clicked")
    happened_at: datetime.datetime = Field(description="When, in UTC.", unit="UTC", example="2025-09-01 09:00:05")
    answer_id: str = Field(
        nullable=True,
        description="The answer that it is about, where that is known.",
        example="9f2c41d07be24c0e8f6d2a90",
    )
    event_date: datetime.date = Field(description="The UTC day on which it became known.")


FEEDBACK: tuple[type[Table], ...] = (ServedRecommendations, RecommendationFeedback)
"""What became of recommendations: for strategies that publish them."""
KEPT_BY_THE_SERVICE = tuple(spec_of(model).name for model in FEEDBACK)
"""Source tables that land from the prediction service where the company's file names no other source."""
