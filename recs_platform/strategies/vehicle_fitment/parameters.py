"""What vehicle fitment can be told in a company's YAML."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from recs_platform.declarations.feedback import FeedbackParameters


class VehicleFitmentParameters(FeedbackParameters):
    look_back_parameter = "intent_window_days"
    intent_window_days: int = Field(93, ge=1, le=730, description="Days of events that count as intent.")
    intent_half_life_days: float = Field(30.0, gt=0, description="Days after which the weight of an event halves.")
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
    popularity_half_life_days: float = Field(180.0, gt=0, description="Days after which the weight of an order halves.")
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
