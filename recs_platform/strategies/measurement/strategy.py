"""Measurement as a record: what campaigns brought, of a company that recommends by other means, or not at all."""

from __future__ import annotations

from collections.abc import Sequence

from recs_platform.declarations.product import ALLOCATION
from recs_platform.declarations.room import Room, Rooms
from recs_platform.pipeline.strategy import MakeStage, Strategy
from recs_platform.schemas import sources
from recs_platform.simulation.spec import SimulatedWorld
from recs_platform.strategies.measurement.parameters import MeasurementParameters


def _stages() -> Sequence[MakeStage]:
    from recs_platform.campaign.stage import campaign_stage
    from recs_platform.publication.stage import allocation_stage
    from recs_platform.sources.stage import sources_stage

    return (sources_stage, campaign_stage, allocation_stage)


def _world() -> SimulatedWorld:
    from recs_platform.simulation import replenishment_world

    return replenishment_world


MEASUREMENT = Strategy(
    name="measurement",
    label="lifts",
    page="measurement.md",
    title="What campaigns brought",
    parameters=MeasurementParameters,
    source_tables=(
        sources.Treatments,
        sources.Events,
        sources.Deliveries,
        sources.Interactions,
        sources.Customers,
    ),
    needs=(sources.Treatments, sources.Events),
    sparse=(sources.Treatments, sources.Events),
    stages=_stages,
    publishes=(ALLOCATION,),
    rooms=Rooms(day=Room(1, 2, 5), heavy=Room(1, 4, 10)),
    world=_world,
)
