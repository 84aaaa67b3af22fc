"""The three strategies as data: their name, their parameters and the source tables they are fed.

Pure: no Dagster, no engine. The assets of a strategy are in its own package beside this file.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Annotated, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from recs_platform.models.settings import Weekday
from recs_platform.schemas import sources
from recs_platform.schemas.table import Table


class Parameters(BaseModel):
    """What every strategy can be told in a company's YAML. Units and ranges are part of the description."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    look_back_parameter: ClassVar[str]
    """The parameter that says how many days of events the strategy looks back on."""

    rejected_warning: float = Field(
        0.01,
        ge=0,
        le=1,
        description="Share of a source table's rows that may be unusable before an alert (0-1).",
    )
    rejected_tolerance: float = Field(
        0.05,
        ge=0,
        le=1,
        description="Share of a source table's rows that may be unusable before it is refused (0-1).",
    )

    rejected_minimum: int = Field(
        10, ge=0, description="Unusable rows up to which neither counts, unless no row at all is usable (rows)."
    )

    min_stability: float = Field(
        0.7,
        ge=0,
        le=1,
        description="Share of customers who keep all recommendations, below which publishing is refused (0-1); not of "
        "offers, which come and go.",
    )
    max_customers_lost: float = Field(
        0.05, ge=0, le=1, description="Share of live customers lost, above which publishing is refused (0-1)."
    )
    max_price_move: float = Field(
        0.15,
        ge=0,
        description="Share by which the average price may move before publishing is refused (0.1 is 10%); not of "
        "offers.",
    )

    attribution_window_days: int = Field(
        7, ge=1, le=60, description="Days after a message within which an order is credited to it."
    )
    campaign_window_days: int = Field(
        93, ge=8, le=730, description="Days of messages that campaign tables and reports look back on."
    )
    interaction_window_days: int = Field(
        30, ge=1, le=365, description="Days after a message within which an open or click of it is known as such."
    )
    holdout_arms: tuple[str, ...] = Field(
        ("holdout",), description="Arms whose customers are drawn for a campaign and then sent nothing."
    )
    control_arm: str = Field("random", description="The arm that the others are compared with.")
    planned_arm_shares: dict[str, Annotated[float, Field(gt=0, lt=1)]] = Field(
        default_factory=dict,
        description="Share of each arm in the draw, by name, to be held against what was drawn; they add up to 1.",
    )
    releases: tuple[date, ...] = Field(
        (),
        description="Days from which a new version of the messages was sent; the newest one is compared with before.",
    )
    comparison_days: int = Field(28, ge=1, le=365, description="Days before and after a release that are compared.")
    covariate_days: int = Field(
        28,
        ge=1,
        le=365,
        description="Days before a customer's first message whose orders sharpen the comparison of arms.",
    )
    minimum_effect: float = Field(
        0.1, gt=0, le=10, description="Relative effect that an experiment is meant to see (0.1 is 10%)."
    )
    machine_open_seconds: int = Field(
        10, ge=0, le=3600, description="An open so close to delivery is a mail program's, not a person's (seconds)."
    )
    scanner_click_seconds: int = Field(
        10, ge=0, le=3600, description="A click so close to delivery is a scanner's (seconds)."
    )
    scanner_burst_clicks: int = Field(
        3, ge=2, le=100, description="So many clicks of one message in a burst are a scanner's (clicks)."
    )
    scanner_burst_seconds: int = Field(
        3, ge=0, le=3600, description="Clicks of one message so close together are a burst (seconds)."
    )
    count_machine_engagement: bool = Field(
        False, description="Whether opens and clicks by machines count in rates all the same."
    )
    max_interaction_lag_hours: int = Field(
        6,
        ge=1,
        le=240,
        description="Hours by which opens and clicks may trail orders and messages before a day is late.",
    )
    max_failed_share: float = Field(
        0.15, ge=0, le=1, description="Share of messages that may fail to arrive before an alert (0-1)."
    )
    bandit_reward: Literal["click_per_view", "click_per_send"] = Field(
        "click_per_view", description="What a treatment is rewarded for: clicks per opened, or per sent message."
    )
    bandit_half_life_days: float | None = Field(
        None, gt=0, description="Days after which a message counts half for the bandit; none: all count the same."
    )
    bandit_exploration_floor: float = Field(
        0.01, ge=0, le=0.5, description="Least share of the traffic for each treatment that is not retired (0-1)."
    )
    bandit_min_views: int = Field(200, ge=0, description="Rewarded chances before a treatment may be retired.")
    max_allocation_move: float = Field(
        0.5,
        ge=0,
        le=1,
        description="Share of the traffic that may change treatment before publishing is refused (0-1).",
    )
    max_treatments_dropped: float = Field(
        0.5, ge=0, le=1, description="Share of live treatments that may vanish before publishing is refused (0-1)."
    )

    @field_validator("planned_arm_shares")
    @classmethod
    def _shares_add_up(cls, shares: dict[str, float]) -> dict[str, float]:
        if shares and abs(sum(shares.values()) - 1) > 1e-6:
            raise ValueError(f"the shares add up to {sum(shares.values()):g}, not 1")
        return shares

    @model_validator(mode="after")
    def _warning_comes_first(self) -> Parameters:
        if self.rejected_warning > self.rejected_tolerance:
            raise ValueError("rejected_warning must not exceed rejected_tolerance")
        return self

    @property
    def history_days(self) -> int:
        """Days of logs that a day's tables look back on, whichever looks back furthest."""
        return max(self.window_days, self.campaign_window_days)

    @property
    def window_days(self) -> int:
        value = getattr(self, self.look_back_parameter)
        if not isinstance(value, int):
            raise TypeError(f"{self.look_back_parameter} is not a number of days")
        return value


class VehicleFitmentParameters(Parameters):
    look_back_parameter = "intent_window_days"
    intent_window_days: int = Field(93, ge=1, le=730, description="Days of events that count as intent.")
    intent_half_life_days: float = Field(30.0, gt=0, description="Days after which a wish weighs half.")
    view_weight: float = Field(1.0, ge=0, description="Weight of a view.")
    cart_weight: float = Field(3.0, ge=0, description="Weight of a cart update.")
    order_weight: float = Field(2.0, ge=0, description="Weight of an order line.")
    max_intent: float = Field(10.0, gt=0, description="Highest intent score.")
    min_price: float = Field(50.0, ge=0, description="Lowest price of a part, in the company's currency.")
    excluded_part_words: tuple[str, ...] = Field(
        ("gasket", "bolt", "decal", "sticker", "clamp", "hardware", "fastener", "cap"),
        description="A part type that contains one of these words is not recommended (lower case).",
    )
    kept_part_types: tuple[str, ...] = Field(
        ("engine bolt kits", "distributor caps"),
        description="Part types that are recommended all the same (lower case).",
    )
    refurbished_tag: str = Field("refurbished", min_length=1, description="Tag of refurbished items (lower case).")
    service_prefixes: tuple[str, ...] = Field(
        ("SVC-", "LABOR-", "GIFT-"), description="SKUs that begin so are services, not parts."
    )
    min_parts: int = Field(4, ge=4, description="A vehicle with fewer eligible parts gets no recommendations (parts).")
    max_per_part_type: int = Field(2, ge=1, le=4, description="Parts of one type among a customer's four.")
    popularity: Literal["segment", "global"] = Field(
        "segment", description="What owners of the vehicle buy (segment), or what everybody buys (global)."
    )
    popularity_half_life_days: float = Field(180.0, gt=0, description="Days after which an order weighs half.")
    shrinkage_orders: float = Field(
        5.0, gt=0, description="Orders of the segment above that a segment's own evidence is weighed against."
    )
    universal_discount: float = Field(
        0.5, ge=0, le=1, description="Share of its popularity that a part loses if it fits every vehicle (0-1)."
    )
    purchase_exclusion_days: int = Field(
        365, ge=1, le=1100, description="Days for which nothing of a bought family is recommended."
    )
    backtest_days: int = Field(
        28, ge=1, le=365, description="Days of purchases that earlier recommendations are tested against."
    )
    max_customer_change: float = Field(
        0.1, ge=0, le=1, description="Share by which the number of customers may differ from the run before (0-1)."
    )
    max_global_share: float = Field(
        0.05, ge=0, le=1, description="Share of recommendations that may rest on everybody's orders alone (0-1)."
    )
    max_price_drop: float = Field(
        0.2, ge=0, le=1, description="Share by which the average price may fall below that of the run before (0-1)."
    )


class OfferRankingParameters(Parameters):
    look_back_parameter = "feature_window_days"
    feature_window_days: int = Field(90, ge=1, le=730, description="Days of events that features look back on.")
    training_window_days: int = Field(
        60, ge=15, le=365, description="Days of impressions that a model is trained, stopped and compared on."
    )
    label_days: int = Field(
        7, ge=1, le=60, description="Days after an impression within which a redemption counts as its outcome."
    )
    rate_strength: float = Field(
        50.0, gt=0, description="Impressions that an offer's own redemption rate is weighed against."
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
    model_tolerance: float = Field(
        0.005, ge=0, le=0.5, description="ROC AUC by which a new model may be worse and still go active."
    )
    training_seed: int = Field(1, ge=0, le=2**31 - 1, description="Decides all that is random in training.")
    retrain_weekday: Weekday | None = Field(
        "monday", description="Weekday whose daily run trains; none: only when there is cause."
    )
    retrain_cool_down_days: int = Field(3, ge=1, le=60, description="Days between two trainings, at least.")
    drift_days: int = Field(2, ge=1, le=28, description="Newest days of impressions that drift is measured on.")
    drifted_features: int = Field(1, ge=1, le=100, description="Features that must have drifted to ask for a training.")
    drift_repeat_days: int = Field(
        28, ge=1, le=365, description="Days after which drift that lasts asks for a training again."
    )
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
        description="How far the higher of the average chances, live and new, may be above the lower before publishing "
        "is refused (1 is twice as high).",
    )
    max_offers_lost: float = Field(
        0.5,
        ge=0,
        le=1,
        description="Share of running offers that nobody is shown before an alert (0-1).",
    )

    @model_validator(mode="after")
    def _something_is_left_to_learn_from(self) -> OfferRankingParameters:
        # A week each to stop and to compare on, the label days before each of them, and a day to train on.
        needed = 2 * self.label_days + 15
        if self.training_window_days < needed:
            raise ValueError(f"training_window_days must be at least {needed} with label_days at {self.label_days}")
        return self

    @property
    def history_days(self) -> int:
        """The oldest impression that trains needs a whole look-back window before it."""
        needed = self.training_window_days + self.feature_window_days + 1
        return max(needed, self.campaign_window_days)


class ReplenishmentParameters(Parameters):
    look_back_parameter = "active_window_days"
    active_window_days: int = Field(90, ge=1, le=730, description="A client with an order in so many days is active.")


@dataclass(frozen=True)
class Strategy:
    name: str
    title: str
    parameters: type[Parameters]
    source_tables: tuple[type[Table], ...]


_SHARED = (
    sources.Events,
    sources.Treatments,
    sources.Deliveries,
    sources.Interactions,
    sources.Customers,
    sources.Catalog,
)

STRATEGIES: dict[str, Strategy] = {
    strategy.name: strategy
    for strategy in (
        Strategy(
            "vehicle_fitment",
            "Parts that fit your car and that owners of your car buy",
            VehicleFitmentParameters,
            (*_SHARED, sources.Fitment, sources.OrderHistory),
        ),
        Strategy(
            "offer_ranking",
            "Offers that this customer will redeem",
            OfferRankingParameters,
            (*_SHARED, sources.Impressions, sources.Redemptions, sources.Offers),
        ),
        Strategy(
            "replenishment",
            "What to re-order this week, plus something new",
            ReplenishmentParameters,
            _SHARED,
        ),
    )
}
