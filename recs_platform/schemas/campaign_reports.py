"""Analysts' questions about campaigns: one table each, over the messages of a range of days.

As assets they are about the campaign window; `recs report campaign` asks them of any days within it.
"""

from __future__ import annotations

import datetime

from recs_platform.schemas.campaign import MACHINE_RULES, PATHS
from recs_platform.schemas.field import Field
from recs_platform.schemas.table import Empty, Table, snapshot

STEPS = ("sent", "delivered", "opened", "clicked", "ordered")
LEVELS = ("total", "campaign", "treatment", "arm", "day", "cell")
"""What a funnel is of: all messages, or those of one campaign, treatment, arm, day, or all four together (cell)."""

AUDIENCES = ("mailed", "mailed_not_credited", "not_mailed")

_DAY = "The day whose state this is."


@snapshot(key=("level", "campaign_id", "treatment_id", "arm", "sent_on", "step"), empty=Empty.ALLOWED)
class CampaignFunnel(Table):
    """One row per funnel and step. A step counts a customer once; `sends` counts messages."""

    as_of: datetime.date = Field(description=_DAY)
    level: str = Field(isin=list(LEVELS), description="What the funnel is of.")
    campaign_id: str = Field(nullable=True, description="The campaign, of levels campaign and cell.")
    treatment_id: str = Field(nullable=True, description="The treatment, of levels treatment and cell.")
    arm: str = Field(nullable=True, description="The arm, of levels arm and cell.")
    sent_on: datetime.date = Field(nullable=True, description="The day, of levels day and cell.")
    step: str = Field(isin=list(STEPS), description="The step.")
    step_number: int = Field(ge=1, le=5, description="Its place.")
    sends: int = Field(ge=0, description="Messages that reached the step.")
    customers: int = Field(ge=0, description="Customers with such a message.")
    share_of_sent: float = Field(ge=0, le=1, description="customers / customers sent to.")
    share_of_step_before: float = Field(nullable=True, ge=0, description="customers / customers of the step before.")
    sends_share_of_sent: float = Field(ge=0, le=1, description="sends / messages sent.")
    without_step_before: int = Field(ge=0, description="Messages among them without a record of the previous step.")
    orders: int = Field(nullable=True, ge=0, description="Orders credited to them; of the last step.")
    revenue: float = Field(nullable=True, description="Their revenue; of the last step.")
    provisional: bool = Field(description="Some of its days may still change.")


@snapshot(key=("path",), empty=Empty.ALLOWED)
class ConversionPaths(Table):
    """One row per path from a message to an order, and one for all of them: `total`."""

    as_of: datetime.date = Field(description=_DAY)
    path: str = Field(isin=[*PATHS, "total"], description="The last step on record before the order.")
    path_number: int = Field(ge=1, le=5, description="Its place.")
    customers: int = Field(ge=0, description="Customers.")
    orders: int = Field(ge=0, description="Orders credited to messages.")
    revenue: float = Field(description="Their revenue; the paths add up to the total.")
    share_of_revenue: float = Field(nullable=True, description="Of the total.")


@snapshot(key=("ordered_on",), empty=Empty.ALLOWED)
class RevenueByDate(Table):
    """One row per day of orders: what is credited to messages and what is not."""

    as_of: datetime.date = Field(description=_DAY)
    ordered_on: datetime.date = Field(description="The UTC day of the orders.")
    orders: int = Field(ge=0, description="Orders credited to messages.")
    revenue: float = Field(description="Their revenue, net of refunds.")
    refunded: float = Field(ge=0, description="Refunded of it until now.")
    other_orders: int = Field(ge=0, description="Orders of known customers that are credited to no message.")
    other_revenue: float = Field(description="Their revenue.")
    provisional: bool = Field(description="The day may still change.")


@snapshot(key=("day_number",), empty=Empty.ALLOWED)
class SendToPurchaseTime(Table):
    """One row per day after a message: the orders that came then."""

    as_of: datetime.date = Field(description=_DAY)
    day_number: int = Field(ge=1, description="1: within 24 hours of the message.")
    orders: int = Field(ge=0, description="Orders credited to messages.")
    revenue: float = Field(description="Their revenue.")
    share: float = Field(ge=0, le=1, description="Of all such orders.")
    share_until: float = Field(ge=0, le=1, description="Of all such orders, until the end of the day.")


@snapshot(key=("treatment_id",), empty=Empty.ALLOWED)
class FunnelByTreatment(Table):
    """One row per treatment: its whole funnel, in messages, and what it earned."""

    as_of: datetime.date = Field(description=_DAY)
    treatment_id: str = Field(description="The treatment.")
    treatment_name: str = Field(nullable=True, description="What people call it, by its newest message with a name.")
    subject: str = Field(nullable=True, description="The subject line of its newest message with one.")
    sends: int = Field(ge=0, description="Messages sent.")
    delivered: int = Field(ge=0, description="Delivered.")
    opened: int = Field(ge=0, description="Opened.")
    clicked: int = Field(ge=0, description="Clicked.")
    ordered: int = Field(ge=0, description="Messages with an order credited to them.")
    customers: int = Field(ge=0, description="Customers sent to.")
    open_rate: float = Field(ge=0, le=1, description="opened / sends.")
    click_rate: float = Field(ge=0, le=1, description="clicked / sends.")
    click_per_open: float = Field(nullable=True, ge=0, description="clicked / opened.")
    order_rate: float = Field(ge=0, le=1, description="ordered / sends.")
    revenue: float = Field(description="Of the orders.")
    revenue_per_send: float = Field(description="revenue / sends.")


@snapshot(key=("reason",), empty=Empty.ALLOWED)
class DeliveryFailures(Table):
    """One row per reason for which messages did not arrive, and one for those never reported on."""

    as_of: datetime.date = Field(description=_DAY)
    reason: str = Field(description="As the mail provider says; `unreported` where it says nothing.")
    messages: int = Field(ge=1, description="Messages.")
    share_of_sent: float = Field(ge=0, le=1, description="Of all messages sent.")
    share_of_failed: float = Field(nullable=True, ge=0, le=1, description="Of all that failed.")


@snapshot(key=("audience",), empty=Empty.ALLOWED)
class MailedAgainstNot(Table):
    """One row per audience: customers who were sent something, by their credited and other orders, and who were not."""

    as_of: datetime.date = Field(description=_DAY)
    audience: str = Field(isin=list(AUDIENCES), description="Sent to, credited orders; their others; not sent to.")
    customers: int = Field(ge=0, description="Customers.")
    ordering_customers: int = Field(ge=0, description="Those with such an order.")
    orders: int = Field(ge=0, description="Orders.")
    revenue: float = Field(description="Their revenue.")
    order_value: float = Field(nullable=True, description="revenue / orders.")
    order_value_sd: float = Field(nullable=True, ge=0, description="Standard deviation of an order's revenue.")
    order_value_low: float = Field(nullable=True, description="Lower end of the 95% interval of order_value.")
    order_value_high: float = Field(nullable=True, description="Upper end.")


@snapshot(key=("hour",), empty=Empty.ALLOWED)
class EngagementByHour(Table):
    """One row per hour of the day (UTC): opens and clicks, by people and by machines."""

    as_of: datetime.date = Field(description=_DAY)
    hour: int = Field(ge=0, le=23, description="Hour of the day, UTC.")
    opens: int = Field(ge=0, description="Opens by people.")
    clicks: int = Field(ge=0, description="Clicks by people.")
    machine_opens: int = Field(ge=0, description="Opens by machines.")
    machine_clicks: int = Field(ge=0, description="Clicks by machines.")


@snapshot(key=("order_id",), empty=Empty.ALLOWED)
class OpenedThenOrdered(Table):
    """One row per order before which its message was opened or clicked."""

    as_of: datetime.date = Field(description=_DAY)
    order_id: str = Field(description="The order.")
    customer_id: str = Field(description="Who ordered.")
    treatment_id: str = Field(description="The treatment.")
    sent_on: datetime.date = Field(description="The UTC day of the message.")
    path: str = Field(isin=["clicked", "opened"], description="The last step before the order.")
    opened_at: datetime.datetime = Field(nullable=True, description="First open before the order, UTC.")
    clicked_at: datetime.datetime = Field(nullable=True, description="First click before the order, UTC.")
    ordered_at: datetime.datetime = Field(description="The order, UTC.")
    hours_since_sent: float = Field(ge=0, description="Hours from the message to the order.")
    revenue: float = Field(description="Of the order.")


@snapshot(key=("as_of",), empty=Empty.ALLOWED)
class CampaignSummary(Table):
    """One row: the campaigns of the days at a glance."""

    as_of: datetime.date = Field(description=_DAY)
    sent_from: datetime.date = Field(description="First day of messages.")
    sent_to: datetime.date = Field(description="Last day of messages.")
    campaigns: int = Field(ge=0, description="Campaigns.")
    treatments: int = Field(ge=0, description="Treatments.")
    customers: int = Field(ge=0, description="Customers sent to.")
    sends: int = Field(ge=0, description="Messages sent.")
    held_out: int = Field(ge=0, description="Messages held out, for comparison.")
    delivered: int = Field(ge=0, description="Messages delivered.")
    opened: int = Field(ge=0, description="Messages opened.")
    clicked: int = Field(ge=0, description="Messages clicked.")
    ordered: int = Field(ge=0, description="Messages with an order credited to them.")
    orders: int = Field(ge=0, description="Orders credited to messages.")
    explicit_orders: int = Field(
        nullable=True, ge=0, description="Those that name their message, campaign or coupon; a window has the others."
    )
    revenue: float = Field(description="Their revenue, net of refunds.")
    refunded: float = Field(ge=0, description="Refunded of it.")
    revenue_per_send: float = Field(description="revenue / sends.")
    order_value: float = Field(nullable=True, description="revenue / orders.")
    provisional_days: int = Field(ge=0, description="Days among them that may still change.")


@snapshot(key=("rule",), empty=Empty.ALLOWED)
class MachineEngagement(Table):
    """One row per rule: opens and clicks that are machines', and messages that look engaged only because of them."""

    as_of: datetime.date = Field(description=_DAY)
    rule: str = Field(isin=list(MACHINE_RULES), description="The rule.")
    interactions: int = Field(ge=0, description="Opens or clicks.")
    share: float = Field(ge=0, le=1, description="Of all opens, or all clicks.")
    sends: int = Field(ge=0, description="Messages with such an interaction.")
    only_by_machine: int = Field(ge=0, description="Those that no person opened, or clicked.")


QUESTIONS: tuple[type[Table], ...] = (
    CampaignFunnel,
    ConversionPaths,
    RevenueByDate,
    SendToPurchaseTime,
    FunnelByTreatment,
    DeliveryFailures,
    MailedAgainstNot,
    EngagementByHour,
    OpenedThenOrdered,
    CampaignSummary,
    MachineEngagement,
)
"""The questions in the order in which a report answers them."""
