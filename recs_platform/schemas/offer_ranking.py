"""The tables of offer ranking, from purchases per day to the offers that a customer is shown.

Not here: how good the model is and health (`offer_ranking_reports.py`), trained models and drift (`training.py`).
"""

from __future__ import annotations

import datetime

from recs_platform.schemas.field import Field
from recs_platform.schemas.table import Empty, Table, log, snapshot

GENERATORS = ("bought_before", "category_affinity", "business_type", "new_offer")
"""Where a candidate comes from, the strongest first."""

BY_RATE = "redemption rate"
"""What scores when there is no model: how often the offer was redeemed when it was shown."""


@log(key=("customer_id",))
class CustomerDays(Table):
    """One row per customer and day with purchases."""

    event_date: datetime.date = Field(description="The UTC day.")
    customer_id: str = Field(description="The customer.")
    orders: int = Field(ge=1, description="Distinct orders.")
    business_orders: int = Field(ge=0, description="Those of them through business channels.")
    lines: int = Field(ge=1, description="Order lines.")
    promo_lines: int = Field(ge=0, description="Those of them on promotion.")
    units: int = Field(ge=0, description="Units.")
    spent_cents: int = Field(ge=0, description="Money spent, in hundredths.")


@log(key=("customer_id", "item_id"))
class CustomerItemDays(Table):
    """One row per customer, item and day with a purchase of it."""

    event_date: datetime.date = Field(description="The UTC day.")
    customer_id: str = Field(description="The customer.")
    item_id: str = Field(description="The item.")
    lines: int = Field(ge=1, description="Order lines.")
    promo_units: int = Field(ge=0, description="Units bought on promotion at a known price.")
    promo_cents: int = Field(ge=0, description="What they cost, in hundredths.")


@log(key=("offer_id",))
class OfferDays(Table):
    """One row per offer and day on which it was shown or redeemed."""

    event_date: datetime.date = Field(description="The UTC day.")
    offer_id: str = Field(description="The offer.")
    impressions: int = Field(ge=0, description="How often it was shown.")
    redemptions: int = Field(ge=0, description="How often it was redeemed.")


@log(key=("customer_id",))
class CustomerImpressionDays(Table):
    """One row per customer and day with impressions."""

    event_date: datetime.date = Field(description="The UTC day.")
    customer_id: str = Field(description="The customer.")
    impressions: int = Field(ge=1, description="How much the customer was shown.")


@snapshot(key=("offer_id", "item_id"), empty=Empty.ALLOWED)
class OfferedItems(Table):
    """One row per offer and item that it can be redeemed for."""

    as_of: datetime.date = Field(description="The day whose state this is.")
    offer_id: str = Field(description="The offer.")
    item_id: str = Field(description="An item that it covers.")


@snapshot(key=("offer_id",), empty=Empty.ALLOWED)
class GoodsOnOffer(Table):
    """One row per offer that covers items: what they have in common."""

    as_of: datetime.date = Field(description="The day whose state this is.")
    offer_id: str = Field(description="The offer.")
    category: str = Field(description="Category of most of its items; `unknown` where the catalog has none.")
    items: int = Field(ge=1, description="Items that it covers.")
    known_items: int = Field(ge=0, description="Those of them that stand in the catalog.")
    price: float = Field(nullable=True, ge=0, description="Price of its only item; NULL with several.")
    cost: float = Field(nullable=True, ge=0, description="Its cost.")
    is_own_brand: bool = Field(nullable=True, description="Most of its items are of the company's own brand.")


@snapshot(key=("offer_id", "shown_on"), empty=Empty.ALLOWED)
class OfferPeriods(Table):
    """One row per offer and day on which it was shown or redeemed, or may be shown next: the terms of that day."""

    as_of: datetime.date = Field(description="The day whose state this is.")
    offer_id: str = Field(description="The offer.")
    shown_on: datetime.date = Field(description="The day for which the terms are.")
    starts_on: datetime.date = Field(description="First day of the period in which it stands.")
    ends_on: datetime.date = Field(description="Last day of the period.")
    item_id: str = Field(nullable=True, description="The item on offer, where there is one.")
    discount: float = Field(nullable=True, ge=0, le=1, description="Discount as a share of the price, where known.")
    kind: str = Field(nullable=True, description="Kind of offer, or of its campaign.")
    campaign_id: str = Field(nullable=True, description="The campaign that it comes in.")
    offers_in_campaign: int = Field(ge=0, description="Offers of the campaign; without one, that start with it.")


@snapshot(key=("customer_id", "offer_id"), empty=Empty.ALLOWED)
class OfferCandidates(Table):
    """One row per customer and running offer that may suit the customer, and what speaks for it."""

    as_of: datetime.date = Field(description="The day whose state this is.")
    customer_id: str = Field(description="The customer.")
    offer_id: str = Field(description="The offer.")
    item_id: str = Field(nullable=True, description="The item on offer, where there is one.")
    generators: str = Field(description="What found it, comma-separated, the strongest first.")
    place: int = Field(ge=1, description="Its place among the customer's candidates.")


@snapshot(key=("customer_id", "offer_id", "feature_day"), empty=Empty.ALLOWED)
class FeaturePairs(Table):
    """One row per customer, offer and day for which features are needed, unknown offers included."""

    as_of: datetime.date = Field(description="The day whose state this is.")
    customer_id: str = Field(description="The customer.")
    offer_id: str = Field(description="The offer.")
    feature_day: datetime.date = Field(
        description="Features know this day and those before it: the day itself for a candidate, "
        "the day before it was shown for an impression."
    )


@snapshot(key=("customer_id", "feature_day", "category"), empty=Empty.ALLOWED)
class CategoryPurchases(Table):
    """One row per customer, feature day and category that the customer bought in the look-back window before it."""

    as_of: datetime.date = Field(description="The day whose state this is.")
    customer_id: str = Field(description="The customer.")
    feature_day: datetime.date = Field(description="The last day that counts.")
    category: str = Field(description="Category of goods; `unknown` where the catalog has none.")
    last_on: datetime.date = Field(description="Day of the last purchase.")
    lines: int = Field(ge=1, description="Order lines.")
    tier2_lines: int = Field(ge=0, description="Those in the middle price tier.")
    tier3_lines: int = Field(ge=0, description="Those in the premium price tier.")
    fresh_lines: int = Field(ge=0, description="Those of fresh food.")
    promo_cents: int = Field(ge=0, description="What was bought on promotion cost, in hundredths.")
    promo_list_cents: int = Field(ge=0, description="What it would have cost at the list price.")


class _OfCustomer(Table):
    """The features of a customer, wherever they stand."""

    business_type: str = Field(nullable=True, description="Kind of business.")
    recency_days: int = Field(nullable=True, ge=0, description="Days since the last purchase; NULL without one.")
    frequency: int = Field(ge=0, description="Distinct orders.")
    monetary: float = Field(ge=0, description="Money spent.")
    promo_affinity: float = Field(nullable=True, ge=0, le=1, description="Share of lines on promotion.")
    avg_basket_size: float = Field(nullable=True, ge=1, description="Lines per order.")
    avg_basket_quantity: float = Field(nullable=True, ge=0, description="Units per order.")
    tier2_purchase_ratio: float = Field(nullable=True, ge=0, le=1, description="Share of lines in the middle tier.")
    tier3_purchase_ratio: float = Field(nullable=True, ge=0, le=1, description="Share of lines in the premium tier.")
    fresh_category_ratio: float = Field(nullable=True, ge=0, le=1, description="Share of lines of fresh food.")
    business_order_ratio: float = Field(nullable=True, ge=0, le=1, description="Share of orders by business channels.")
    category_entropy: float = Field(nullable=True, ge=0, description="Shannon entropy of lines over categories, nats.")
    offers_shown: int = Field(ge=0, description="Impressions.")
    redemptions: int = Field(ge=0, description="Redemptions.")
    redemption_rate: float = Field(ge=0, le=1, description="Redemptions per impression, smoothed.")
    days_since_last_redemption: int = Field(nullable=True, ge=0, description="NULL without one.")


class _OfOffer(Table):
    """Those of an offer."""

    category: str = Field(description="Its category; `unknown` where the catalog has none.")
    discount_depth: float = Field(nullable=True, ge=0, le=1, description="Discount as a share of the price.")
    margin_impact: float = Field(nullable=True, le=1, description="Margin left, as a share of the list price.")
    days_until_expiry: int = Field(description="Days from the feature day to the offer's last day.")
    historical_redemption_rate: float = Field(ge=0, le=1, description="Redemptions per impression, smoothed.")
    is_own_brand: bool = Field(nullable=True, description="The company's own brand, as most of its items.")
    kind: str = Field(description="Its kind; `unknown` where it has none.")
    items_on_offer: int = Field(ge=0, description="Items that it covers.")
    offers_in_campaign: int = Field(ge=0, description="Offers of its campaign; without one, that start with it.")
    category_redemption_rate: float = Field(ge=0, le=1, description="Redemptions per impression there, smoothed.")
    kind_redemption_rate: float = Field(ge=0, le=1, description="Redemptions per impression of its kind, smoothed.")


class _OfPair(Table):
    """Those of a customer and an offer."""

    bought_product_before: bool = Field(description="Bought one of its items in the look-back window.")
    days_since_last_cat_purchase: int = Field(nullable=True, ge=0, description="NULL without one.")
    category_affinity_score: float = Field(nullable=True, ge=0, le=1, description="Share of lines in the category.")
    discount_depth_vs_usual: float = Field(nullable=True, description="Discount above the customer's usual one.")
    price_sensitivity_match: float = Field(nullable=True, ge=0, le=1, description="1 where the discount suits.")
    business_type_match: float = Field(nullable=True, ge=0, description="1 where the kind of business is as others.")
    items_bought: int = Field(ge=0, description="Distinct items of the offer that the customer bought.")
    item_purchase_days: int = Field(ge=0, description="Days with a purchase of any of its items.")
    days_since_last_item_purchase: int = Field(nullable=True, ge=0, description="NULL without one.")
    item_affinity_score: float = Field(nullable=True, ge=0, le=1, description="Share of lines that are of its items.")
    times_shown: int = Field(ge=0, description="Impressions of this very offer.")
    times_redeemed: int = Field(ge=0, description="Redemptions of this very offer.")
    redemptions_in_category: int = Field(ge=0, description="Redemptions of offers of its category.")
    redemptions_of_kind: int = Field(ge=0, description="Redemptions of offers of its kind.")


@snapshot(key=("customer_id", "feature_day"), empty=Empty.ALLOWED)
class CustomerFeatures(_OfCustomer):
    """One row per customer and feature day: what the customer's purchases in the look-back window say."""

    as_of: datetime.date = Field(description="The day whose state this is.")
    customer_id: str = Field(description="The customer.")
    feature_day: datetime.date = Field(description="The last day that counts.")
    usual_discount: float = Field(
        nullable=True, le=1, description="Discount of what was bought on promotion; not a feature by itself."
    )


@snapshot(key=("offer_id", "feature_day"), empty=Empty.ALLOWED)
class OfferFeatures(_OfOffer):
    """One row per offer and feature day: its terms, and how it did until then."""

    as_of: datetime.date = Field(description="The day whose state this is.")
    offer_id: str = Field(description="The offer.")
    feature_day: datetime.date = Field(description="The last day that counts.")
    item_id: str = Field(nullable=True, description="The item on offer, where there is one.")
    unit_margin: float = Field(nullable=True, description="Margin left per unit, in the company's currency.")


@snapshot(key=("customer_id", "offer_id", "feature_day"), empty=Empty.ALLOWED)
class InteractionFeatures(_OfPair):
    """One row per customer, offer and feature day: what the customer's past says about this very offer."""

    as_of: datetime.date = Field(description="The day whose state this is.")
    customer_id: str = Field(description="The customer.")
    offer_id: str = Field(description="The offer.")
    feature_day: datetime.date = Field(description="The last day that counts.")


@snapshot(key=("impression_id",), empty=Empty.ALLOWED)
class TrainingSet(_OfCustomer, _OfOffer, _OfPair):
    """One row per impression: what was known the day before it was shown, and whether the offer was redeemed.

    On a day that trains it holds the training window, on other days the newest impressions and the newest week whose
    outcome is final.
    """

    as_of: datetime.date = Field(description="The day whose state this is.")
    impression_id: str = Field(description="The impression.")
    customer_id: str = Field(description="Who saw it.")
    offer_id: str = Field(description="Which offer.")
    item_id: str = Field(nullable=True, description="The item on offer, where there is one.")
    shown_on: datetime.date = Field(description="The UTC day it was shown.")
    feature_day: datetime.date = Field(description="The day before: the last one that features know.")
    label: int = Field(
        nullable=True, ge=0, le=1, description="1: redeemed within the label days; NULL while those are not over."
    )
    unit_margin: float = Field(nullable=True, description="Margin left per unit; not a feature.")


@snapshot(key=("customer_id", "offer_id"), empty=Empty.ALLOWED)
class CandidateFeatures(_OfCustomer, _OfOffer, _OfPair):
    """One row per candidate with its features as of the day: what is scored."""

    as_of: datetime.date = Field(description="The day whose state this is.")
    customer_id: str = Field(description="The customer.")
    offer_id: str = Field(description="The offer.")
    item_id: str = Field(nullable=True, description="The item on offer, where there is one.")
    unit_margin: float = Field(nullable=True, description="Margin left per unit; not a feature.")


@snapshot(key=("customer_id", "offer_id"), empty=Empty.ALLOWED)
class OfferScores(Table):
    """One row per candidate: the chance that the customer redeems it, and what says so."""

    as_of: datetime.date = Field(description="The day whose state this is.")
    customer_id: str = Field(description="The customer.")
    offer_id: str = Field(description="The offer.")
    raw_score: float = Field(nullable=True, description="The model's log-odds before correction; NULL without a model.")
    probability: float = Field(ge=0, le=1, description="The chance of a redemption.")
    scored_by: str = Field(description="The model's digest, or `redemption rate` when there is no model.")


@snapshot(key=("customer_id", "rank"), empty=Empty.ALLOWED)
class OfferRecommendations(Table):
    """One row per customer and rank: the offers to show, the most likely first. The retailer's contract."""

    as_of: datetime.date = Field(description="The day whose state this is.")
    customer_id: str = Field(description="The customer.")
    rank: int = Field(ge=1, description="Place, the best first.")
    offer_id: str = Field(description="The offer.")
    item_id: str = Field(nullable=True, description="The item on offer, where there is one.")
    category: str = Field(description="Its category; `unknown` where there is none.")
    is_own_brand: bool = Field(description="The company's own brand.")
    discount: float = Field(nullable=True, ge=0, le=1, description="Discount as a share of the price, where known.")
    price: float = Field(nullable=True, ge=0, description="List price of one unit, without the discount, where known.")
    ends_on: datetime.date = Field(description="The offer's last day, after `as_of`.")
    score: float = Field(ge=0, le=1, description="The chance that the customer redeems it.")
    expected_margin: float = Field(nullable=True, description="The chance times the margin left per unit.")
    reason: str = Field(description="Why, in words.")
    scored_by: str = Field(description="The model's digest, or `redemption rate`.")
    pipeline_version: str = Field(description="What made it.")
    generated_at: datetime.datetime = Field(description="The day it was made for, at midnight UTC.")
