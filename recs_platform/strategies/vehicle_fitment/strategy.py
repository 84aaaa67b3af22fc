"""Vehicle fitment as a record."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

from recs_platform.companies.model import Company
from recs_platform.declarations.product import ALLOCATION, RECOMMENDATIONS
from recs_platform.pipeline.day_reader import DayReader
from recs_platform.pipeline.pipeline import Pipeline
from recs_platform.pipeline.strategy import Explainer, MakeStage, Strategy
from recs_platform.reporting.explanation import Explanation
from recs_platform.schemas import sources
from recs_platform.schemas.feedback_sources import FEEDBACK
from recs_platform.simulation.spec import SimulatedWorld
from recs_platform.strategies.vehicle_fitment.formulas import family_of
from recs_platform.strategies.vehicle_fitment.parameters import VehicleFitmentParameters
from recs_platform.warehouse.protocol import Warehouse


def _stages() -> Sequence[MakeStage]:
    from recs_platform.campaign.stage import campaign_stage
    from recs_platform.publication.stage import allocation_stage
    from recs_platform.sources.stage import sources_stage
    from recs_platform.strategies.vehicle_fitment.diagnostics_stage import reporting_stage
    from recs_platform.strategies.vehicle_fitment.stage import (
        candidates_stage,
        publication_stage,
        recommendations_stage,
    )

    return (
        sources_stage,
        candidates_stage,
        recommendations_stage,
        publication_stage,
        reporting_stage,
        campaign_stage,
        allocation_stage,
    )


def _world() -> SimulatedWorld:
    from recs_platform.simulation import vehicle_world

    return vehicle_world


def _story(company: Company, pipeline: Pipeline, warehouse: Warehouse, day: date) -> Iterator[str]:
    from recs_platform.strategies.vehicle_fitment.story import fitment_story

    return fitment_story(company, pipeline, warehouse, day)


def _explain(read: DayReader, customer: str, item: str | None) -> Explanation:
    from recs_platform.strategies.vehicle_fitment.explanation import explain_customer

    return explain_customer(read, customer, item)


VEHICLE_FITMENT = Strategy(
    name="vehicle_fitment",
    label="parts",
    page="vehicle-fitment.md",
    title="Parts that fit your car and that owners of your car buy",
    parameters=VehicleFitmentParameters,
    source_tables=(*sources.SHARED, sources.Fitment, sources.OrderHistory, *FEEDBACK),
    needs=(sources.Fitment, sources.Catalog, sources.Customers, (sources.Events, sources.OrderHistory)),
    stages=_stages,
    publishes=(RECOMMENDATIONS, ALLOCATION),
    world=_world,
    story=_story,
    explainer=Explainer("recommendations", _explain, "live_and_made_parts"),
    family_of=family_of,
)
