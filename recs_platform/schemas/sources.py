"""The canonical source tables: what every company's data looks like once it is inside the platform.

Not here: what feeds look like before (the landed form is derived in `landing.py`), and tables that strategies make.
"""

from __future__ import annotations

import datetime

from recs_platform.schemas.field import Field
from recs_platform.schemas.table import Empty, Table, formerly, log, snapshot, spec_of

EVENT_NAMES = ("product_viewed", "cart_updated", "order_line", "order_placed", "order_refunded")
"""Canonical event names. Units and revenue are counted on `order_line`; `order_placed` is the order as a whole, and
`order_refunded` takes off what was returned of it (its units and price are positive). Beside these there are the events
that a company declares a metric on (`metrics`), under their own names."""

REACTIONS = ("shown", "clicked", "bought")
"""What a customer may do with a recommendation."""


@log(key=("event_id",), time="event_ts", empty=Empty.WARN)
class Events(Table):
    """One row per thing a customer did: viewed, put in the cart, ordered (one row per order line), placed an order."""

    event_id: str = Field(description="Identifies the event in the company's feed.", example="E-1")
    event_ts: datetime.datetime = Field(
        description="When it happened, in UTC.", unit="UTC", example="2025-09-01 10:15:00"
    )
    event_date: datetime.date = Field(description="The UTC day of event_ts.")
    customer_id: str = Field(nullable=True, description="Who did it; unknown for anonymous visitors.", example="C-1001")
    event_name: str = Field(
        description=f"What happened: {', '.join(EVENT_NAMES)}, or the feed's own name with a metric on it.",
        example="order_line",
    )
    item_id: str = Field(nullable=True, description="The item, for events that are about one.", example="SKU-1")
    quantity: int = Field(nullable=True, ge=0, description="Units, for carts and orders.", unit="units", example="2")
    unit_price: float = Field(
        nullable=True,
        ge=0,
        description="Price of one unit, in the company's currency.",
        unit="company's currency",
        example="19.90",
    )
    order_id: str = Field(nullable=True, description="The order, for order events.", example="O-5001")
    is_promo: bool = Field(nullable=True, description="Bought on promotion.", unit="true or false", example="false")
    channel: str = Field(nullable=True, description="Where it happened: web, store, phone ...", example="web")
    send_id: str = Field(
        nullable=True, description="Orders: the message that the order names, where it names one.", example="S-9001"
    )
    campaign_id: str = Field(nullable=True, description="Orders: the campaign that the order names.", example="2025-09")
    coupon_id: str = Field(nullable=True, description="Orders: the coupon that was used.", example="TENOFF")


@log(key=("send_id",), time="sent_at")
class Treatments(Table):
    """One row per message sent: who was sent which treatment, in which campaign and arm."""

    send_id: str = Field(description="Identifies the message.", example="S-9001")
    customer_id: str = Field(description="Who it was sent to.", example="C-1001")
    treatment_id: str = Field(description="What was sent (template and strategy).", example="autumn_sale")
    campaign_id: str = Field(description="The campaign it belongs to.", example="2025-09")
    arm: str = Field(description="The experiment's arm: personalised, random, holdout ...", example="personalised")
    sent_at: datetime.datetime = Field(
        description="When it was sent, in UTC.", unit="UTC", example="2025-09-01 08:00:00"
    )
    propensity: float = Field(
        nullable=True,
        gt=0,
        le=1,
        description="Chance with which this treatment was chosen for the message, if known.",
        unit="0 to 1",
        example="0.5",
    )
    treatment_name: str = Field(nullable=True, description="What people call the treatment.", example="Autumn sale")
    subject: str = Field(nullable=True, description="The message's subject line.", example="Ten off all wheels")
    coupon_id: str = Field(nullable=True, description="The coupon that the message carried.", example="TENOFF")
    event_date: datetime.date = Field(description="The UTC day of sent_at.")


@log(key=("send_id",), time="reported_at")
class Deliveries(Table):
    """One row per message that the mail provider reported on: delivered, or failed and why."""

    send_id: str = Field(description="The message.", example="S-9001")
    status: str = Field(isin=["delivered", "failed"], description="What became of it.", example="delivered")
    failure_reason: str = Field(nullable=True, description="Why it failed.")
    reported_at: datetime.datetime = Field(
        description="When the provider reported it, in UTC.",
        metadata=formerly("at"),
        unit="UTC",
        example="2025-09-01 08:00:05",
    )
    event_date: datetime.date = Field(description="The UTC day of reported_at.")


@log(key=("send_id", "kind", "happened_at"), time="happened_at")
class Interactions(Table):
    """One row per open or click of a message. Arrives up to a day late: re-running a day picks up the rest."""

    send_id: str = Field(description="The message.", example="S-9001")
    kind: str = Field(isin=["VIEWED", "CLICKED"], description="VIEWED is an open, CLICKED a click.", example="VIEWED")
    happened_at: datetime.datetime = Field(
        description="When it happened, in UTC.", metadata=formerly("at"), unit="UTC", example="2025-09-01 09:30:00"
    )
    event_date: datetime.date = Field(description="The UTC day of happened_at.")


@log(key=("impression_id",), time="shown_at", empty=Empty.WARN)
class Impressions(Table):
    """One row per offer shown to a customer."""

    impression_id: str = Field(description="Identifies the showing.", example="I-1")
    customer_id: str = Field(description="Who saw it.", example="C-1001")
    offer_id: str = Field(description="Which offer.", example="OFFER-17")
    shown_at: datetime.datetime = Field(description="When, in UTC.", unit="UTC", example="2025-09-01 09:00:00")
    campaign_id: str = Field(
        nullable=True, description="The campaign that showed it, where offers come in campaigns.", example="2025-09"
    )
    event_date: datetime.date = Field(description="The UTC day of shown_at.")


@log(key=("customer_id", "offer_id", "order_id"), time="redeemed_at")
class Redemptions(Table):
    """One row per offer that a customer redeemed in an order."""

    customer_id: str = Field(description="Who redeemed it.", example="C-1001")
    offer_id: str = Field(description="Which offer.", example="OFFER-17")
    redeemed_at: datetime.datetime = Field(description="When, in UTC.", unit="UTC", example="2025-09-01 10:15:00")
    order_id: str = Field(description="The order it was redeemed in.", example="O-5001")
    campaign_id: str = Field(
        nullable=True, description="The campaign that it is credited to, where the till knows.", example="2025-09"
    )
    event_date: datetime.date = Field(description="The UTC day of redeemed_at.")


@snapshot(key=("customer_id",), personal=("email", "phone", "push_token"))
class Customers(Table):
    """One row per customer profile, as the company knew it on `as_of`."""

    as_of: datetime.date = Field(description="The day whose state this is.")
    customer_id: str = Field(description="Identifies the profile.", example="C-1001")
    email: str = Field(
        nullable=True, description="As the company typed it: any case, possibly unusable.", example="ada@example.com"
    )
    updated_at: datetime.datetime = Field(
        nullable=True, description="When the profile last changed, in UTC.", unit="UTC", example="2025-08-30 12:00:00"
    )
    vehicle_year: int = Field(
        nullable=True, description="Vehicle fitment: model year of the customer's car.", unit="year", example="1969"
    )
    vehicle_make: str = Field(nullable=True, description="Vehicle fitment: its make.", example="Chevrolet")
    vehicle_model: str = Field(nullable=True, description="Vehicle fitment: its model.", example="Camaro")
    business_type: str = Field(
        nullable=True, description="Offer ranking, replenishment: kind of business.", example="restaurant"
    )
    phone: str = Field(
        nullable=True,
        description="For text messages: with the country's code, however typed.",
        example="+1 555 010 0199",
    )
    push_token: str = Field(
        nullable=True, description="For push messages: names the app on a phone.", example="cXk3-f9:APA91bHun4"
    )
    opted_out_of: str = Field(
        nullable=True,
        description="Channels on which nothing may be sent: email, push, sms; any other word is all of them.",
        unit="comma-separated words",
        example="sms",
    )


@snapshot(key=("item_id",))
class Catalog(Table):
    """One row per SKU that the company sells, duplicates merged (a known category wins over an unknown one)."""

    as_of: datetime.date = Field(description="The day whose state this is.")
    item_id: str = Field(description="The SKU.", example="SKU-1")
    name: str = Field(nullable=True, description="What the shop calls it.", example="Olive oil 1 l")
    category: str = Field(
        nullable=True, description="Part type, or category of goods; unknown for some.", example="Oils"
    )
    brand: str = Field(nullable=True, description="The maker.", example="Verde")
    price: float = Field(
        ge=0,
        description="Price of one unit, in the company's currency; zero when not for sale.",
        unit="company's currency",
        example="19.90",
    )
    cost: float = Field(
        nullable=True, ge=0, description="What one unit costs the company.", unit="company's currency", example="12.40"
    )
    group_id: str = Field(nullable=True, description="Product group.", example="G-7")
    tags: str = Field(
        nullable=True,
        description="Comma-separated labels, such as refurbished.",
        unit="comma-separated words",
        example="organic,new",
    )
    image_url: str = Field(
        nullable=True, description="Picture for e-mails.", example="https://shop.example.com/sku-1.jpg"
    )
    price_tier: int = Field(nullable=True, description="1 budget, 2 middle, 3 premium.", unit="1, 2 or 3", example="2")
    is_own_brand: bool = Field(
        nullable=True, description="The company's own brand.", unit="true or false", example="false"
    )
    is_fresh: bool = Field(nullable=True, description="Fresh food.", unit="true or false", example="false")


@snapshot(key=("vehicle_year", "vehicle_make", "vehicle_model", "item_id"))
class Fitment(Table):
    """One row per vehicle and item that fits it."""

    as_of: datetime.date = Field(description="The day whose state this is.")
    vehicle_year: int = Field(ge=1885, le=2100, description="Model year.", unit="year", example="1969")
    vehicle_make: str = Field(description="Make.", example="Chevrolet")
    vehicle_model: str = Field(description="Model.", example="Camaro")
    item_id: str = Field(description="The SKU that fits.", example="SKU-1")


@snapshot(key=("order_line_id",), empty=Empty.WARN)
class OrderHistory(Table):
    """One row per order line from before the event stream began."""

    as_of: datetime.date = Field(description="The day whose state this is.")
    order_line_id: str = Field(description="Identifies the line.", example="L-1")
    item_id: str = Field(description="What was ordered.", example="SKU-1")
    ordered_at: datetime.datetime = Field(description="When, in UTC.", unit="UTC", example="2025-06-14 16:40:00")
    customer_id: str = Field(nullable=True, description="Who ordered it, when known.", example="C-1001")
    quantity: int = Field(ge=0, description="Units.", unit="units", example="1")
    unit_price: float = Field(
        nullable=True, ge=0, description="Price of one unit.", unit="company's currency", example="19.90"
    )


@snapshot(key=("offer_id", "starts_on"), empty=Empty.WARN)
class Offers(Table):
    """One row per offer and period in which it runs, past, running or announced: an offer may come again."""

    as_of: datetime.date = Field(description="The day whose state this is.")
    offer_id: str = Field(description="Identifies the offer; the same whenever it comes again.", example="OFFER-17")
    item_id: str = Field(nullable=True, description="The item on offer, where there is one.", example="SKU-1")
    discount: float = Field(
        nullable=True,
        ge=0,
        le=1,
        description="Discount as a share of the price, where known.",
        unit="0 to 1",
        example="0.2",
    )
    starts_on: datetime.date = Field(description="First day.", unit="day", example="2025-09-01")
    ends_on: datetime.date = Field(description="Last day.", unit="day", example="2025-09-14")
    kind: str = Field(
        nullable=True, description="Kind of offer, or of the campaign that it comes in.", example="Type A"
    )
    campaign_id: str = Field(nullable=True, description="The campaign that it comes in.", example="2025-09")


@snapshot(key=("offer_id", "item_id"), empty=Empty.ALLOWED)
class OfferItems(Table):
    """One row per offer and item that it covers, for offers on more than one; `offers.item_id` may add one."""

    as_of: datetime.date = Field(description="The day whose state this is.")
    offer_id: str = Field(description="The offer, in whichever period it runs.", example="OFFER-17")
    item_id: str = Field(description="An item that it can be redeemed for.", example="SKU-1")


@log(key=("answer_id", "item_id"), time="served_at")
class ServedRecommendations(Table):
    """One row per recommendation that was served: what an answer offered to whom, at which rank.

    A day holds what became known on it: an answer that was on its way over midnight is of the day on which it came.
    """

    answer_id: str = Field(description="The answer: the request_id that it named.", example="9f2c41d07be24c0e8f6d2a90")
    customer_id: str = Field(description="Who was answered.", example="C-1001")
    item_id: str = Field(description="What was recommended: an item, or an offer of offer ranking.", example="SKU-1")
    rank: int = Field(ge=1, description="Its place in the answer.", unit="place", example="1")
    served_at: datetime.datetime = Field(description="When, in UTC.", unit="UTC", example="2025-09-01 09:00:00")
    product: str = Field(
        nullable=True,
        description="The product that the answer was of.",
        example="recommendations",
    )
    version: int = Field(nullable=True, ge=1, description="The publication's version.", unit="number", example="17")
    arm: str = Field(nullable=True, description="The arm or version of scoring, where the list has one.", example="v4")
    propensity: float = Field(
        nullable=True,
        gt=0,
        le=1,
        description="Chance with which it got this place, where it was drawn.",
        unit="0 to 1",
        example="0.5",
    )
    event_date: datetime.date = Field(description="The UTC day on which it became known.")


@log(key=("event_id",), time="happened_at")
class RecommendationFeedback(Table):
    """One row per reaction to a recommendation: shown, clicked or bought. What is reported twice counts once.

    A day holds what became known on it: a click of the evening before that is reported in the morning is of the
    morning's day. So a day never changes once it is over, and training for it knows what was known then.
    """

    event_id: str = Field(description="Identifies the reaction; the shop's own.", example="F-1")
    customer_id: str = Field(description="Who reacted.", example="C-1001")
    item_id: str = Field(description="To what: an item, or an offer of offer ranking.", example="SKU-1")
    reaction: str = Field(isin=list(REACTIONS), description="What the customer did.", example="clicked")
    happened_at: datetime.datetime = Field(description="When, in UTC.", unit="UTC", example="2025-09-01 09:00:05")
    answer_id: str = Field(
        nullable=True,
        description="The answer that it is about, where that is known.",
        example="9f2c41d07be24c0e8f6d2a90",
    )
    event_date: datetime.date = Field(description="The UTC day on which it became known.")


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

FEEDBACK: tuple[type[Table], ...] = (ServedRecommendations, RecommendationFeedback)
"""What became of recommendations: for strategies that publish them."""
KEPT_BY_THE_SERVICE = tuple(spec_of(model).name for model in FEEDBACK)
"""Source tables that land from the prediction service where the company's file names no other source."""
