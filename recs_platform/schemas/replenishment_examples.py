"""What version 4 of replenishment learns from. Its features are those of `next_basket/features.py`, in their order."""

from __future__ import annotations

import datetime

from recs_platform.schemas.field import Field
from recs_platform.schemas.table import Empty, Table, snapshot


@snapshot(key=("example",), empty=Empty.ALLOWED)
class ReplenishmentExamples(Table):
    """One row per past target, client and candidate: what was known before the target, and whether it was bought. No
    rows on a day that does not train."""

    as_of: datetime.date = Field(description="The day whose state this is.")
    example: int = Field(ge=0, description="Its number.")
    customer_id: str = Field(description="The client.")
    item_id: str = Field(description="The item.")
    target: int = Field(ge=0, description="The number of the target, the newest first.")
    target_from: datetime.date = Field(description="The first day of the target: nothing of it is known.")
    was_bought: bool = Field(description="Whether the client bought it in the target.")
    weight: float = Field(gt=0, description="One over what the client bought in it, so that clients count the same.")
    split: str = Field(description="Who learns, where that is given.")
    own_count: float = Field(nullable=True, description="Baskets of the client with the item.")
    own_share: float = Field(nullable=True, description="Their share of the client's baskets.")
    own_share_since_first: float = Field(
        nullable=True, description="Their share of its baskets since it first bought the item."
    )
    own_recency: float = Field(
        nullable=True, description="Baskets since the last one with the item; 0 where that was the last one."
    )
    own_first_seen: float = Field(nullable=True, description="Baskets since the first one with the item.")
    own_mean_gap: float = Field(
        nullable=True, description="Mean number of baskets from one purchase of the item to the next."
    )
    own_last_gap: float = Field(nullable=True, description="Baskets between the last two purchases of the item.")
    own_dueness: float = Field(
        nullable=True, description="Baskets since the last purchase, the coming one included, over the mean gap."
    )
    own_recent_share: float = Field(
        nullable=True, description="How many of the last five baskets hold the item, over five."
    )
    own_decayed_slow: float = Field(nullable=True, description="How often, decayed slowly, by baskets.")
    own_decayed_fast: float = Field(nullable=True, description="How often, decayed fast, by baskets.")
    own_item_dueness: float = Field(
        nullable=True,
        description="Baskets since the last purchase, the coming one included, over everybody's mean gap.",
    )
    own_recency_days: float = Field(nullable=True, description="Days since the last purchase.")
    own_mean_gap_days: float = Field(
        nullable=True, description="Mean number of days from one purchase of the item to the next."
    )
    own_dueness_days: float = Field(
        nullable=True, description="Days since the last purchase over the mean gap in days."
    )
    own_decayed_month: float = Field(nullable=True, description="How often, half a purchase after a month.")
    own_decayed_quarter: float = Field(nullable=True, description="How often, half a purchase after a quarter.")
    popularity: float = Field(nullable=True, description="Share of all baskets with the item.")
    recent_popularity: float = Field(nullable=True, description="Share of the recent baskets with the item.")
    popularity_growth: float = Field(nullable=True, description="Recent popularity over popularity.")
    item_clients: float = Field(nullable=True, description="Share of clients who ever bought the item.")
    item_bought_again: float = Field(
        nullable=True, description="Of the clients who bought it, the share who did again."
    )
    item_mean_gap: float = Field(
        nullable=True, description="Mean number of baskets from one purchase to the same client's next, over everybody."
    )
    neighbours_slow_l2: float = Field(nullable=True, description="Mean slow vector of the nearest clients by distance.")
    neighbours_slow_cosine: float = Field(
        nullable=True, description="Mean slow vector of the nearest clients by cosine, weighted by it."
    )
    neighbours_fast_cosine: float = Field(
        nullable=True, description="Mean fast vector of the nearest clients by cosine of fast vectors, weighted by it."
    )
    transitions: float = Field(
        nullable=True, description="How often the item follows what the last three baskets held."
    )
    neighbours_slow_l2_over_popularity: float = Field(
        nullable=True, description="That neighbour score over the popularity of the item."
    )
    neighbours_slow_cosine_over_popularity: float = Field(
        nullable=True, description="That neighbour score over the popularity of the item."
    )
    transitions_over_popularity: float = Field(
        nullable=True, description="The transition score over the popularity of the item."
    )
    client_baskets: float = Field(nullable=True, description="Baskets of the client.")
    client_basket_size: float = Field(nullable=True, description="Their mean size.")
    client_last_size: float = Field(nullable=True, description="Size of the last one.")
    client_items: float = Field(nullable=True, description="Different items that the client ever bought.")
    client_variety: float = Field(nullable=True, description="Different items over all lines.")
    client_bought_again: float = Field(
        nullable=True, description="Of the lines after the first basket, the share that the client had bought before."
    )
    client_gap_days: float = Field(nullable=True, description="Mean number of days between baskets.")
    client_days_since: float = Field(nullable=True, description="Days since the last basket.")
    client_history_days: float = Field(nullable=True, description="Days since the first basket.")
    weekday_lift: float = Field(
        nullable=True, description="The item's share of lines on the weekday, over that of all items."
    )
    season_lift: float = Field(
        nullable=True, description="The item's share of lines around the same day of last year, over that of all items."
    )
    client_group_share: float = Field(nullable=True, description="Share of the client's lines in the item's group.")
    client_brand_share: float = Field(nullable=True, description="Share of the client's lines of the item's brand.")
    client_price_band_share: float = Field(
        nullable=True, description="Share of the client's lines in the item's price band."
    )
    new_item: float = Field(
        nullable=True, description="What an item that nobody bought yet is worth by those shares; 0 for all others."
    )
