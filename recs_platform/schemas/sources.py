"""The canonical source tables: what every company's data looks like once it is inside the platform.

Not here: what feeds look like before (the landed form is derived in `landing.py`), and tables that strategies make.
"""

from __future__ import annotations

import datetime

from recs_platform.schemas.field import Field
from recs_platform.schemas.table import Empty, Table, formerly, log, snapshot

EVENT_NAMES = ("product_viewed", "cart_updated", "order_line", "order_placed", "order_refunded")
"""Canonical event names. Units and revenue are counted on `order_line`; `order_placed` is the order as a whole, and
`order_refunded` takes off what was returned of it (its units and price are positive). Beside these there are the events
that a company declares a metric on (`metrics`), under their own names."""


@log(key=("event_id",), time="event_ts", empty=Empty.WARN)
class Events(Table):
    """One row per thing a customer did: viewed, put in the cart, ordered (one row per order line), placed an order."""

    event_id: str = Field(description="Identifies the event in the company's feed.")
    event_ts: datetime.datetime = Field(description="When it happened, in UTC.")
    event_date: datetime.date = Field(description="The UTC day of event_ts.")
    customer_id: str = Field(nullable=True, description="Who did it; unknown for anonymous visitors.")
    event_name: str = Field(
        description="Canonical name of what happened, or the feed's own name where a metric is declared on it."
    )
    item_id: str = Field(nullable=True, description="The item, for events that are about one.")
    quantity: int = Field(nullable=True, ge=0, description="Units, for carts and orders.")
    unit_price: float = Field(nullable=True, ge=0, description="Price of one unit, in the company's currency.")
    order_id: str = Field(nullable=True, description="The order, for order events.")
    is_promo: bool = Field(nullable=True, description="Bought on promotion.")
    channel: str = Field(nullable=True, description="Where it happened: web, store, phone ...")
    send_id: str = Field(nullable=True, description="Orders: the message that the order names, where it names one.")
    campaign_id: str = Field(nullable=True, description="Orders: the campaign that the order names.")
    coupon_id: str = Field(nullable=True, description="Orders: the coupon that was used.")


@log(key=("send_id",), time="sent_at")
class Treatments(Table):
    """One row per message sent: who was sent which treatment, in which campaign and arm."""

    send_id: str = Field(description="Identifies the message.")
    customer_id: str = Field(description="Who it was sent to.")
    treatment_id: str = Field(description="What was sent (template and strategy).")
    campaign_id: str = Field(description="The campaign it belongs to.")
    arm: str = Field(description="The experiment's arm: personalised, random, holdout ...")
    sent_at: datetime.datetime = Field(description="When it was sent, in UTC.")
    propensity: float = Field(
        nullable=True, gt=0, le=1, description="Chance with which this treatment was chosen for the message, if known."
    )
    treatment_name: str = Field(nullable=True, description="What people call the treatment.")
    subject: str = Field(nullable=True, description="The message's subject line.")
    coupon_id: str = Field(nullable=True, description="The coupon that the message carried.")
    event_date: datetime.date = Field(description="The UTC day of sent_at.")


@log(key=("send_id",), time="reported_at")
class Deliveries(Table):
    """One row per message that the mail provider reported on: delivered, or failed and why."""

    send_id: str = Field(description="The message.")
    status: str = Field(isin=["delivered", "failed"], description="What became of it.")
    failure_reason: str = Field(nullable=True, description="Why it failed.")
    reported_at: datetime.datetime = Field(
        description="When the provider reported it, in UTC.", metadata=formerly("at")
    )
    event_date: datetime.date = Field(description="The UTC day of reported_at.")


@log(key=("send_id", "kind", "happened_at"), time="happened_at")
class Interactions(Table):
    """One row per open or click of a message. Arrives up to a day late: re-running a day picks up the rest."""

    send_id: str = Field(description="The message.")
    kind: str = Field(isin=["VIEWED", "CLICKED"], description="VIEWED is an open, CLICKED a click.")
    happened_at: datetime.datetime = Field(description="When it happened, in UTC.", metadata=formerly("at"))
    event_date: datetime.date = Field(description="The UTC day of happened_at.")


@log(key=("impression_id",), time="shown_at", empty=Empty.WARN)
class Impressions(Table):
    """One row per offer shown to a customer."""

    impression_id: str = Field(description="Identifies the showing.")
    customer_id: str = Field(description="Who saw it.")
    offer_id: str = Field(description="Which offer.")
    shown_at: datetime.datetime = Field(description="When, in UTC.")
    event_date: datetime.date = Field(description="The UTC day of shown_at.")


@log(key=("customer_id", "offer_id", "order_id"), time="redeemed_at")
class Redemptions(Table):
    """One row per offer that a customer redeemed in an order."""

    customer_id: str = Field(description="Who redeemed it.")
    offer_id: str = Field(description="Which offer.")
    redeemed_at: datetime.datetime = Field(description="When, in UTC.")
    order_id: str = Field(description="The order it was redeemed in.")
    event_date: datetime.date = Field(description="The UTC day of redeemed_at.")


@snapshot(key=("customer_id",), personal=("email",))
class Customers(Table):
    """One row per customer profile, as the company knew it on `as_of`."""

    as_of: datetime.date = Field(description="The day whose state this is.")
    customer_id: str = Field(description="Identifies the profile.")
    email: str = Field(nullable=True, description="As the company typed it: any case, possibly unusable.")
    updated_at: datetime.datetime = Field(nullable=True, description="When the profile last changed, in UTC.")
    vehicle_year: int = Field(nullable=True, description="Vehicle fitment: model year of the customer's car.")
    vehicle_make: str = Field(nullable=True, description="Vehicle fitment: its make.")
    vehicle_model: str = Field(nullable=True, description="Vehicle fitment: its model.")
    business_type: str = Field(nullable=True, description="Offer ranking, replenishment: kind of business.")


@snapshot(key=("item_id",))
class Catalog(Table):
    """One row per SKU that the company sells, duplicates merged (a known category wins over an unknown one)."""

    as_of: datetime.date = Field(description="The day whose state this is.")
    item_id: str = Field(description="The SKU.")
    name: str = Field(nullable=True, description="What the shop calls it.")
    category: str = Field(nullable=True, description="Part type, or category of goods; unknown for some.")
    brand: str = Field(nullable=True, description="The maker.")
    price: float = Field(ge=0, description="Price of one unit, in the company's currency; zero when not for sale.")
    cost: float = Field(nullable=True, ge=0, description="What one unit costs the company.")
    group_id: str = Field(nullable=True, description="Product group.")
    tags: str = Field(nullable=True, description="Comma-separated labels, such as refurbished.")
    image_url: str = Field(nullable=True, description="Picture for e-mails.")
    price_tier: int = Field(nullable=True, description="1 budget, 2 middle, 3 premium.")
    is_own_brand: bool = Field(nullable=True, description="The company's own brand.")
    is_fresh: bool = Field(nullable=True, description="Fresh food.")


@snapshot(key=("vehicle_year", "vehicle_make", "vehicle_model", "item_id"))
class Fitment(Table):
    """One row per vehicle and item that fits it."""

    as_of: datetime.date = Field(description="The day whose state this is.")
    vehicle_year: int = Field(ge=1885, le=2100, description="Model year.")
    vehicle_make: str = Field(description="Make.")
    vehicle_model: str = Field(description="Model.")
    item_id: str = Field(description="The SKU that fits.")


@snapshot(key=("order_line_id",), empty=Empty.WARN)
class OrderHistory(Table):
    """One row per order line from before the event stream began."""

    as_of: datetime.date = Field(description="The day whose state this is.")
    order_line_id: str = Field(description="Identifies the line.")
    item_id: str = Field(description="What was ordered.")
    ordered_at: datetime.datetime = Field(description="When, in UTC.")
    customer_id: str = Field(nullable=True, description="Who ordered it, when known.")
    quantity: int = Field(ge=0, description="Units.")
    unit_price: float = Field(nullable=True, ge=0, description="Price of one unit.")


@snapshot(key=("offer_id",), empty=Empty.WARN)
class Offers(Table):
    """One row per offer, past, running or announced."""

    as_of: datetime.date = Field(description="The day whose state this is.")
    offer_id: str = Field(description="Identifies the offer.")
    item_id: str = Field(description="The item on offer.")
    discount: float = Field(ge=0, le=1, description="Discount as a share of the price.")
    starts_on: datetime.date = Field(description="First day.")
    ends_on: datetime.date = Field(description="Last day.")


@log(key=())
class RejectedRows(Table):
    """One row per row of a feed that cannot be used, and why. The row itself stands in `landed_<table>`."""

    event_date: datetime.date = Field(description="The slice it came with: its day, or the snapshot's.")
    source_table: str = Field(description="The source table.")
    reason: str = Field(description="Why it cannot be used.")
    row_key: str = Field(nullable=True, description="The first column of the table's key, where the row has one.")


@log(key=("source_table",))
class SourceCounts(Table):
    """One row per source table and day: how many rows landed, were rejected, merged away, kept."""

    event_date: datetime.date = Field(description="The slice: a log's day, a snapshot's day.")
    source_table: str = Field(description="The source table.")
    landed: int = Field(ge=0, description="Rows that the feed gave.")
    rejected: int = Field(ge=0, description="Rows that cannot be used.")
    merged: int = Field(ge=0, description="Usable rows that repeat another one and stand once.")
    kept: int = Field(ge=0, description="Rows of the canonical table.")


@snapshot(key=())
class SourceAssessment(Table):
    """One row: what is new since the last run, and whether the look-back window suits the data that there is."""

    as_of: datetime.date = Field(description="The day of the run.")
    previous_run: datetime.date = Field(nullable=True, description="The day of the run before; NULL for the first.")
    new_events: int = Field(ge=0, description="Events since then.")
    customers_with_new_intent: int = Field(ge=0, description="Customers who viewed, put in the cart or bought since.")
    first_event_date: datetime.date = Field(nullable=True, description="First day with events.")
    last_event_date: datetime.date = Field(nullable=True, description="Last day with events.")
    window_start: datetime.date = Field(description="First day of the look-back window.")
    window_days_without_data: int = Field(nullable=True, ge=0, description="Days of the window before any data.")
    data_days_before_window: int = Field(ge=0, description="Days with events that the window does not reach.")


SHARED: tuple[type[Table], ...] = (Events, Treatments, Deliveries, Interactions, Customers, Catalog)
"""What every strategy is fed: its stages of sources and campaigns stand on these."""
