"""Replenishment as a record."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

from recs_platform.companies.model import Company
from recs_platform.declarations.product import ALLOCATION, RECOMMENDATIONS
from recs_platform.declarations.room import Room, Rooms
from recs_platform.declarations.strategy import TrainedModel
from recs_platform.pipeline.day_reader import DayReader
from recs_platform.pipeline.pipeline import Pipeline
from recs_platform.pipeline.strategy import Explainer, MakeStage, Strategy, weekly
from recs_platform.reporting.explanation import Explanation
from recs_platform.schemas import sources
from recs_platform.schemas.feedback_sources import FEEDBACK
from recs_platform.simulation.spec import SimulatedWorld
from recs_platform.strategies.replenishment.parameters import ReplenishmentParameters
from recs_platform.strategies.replenishment.policy import policy_of
from recs_platform.strategies.replenishment.task import TASK
from recs_platform.warehouse.protocol import Warehouse


def _stages() -> Sequence[MakeStage]:
    from recs_platform.campaign.stage import campaign_stage
    from recs_platform.publication.stage import allocation_stage
    from recs_platform.sources.stage import sources_stage
    from recs_platform.strategies.replenishment.stage import (
        experiment_stage,
        features_stage,
        lists_stage,
        orders_stage,
        recommendations_stage,
        reports_stage,
        scores_stage,
        weekly_reports_stage,
    )

    return (
        sources_stage,
        orders_stage,
        weekly(features_stage),
        weekly(experiment_stage),
        weekly(scores_stage),
        weekly(recommendations_stage),
        weekly(lists_stage),
        reports_stage,
        weekly(weekly_reports_stage),
        campaign_stage,
        allocation_stage,
    )


def _world() -> SimulatedWorld:
    from recs_platform.simulation import replenishment_world

    return replenishment_world


def _story(company: Company, pipeline: Pipeline, warehouse: Warehouse, day: date) -> Iterator[str]:
    from recs_platform.strategies.replenishment.story import weekly_story

    return weekly_story(company, pipeline, warehouse, day)


def _explain(read: DayReader, customer: str, item: str | None) -> Explanation:
    from recs_platform.strategies.replenishment.why.explanation import explain_client

    return explain_client(read, customer, item)


def _discovery_share(parameters: ReplenishmentParameters) -> float:
    return parameters.discoveries_per_client / (parameters.repurchases_per_client + parameters.discoveries_per_client)


REPLENISHMENT = Strategy(
    name="replenishment",
    label="rebuy",
    page="replenishment.md",
    title="What to re-order this week, plus something new",
    parameters=ReplenishmentParameters,
    source_tables=(*sources.SHARED, *FEEDBACK),
    needs=(sources.Events,),
    stages=_stages,
    publishes=(RECOMMENDATIONS, ALLOCATION),
    model=TrainedModel(
        TASK, policy_of, plan="training_plan", drift="drift_report", trained="ranking_model", pairs="scores_of_pairs"
    ),
    rooms=Rooms(day=Room(2, 6, 20), heavy=Room(4, 8, 30)),
    world=_world,
    story=_story,
    explainer=Explainer("weekly_recommendations", _explain, "live_and_made_lists"),
    has_weekly_lists=True,
    discovery_share=_discovery_share,
)
