"""The tables of vehicle fitment. What each row is and why stands in `sql/vehicle_fitment/<table>.sql`."""

from __future__ import annotations

from collections.abc import Mapping

from recs_platform.declarations.strategy import AnyStrategy
from recs_platform.pipeline.questions import questions_in
from recs_platform.pipeline.stage import Stage, sql_asset
from recs_platform.publication.stage import product_stage
from recs_platform.schemas import vehicle_fitment as schemas
from recs_platform.schemas.publication import Comparison
from recs_platform.schemas.table import spec_of
from recs_platform.schemas.vehicle_fitment import VehicleRecommendations
from recs_platform.strategies.vehicle_fitment.comparison_picture import show_recommendations
from recs_platform.strategies.vehicle_fitment.publication import recommendations
from recs_platform.warehouse.query import Query

TABLES = (
    schemas.UsersWithVehicles,
    schemas.StagedEvents,
    schemas.Purchases,
    schemas.EligibleParts,
    schemas.ItemPopularity,
    schemas.SegmentPopularity,
    schemas.VehicleRanking,
    schemas.IntentScores,
    schemas.Recommendations,
    schemas.VehicleRecommendations,
    schemas.DroppedCustomers,
)


def vehicle_fitment_stage(_: AnyStrategy, queries: Mapping[str, Query]) -> Stage:
    made = tuple(sql_asset(spec_of(model).name, model, queries) for model in TABLES)
    return Stage("vehicle_fitment", made, questions=questions_in("explanation/vehicle_fitment", queries))


def publication_stage(strategy: AnyStrategy, queries: Mapping[str, Query]) -> Stage:
    """What vehicle fitment needs in order to publish its recommendations."""
    product = recommendations(spec_of(VehicleRecommendations), queries["vehicle_recommendation_figures"])
    return product_stage(strategy, queries, product, Comparison, show_recommendations)
