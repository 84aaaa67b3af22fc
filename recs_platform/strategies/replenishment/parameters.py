"""What replenishment can be told in a company's YAML."""

from __future__ import annotations

from pydantic import Field

from recs_platform.declarations.cadence import WeeklyParameters


class ReplenishmentParameters(WeeklyParameters):
    look_back_parameter = "active_window_days"
    active_window_days: int = Field(90, ge=1, le=730, description="A client with an order in so many days is active.")
