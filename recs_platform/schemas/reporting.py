"""The tables that answer an analyst's questions about vehicle fitment: the backtest, and one diagnostic each.

All may be empty: a company's first weeks have no past, and a quiet one no orders.
"""

from __future__ import annotations

import datetime

from recs_platform.schemas.field import Field
from recs_platform.schemas.table import Empty, Table, snapshot
from recs_platform.schemas.vehicle_fitment import TIERS

CONTENDERS = ("recommended", "segment", "global", "random")
"""The pipeline with its owners' wishes; what owners of the vehicle buy; what everybody buys; any eligible part."""

SECTIONS = ("all", "position", "tier")

PRICE_BANDS = (0, 50, 100, 250, 500, 1000)
"""Lower bounds of the bands, as `sql/reporting/revenue_by_price_band.sql` has them."""


@snapshot(key=("contender", "event_id", "ordered_on"), empty=Empty.ALLOWED)
class BacktestPurchases(Table):
    """One row per contender and order line by an owner who was recommended something before it."""

    as_of: datetime.date = Field(description="The day whose state this is.")
    recommended_on: datetime.date = Field(description="The day that the contender's list is of.")
    contender: str = Field(isin=list(CONTENDERS), description="Who made the list.")
    event_id: str = Field(description="The order line.")
    ordered_on: datetime.date = Field(description="Its UTC day.")
    customer_id: str = Field(description="The owner.")
    item_id: str = Field(description="The catalog's SKU where it has one, else the SKU as ordered.")
    position: int = Field(ge=1, le=4, nullable=True, description="Place in the contender's list, if it is there.")
    tier: str = Field(isin=list(TIERS), nullable=True, description="Tier of the part's evidence, if it is there.")


@snapshot(key=("contender", "section", "value"), empty=Empty.ALLOWED)
class Backtest(Table):
    """One row per contender, altogether and for each position and tier: which purchases it had in its list.

    Intervals are 95% bootstrap intervals over the customers who bought. Matches of positions, and of tiers, add up to
    all matches.
    """

    as_of: datetime.date = Field(description="The last day of the purchases.")
    recommended_on: datetime.date = Field(description="The day that the lists are of.")
    contender: str = Field(isin=list(CONTENDERS), description="Who made the lists.")
    section: str = Field(isin=list(SECTIONS), description="What `value` is: everything, a position or a tier.")
    value: str = Field(description="`all`, the position, or the tier.")
    purchases: int = Field(ge=1, description="Order lines by owners who were recommended something.")
    matched: int = Field(ge=0, description="Those of them that stand here in the list.")
    match_rate: float = Field(ge=0, le=1, description="matched / purchases.")
    match_rate_low: float = Field(ge=0, le=1, description="Lower end of its interval.")
    match_rate_high: float = Field(ge=0, le=1, description="Upper end of its interval.")
    customers: int = Field(ge=1, description="Owners who bought anything.")
    customers_hit: int = Field(ge=0, description="Those with at least one purchase that stands here in the list.")
    hit_rate: float = Field(ge=0, le=1, description="customers_hit / customers.")
    hit_rate_low: float = Field(ge=0, le=1, description="Lower end of its interval.")
    hit_rate_high: float = Field(ge=0, le=1, description="Upper end of its interval.")
    over_global: float = Field(nullable=True, ge=0, description="match_rate / match_rate of `global`; of `all` only.")
    over_global_low: float = Field(nullable=True, ge=0, description="Lower end of its interval.")
    over_global_high: float = Field(nullable=True, ge=0, description="Upper end; none when it has no bound.")


@snapshot(key=("ordered_on",), empty=Empty.ALLOWED)
class PurchasesByFitment(Table):
    """One row per day of the intent window: order lines of items that no vehicle is known to fit."""

    as_of: datetime.date = Field(description="The day whose state this is.")
    ordered_on: datetime.date = Field(description="The UTC day of the orders.")
    purchases: int = Field(ge=1, description="Order lines.")
    outside_fitment: int = Field(ge=0, description="Those of items that the fitment data does not have.")
    share_outside: float = Field(ge=0, le=1, description="outside_fitment / purchases.")


@snapshot(key=("as_of",), empty=Empty.ALLOWED)
class RepeatPurchases(Table):
    """One row: how many customers bought an item again on a later day."""

    as_of: datetime.date = Field(description="The day whose state this is.")
    customers: int = Field(ge=1, description="Customers who bought anything.")
    repeat_customers: int = Field(ge=0, description="Those who bought some item on more than one day.")
    share_of_customers: float = Field(ge=0, le=1, description="repeat_customers / customers.")
    order_lines: int = Field(ge=1, description="Their order lines.")
    repeat_lines: int = Field(ge=0, description="Those of an item that the customer had bought on an earlier day.")
    share_of_lines: float = Field(ge=0, le=1, description="repeat_lines / order_lines.")


@snapshot(key=("category",), empty=Empty.ALLOWED)
class RevenueByCategory(Table):
    """One row per part type: what the order lines of the intent window earned."""

    as_of: datetime.date = Field(description="The day whose state this is.")
    category: str = Field(description="Part type; `unknown` where the catalog has none.")
    order_lines: int = Field(ge=1, description="Order lines.")
    share_of_lines: float = Field(ge=0, le=1, description="Of all order lines.")
    units: int = Field(ge=0, description="Units sold.")
    revenue: float = Field(ge=0, description="In the company's currency.")
    share_of_revenue: float = Field(ge=0, le=1, description="Of all revenue.")


@snapshot(key=("price_from",), empty=Empty.ALLOWED)
class RevenueByPriceBand(Table):
    """One row per price band: what the order lines of the intent window earned in it."""

    as_of: datetime.date = Field(description="The day whose state this is.")
    price_from: int = Field(isin=list(PRICE_BANDS), description="Lowest price of the band, in the company's currency.")
    order_lines: int = Field(ge=1, description="Order lines.")
    share_of_lines: float = Field(ge=0, le=1, description="Of all order lines with a price.")
    units: int = Field(ge=0, description="Units sold.")
    revenue: float = Field(ge=0, description="In the company's currency.")
    share_of_revenue: float = Field(ge=0, le=1, description="Of all revenue.")


@snapshot(key=("position",), empty=Empty.ALLOWED)
class RecommendedPrice(Table):
    """One row per rank: what the parts recommended there cost."""

    as_of: datetime.date = Field(description="The day whose state this is.")
    position: int = Field(ge=1, le=4, description="Place in the list.")
    customers: int = Field(ge=1, description="Owners with a part there: all who are recommended anything.")
    average_price: float = Field(ge=0, description="Average price, in the company's currency.")
    lowest_price: float = Field(ge=0, description="Lowest price.")
    highest_price: float = Field(ge=0, description="Highest price.")


@snapshot(key=("happened_on", "event_name"), empty=Empty.ALLOWED)
class EventsByKindAndDay(Table):
    """One row per day of the intent window and kind of event: how many there were."""

    as_of: datetime.date = Field(description="The day whose state this is.")
    happened_on: datetime.date = Field(description="The UTC day of the events.")
    event_name: str = Field(description="What happened.")
    events: int = Field(ge=1, description="Events.")
    customers: int = Field(ge=0, description="Known customers among those who did it.")


@snapshot(key=("tier",), empty=Empty.ALLOWED)
class TierShares(Table):
    """One row per tier: the share of recommendations whose evidence it gave, and of owners whom they reach."""

    as_of: datetime.date = Field(description="The day whose state this is.")
    tier: str = Field(isin=list(TIERS), description="Where the evidence comes from.")
    recommendations: int = Field(ge=0, description="Recommendations: four for each owner.")
    share_of_recommendations: float = Field(ge=0, le=1, description="Of all recommendations.")
    items: int = Field(ge=0, description="Different parts among them.")
    customers: int = Field(ge=0, description="Owners with at least one of them.")
    share_of_customers: float = Field(ge=0, le=1, description="Of all owners who are recommended anything.")


@snapshot(key=("as_of",), empty=Empty.ALLOWED)
class ColdStarts(Table):
    """One row: how many owners showed no intent in the window."""

    as_of: datetime.date = Field(description="The day whose state this is.")
    owners: int = Field(ge=1, description="Owners of a known vehicle who can be e-mailed.")
    without_intent: int = Field(ge=0, description="Those without a view, cart or order of a part in the window.")
    share_without_intent: float = Field(ge=0, le=1, description="without_intent / owners.")
