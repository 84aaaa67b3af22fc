"""The tables of replenishment. What each row is and why stands in `sql/replenishment/<table>.sql`."""

from __future__ import annotations

from collections.abc import Mapping

from recs_platform.declarations.product import Messages
from recs_platform.declarations.strategy import AnyStrategy
from recs_platform.pipeline.questions import questions_in
from recs_platform.pipeline.stage import FEATURES, MODEL, RECOMMENDED, REPORTS, SqlTable, Stage, sql_asset
from recs_platform.publication.stage import product_stage
from recs_platform.schemas import replenishment as schemas
from recs_platform.schemas.feedback import IgnoredItems, IgnoredWeeks
from recs_platform.schemas.replenishment_reports import ExperimentOutcomes, PublishedLists, WeeklyComparison
from recs_platform.schemas.table import Table, spec_of
from recs_platform.strategies.feedback.outcomes import outcomes_table
from recs_platform.strategies.replenishment.candidates import replenishment_candidates
from recs_platform.strategies.replenishment.comparison_picture import show_lists
from recs_platform.strategies.replenishment.drift import drift_report
from recs_platform.strategies.replenishment.evaluation.asset import next_basket_evaluation
from recs_platform.strategies.replenishment.experiment_results import experiment_results
from recs_platform.strategies.replenishment.neighbours import similar_clients
from recs_platform.strategies.replenishment.parameters import ReplenishmentParameters
from recs_platform.strategies.replenishment.publication import weekly_lists
from recs_platform.strategies.replenishment.published_lists import published_lists
from recs_platform.strategies.replenishment.scoring import model_scores
from recs_platform.strategies.replenishment.training import ranking_model, replenishment_examples, training_plan
from recs_platform.warehouse.query import Query

DAILY_TABLES = (schemas.OrderLines, schemas.ClientDays, IgnoredWeeks)
FEATURE_TABLES = (
    schemas.ClientItems,
    schemas.ClientProfiles,
    schemas.ProductTrends,
    IgnoredItems,
)
LIST_TABLES = (schemas.WeeklyRecommendations, schemas.WeeklyLists, schemas.UnservedClients)


def orders_stage(_: AnyStrategy, queries: Mapping[str, Query]) -> Stage:
    """What was ordered on each day, and what was shown in vain until then: all that the weekly stages read of it."""
    return Stage(FEATURES, _made(DAILY_TABLES, queries))


def features_stage(_: AnyStrategy, queries: Mapping[str, Query]) -> Stage:
    """What clients order, and what becomes of products."""
    return Stage(FEATURES, _made(FEATURE_TABLES, queries))


def experiment_stage(_: AnyStrategy, queries: Mapping[str, Query]) -> Stage:
    """Which client is of which arm of the company's experiment."""
    return Stage(FEATURES, _made((schemas.ExperimentAssignments,), queries))


def scores_stage(_: AnyStrategy, queries: Mapping[str, Query]) -> Stage:
    """What each client may be recommended, with a score."""
    trained = (training_plan, replenishment_examples, ranking_model)
    scores = _made((schemas.ReplenishmentScores,), queries)
    return Stage(MODEL, (*trained, similar_clients, replenishment_candidates, model_scores, *scores))


def recommendations_stage(_: AnyStrategy, queries: Mapping[str, Query]) -> Stage:
    """The list of each client, and who has none."""
    return Stage(RECOMMENDED, _made(LIST_TABLES, queries), questions=questions_in("explanation/replenishment", queries))


def _longest_list(given: ReplenishmentParameters) -> int:
    return given.repurchases_per_client + given.discoveries_per_client


def _made(models: tuple[type[Table], ...], queries: Mapping[str, Query]) -> tuple[SqlTable, ...]:
    return tuple(sql_asset(spec_of(model).name, model, queries) for model in models)


def lists_stage(strategy: AnyStrategy, queries: Mapping[str, Query]) -> Stage:
    """What replenishment needs in order to publish a list per client as its recommendations."""
    messages = Messages(queries["recipients"], queries["weekly_message_items"], _longest_list)
    product = weekly_lists(spec_of(schemas.WeeklyRecommendations), queries["weekly_recommendation_figures"], messages)
    return product_stage(strategy, queries, product, WeeklyComparison, show_lists)


def reports_stage(_: AnyStrategy, queries: Mapping[str, Query]) -> Stage:
    """What became of what was served: shops tell of it every day."""
    return Stage(REPORTS, (outcomes_table(queries),))


def weekly_reports_stage(_: AnyStrategy, queries: Mapping[str, Query]) -> Stage:
    """What looks back on the week: made after the lists are published, so that nobody waits for it."""
    outcomes = SqlTable(
        spec_of(ExperimentOutcomes),
        queries["experiment_outcomes"],
        incoming=published_lists,
        incoming_specs=(spec_of(PublishedLists),),
    )
    return Stage(REPORTS, (drift_report, next_basket_evaluation, outcomes, experiment_results))
