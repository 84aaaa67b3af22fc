"""What offer ranking can be told in a company's YAML."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from recs_platform.companies.model import Company
from recs_platform.declarations.feedback import FeedbackParameters
from recs_platform.models.settings import Weekday
from recs_platform.strategies.training.parameters import TrainingParameters


class OfferRankingParameters(TrainingParameters, FeedbackParameters):
    look_back_parameter = "feature_window_days"
    computed = ("window_days", "history_days")
    feature_window_days: int = Field(90, ge=1, le=730, description="Days of events that features look back on.")
    training_window_days: int = Field(
        60, ge=15, le=365, description="Days of impressions that a model is trained, stopped and compared on."
    )
    label_days: int = Field(
        7, ge=1, le=180, description="Days after an impression within which a redemption counts as its outcome."
    )
    label_until: Literal["days", "offer_end"] = Field(
        "days",
        description="When the outcome is final: after label_days (days), or earlier when the offer ends (offer_end).",
    )
    rate_strength: float = Field(
        50.0, gt=0, description="Impressions that an offer's own redemption rate is weighed against."
    )
    most_line_units: int = Field(
        100, ge=1, description="Units of one order line that count, at most: fuel is sold by the thousand."
    )
    business_channels: tuple[str, ...] = Field(
        ("delivery",), description="Channels through which businesses order (lower case)."
    )
    max_candidates: int = Field(40, ge=1, le=1000, description="Candidates per customer that are scored (offers).")
    candidates_per_category: int = Field(
        15, ge=1, le=1000, description="Offers of each of a customer's categories that become candidates."
    )
    candidate_categories: int = Field(
        4, ge=1, le=50, description="Categories, those that a customer buys most in, that give candidates."
    )
    candidates_per_business_type: int = Field(
        15, ge=1, le=1000, description="Offers most redeemed by a customer's kind of business that become candidates."
    )
    new_offer_days: int = Field(3, ge=1, le=60, description="Days from its first one that an offer is new.")
    new_candidates: int = Field(10, ge=0, le=1000, description="New offers that become everybody's candidates.")
    max_customers_without_candidates: float = Field(
        0.1, ge=0, le=1, description="Share of customers whom no running offer may suit before an alert (0-1)."
    )
    recommendations_per_customer: int = Field(10, ge=1, le=100, description="Offers that a customer is shown.")
    max_per_category: int = Field(3, ge=1, le=100, description="Offers of one category among a customer's.")
    min_own_brand_share: float = Field(
        0.2, ge=0, le=1, description="Share of a customer's places kept for the company's own brand (0-1)."
    )
    min_margin: float = Field(
        0.0, ge=-1, le=1, description="Margin left after the discount, as a share of the price, that an offer needs."
    )
    negatives_per_positive: float = Field(
        10.0, gt=0, description="Impressions without a redemption kept per redeemed one in training."
    )
    retrain_weekday: Weekday | None = Field(
        "monday", description="Weekday whose daily run trains; none: only when there is cause."
    )
    drift_days: int = Field(2, ge=1, le=28, description="Newest days of impressions that drift is measured on.")
    volume_change: float = Field(
        0.3, gt=0, description="Change of the number of impressions since training that asks for one (0.3 is 30%)."
    )
    new_category_share: float = Field(
        0.05, gt=0, le=1, description="Share of impressions with a category unknown to the model that asks for one."
    )
    explained_customers: int = Field(
        50, ge=0, le=10_000, description="Customers whose recommendations are stored with the parts of their score."
    )
    max_lists_changed: float = Field(
        0.8,
        ge=0,
        le=1,
        description="Share of still running live offers that may be replaced before publishing is refused (0-1).",
    )
    max_score_move: float = Field(
        1.0,
        ge=0,
        description="How far the higher of the average chances, live and new, may be above the lower before the "
        "comparison says so (1 is twice as high). Nothing is refused for it.",
    )
    max_order_changed: float = Field(
        0.8,
        ge=0,
        le=1,
        description="How far offers that stay may move in their lists before publishing is refused (1 is every list "
        "turned round).",
    )
    max_offers_lost: float = Field(
        0.5,
        ge=0,
        le=1,
        description="Share of running offers that nobody is shown before an alert (0-1).",
    )

    @model_validator(mode="after")
    def _something_is_left_to_learn_from(self) -> OfferRankingParameters:
        # A day to train on, a week each to stop and to compare on with the label days between them, and the newest
        # label days, whose outcomes are still open.
        needed = 2 * self.label_days + 15
        if self.training_window_days < needed:
            raise ValueError(f"training_window_days must be at least {needed} with label_days at {self.label_days}")
        return self

    @property
    def history_days(self) -> int:
        """The oldest impression that trains needs a whole look-back window before it."""
        return self.training_window_days + self.feature_window_days + 1


def parameters_of(company: Company) -> OfferRankingParameters:
    """The company's; a TypeError for a company of another strategy."""
    if not isinstance(company.parameters, OfferRankingParameters):
        raise TypeError(f"{company.name} is a company of {company.strategy}, not of offer ranking")
    return company.parameters
