"""The features of offer ranking, in the order in which every model reads them. How each is computed stands in `sql/`.

Training, scoring, drift and explanations all use this one list; a model's manifest stores it, and a model with another
one is refused.
"""

from __future__ import annotations

from recs_platform.models.data import Columns
from recs_platform.models.features import FeatureSet, FeatureSpec
from recs_platform.models.task import RankingTask
from recs_platform.models.yardsticks import Yardstick

CUSTOMER_FEATURES = (
    FeatureSpec("business_type", "category", "kind of business"),
    FeatureSpec("recency_days", "number", "days since the last purchase"),
    FeatureSpec("frequency", "number", "orders in the look-back window"),
    FeatureSpec("monetary", "number", "money spent in the look-back window"),
    FeatureSpec("promo_affinity", "number", "share of order lines bought on promotion"),
    FeatureSpec("avg_basket_size", "number", "lines per order"),
    FeatureSpec("avg_basket_quantity", "number", "units per order"),
    FeatureSpec("tier2_purchase_ratio", "number", "share of lines in the middle price tier"),
    FeatureSpec("tier3_purchase_ratio", "number", "share of lines in the premium price tier"),
    FeatureSpec("fresh_category_ratio", "number", "share of lines that are fresh food"),
    FeatureSpec("business_order_ratio", "number", "share of orders through business channels"),
    FeatureSpec("category_entropy", "number", "how widely purchases spread over categories"),
    FeatureSpec("offers_shown", "number", "offers that the customer was shown in the look-back window"),
    FeatureSpec("redemptions", "number", "offers that the customer redeemed in it"),
    FeatureSpec("redemption_rate", "number", "how often the customer redeems what is shown, smoothed"),
    FeatureSpec("days_since_last_redemption", "number", "days since the customer last redeemed an offer"),
)
OFFER_FEATURES = (
    FeatureSpec("category", "category", "category of the item on offer"),
    FeatureSpec("discount_depth", "number", "share taken off the price"),
    FeatureSpec("margin_impact", "number", "margin left after the discount, as a share of the price"),
    FeatureSpec("days_until_expiry", "number", "days until the offer ends"),
    FeatureSpec("historical_redemption_rate", "number", "how often the offer was redeemed when shown, smoothed"),
    FeatureSpec("is_own_brand", "flag", "the company's own brand"),
    FeatureSpec("kind", "category", "kind of offer or campaign"),
    FeatureSpec("items_on_offer", "number", "items that the offer covers"),
    FeatureSpec("offers_in_campaign", "number", "offers that come with it"),
    FeatureSpec("category_redemption_rate", "number", "how often offers of its category were redeemed, smoothed"),
    FeatureSpec("kind_redemption_rate", "number", "how often offers of its kind were redeemed, smoothed"),
)
INTERACTION_FEATURES = (
    FeatureSpec("bought_product_before", "flag", "the customer bought an item of the offer before"),
    FeatureSpec("days_since_last_cat_purchase", "number", "days since the customer last bought in the category"),
    FeatureSpec("category_affinity_score", "number", "share of the customer's lines in the category"),
    FeatureSpec("discount_depth_vs_usual", "number", "discount above what the customer usually buys at"),
    FeatureSpec("price_sensitivity_match", "number", "how well the discount suits the customer's love of promotions"),
    FeatureSpec("business_type_match", "number", "how much more the kind of business buys of the category than others"),
    FeatureSpec("items_bought", "number", "items of the offer that the customer bought"),
    FeatureSpec("item_purchase_days", "number", "days on which the customer bought an item of the offer"),
    FeatureSpec("days_since_last_item_purchase", "number", "days since the customer last bought an item of the offer"),
    FeatureSpec("item_affinity_score", "number", "share of the customer's lines that are of the offer's items"),
    FeatureSpec("times_shown", "number", "times that the customer was shown this very offer"),
    FeatureSpec("times_redeemed", "number", "times that the customer redeemed this very offer"),
    FeatureSpec("redemptions_in_category", "number", "offers of the category that the customer redeemed"),
    FeatureSpec("redemptions_of_kind", "number", "offers of the kind that the customer redeemed"),
)
FEATURES = FeatureSet((*CUSTOMER_FEATURES, *OFFER_FEATURES, *INTERACTION_FEATURES))
FEATURE_COLUMNS = FEATURES.names

FINAL_DAYS = 7
"""The newest days whose outcomes are final, which `feature_pairs` keeps on every day: each weekday counts once."""

TASK = RankingTask(
    "offer_ranking",
    FEATURES,
    Columns("impression_id", "shown_on", "label", "customer_id", subjects=("customer_id", "offer_id")),
    yardsticks=(
        Yardstick("past redemptions", "redemptions"),
        Yardstick("popularity", "historical_redemption_rate"),
    ),
)
"""`training_set` holds the examples."""
