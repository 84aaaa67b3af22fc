"""What the weekly lists are like beside those that are live, and how good they are. Not here: the lists
(`replenishment.py`)."""

from __future__ import annotations

import datetime

from recs_platform.schemas.field import Field
from recs_platform.schemas.table import Empty, Table, snapshot

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


@snapshot(key=("judged", "method", "compared_with", "measure", "k", "part", "segment"), empty=Empty.ALLOWED)
class NextBasketEvaluation(Table):
    """One row per figure of an evaluation: how much of what clients bought next stood in their lists. Rows on days that
    train."""

    as_of: datetime.date = Field(description="The day whose orders are the newest that are judged.")
    judged: str = Field(
        isin=["ranking", "list"],
        description="`ranking`: the best by score, without quotas; `list`: as clients get them.",
    )
    method: str = Field(description="A version, a published method or a baseline.")
    compared_with: str = Field(description="The method that it is less than or above; empty for its own figure.")
    measure: str = Field(
        description="recall, ndcg, precision or hit_rate; discoveries_bought, clients_reached, items_shown, "
        "items_reached or groups."
    )
    k: int = Field(ge=1, description="Places of the list that count.")
    part: str = Field(
        isin=["all", "repeat", "explore"], description="Of all that was bought, of what was bought before, or was new."
    )
    segment: str = Field(isin=["all", "light", "regular", "heavy"], description="Of which clients.")
    value: float = Field(nullable=True, description="The figure, or the difference; NULL where nobody has one.")
    low: float = Field(nullable=True, description="Lower end of its 95% interval over clients.")
    high: float = Field(nullable=True, description="Upper end of its 95% interval over clients.")
    clients: int = Field(ge=0, description="Clients who have a figure.")
