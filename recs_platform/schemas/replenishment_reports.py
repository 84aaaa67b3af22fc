"""What the weekly lists are like beside those that are live, how good they are, and what came of them in an experiment.

Not here: the lists (`replenishment.py`).
"""

from __future__ import annotations

import datetime

from recs_platform.schemas.field import Field
from recs_platform.schemas.replenishment import VERSIONS
from recs_platform.schemas.table import Empty, Table, snapshot

WEEKLY_SECTIONS = ("customers", "lost_because", "repurchases", "discoveries", "averages", "replaced", "added")

PRECISION, DISCOVERIES, REVENUE = "precision", "discoveries", "revenue"
EXPERIMENT_METRICS = (PRECISION, DISCOVERIES, REVENUE)
"""What arms of an experiment are compared by: the share of listed items that were bought; discoveries bought, and money
spent, per client and week."""


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


@snapshot(key=("listed_on",))
class PublishedLists(Table):
    """One row per day whose weekly lists were published. Never stored: the inventory of publications knows."""

    as_of: datetime.date = Field(description="The day that asks.")
    listed_on: datetime.date = Field(description="The day of the lists.")


@snapshot(key=("experiment", "customer_id", "arm"), empty=Empty.ALLOWED)
class ExperimentOutcomes(Table):
    """One row per client of an arm: what its published lists came to, over all whole weeks so far."""

    as_of: datetime.date = Field(description="The day whose state this is.")
    experiment: str = Field(description="The experiment.")
    customer_id: str = Field(description="The client.")
    arm: str = Field(isin=list(VERSIONS), description="The version of its lists.")
    drawn_by: datetime.date = Field(description="The day from which the shares were in force by which it was drawn.")
    weeks: int = Field(ge=1, description="Whole weeks with a published list.")
    first_week_until: datetime.date = Field(description="Last day of the first of them.")
    last_week_until: datetime.date = Field(description="Last day of the newest.")
    items: int = Field(ge=1, description="Items listed.")
    bought: int = Field(ge=0, description="Those of them that it ordered in their week.")
    discoveries_bought: int = Field(ge=0, description="Those of these that it had never ordered.")
    spent_cents: int = Field(ge=0, description="Money spent in those weeks, on whatever, in hundredths.")


@snapshot(key=("experiment", "arm", "metric"), empty=Empty.ALLOWED)
class ExperimentResults(Table):
    """One row per arm and metric of the company's experiment: what its lists came to beside those of the control arm.

    `fixed` intervals hold when one looks once; `anytime` intervals however often one looks. The control arm has none.
    """

    as_of: datetime.date = Field(description="The day whose state this is.")
    experiment: str = Field(description="The experiment.")
    arm: str = Field(isin=list(VERSIONS), description="The arm.")
    metric: str = Field(
        isin=list(EXPERIMENT_METRICS),
        description="The share of listed items that were bought (precision); discoveries bought, or money spent, per "
        "client and week.",
    )
    baseline: str = Field(isin=list(VERSIONS), description="The control arm: the company's version.")
    clients: int = Field(ge=1, description="Clients of the arm with a list that was published for a whole week.")
    client_weeks: int = Field(ge=1, description="Their whole weeks.")
    value: float = Field(description="Of the arm.")
    baseline_value: float = Field(nullable=True, description="Of the control arm; NULL while it has no client.")
    difference: float = Field(nullable=True, description="value - baseline_value; NULL of the control arm.")
    fixed_low: float = Field(nullable=True, description="Lower end of its 95% interval.")
    fixed_high: float = Field(nullable=True, description="Upper end.")
    anytime_low: float = Field(nullable=True, description="Lower end of its anytime-valid 95% interval.")
    anytime_high: float = Field(nullable=True, description="Upper end.")
    p_value: float = Field(nullable=True, ge=0, le=1, description="Of no difference, for one look.")
    relative: float = Field(nullable=True, description="difference / baseline_value.")
    relative_low: float = Field(nullable=True, description="Lower end of its 95% interval.")
    relative_high: float = Field(nullable=True, description="Upper end.")
    expected_clients: float = Field(ge=0, description="Clients that it should have by the shares of their draw.")
    ratio_p_value: float = Field(
        nullable=True, ge=0, le=1, description="Of clients as far off as these, by chance; NULL of too few to judge."
    )


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
