"""The tables of campaign measurement: what became of every message, who earned which order, arms, periods, treatments.

All may be empty: a company that sends nothing has nothing to measure. Not here: analysts' questions
(campaign_reports.py).
"""

from __future__ import annotations

import datetime

from recs_platform.schemas.field import Field
from recs_platform.schemas.table import Empty, Table, formerly, snapshot

STATUSES = ("delivered", "failed", "unreported", "held_out")
"""What is known of a message: reported delivered or failed, never reported on, or kept back on purpose."""

PATHS = ("clicked", "opened", "delivered", "sent")
"""The last step before an order: clicked; opened; delivered, without an open on record; sent, and no more is known."""

CREDITS = ("explicit", "window")
"""Why an order is credited: it names its message, campaign or coupon; or it came in the attribution window."""

MACHINE_RULES = ("open_on_delivery", "click_on_delivery", "click_burst")
"""Why an open or click is not a person's: see `sql/campaign/judged_interactions.sql`."""

CUTS = ("arm", "period")
METRICS = {
    "arm": ("opens", "clicks", "orders", "revenue"),
    "period": ("opens", "clicks", "clicks_per_open", "orders", "revenue"),
}
"""What is compared, per message (clicks_per_open per opened message), in each cut. Arms are compared by the company's
own metrics, too."""

EVERYBODY = "(all)"
"""The segment of customers whose own is not listed."""

POLICIES = ("bandit", "uniform")
ESTIMATORS = ("observed", "ips", "snips", "dr", "gain")


@snapshot(key=("send_id", "kind", "happened_at"), empty=Empty.ALLOWED)
class JudgedInteractions(Table):
    """One row per open or click of a message of the campaign window, and whether a machine did it."""

    as_of: datetime.date = Field(description="The day whose state this is.")
    send_id: str = Field(description="The message.")
    kind: str = Field(isin=["VIEWED", "CLICKED"], description="VIEWED is an open, CLICKED a click.")
    happened_at: datetime.datetime = Field(description="When, in UTC.", metadata=formerly("at"))
    machine_rule: str = Field(
        nullable=True, isin=list(MACHINE_RULES), description="The rule by which it is a machine's; NULL for people."
    )


@snapshot(key=("send_id",), empty=Empty.ALLOWED)
class SendEngagement(Table):
    """One row per message of the campaign window, held-out messages included, and how far its customer went."""

    as_of: datetime.date = Field(description="The day whose state this is.")
    sent_on: datetime.date = Field(description="The UTC day of sent_at.")
    send_id: str = Field(description="The message.")
    customer_id: str = Field(description="Who it was for.")
    campaign_id: str = Field(description="Its campaign.")
    treatment_id: str = Field(description="What was sent.")
    treatment_name: str = Field(nullable=True, description="What people call it.")
    subject: str = Field(nullable=True, description="The message's subject line.")
    coupon_id: str = Field(nullable=True, description="The coupon that the message carried.")
    arm: str = Field(description="The experiment's arm.")
    segment: str = Field(description="The customer's segment: kind of business, or make of car.")
    propensity: float = Field(nullable=True, gt=0, le=1, description="Chance with which the treatment was chosen.")
    sent_at: datetime.datetime = Field(description="When it was sent, in UTC.")
    status: str = Field(isin=list(STATUSES), description="What is known of its delivery.")
    failure_reason: str = Field(nullable=True, description="Why it failed.")
    opened_at: datetime.datetime = Field(nullable=True, description="First open that counts.")
    clicked_at: datetime.datetime = Field(nullable=True, description="First click that counts.")
    machine_opens: int = Field(ge=0, description="Opens by machines.")
    machine_clicks: int = Field(ge=0, description="Clicks by machines.")


@snapshot(key=("order_id",), empty=Empty.ALLOWED)
class CampaignOrders(Table):
    """One row per order of a known customer in the campaign window, and the message that it is credited to, if any."""

    as_of: datetime.date = Field(description="The day whose state this is.")
    order_id: str = Field(description="The order.")
    customer_id: str = Field(description="Who ordered.")
    ordered_at: datetime.datetime = Field(description="Its first line, in UTC.")
    ordered_on: datetime.date = Field(description="The UTC day of ordered_at.")
    units: int = Field(ge=0, description="Units ordered.")
    sold: float = Field(ge=0, description="What its lines came to, in the company's currency.")
    refunded: float = Field(ge=0, description="What was refunded of it until now.")
    revenue: float = Field(description="sold - refunded; negative when more was refunded than its lines cost.")
    credit: str = Field(
        nullable=True, isin=list(CREDITS), description="Why it is credited: the order says so, or the window does."
    )
    send_id: str = Field(nullable=True, description="The message it is credited to.")
    sent_on: datetime.date = Field(nullable=True, description="The UTC day of that message.")
    campaign_id: str = Field(nullable=True, description="Its campaign.")
    treatment_id: str = Field(nullable=True, description="Its treatment.")
    arm: str = Field(nullable=True, description="Its arm.")
    path: str = Field(nullable=True, isin=list(PATHS), description="How far the customer had come with it before.")
    opened_at: datetime.datetime = Field(nullable=True, description="First open of it before the order.")
    clicked_at: datetime.datetime = Field(nullable=True, description="First click of it before the order.")
    hours_since_sent: float = Field(nullable=True, ge=0, description="Hours from the message to the order.")


@snapshot(key=("day",), empty=Empty.ALLOWED)
class CampaignDays(Table):
    """One row per day of the campaign window: whether its opens and clicks have arrived, and whether it is final."""

    as_of: datetime.date = Field(description="The day whose state this is.")
    day: datetime.date = Field(description="The UTC day.")
    sends: int = Field(ge=0, description="Messages sent.")
    interactions: int = Field(ge=0, description="Opens and clicks, those by machines included.")
    orders: int = Field(ge=0, description="Orders credited to a message.")
    orders_without_open: int = Field(ge=0, description="Those before which no open or click was tracked.")
    share_without_open: float = Field(nullable=True, ge=0, le=1, description="orders_without_open / orders.")
    usual_share: float = Field(nullable=True, ge=0, le=1, description="The same of the 28 days before.")
    newest_activity_at: datetime.datetime = Field(nullable=True, description="Newest order or message of the day.")
    newest_interaction_at: datetime.datetime = Field(nullable=True, description="Newest open or click until its end.")
    lag_hours: float = Field(nullable=True, description="Hours by which opens and clicks trail, on days with messages.")
    lagging: bool = Field(description="Opens and clicks of the day are missing.")
    provisional: bool = Field(description="Figures of the messages of this day may still change.")
    because: str = Field(nullable=True, description="Why, in words.")


@snapshot(key=("cut", "part", "metric"), empty=Empty.ALLOWED)
class MetricSums(Table):
    """One row per arm or period and metric: sums over customers, from which means and intervals are made.

    `n` is what is divided by (messages, or opened messages), `y` what is counted or earned, `x` what the customer
    ordered before the first of the messages. Only messages whose attribution window is over. Arms: their orders are all
    orders in the window, credited to the message or not, so that arms that are sent nothing can be compared.
    """

    as_of: datetime.date = Field(description="The day whose state this is.")
    cut: str = Field(isin=list(CUTS), description="What is compared: arms, or periods.")
    part: str = Field(description="The arm; or `before` and `after` the newest release.")
    metric: str = Field(description="What is counted.")
    first_day: datetime.date = Field(description="First day of its messages.")
    last_day: datetime.date = Field(description="Last day of its messages.")
    messages_at_first_look: int = Field(
        nullable=True,
        ge=0,
        description="Arms: messages drawn before any of the experiment's could be judged; as many settled ones is what "
        "the interval for daily looks is narrowest at.",
    )
    units: int = Field(ge=1, description="Customers.")
    n: float = Field(ge=0, description="Sum of n.")
    y: float = Field(description="Sum of y.")
    x: float = Field(description="Sum of x.")
    nn: float = Field(ge=0, description="Sum of n squared.")
    yy: float = Field(ge=0, description="Sum of y squared.")
    xx: float = Field(ge=0, description="Sum of x squared.")
    ny: float = Field(description="Sum of n times y.")
    nx: float = Field(description="Sum of n times x.")
    yx: float = Field(description="Sum of y times x.")


@snapshot(key=("metric",), empty=Empty.ALLOWED)
class PairedCustomers(Table):
    """One row per step: customers who were sent messages before and after the newest release, by what they did."""

    as_of: datetime.date = Field(description="The day whose state this is.")
    metric: str = Field(isin=["opened", "clicked", "ordered"], description="The step.")
    both: int = Field(ge=0, description="Customers who took it in both periods.")
    before_only: int = Field(ge=0, description="Only before the release.")
    after_only: int = Field(ge=0, description="Only after it.")
    neither: int = Field(ge=0, description="In neither.")


@snapshot(key=("arm", "baseline", "metric"), empty=Empty.ALLOWED)
class ArmComparison(Table):
    """One row per arm, arm it is compared with and metric: the difference per message, and how certain it is.

    `fixed` intervals hold when one looks once; `anytime` intervals however often one looks; `adjusted` ones use what
    customers ordered before their first message (CUPED).
    """

    as_of: datetime.date = Field(description="The day whose state this is.")
    arm: str = Field(description="The arm.")
    baseline: str = Field(description="The arm it is compared with.")
    metric: str = Field(description="What is compared, per message.")
    messages: int = Field(ge=0, description="Messages of the arm.")
    customers: int = Field(ge=0, description="Customers of the arm.")
    value: float = Field(description="Of the arm, per message.")
    baseline_value: float = Field(description="Of the baseline, per message.")
    difference: float = Field(description="value - baseline_value.")
    fixed_low: float = Field(nullable=True, description="Lower end of its 95% interval.")
    fixed_high: float = Field(nullable=True, description="Upper end.")
    anytime_low: float = Field(nullable=True, description="Lower end of its anytime-valid 95% interval.")
    anytime_high: float = Field(nullable=True, description="Upper end.")
    p_value: float = Field(nullable=True, ge=0, le=1, description="Of no difference, for one look.")
    adjusted: float = Field(nullable=True, description="The difference with less noise (CUPED), if there is history.")
    adjusted_low: float = Field(nullable=True, description="Lower end of its 95% interval.")
    adjusted_high: float = Field(nullable=True, description="Upper end.")
    noise_removed: float = Field(nullable=True, le=1, description="Share of the variance that CUPED removed.")
    relative: float = Field(nullable=True, description="difference / baseline_value.")
    relative_low: float = Field(nullable=True, description="Lower end of its 95% interval.")
    relative_high: float = Field(nullable=True, description="Upper end.")
    total: float = Field(description="difference x messages: what the arm brought that the baseline would not have.")
    total_low: float = Field(nullable=True, description="Lower end of its 95% interval.")
    total_high: float = Field(nullable=True, description="Upper end.")
    days_to_see: int = Field(
        nullable=True, ge=0, description="Days at the present pace until `minimum_effect` is visible; NULL for never."
    )


@snapshot(key=("arm",), empty=Empty.ALLOWED)
class SampleRatio(Table):
    """One row per arm: how many messages were drawn for it, and how many should have been."""

    as_of: datetime.date = Field(description="The day whose state this is.")
    arm: str = Field(description="The arm.")
    messages: int = Field(ge=0, description="Messages drawn for it.")
    share: float = Field(ge=0, le=1, description="Of all messages.")
    planned_share: float = Field(nullable=True, ge=0, le=1, description="As planned; unknown when nothing is planned.")
    expected: float = Field(nullable=True, ge=0, description="Messages as planned.")
    p_value: float = Field(nullable=True, ge=0, le=1, description="Of so large a deviation of all arms by chance.")


@snapshot(key=("comparison", "metric"), empty=Empty.ALLOWED)
class PeriodComparison(Table):
    """One row per metric: after the newest release against before it, of all customers and of the same customers.

    Period over period also shows the season and a changed audience; the same customers, those who were sent messages
    in both periods, show less of that.
    """

    as_of: datetime.date = Field(description="The day whose state this is.")
    comparison: str = Field(isin=["all_customers", "same_customers"], description="Whose messages are compared.")
    metric: str = Field(description="What is compared: per message, or the share of customers who did it at all.")
    before_from: datetime.date = Field(description="First day of messages before.")
    before_until: datetime.date = Field(description="Last day of messages before.")
    after_from: datetime.date = Field(description="First day of messages after.")
    after_until: datetime.date = Field(description="Last day of messages after.")
    customers_before: int = Field(ge=0, description="Customers before.")
    customers_after: int = Field(ge=0, description="Customers after.")
    before: float = Field(description="Value before.")
    after: float = Field(description="Value after.")
    difference: float = Field(description="after - before.")
    difference_low: float = Field(nullable=True, description="Lower end of its 95% interval.")
    difference_high: float = Field(nullable=True, description="Upper end.")
    ratio: float = Field(nullable=True, ge=0, description="after / before: 1.58 is 58% more.")
    ratio_low: float = Field(nullable=True, ge=0, description="Lower end of its 95% interval.")
    ratio_high: float = Field(nullable=True, ge=0, description="Upper end; NULL when it has no bound.")
    p_value: float = Field(nullable=True, ge=0, le=1, description="Of no difference; exact for the same customers.")


@snapshot(key=("sent_on", "treatment_id", "segment", "propensity"), empty=Empty.ALLOWED)
class TreatmentDays(Table):
    """One row per day, treatment, segment and chance with which it was chosen: messages, opens, clicks."""

    as_of: datetime.date = Field(description="The day whose state this is.")
    sent_on: datetime.date = Field(description="The UTC day of the messages.")
    treatment_id: str = Field(description="The treatment.")
    segment: str = Field(description="The customers' segment.")
    propensity: float = Field(nullable=True, gt=0, le=1, description="The chance; NULL where it was not recorded.")
    sends: int = Field(ge=1, description="Messages sent.")
    views: int = Field(ge=0, description="Opened messages.")
    clicks: int = Field(ge=0, description="Clicked messages, also where no open is on record.")


@snapshot(key=("segment", "treatment_id"), empty=Empty.ALLOWED)
class TreatmentBandit(Table):
    """One row per segment and treatment: what is known of its reward, and the share of traffic to give it next."""

    as_of: datetime.date = Field(description="The day whose state this is.")
    segment: str = Field(description="The customers' segment; `(all)` for everybody.")
    treatment_id: str = Field(description="The treatment.")
    views: int = Field(ge=0, description="Opened messages.")
    sends: int = Field(ge=0, description="Messages sent.")
    clicks: int = Field(ge=0, description="Clicked messages.")
    rate: float = Field(nullable=True, ge=0, le=1, description="Clicks per opened, or per sent message.")
    posterior_mean: float = Field(ge=0, le=1, description="What the rate is taken to be.")
    credible_low: float = Field(ge=0, le=1, description="Lower end of its 95% credible interval.")
    credible_high: float = Field(ge=0, le=1, description="Upper end.")
    chance_best: float = Field(ge=0, le=1, description="Probability of being the best of the segment.")
    expected_loss: float = Field(ge=0, le=1, description="Rate that is given up on average by choosing it.")
    retired: bool = Field(description="Has had its chance, and is hardly ever the best.")
    share_next: float = Field(ge=0, le=1, description="Share of the segment's traffic to give it next.")


@snapshot(key=("segment", "treatment_id"), empty=Empty.ALLOWED)
class TreatmentAllocation(Table):
    """One row per segment and treatment to be sent: the probability with which to choose it. Published."""

    as_of: datetime.date = Field(description="The day whose state this is.")
    segment: str = Field(description="The customers' segment; `(all)` for any that is not listed.")
    treatment_id: str = Field(description="The treatment.")
    share: float = Field(gt=0, le=1, description="Chance with which to choose it: the propensity to record.")
    posterior_mean: float = Field(ge=0, le=1, description="Its expected reward.")
    pipeline_version: str = Field(description="The platform's version.")


@snapshot(key=("policy", "estimator"), empty=Empty.ALLOWED)
class OffPolicyEvaluation(Table):
    """One row per policy and estimator: clicks per message, had the policy chosen; or why that is unknown.

    `bandit` is what the bandit proposes when it has seen the first half of the messages only, judged by the second
    half: judged by the messages that it learned from, any proposal would look good. `uniform` sends all alike.
    """

    as_of: datetime.date = Field(description="The day whose state this is.")
    policy: str = Field(isin=list(POLICIES), description="Who would have chosen: see above.")
    estimator: str = Field(isin=list(ESTIMATORS), description="How it is estimated; `gain` is dr less observed.")
    judged_from: datetime.date = Field(description="First day of the messages that it is judged by.")
    judged_until: datetime.date = Field(description="Last day.")
    messages: int = Field(ge=0, description="Those messages.")
    value: float = Field(nullable=True, description="Clicked messages per message; of `gain`, the difference.")
    value_low: float = Field(nullable=True, description="Lower end of its 95% interval.")
    value_high: float = Field(nullable=True, description="Upper end.")
    effective_messages: float = Field(nullable=True, ge=0, description="Direct observations that would say as much.")
    refused_because: str = Field(nullable=True, description="Why there is no estimate.")
