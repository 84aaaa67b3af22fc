"""The tables of offer ranking. What each row is and why stands in `sql/offer_ranking/<table>.sql`, or in the function
that makes it."""

from __future__ import annotations

from collections.abc import Mapping

from recs_platform.declarations.product import Messages
from recs_platform.declarations.strategy import AnyStrategy
from recs_platform.pipeline.questions import questions_in
from recs_platform.pipeline.stage import FEATURES, MODEL, RECOMMENDED, REPORTS, SqlTable, Stage, sql_asset
from recs_platform.publication.stage import product_stage
from recs_platform.schemas import offer_ranking as schemas
from recs_platform.schemas.feedback import IgnoredRecommendations, IgnoredWeeks
from recs_platform.schemas.offer_ranking import OfferRecommendations
from recs_platform.schemas.offer_ranking_reports import OfferCampaigns, OfferComparison, RunHealth
from recs_platform.schemas.table import Table, spec_of
from recs_platform.strategies.feedback.outcomes import outcomes_table
from recs_platform.strategies.offer_ranking.campaign_picture import show_campaigns
from recs_platform.strategies.offer_ranking.comparison_picture import show_offers
from recs_platform.strategies.offer_ranking.contributions import feature_contributions, feature_importance
from recs_platform.strategies.offer_ranking.drift import drift_report
from recs_platform.strategies.offer_ranking.evaluation import offline_evaluation
from recs_platform.strategies.offer_ranking.publication import offers
from recs_platform.strategies.offer_ranking.scoring import offer_scores
from recs_platform.strategies.offer_ranking.training import ranking_model, training_plan
from recs_platform.warehouse.query import Query

_SUMS = (schemas.CustomerDays, schemas.CustomerItemDays, schemas.OfferDays, schemas.CustomerImpressionDays)
_OFFERED = (schemas.OfferedItems, schemas.GoodsOnOffer, schemas.OfferPeriods)
_FEATURES = (
    schemas.FeaturePairs,
    schemas.CategoryPurchases,
    schemas.CustomerFeatures,
    schemas.OfferFeatures,
    schemas.InteractionFeatures,
    schemas.TrainingSet,
    schemas.CandidateFeatures,
)
_LISTS = (IgnoredWeeks, IgnoredRecommendations, schemas.OfferRecommendations, RunHealth)
QUERIES = (*_SUMS, *_OFFERED, schemas.OfferCandidates, *_FEATURES, *_LISTS, OfferCampaigns)

DAILY_SUMS = tuple(spec_of(model).name for model in _SUMS)
"""The logs that features are made of."""
FEATURE_TABLES = tuple(spec_of(model).name for model in (*_OFFERED, *_FEATURES))
"""In the order in which each is made of those before it."""


def features_stage(_: AnyStrategy, queries: Mapping[str, Query]) -> Stage:
    """What the model is shown, and the plan, on which it depends whether examples to train on are among it."""
    queried = _queried((*_SUMS, *_OFFERED, schemas.OfferCandidates, *_FEATURES), queries)
    return Stage(FEATURES, (*queried, training_plan))


def model_stage(_: AnyStrategy, __: Mapping[str, Query]) -> Stage:
    return Stage(MODEL, (ranking_model, offer_scores))


def recommendations_stage(_: AnyStrategy, queries: Mapping[str, Query]) -> Stage:
    """The offers of each customer, and what made the model choose them."""
    return Stage(
        RECOMMENDED,
        (*_queried(_LISTS, queries), feature_contributions),
        questions=questions_in("explanation/offer_ranking", queries),
    )


def _queried(models: tuple[type[Table], ...], queries: Mapping[str, Query]) -> tuple[SqlTable, ...]:
    return tuple(sql_asset(spec_of(model).name, model, queries) for model in models)


def offer_reports_stage(_: AnyStrategy, queries: Mapping[str, Query]) -> Stage:
    """What looks back on the day: made after the offers are published, so that nobody waits for it."""
    campaigns = sql_asset(spec_of(OfferCampaigns).name, OfferCampaigns, queries, present=show_campaigns)
    return Stage(REPORTS, (feature_importance, drift_report, offline_evaluation, campaigns, outcomes_table(queries)))


def offers_stage(strategy: AnyStrategy, queries: Mapping[str, Query]) -> Stage:
    """What offer ranking needs in order to publish a list of offers per customer as its recommendations."""
    messages = Messages(
        queries["recipients"], queries["offer_message_items"], lambda given: given.recommendations_per_customer
    )
    product = offers(spec_of(OfferRecommendations), queries["offer_recommendation_figures"], messages)
    return product_stage(strategy, queries, product, OfferComparison, show_offers)
