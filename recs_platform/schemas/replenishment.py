"""The tables of replenishment, from order lines to the weekly lists.

Not here: the comparison with what is live (`replenishment_reports.py`).
"""

from __future__ import annotations

import datetime
from typing import Literal, TypeAlias, get_args

from recs_platform.schemas.field import Field
from recs_platform.schemas.table import Empty, Table, log, snapshot

SEGMENTS = ("light", "regular", "heavy")
"""Of clients, by how often they order."""

REPURCHASE, DISCOVERY = "repurchase", "discovery"
KINDS = (REPURCHASE, DISCOVERY)
"""What the client bought before, and what it never bought."""

Version: TypeAlias = Literal["v31", "v32", "v4"]
VERSIONS: tuple[Version, ...] = get_args(Version)
"""Ways to score what may be recommended."""

MEASURES = ("jaccard", "weighted", "slow_l2", "slow_cosine", "fast_cosine")
"""How alike clients are found: of version 3.1, of 3.2, and those of version 4."""

FAILED = "its computation failed"
"""Why a client has no list whose own rows could not be computed; the run's log says more."""

UNSERVED = (
    FAILED,
    "all it ordered was sent back",
    "no candidates",
    "all candidates are discontinued",
    "candidates ruled out",
)
"""Why an active client has no list."""


@log(key=("order_id", "customer_id", "item_id"), empty=Empty.ALLOWED)
class OrderLines(Table):
    """One row per day, order and item that a known client ordered or sent back."""

    event_date: datetime.date = Field(description="The UTC day.")
    order_id: str = Field(description="The order; of a line without one, the line's own event.")
    customer_id: str = Field(description="The client.")
    item_id: str = Field(description="The item.")
    quantity: int = Field(ge=0, description="Units ordered; 0 where it was only sent back.")
    returned: int = Field(ge=0, description="Units that came back on this day.")
    spent_cents: int = Field(ge=0, description="Money spent, in hundredths.")


@log(key=("customer_id",), empty=Empty.ALLOWED)
class ClientDays(Table):
    """One row per client and day with orders."""

    event_date: datetime.date = Field(description="The UTC day.")
    customer_id: str = Field(description="The client.")
    orders: int = Field(ge=1, description="Distinct orders.")
    lines: int = Field(ge=1, description="Items in them, each once an order.")
    units: int = Field(ge=1, description="Units.")
    spent_cents: int = Field(ge=0, description="Money spent, in hundredths.")


@snapshot(key=("customer_id", "item_id"), empty=Empty.ALLOWED)
class ClientItems(Table):
    """One row per client and item that it ordered."""

    as_of: datetime.date = Field(description="The day whose state this is.")
    customer_id: str = Field(description="The client.")
    item_id: str = Field(description="The item.")
    orders: int = Field(ge=0, description="Orders with it, without those sent back.")
    orders_sent_back: int = Field(ge=0, description="Orders of which all units of it came back.")
    quantity: int = Field(ge=0, description="Units, without those that came back.")
    first_ordered_on: datetime.date = Field(description="Day of the first of its orders.")
    last_ordered_on: datetime.date = Field(description="Day of the last.")
    days_since: int = Field(ge=0, description="Days since the last.")
    orders_since: int = Field(ge=0, description="The client's orders on later days than the last with the item.")
    mean_gap_days: float = Field(
        nullable=True, gt=0, description="Mean days from one order of it to the next; NULL if all were on one day."
    )
    share_of_orders: float = Field(ge=0, le=1, description="Share of the client's orders that it is in.")
    recent_orders: int = Field(ge=0, description="Orders with it in the newest trend period.")
    earlier_orders: int = Field(ge=0, description="Orders with it in the trend period before.")
    season_orders: int = Field(
        ge=0, description="Orders with it at this time of the year, of this year or earlier ones."
    )
    season_share: float = Field(ge=0, le=1, description="Share of the client's orders at that time that it is in.")


@snapshot(key=("customer_id",), empty=Empty.ALLOWED)
class ClientProfiles(Table):
    """One row per client with an order in the history: how often and how much it orders."""

    as_of: datetime.date = Field(description="The day whose state this is.")
    customer_id: str = Field(description="The client.")
    orders: int = Field(ge=1, description="Orders.")
    lines: int = Field(ge=1, description="Items in them, each once an order.")
    units: int = Field(ge=1, description="Units.")
    spent_cents: int = Field(ge=0, description="Money spent, in hundredths.")
    items: int = Field(ge=1, description="Different items.")
    first_ordered_on: datetime.date = Field(description="Day of the first order.")
    last_ordered_on: datetime.date = Field(description="Day of the last order.")
    mean_gap_days: float = Field(
        nullable=True, gt=0, description="Mean days from one order to the next; NULL if all were on one day."
    )
    mean_basket: float = Field(ge=1, description="Mean number of items in an order.")
    active_orders: int = Field(ge=0, description="Orders in the window that makes a client active.")
    segment: str = Field(isin=list(SEGMENTS), description="By orders in that window, among active clients.")
    is_active: bool = Field(description="Ordered in that window.")


@snapshot(key=("item_id",), empty=Empty.ALLOWED)
class ProductTrends(Table):
    """One row per item that was ordered or stands in the catalog: how popular it is, and whether it trends."""

    as_of: datetime.date = Field(description="The day whose state this is.")
    item_id: str = Field(description="The item.")
    group_id: str = Field(nullable=True, description="Group in the catalog, else its category; NULL without either.")
    brand: str = Field(nullable=True, description="Brand in the catalog.")
    price: float = Field(nullable=True, ge=0, description="Price of one unit in the catalog.")
    price_band: int = Field(nullable=True, description="Logarithm of the price, to the base of 2, rounded down.")
    orders: int = Field(ge=0, description="Orders with it, without those sent back.")
    clients: int = Field(ge=0, description="Clients who ordered it and kept it.")
    recent_orders: int = Field(ge=0, description="Orders with it in the newest trend period.")
    earlier_orders: int = Field(ge=0, description="Orders with it in the trend period before.")
    growth: float = Field(
        nullable=True, ge=-1, description="How far recent orders are above earlier ones (0.5 is 50%); NULL without any."
    )
    seasonality: float = Field(
        nullable=True,
        ge=0,
        le=1,
        description="0 where no more of its orders than usual are at this time of the year, near 1 where all of many "
        "are; NULL before there is a year of history.",
    )
    is_trending: bool = Field(description="Its orders grow by as much as counts as a trend.")
    first_ordered_on: datetime.date = Field(nullable=True, description="Day of its first order in the history.")
    is_new: bool = Field(description="New in the catalog, as far as that is known.")
    is_discontinued: bool = Field(description="There is a catalog, and it does not stand in it.")


@snapshot(key=("experiment", "customer_id"), empty=Empty.ALLOWED)
class ExperimentAssignments(Table):
    """One row per experiment and client that was drawn for it: the arm that it keeps."""

    as_of: datetime.date = Field(description="The day whose state this is.")
    experiment: str = Field(description="The experiment's name in the company's file.")
    customer_id: str = Field(description="The client.")
    arm: str = Field(isin=list(VERSIONS), description="The version that its lists are made by.")
    assigned_on: datetime.date = Field(description="The first day whose lists were made so.")
    drawn_by: datetime.date = Field(description="The day from which the shares were in force by which it was drawn.")
    last_on: datetime.date = Field(description="The last day on which the company's file named the experiment.")


@snapshot(key=("customer_id", "measure", "rank"), empty=Empty.ALLOWED)
class SimilarClients(Table):
    """One row per active client, measure and rank: who orders most like it."""

    as_of: datetime.date = Field(description="The day whose state this is.")
    customer_id: str = Field(description="The client.")
    measure: str = Field(isin=list(MEASURES), description="How alike clients are found; each version has its own.")
    rank: int = Field(ge=1, description="Place, the most similar first.")
    neighbour_id: str = Field(description="The similar client.")
    similarity: float = Field(gt=0, le=1, description="1 is the same orders, near 0 nothing in common.")


@snapshot(key=("customer_id", "item_id"), empty=Empty.ALLOWED)
class ReplenishmentCandidates(Table):
    """One row per active client and item that it may be recommended. Sources are of version 4: NULL where it does not
    look at the item, or nobody is of it."""

    as_of: datetime.date = Field(description="The day whose state this is.")
    customer_id: str = Field(description="The client.")
    item_id: str = Field(description="The item.")
    kind: str = Field(isin=list(KINDS), description="Bought before, or never.")
    neighbours: int = Field(ge=0, description="Similar clients who ordered it, where the client never did.")
    neighbour_share: float = Field(ge=0, le=1, description="Their share of the likeness of all similar clients.")
    neighbours_slow_l2: float = Field(nullable=True, ge=0, description="How often the nearest clients order it.")
    neighbours_slow_cosine: float = Field(nullable=True, ge=0, description="How often those with like tastes order it.")
    neighbours_fast_cosine: float = Field(nullable=True, ge=0, description="The same of what they ordered of late.")
    transitions: float = Field(nullable=True, ge=0, description="How often it follows what the last orders held.")
    new_item: float = Field(nullable=True, ge=0, description="Of what nobody bought yet: what it is worth by its kind.")


@snapshot(key=("customer_id", "item_id"), empty=Empty.ALLOWED)
class ModelScores(Table):
    """One row per candidate of a client of version 4, where a model serves."""

    as_of: datetime.date = Field(description="The day whose state this is.")
    customer_id: str = Field(description="The client.")
    item_id: str = Field(description="The item.")
    raw: float = Field(description="What the model orders by: the more, the sooner.")
    digest: str = Field(description="The model.")


@snapshot(key=("customer_id", "item_id"), empty=Empty.ALLOWED)
class ReplenishmentScores(Table):
    """One row per active client and item that it may be recommended."""

    as_of: datetime.date = Field(description="The day whose state this is.")
    customer_id: str = Field(description="The client.")
    item_id: str = Field(description="The item.")
    kind: str = Field(isin=list(KINDS), description="Bought before, or never.")
    score: float = Field(ge=0, description="The higher, the sooner it is recommended; of each kind by itself.")
    reason: str = Field(description="Why, in words.")
    scored_by: str = Field(description="What scored it.")
    version: str = Field(isin=list(VERSIONS), description="The version of scoring: the company's, or its arm's.")


@snapshot(key=("customer_id", "rank"), empty=Empty.ALLOWED)
class WeeklyRecommendations(Table):
    """One row per active client and rank: what to order again this week, and what to try."""

    as_of: datetime.date = Field(description="The day whose state this is.")
    customer_id: str = Field(description="The client.")
    week: datetime.date = Field(description="The Monday that the week begins with, the first not before `as_of`.")
    rank: int = Field(ge=1, description="Place: repurchases first, each kind with its best first.")
    item_id: str = Field(description="The item.")
    kind: str = Field(isin=list(KINDS), description="Bought before, or never.")
    score: float = Field(ge=0, description="What its kind is sorted by.")
    reason: str = Field(description="Why, in words.")
    group_id: str = Field(nullable=True, description="Its group, of which there are few in a list; NULL without one.")
    version: str = Field(isin=list(VERSIONS), description="The version of scoring.")
    scored_by: str = Field(description="What scored it.")
    pipeline_version: str = Field(description="What made it.")
    generated_at: datetime.datetime = Field(description="The day it was made for, at midnight UTC.")


@snapshot(key=("customer_id",), empty=Empty.ALLOWED)
class WeeklyLists(Table):
    """One row per client with a list: how long it is, and what it lacks."""

    as_of: datetime.date = Field(description="The day whose state this is.")
    customer_id: str = Field(description="The client.")
    week: datetime.date = Field(description="The Monday on which the week begins.")
    version: str = Field(isin=list(VERSIONS), description="The version of scoring.")
    items: int = Field(ge=1, description="Items in the list.")
    repurchases: int = Field(ge=0, description="Those of them that the client bought before.")
    discoveries: int = Field(ge=0, description="Those of them that it never bought.")
    repurchases_missing: int = Field(ge=0, description="Places of repurchases that none was left for.")
    discoveries_missing: int = Field(ge=0, description="Places of discoveries that none was left for.")
    shortfall: int = Field(ge=0, description="Places that stay empty, because neither kind has anything left.")


@snapshot(key=("customer_id",), empty=Empty.ALLOWED)
class UnservedClients(Table):
    """One row per active client without a list, and the one reason why."""

    as_of: datetime.date = Field(description="The day whose state this is.")
    customer_id: str = Field(description="The client.")
    reason: str = Field(isin=list(UNSERVED), description="Why.")
