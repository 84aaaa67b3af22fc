"""The three strategies as data: their name, their parameters and the source tables they are fed.

Pure: no Dagster, no engine. The parameters and assets of a strategy are in its own package beside this file.
"""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import Field

from recs_platform.schemas import sources
from recs_platform.schemas.table import Table
from recs_platform.strategies.offer_ranking.parameters import OfferRankingParameters
from recs_platform.strategies.parameters import Parameters
from recs_platform.strategies.vehicle_fitment.parameters import VehicleFitmentParameters


class ReplenishmentParameters(Parameters):
    look_back_parameter = "active_window_days"
    active_window_days: int = Field(90, ge=1, le=730, description="A client with an order in so many days is active.")


@dataclass(frozen=True)
class Strategy:
    name: str
    title: str
    parameters: type[Parameters]
    source_tables: tuple[type[Table], ...]


_SHARED = (
    sources.Events,
    sources.Treatments,
    sources.Deliveries,
    sources.Interactions,
    sources.Customers,
    sources.Catalog,
)

STRATEGIES: dict[str, Strategy] = {
    strategy.name: strategy
    for strategy in (
        Strategy(
            "vehicle_fitment",
            "Parts that fit your car and that owners of your car buy",
            VehicleFitmentParameters,
            (*_SHARED, sources.Fitment, sources.OrderHistory),
        ),
        Strategy(
            "offer_ranking",
            "Offers that this customer will redeem",
            OfferRankingParameters,
            (*_SHARED, sources.Impressions, sources.Redemptions, sources.Offers),
        ),
        Strategy(
            "replenishment",
            "What to re-order this week, plus something new",
            ReplenishmentParameters,
            _SHARED,
        ),
    )
}
