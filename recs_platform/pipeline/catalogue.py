"""The pipelines of the platform: one per strategy, made from `sql/`. Judged when they are made, made once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache, partial
from pathlib import Path

from recs_platform.campaign.stage import campaign_stage
from recs_platform.errors import QueryError
from recs_platform.pipeline.pipeline import Pipeline, Stage
from recs_platform.publication.stage import allocation_stage, offers_stage, publication_stage
from recs_platform.schemas.campaign import TreatmentAllocation
from recs_platform.schemas.offer_ranking import OfferRecommendations
from recs_platform.schemas.vehicle_fitment import VehicleRecommendations
from recs_platform.sources.stage import sources_stage
from recs_platform.strategies.offer_ranking.stage import offer_ranking_stage, offer_reports_stage
from recs_platform.strategies.strategy import STRATEGIES, Strategy
from recs_platform.strategies.vehicle_fitment.reporting import reporting_stage
from recs_platform.strategies.vehicle_fitment.stage import vehicle_fitment_stage
from recs_platform.warehouse.query import Query, load_queries, sql_folder

VALIDATION = "sql/validation/"


@lru_cache(maxsize=4)
def pipelines(folder: Path | None = None) -> Mapping[str, Pipeline]:
    """Every strategy's pipeline; a query that breaks a rule raises a QueryError here."""
    queries = load_queries(folder or sql_folder())
    validation = [query for query in queries.values() if query.path.startswith(VALIDATION)]
    made = {
        strategy.name: Pipeline(
            strategy,
            [
                sources_stage(strategy, queries),
                *_own_stages(strategy, queries),
                campaign_stage(queries),
                allocation_stage(strategy, queries, published=TreatmentAllocation),
            ],
            validation,
        )
        for strategy in STRATEGIES.values()
    }
    _refuse_orphans({name: query.path for name, query in queries.items()}, made)
    return made


def _own_stages(strategy: Strategy, queries: Mapping[str, Query]) -> list[Stage]:
    publication = partial(publication_stage, strategy, published=VehicleRecommendations)
    offers = partial(offers_stage, strategy, published=OfferRecommendations)
    makers: dict[str, list[Callable[[Mapping[str, Query]], Stage]]] = {
        "vehicle_fitment": [vehicle_fitment_stage, publication, reporting_stage],
        "offer_ranking": [offer_ranking_stage, offers, offer_reports_stage],
    }
    return [make(queries) for make in makers.get(strategy.name, [])]


def _refuse_orphans(paths: Mapping[str, str], made: Mapping[str, Pipeline]) -> None:
    used = {name for pipeline in made.values() for name in (*pipeline.tables, *pipeline.checks)}
    orphans = sorted(path for name, path in paths.items() if name not in used)
    if orphans:
        raise QueryError(
            orphans[0], 1, f"no asset or check is made from it; name it in a stage ({len(orphans)} such files)"
        )
