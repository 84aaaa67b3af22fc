"""The tables that say how offer ranking fares: why its models score as they do, evaluation, health.

Not here: trained models and drift (`training.py`).
"""

from __future__ import annotations

import datetime

from recs_platform.schemas.field import Field
from recs_platform.schemas.table import Empty, Table, formerly, snapshot


@snapshot(key=("feature",), empty=Empty.ALLOWED)
class FeatureImportance(Table):
    """One row per feature: its weight in the model that serves the day, and in the one before it."""

    as_of: datetime.date = Field(description="The day whose state this is.")
    feature: str = Field(description="The feature.")
    digest: str = Field(description="The model that serves the day.")
    importance: float = Field(ge=0, le=1, description="Its share of what the model makes of all features.")
    previous_digest: str = Field(nullable=True, description="The model that served before it.")
    previous_importance: float = Field(nullable=True, ge=0, le=1, description="Its share there.")


@snapshot(key=("customer_id", "offer_id", "feature"), empty=Empty.ALLOWED)
class FeatureContributions(Table):
    """One row per stored pair and feature: what the feature's value adds to the pair's raw score.

    The feature `(start)` is the model's starting point; all rows of a pair add up to its raw score.
    """

    as_of: datetime.date = Field(description="The day whose state this is.")
    customer_id: str = Field(description="The customer.")
    offer_id: str = Field(description="The offer.")
    feature: str = Field(description="The feature, or `(start)`.")
    value: str = Field(nullable=True, description="Its value as text.")
    contribution: float = Field(description="What it adds, in log-odds.")


@snapshot(key=("section", "name", "k"), empty=Empty.ALLOWED)
class OfflineEvaluation(Table):
    """One row per figure of the model that serves the day, on impressions whose outcome is final.

    Sections: `ranking` (figures at k, with the popularity baseline beside), `baselines` (how far the model is above
    simple ones), `list` (of the day's recommendations), `calibration`, `lift`, `precision_recall` (points of curves),
    `overall`.
    """

    as_of: datetime.date = Field(description="The day whose state this is.")
    section: str = Field(
        isin=["overall", "ranking", "baselines", "list", "calibration", "lift", "precision_recall"],
        description="What it belongs to.",
    )
    name: str = Field(description="Which figure; of a curve, the number of its point.")
    k: int = Field(ge=0, description="Length of the lists; 0 where it has no meaning.")
    value: float = Field(nullable=True, description="The model's figure; of a curve, the point's height.")
    low: float = Field(nullable=True, description="Lower end of its 95% interval.")
    high: float = Field(nullable=True, description="Upper end of its 95% interval.")
    baseline: float = Field(
        nullable=True, description="The baseline's figure, popularity's unless named; of a curve, its place."
    )
    sample_size: int = Field(
        nullable=True, ge=0, description="Impressions or customers behind it.", metadata=formerly("rows")
    )
    digest: str = Field(description="The model.")


@snapshot(key=("section", "name"), empty=Empty.ALLOWED)
class OfferCampaigns(Table):
    """One row per campaign of offers, per kind of campaign, and for all: who received it, and who redeemed of it."""

    as_of: datetime.date = Field(description="The day whose state this is.")
    section: str = Field(isin=["campaign", "kind", "all"], description="What the row is about.")
    name: str = Field(description="The campaign, the kind, or `all`.")
    kind: str = Field(nullable=True, description="Of a campaign, its kind.")
    first_day: datetime.date = Field(nullable=True, description="Of a campaign, the first day it was shown.")
    last_day: datetime.date = Field(nullable=True, description="Of a campaign, the last day of its offers.")
    offers: int = Field(nullable=True, ge=0, description="Of a campaign, its distinct offers.")
    customers: int = Field(ge=1, description="Customers who received it.")
    receipts: int = Field(ge=1, description="Customers who received it, counted once in each campaign.")
    impressions: int = Field(ge=1, description="Offers shown to them.")
    redeemed: int = Field(ge=0, description="Receipts of which something was redeemed.")
    redemptions: int = Field(ge=0, description="Redemptions.")
    rate: float = Field(ge=0, le=1, description="redeemed / receipts.")
    low: float = Field(ge=0, le=1, description="Lower end of its 95% interval.")
    high: float = Field(ge=0, le=1, description="Upper end of its 95% interval.")


@snapshot(key=(), empty=Empty.FAIL)
class RunHealth(Table):
    """One row: counters that tell a healthy run with few rows from a broken one."""

    as_of: datetime.date = Field(description="The day whose state this is.")
    active_offers: int = Field(ge=0, description="Offers that run on the day after, when lists are shown.")
    candidates: int = Field(ge=0, description="Candidate pairs.")
    candidate_customers: int = Field(ge=0, description="Customers with a candidate.")
    recommendations: int = Field(ge=0, description="Recommendations written.")
    customers: int = Field(ge=0, description="Customers known.")
    customers_reached: int = Field(ge=0, description="Customers with a recommendation.")
    offers_recommended: int = Field(ge=0, description="Distinct offers recommended.")
    scored_by: str = Field(nullable=True, description="What scored.")
    from_bought_before: float = Field(nullable=True, description="Share of recommendations found so.")
    from_category_affinity: float = Field(nullable=True, description="Share of recommendations found so.")
    from_business_type: float = Field(nullable=True, description="Share of recommendations found so.")
    from_new_offer: float = Field(nullable=True, description="Share of recommendations found so.")
    previous_customers_reached: int = Field(
        nullable=True, description="Customers reached by the newest earlier run; NULL if none, or nothing ran."
    )


OFFER_SECTIONS = ("customers", "lost_because", "lists", "averages", "replaced", "added")


@snapshot(key=("section", "name"))
class OfferComparison(Table):
    """One row per figure of the comparison of a day's offers with those that are live."""

    as_of: datetime.date = Field(description="The day whose recommendations are compared.")
    section: str = Field(isin=list(OFFER_SECTIONS), description="What the figure belongs to.")
    name: str = Field(description="Which figure of the section; of `replaced` and `added`, the offer.")
    count: int = Field(nullable=True, ge=0, description="How many customers; of `lists`, how many of their offers.")
    share: float = Field(nullable=True, description="Of all; of an average, how much it moved (0.1 is 10% up).")
    before: float = Field(nullable=True, description="The figure of what is live; of an offer, its average chance.")
    after: float = Field(nullable=True, description="The figure of the day; of an offer, its average chance.")
    detail: str = Field(nullable=True, description="In words.")
