"""The tables of vehicle fitment. What each row is and why stands in `sql/vehicle_fitment/<table>.sql`."""

from __future__ import annotations

from collections.abc import Mapping

from recs_platform.declarations.product import Messages
from recs_platform.declarations.strategy import AnyStrategy
from recs_platform.pipeline.questions import questions_in
from recs_platform.pipeline.stage import CANDIDATES, RECOMMENDED, SqlTable, Stage, sql_asset
from recs_platform.publication.stage import product_stage
from recs_platform.schemas import vehicle_fitment as schemas
from recs_platform.schemas.feedback import IgnoredRecommendations, IgnoredWeeks
from recs_platform.schemas.publication import Comparison
from recs_platform.schemas.table import Table, spec_of
from recs_platform.schemas.vehicle_fitment import VehicleRecommendations
from recs_platform.strategies.vehicle_fitment.comparison_picture import show_recommendations
from recs_platform.strategies.vehicle_fitment.publication import recommendations
from recs_platform.warehouse.query import Query

CANDIDATE_TABLES = (
    schemas.UsersWithVehicles,
    schemas.StagedEvents,
    schemas.Purchases,
    schemas.ItemPopularity,
    schemas.SegmentPopularity,
    schemas.EligibleParts,
    schemas.VehicleRanking,
    schemas.IntentScores,
    IgnoredWeeks,
    IgnoredRecommendations,
)
RECOMMENDATION_TABLES = (schemas.Recommendations, schemas.VehicleRecommendations, schemas.DroppedCustomers)
TABLES = (*CANDIDATE_TABLES, *RECOMMENDATION_TABLES)


def candidates_stage(_: AnyStrategy, queries: Mapping[str, Query]) -> Stage:
    """Which parts may be recommended for a vehicle, in which order, and what each customer was looking for."""
    return Stage(CANDIDATES, _made(CANDIDATE_TABLES, queries))


def recommendations_stage(_: AnyStrategy, queries: Mapping[str, Query]) -> Stage:
    """What each customer is recommended, and who is not."""
    questions = questions_in("explanation/vehicle_fitment", queries)
    return Stage(RECOMMENDED, _made(RECOMMENDATION_TABLES, queries), questions=questions)


_PARTS = 4
"""Of a published row."""


def _made(models: tuple[type[Table], ...], queries: Mapping[str, Query]) -> tuple[SqlTable, ...]:
    return tuple(sql_asset(spec_of(model).name, model, queries) for model in models)


def publication_stage(strategy: AnyStrategy, queries: Mapping[str, Query]) -> Stage:
    """What vehicle fitment needs in order to publish its recommendations."""
    messages = Messages(queries["recipients"], queries["vehicle_message_items"], lambda _: _PARTS)
    product = recommendations(spec_of(VehicleRecommendations), queries["vehicle_recommendation_figures"], messages)
    return product_stage(strategy, queries, product, Comparison, show_recommendations)
