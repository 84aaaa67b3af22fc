"""The canonical source tables: what every company's data looks like once it is inside the platform.

Not here: what feeds look like before (the landed form is derived in `landing.py`), what became of recommendations
(feedback_sources.py), what is told of the sources themselves (source_reports.py), and tables that strategies make.
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


SHARED: tuple[type[Table], ...] = (Events, Treatments, Deliveries, Interactions, Customers, Catalog)
"""What every strategy is fed: its stages of sources and campaigns stand on these."""
