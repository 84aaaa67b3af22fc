"""Offer ranking as a record."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

from recs_platform.companies.model import Company
from recs_platform.declarations.product import ALLOCATION, RECOMMENDATIONS
from recs_platform.declarations.room import Room, Rooms
from recs_platform.declarations.strategy import TrainedModel
from recs_platform.pipeline.day_reader import DayReader
from recs_platform.pipeline.pipeline import Pipeline
from recs_platform.pipeline.strategy import Explainer, MakeStage, Strategy
from recs_platform.reporting.explanation import Explanation
from recs_platform.schemas import sources
from recs_platform.schemas.feedback_sources import FEEDBACK
from recs_platform.simulation.spec import SimulatedWorld
from recs_platform.strategies.offer_ranking.features import TASK
from recs_platform.strategies.offer_ranking.parameters import OfferRankingParameters
from recs_platform.strategies.offer_ranking.policy import policy_of
from recs_platform.warehouse.protocol import Warehouse


def _stages() -> Sequence[MakeStage]:
    from recs_platform.campaign.stage import campaign_stage
    from recs_platform.publication.stage import allocation_stage
    from recs_platform.sources.stage import sources_stage
    from recs_platform.strategies.offer_ranking.stage import (
        features_stage,
        model_stage,
        offer_reports_stage,
        offers_stage,
        recommendations_stage,
    )

    return (
        sources_stage,
        features_stage,
        model_stage,
        recommendations_stage,
        offers_stage,
        offer_reports_stage,
        campaign_stage,
        allocation_stage,
    )


def _world() -> SimulatedWorld:
    from recs_platform.simulation import offer_world

    return offer_world


def _story(company: Company, pipeline: Pipeline, warehouse: Warehouse, day: date) -> Iterator[str]:
    from recs_platform.strategies.offer_ranking.story import offer_story

    return offer_story(company, pipeline, warehouse, day)


def _explain(read: DayReader, customer: str, item: str | None) -> Explanation:
    from recs_platform.strategies.offer_ranking.explanation import explain_customer

    return explain_customer(read, customer, item)


OFFER_RANKING = Strategy(
    name="offer_ranking",
    label="offer",
    page="offer-ranking.md",
    title="Offers that this customer will redeem",
    parameters=OfferRankingParameters,
    source_tables=(
        *sources.SHARED,
        sources.Impressions,
        sources.Redemptions,
        sources.Offers,
        sources.OfferItems,
        *FEEDBACK,
    ),
    needs=(sources.Offers, sources.Impressions, sources.Redemptions),
    stages=_stages,
    publishes=(RECOMMENDATIONS, ALLOCATION),
    model=TrainedModel(
        TASK, policy_of, plan="training_plan", drift="drift_report", trained="ranking_model", pairs="features_of_pairs"
    ),
    rooms=Rooms(day=Room(2, 6, 20), heavy=Room(4, 8, 30)),
    world=_world,
    story=_story,
    explainer=Explainer("offer_recommendations", _explain, "live_and_made_offers"),
)
