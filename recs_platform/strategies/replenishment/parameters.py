"""What replenishment can be told in a company's YAML."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from pydantic import Field, model_validator

from recs_platform.companies.model import Company
from recs_platform.declarations.cadence import WeeklyParameters
from recs_platform.declarations.feedback import FeedbackParameters
from recs_platform.schemas.replenishment import Version
from recs_platform.strategies.replenishment.experiment import refuse_unclear, steps
from recs_platform.strategies.training.parameters import TrainingParameters

POPULAR = 50
"""So many of what most clients buy are candidates of everybody."""
_WEEK, _YEAR = 7, 364


class ReplenishmentParameters(WeeklyParameters, TrainingParameters, FeedbackParameters):
    # Not history_days: of history there is as much as there is, and less of it is no mistake.
    look_back_parameter = "active_window_days"
    computed = (*WeeklyParameters.computed, "experiment_steps")
    active_window_days: int = Field(90, ge=1, le=730, description="A client with an order in so many days is active.")
    history_days: int = Field(
        400, ge=1, le=1100, description="Days of orders that habits, popularity and trends are read from, at most."
    )
    version: Version = Field("v4", description="The way in which recommendations are scored.")
    experiment: str | None = Field(
        None, description="Name of the experiment that compares versions. Another name is another experiment."
    )
    experiment_shares: dict[date, dict[Version, Annotated[float, Field(gt=0, lt=1)]]] = Field(
        default_factory=dict,
        description="From which day on which share of the clients each version gets, the company's own among them. "
        "What they leave to 1 takes no part. A client keeps the version that it was drawn for, whatever shares come "
        "later.",
    )
    retrain_cool_down_days: int = Field(7, ge=1, le=60, description="Days between two trainings, at least.")
    retrain_weeks: int | None = Field(
        4, ge=1, le=52, description="Weeks from one training to the next; none: only when there is cause."
    )
    repurchases_per_client: int = Field(
        20, ge=0, le=100, description="Items of a weekly list that the client bought before."
    )
    discoveries_per_client: int = Field(5, ge=0, le=100, description="Items of a weekly list that it never bought.")
    max_per_group: int = Field(
        3, ge=1, le=200, description="Items of one group (or category, where there are no groups) in a list."
    )
    light_share: float = Field(
        0.5, ge=0, le=1, description="Share of active clients, those with the fewest orders, that are light (0-1)."
    )
    heavy_share: float = Field(
        0.15, ge=0, le=1, description="Share of active clients, those with the most orders, that are heavy (0-1)."
    )
    trend_days: int = Field(
        28, ge=1, le=180, description="Days whose orders are compared with those of as many days before, for trends."
    )
    trend_growth: float = Field(
        0.5, gt=0, le=100, description="Growth of an item's orders from which it trends (0.5 is 50%)."
    )
    trend_min_orders: int = Field(10, ge=1, description="Orders in the newest trend_days that a trending item needs.")
    trend_boost: float = Field(0.2, ge=0, le=10, description="What a trending item scores more (0.2 is 20%).")
    shown_weight: float = Field(
        2.0,
        ge=1,
        le=100,
        description="How much more than others an example counts to learn from, of an item that the client was shown "
        "and neither clicked nor bought; 1: no more.",
    )
    evaluated_weeks: int = Field(
        1, ge=0, le=52, description="Newest weeks that versions are judged on, on days that train; 0: none."
    )
    season_days: int = Field(
        21,
        ge=0,
        le=90,
        description="Days before and after the same day of earlier years that are its season; 0: no seasons.",
    )
    new_item_days: int = Field(28, ge=1, le=365, description="Days after which an item of the catalog is not new.")
    new_item_share: float = Field(
        0.2, ge=0, le=1, description="Share of a client's discoveries that may be new items, at most (0-1)."
    )
    neighbours: int = Field(
        50, ge=1, le=1000, description="Similar clients by whom versions 3.1 and 3.2 score discoveries."
    )
    repurchase_candidates_per_client: int = Field(
        100,
        ge=1,
        le=100_000,
        description="Items of a client that are scored as repurchases: those that it orders most, orders of the newest "
        "trend_days and of the season counted twice; never fewer than a list has places.",
    )
    candidates_per_client: int = Field(
        40, ge=1, le=1000, description="Items that similar clients buy and a client never ordered that are scored."
    )
    product_similarity: float = Field(
        0.6, ge=0, le=1, description="Weight of common items in how similar two clients are."
    )
    recency_similarity: float = Field(
        0.2, ge=0, le=1, description="Weight of ordering as lately in how similar two clients are."
    )
    frequency_similarity: float = Field(
        0.2, ge=0, le=1, description="Weight of ordering as often in how similar two clients are."
    )
    max_repurchases_lost: float = Field(
        0.5,
        ge=0,
        le=1,
        description="Share of live repurchases, still sold and not bought since, that may be replaced before "
        "publishing is refused (0-1).",
    )
    max_discovery_move: float = Field(
        0.1,
        ge=0,
        le=1,
        description="How far the share of discoveries may be from that of the live lists before publishing is refused "
        "(0.1 is 10 percentage points).",
    )
    max_score_move: float = Field(
        1.0,
        ge=0,
        description="How far the higher of the average scores of repurchases, live and new, may be above the lower "
        "before the comparison says so (1 is twice as high). Nothing is refused for it.",
    )

    @model_validator(mode="after")
    def _a_list_has_places(self) -> ReplenishmentParameters:
        if not self.repurchases_per_client + self.discoveries_per_client:
            raise ValueError("repurchases_per_client and discoveries_per_client are both 0: a list needs a place")
        return self

    @model_validator(mode="after")
    def _segments_do_not_overlap(self) -> ReplenishmentParameters:
        if self.light_share + self.heavy_share > 1:
            raise ValueError(
                f"light_share ({self.light_share:g}) and heavy_share ({self.heavy_share:g}) add up to more than 1"
            )
        return self

    @model_validator(mode="after")
    def _likeness_has_a_measure(self) -> ReplenishmentParameters:
        if not self.product_similarity + self.recency_similarity + self.frequency_similarity:
            raise ValueError(
                "product_similarity, recency_similarity and frequency_similarity are all 0: clients need to be alike "
                "in something"
            )
        return self

    @model_validator(mode="after")
    def _experiment_is_clear(self) -> ReplenishmentParameters:
        refuse_unclear(self.experiment, self.experiment_shares, self.version)
        return self

    @property
    def most_repurchases(self) -> int:
        """That are scored of a client."""
        return max(self.repurchase_candidates_per_client, self.repurchases_per_client + self.discoveries_per_client)

    @property
    def experiment_steps(self) -> tuple[str, ...]:
        """The experiment's parts of the draw, as queries read them."""
        return tuple(str(step) for step in steps(self.experiment_shares))

    @model_validator(mode="after")
    def _history_holds_the_windows(self) -> ReplenishmentParameters:
        """What a company's file says itself must fit; a default gives way."""
        # A week more than both periods, so that days without orders at the edge do not hide the first of them.
        needed = {
            "active_window_days": self.active_window_days,
            "trend_days": 2 * self.trend_days + _WEEK,
            "season_days": _YEAR + self.season_days if self.season_days else 0,
        }
        for name, days in needed.items():
            if name in self.model_fields_set and days > self.history_days:
                raise ValueError(
                    f"{name} ({getattr(self, name)}) needs history_days of at least {days}, and it is "
                    f"{self.history_days}. Raise history_days, or lower {name}"
                )
        return self


def parameters_of(company: Company) -> ReplenishmentParameters:
    """The company's; a TypeError for a company of another strategy."""
    if not isinstance(company.parameters, ReplenishmentParameters):
        raise TypeError(f"{company.name} is a company of {company.strategy}, not of replenishment")
    return company.parameters
