"""What every strategy can be told in a company's YAML: units, ranges and defaults, written once.

Not here: what one strategy alone can be told (`parameters.py` in its package).
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from recs_platform.declarations.metric import Metric


class Parameters(BaseModel):
    """What every strategy can be told in a company's YAML. Units and ranges are part of the description."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    look_back_parameter: ClassVar[str]
    """The parameter that says how many days of events the strategy looks back on: one of its own, or the campaign
    window of all, by which nothing is learned and which reports cut to the days that there are."""
    computed: ClassVar[tuple[str, ...]] = ("window_days",)
    """What queries may use besides the fields: properties, which follow from them."""

    rejected_warning: float = Field(
        0.01,
        ge=0,
        le=1,
        description="Share of a source table's rows that may be unusable before an alert (0-1).",
    )
    rejected_tolerance: float = Field(
        0.05,
        ge=0,
        le=1,
        description="Share of a source table's rows that may be unusable before it is refused (0-1).",
    )

    rejected_minimum: int = Field(
        10, ge=0, description="Unusable rows up to which neither counts, unless no row at all is usable (rows)."
    )

    unknown_warning: float = Field(
        0.2,
        ge=0,
        le=1,
        description="Share of a day's events whose customer or item no table knows before an alert (0-1).",
    )
    unknown_tolerance: float = Field(
        0.5,
        ge=0,
        le=1,
        description="Share of a day's events, messages, impressions or redemptions whose customer, item or offer no "
        "table knows before nothing is published (0-1).",
    )
    unknown_minimum: int = Field(
        20,
        ge=1,
        description="Events, messages, impressions or redemptions of a day below which neither counts, unless no "
        "customer, item or offer of at least five is known (rows).",
    )

    min_stability: float = Field(
        0.7,
        ge=0,
        le=1,
        description="Share of customers who keep all recommendations, below which publishing is refused (0-1); not of "
        "offers, which come and go.",
    )
    max_customers_lost: float = Field(
        0.05, ge=0, le=1, description="Share of live customers lost, above which publishing is refused (0-1)."
    )
    max_price_move: float = Field(
        0.15,
        ge=0,
        description="Share by which the average price may move before publishing is refused (0.1 is 10%); not of "
        "offers.",
    )

    attribution_window_days: int = Field(
        7, ge=1, le=60, description="Days after a message within which an order is credited to it."
    )
    campaign_window_days: int = Field(
        93, ge=8, le=730, description="Days of messages that campaign tables and reports look back on."
    )
    interaction_window_days: int = Field(
        30, ge=1, le=365, description="Days after a message within which an open or click of it is known as such."
    )
    holdout_arms: tuple[str, ...] = Field(
        ("holdout",), description="Arms whose customers are drawn for a campaign and then sent nothing."
    )
    control_arm: str = Field("random", description="The arm that the others are compared with.")
    planned_arm_shares: dict[str, Annotated[float, Field(gt=0, lt=1)]] = Field(
        default_factory=dict,
        description="Share of each arm in the draw, by name, to compare with what was drawn; they add up to 1.",
    )
    releases: tuple[date, ...] = Field(
        (),
        description="Days from which a new version of the messages was sent; the newest one is compared with before.",
    )
    comparison_days: int = Field(28, ge=1, le=365, description="Days before and after a release that are compared.")
    covariate_days: int = Field(
        28,
        ge=1,
        le=365,
        description="Days before a customer's first message whose orders sharpen the comparison of arms.",
    )
    planned_messages: int | None = Field(
        None,
        ge=1,
        description="Messages that all arms of an experiment are planned to be drawn for, held-out ones included; the "
        "interval for daily looks is narrowest there. None: those that are drawn before the first look.",
    )
    metrics: tuple[Metric, ...] = Field(
        (), description="What arms are compared by besides opens, clicks, orders and revenue: see the campaigns' data."
    )
    minimum_effect: float = Field(
        0.1, gt=0, le=10, description="Relative effect that an experiment is meant to see (0.1 is 10%)."
    )
    machine_open_seconds: int = Field(
        10, ge=0, le=3600, description="An open so close to delivery is a mail program's, not a person's (seconds)."
    )
    scanner_click_seconds: int = Field(
        10, ge=0, le=3600, description="A click so close to delivery is a scanner's (seconds)."
    )
    scanner_burst_clicks: int = Field(
        3, ge=2, le=100, description="So many clicks of one message in a burst are a scanner's (clicks)."
    )
    scanner_burst_seconds: int = Field(
        3, ge=0, le=3600, description="Clicks of one message so close together are a burst (seconds)."
    )
    count_machine_engagement: bool = Field(
        False, description="Whether opens and clicks by machines count in rates all the same."
    )
    max_interaction_lag_hours: int = Field(
        6,
        ge=1,
        le=240,
        description="Hours by which opens and clicks may trail orders and messages before a day is late.",
    )
    max_failed_share: float = Field(
        0.15, ge=0, le=1, description="Share of messages that may fail to arrive before an alert (0-1)."
    )
    bandit_reward: Literal["click_per_view", "click_per_send"] = Field(
        "click_per_view", description="What a treatment is rewarded for: clicks per opened, or per sent message."
    )
    bandit_half_life_days: float | None = Field(
        None, gt=0, description="Days after which a message counts half for the bandit; none: all count the same."
    )
    bandit_exploration_floor: float = Field(
        0.01, ge=0, le=0.5, description="Least share of the traffic for each treatment that is not retired (0-1)."
    )
    bandit_min_views: int = Field(200, ge=0, description="Rewarded chances before a treatment may be retired.")
    max_allocation_move: float = Field(
        0.5,
        ge=0,
        le=1,
        description="Share of the traffic that may change treatment before publishing is refused (0-1).",
    )
    max_treatments_dropped: float = Field(
        0.5, ge=0, le=1, description="Share of live treatments that may vanish before publishing is refused (0-1)."
    )

    @field_validator("planned_arm_shares")
    @classmethod
    def _shares_add_up(cls, shares: dict[str, float]) -> dict[str, float]:
        if shares and abs(sum(shares.values()) - 1) > 1e-6:
            raise ValueError(f"the shares add up to {sum(shares.values()):g}, not 1")
        return shares

    @field_validator("metrics")
    @classmethod
    def _metrics_are_told_apart(cls, metrics: tuple[Metric, ...]) -> tuple[Metric, ...]:
        names = [metric.name for metric in metrics]
        if repeated := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"two metrics are called {repeated[0]}; names must differ")
        return metrics

    @model_validator(mode="after")
    def _windows_hold_each_other(self) -> Parameters:
        """What a company's file says itself must fit; a default gives way."""
        needed = self.covariate_days + self.attribution_window_days
        if "covariate_days" in self.model_fields_set and needed > self.campaign_window_days:
            raise ValueError(
                f"covariate_days ({self.covariate_days}) and attribution_window_days ({self.attribution_window_days}) "
                f"need a campaign_window_days of at least {needed}, and it is {self.campaign_window_days}: orders "
                "before the first message lie outside the window. Raise campaign_window_days, or lower covariate_days"
            )
        return self

    @model_validator(mode="after")
    def _arms_are_told_apart(self) -> Parameters:
        if self.control_arm in self.holdout_arms and "control_arm" in self.model_fields_set:
            raise ValueError(
                f"control_arm is {self.control_arm}, which is also one of holdout_arms: an arm that is sent nothing is "
                "compared with anyway. Name another control_arm, or leave it out"
            )
        if self.planned_arm_shares:
            missing = self._arms_without_a_share()
            if missing:
                raise ValueError(
                    f"planned_arm_shares has no share for {', '.join(missing)}, and names "
                    f"{', '.join(self.planned_arm_shares)}: write arms alike in control_arm, holdout_arms and "
                    "planned_arm_shares"
                )
        return self

    def _arms_without_a_share(self) -> list[str]:
        """Of those that the file names. Of several held-out arms one may be from before the plan."""
        named, planned = self.model_fields_set, self.planned_arm_shares
        control = [self.control_arm] if "control_arm" in named and self.control_arm not in planned else []
        held_out = self.holdout_arms if "holdout_arms" in named and not set(self.holdout_arms) & set(planned) else ()
        return [*control, *held_out]

    @property
    def covariates_cut_off(self) -> str | None:
        """Where a short campaign window leaves no room for the orders before a message: that, in a sentence."""
        needed = self.covariate_days + self.attribution_window_days
        if needed <= self.campaign_window_days:
            return None
        return (
            f"campaign_window_days ({self.campaign_window_days}) has no room for covariate_days "
            f"({self.covariate_days}, the default) before a message and attribution_window_days "
            f"({self.attribution_window_days}) after it, so arms are compared with little or no help of earlier orders "
            f"(CUPED). Raise it to at least {needed}, or set covariate_days lower"
        )

    @model_validator(mode="after")
    def _warning_comes_first(self) -> Parameters:
        for kind in ("rejected", "unknown"):
            if getattr(self, f"{kind}_warning") > getattr(self, f"{kind}_tolerance"):
                raise ValueError(f"{kind}_warning must not exceed {kind}_tolerance")
        return self

    @property
    def window_names(self) -> frozenset[str]:
        """The names under which queries look back by the strategy's own window; none, if it has none of its own."""
        shared = self.look_back_parameter in Parameters.model_fields
        return frozenset() if shared else frozenset({self.look_back_parameter, "window_days"})

    @property
    def window_days(self) -> int:
        value = getattr(self, self.look_back_parameter)
        if not isinstance(value, int):
            raise TypeError(f"{self.look_back_parameter} is not a number of days")
        return value
