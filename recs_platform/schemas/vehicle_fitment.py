"""The tables of vehicle fitment, from owners and parts to the retailer's contract."""

from __future__ import annotations

import datetime

from recs_platform.schemas.field import Field
from recs_platform.schemas.table import Empty, Table, snapshot

TIERS = ("vehicle", "model", "make", "global")
"""Where the evidence for an item comes from, the nearest first."""


@snapshot(key=("email_lower",), personal=("email_lower",))
class UsersWithVehicles(Table):
    """One row per owner who can be e-mailed, with a vehicle that the fitment data knows."""

    as_of: datetime.date = Field(description="The day whose state this is.")
    customer_id: str = Field(description="The profile that counts for the address.")
    email_lower: str = Field(description="Trimmed, lower-cased address.")
    vehicle: str = Field(description="Year, make and model in one key.")
    vehicle_year: int = Field(description="Model year.")
    vehicle_make: str = Field(description="Make.")
    vehicle_model: str = Field(description="Model.")


@snapshot(key=("event_id", "event_date"), empty=Empty.WARN)
class StagedEvents(Table):
    """One row per event of the intent window whose item stands in the catalog."""

    as_of: datetime.date = Field(description="The day whose state this is.")
    event_id: str = Field(description="The event.")
    event_date: datetime.date = Field(description="Its UTC day.")
    customer_id: str = Field(nullable=True, description="Who did it.")
    event_name: str = Field(isin=["product_viewed", "cart_updated", "order_line"], description="What was done.")
    item_id: str = Field(description="The catalog's SKU: the event's own, else its base.")


@snapshot(key=(), empty=Empty.WARN)
class Purchases(Table):
    """One row per order line of the last year's events and of the order history before them, each line once."""

    as_of: datetime.date = Field(description="The day whose state this is.")
    customer_id: str = Field(nullable=True, description="Who bought it, when known.")
    item_id: str = Field(description="The catalog's SKU where it has one, else the SKU as ordered.")
    family: str = Field(description="The SKU without the letter of a variant.")
    ordered_on: datetime.date = Field(description="The UTC day of the order.")
    source: str = Field(isin=["events", "order_history"], description="Where the line stood.")


@snapshot(key=("vehicle", "item_id"))
class EligibleParts(Table):
    """One row per vehicle and part that may be recommended for it."""

    as_of: datetime.date = Field(description="The day whose state this is.")
    vehicle: str = Field(description="Year, make and model in one key.")
    vehicle_make: str = Field(description="Make.")
    vehicle_model: str = Field(description="Model.")
    item_id: str = Field(description="The part.")
    family: str = Field(description="The SKU without the letter of a variant.")
    part_type: str = Field(nullable=True, description="Kind of part; unknown for some.")
    price: float = Field(ge=0, description="Price of one unit.")
    image_url: str = Field(description="Picture, over https.")
    vehicles_fitted: int = Field(ge=1, description="Vehicles that the part fits.")


@snapshot(key=("item_id",), empty=Empty.WARN)
class ItemPopularity(Table):
    """One row per item that was ordered: how often, by anybody."""

    as_of: datetime.date = Field(description="The day whose state this is.")
    item_id: str = Field(description="The item.")
    historical_orders: int = Field(ge=0, description="Order lines before the event stream.")
    recent_orders: int = Field(ge=0, description="Order lines in the event stream.")
    orders: int = Field(ge=1, description="Both together.")
    score: float = Field(ge=0, description="2 * ln(1 + orders).")


@snapshot(key=("tier", "segment", "item_id"), empty=Empty.WARN)
class SegmentPopularity(Table):
    """One row per segment and item that its owners ordered: how often, newer orders weighing more."""

    as_of: datetime.date = Field(description="The day whose state this is.")
    tier: str = Field(isin=list(TIERS), description="Kind of segment.")
    segment: str = Field(description="The vehicle, the make and model, the make, or `all`.")
    item_id: str = Field(description="The item.")
    orders: int = Field(ge=1, description="Order lines by owners of the segment.")
    weighted_orders: float = Field(ge=0, description="The same, halved every half-life.")
    segment_orders: float = Field(ge=0, description="All weighted orders of the segment.")


@snapshot(key=("vehicle", "item_id"))
class VehicleRanking(Table):
    """One row per vehicle and eligible part: its popularity with owners, and its rank before any owner's own intent."""

    as_of: datetime.date = Field(description="The day whose state this is.")
    vehicle: str = Field(description="The vehicle.")
    item_id: str = Field(description="The part.")
    family: str = Field(description="The SKU without the letter of a variant.")
    part_type: str = Field(nullable=True, description="Kind of part; unknown for some.")
    price: float = Field(ge=0, description="Price of one unit.")
    image_url: str = Field(description="Picture, over https.")
    tier: str = Field(isin=list(TIERS), description="The nearest segment with an order of the part.")
    popularity: float = Field(ge=0, description="Popularity score.")
    family_rank: int = Field(ge=1, description="Place within its family.")
    type_rank: int = Field(ge=1, nullable=True, description="Place within its part type among the best of families.")
    capped_before: int = Field(
        ge=0, nullable=True, description="Parts before it among the best of families, at most so many of one type."
    )


@snapshot(key=("customer_id", "item_id"), empty=Empty.WARN)
class IntentScores(Table):
    """One row per owner and item that the owner viewed, put in the cart or ordered in the window."""

    as_of: datetime.date = Field(description="The day whose state this is.")
    customer_id: str = Field(description="The owner.")
    item_id: str = Field(description="The item.")
    views: int = Field(ge=0, description="Views in the window.")
    carts: int = Field(ge=0, description="Cart updates in the window.")
    orders: int = Field(ge=0, description="Order lines in the window.")
    intent: float = Field(ge=0, description="Weighted by kind, decayed by age, bounded.")


@snapshot(key=("customer_id", "rank"))
class Recommendations(Table):
    """One row per owner and rank, 1 to 4: the recommended part, with the parts of its score."""

    as_of: datetime.date = Field(description="The day whose state this is.")
    customer_id: str = Field(description="The owner.")
    vehicle: str = Field(description="The owner's vehicle.")
    rank: int = Field(ge=1, le=4, description="Place, the best first.")
    item_id: str = Field(description="The part.")
    family: str = Field(description="The SKU without the letter of a variant.")
    part_type: str = Field(nullable=True, description="Kind of part; unknown for some.")
    price: float = Field(ge=0, description="Price of one unit.")
    image_url: str = Field(description="Picture, over https.")
    tier: str = Field(isin=list(TIERS), description="Where the evidence comes from.")
    score: float = Field(ge=0, description="Intent plus popularity.")
    intent: float = Field(ge=0, description="The owner's own share of the score.")
    popularity: float = Field(ge=0, description="The share of everybody else.")


@snapshot(key=("email_lower",), personal=("email_lower",))
class VehicleRecommendations(Table):
    """One row per e-mail address with four parts: the retailer's contract."""

    as_of: datetime.date = Field(description="The day whose state this is.")
    email_lower: str = Field(description="Trimmed, lower-cased address.")
    customer_id: str = Field(description="The owner.")
    v1_year: int = Field(description="Model year of the vehicle.")
    v1_make: str = Field(description="Its make.")
    v1_model: str = Field(description="Its model.")
    rec_part_1: str = Field(description="First part.")
    rec1_price: float = Field(description="Its price.")
    rec1_score: float = Field(description="Its score.")
    rec1_image: str = Field(description="Its picture.")
    rec1_part_type: str = Field(nullable=True, description="Its kind.")
    rec1_tier: str = Field(description="Where its evidence comes from.")
    rec_part_2: str = Field(description="Second part.")
    rec2_price: float = Field(description="Its price.")
    rec2_score: float = Field(description="Its score.")
    rec2_image: str = Field(description="Its picture.")
    rec2_part_type: str = Field(nullable=True, description="Its kind.")
    rec2_tier: str = Field(description="Where its evidence comes from.")
    rec_part_3: str = Field(description="Third part.")
    rec3_price: float = Field(description="Its price.")
    rec3_score: float = Field(description="Its score.")
    rec3_image: str = Field(description="Its picture.")
    rec3_part_type: str = Field(nullable=True, description="Its kind.")
    rec3_tier: str = Field(description="Where its evidence comes from.")
    rec_part_4: str = Field(description="Fourth part.")
    rec4_price: float = Field(description="Its price.")
    rec4_score: float = Field(description="Its score.")
    rec4_image: str = Field(description="Its picture.")
    rec4_part_type: str = Field(nullable=True, description="Its kind.")
    rec4_tier: str = Field(description="Where its evidence comes from.")
    pipeline_version: str = Field(description="What made it.")
    generated_at: datetime.datetime = Field(description="The day it was made for, at midnight UTC.")


DROPPED_BECAUSE = (
    "no usable e-mail",
    "another profile has the e-mail",
    "no vehicle",
    "vehicle not in fitment",
    "too few eligible parts",
    "too few parts left",
)


@snapshot(key=("customer_id",), personal=("email_lower",), empty=Empty.ALLOWED)
class DroppedCustomers(Table):
    """One row per customer who gets nothing, and the one reason why: the first that applies."""

    as_of: datetime.date = Field(description="The day whose state this is.")
    customer_id: str = Field(description="The customer.")
    email_lower: str = Field(nullable=True, description="Trimmed, lower-cased address.")
    reason: str = Field(isin=list(DROPPED_BECAUSE), description="Why.")
