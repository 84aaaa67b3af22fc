"""The publication stages, shared by the strategies: comparing what was made with what is live, and the live table.

Not here: deciding and publishing (offer.py, publish.py), and their assets (assets.py).
"""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Engine

from recs_platform.companies.model import Company
from recs_platform.pipeline.pipeline import Pipeline, Stage, sql_asset
from recs_platform.publication.allocation import allocation
from recs_platform.publication.offers import offers
from recs_platform.publication.outlet import Outlet
from recs_platform.publication.pictures import show_allocation, show_offers, show_recommendations
from recs_platform.publication.product import AnyProduct
from recs_platform.publication.recommendations import recommendations
from recs_platform.reporting.presentation import Present
from recs_platform.schemas.offer_ranking_reports import OfferComparison
from recs_platform.schemas.publication import AllocationComparison, Comparison
from recs_platform.schemas.table import Kind, Table, spec_of
from recs_platform.strategies.strategy import Strategy
from recs_platform.warehouse.protocol import Warehouse
from recs_platform.warehouse.query import Query

PUBLICATION = "publication"
"""The kind of asset that makes a version live."""


def publication_stage(strategy: Strategy, queries: Mapping[str, Query], *, published: type[Table]) -> Stage:
    """What a strategy needs in order to publish its recommendations; `comparison.sql` is its own."""
    return _stage(strategy, queries, recommendations(spec_of(published)), Comparison, show_recommendations)


def offers_stage(strategy: Strategy, queries: Mapping[str, Query], *, published: type[Table]) -> Stage:
    """What a strategy needs in order to publish a list of offers per customer as its recommendations."""
    return _stage(strategy, queries, offers(spec_of(published)), OfferComparison, show_offers)


def allocation_stage(strategy: Strategy, queries: Mapping[str, Query], *, published: type[Table]) -> Stage:
    """What a strategy needs in order to publish the shares of its treatments; all strategies compare them alike."""
    return _stage(strategy, queries, allocation(spec_of(published)), AllocationComparison, show_allocation)


def outlet_of(pipeline: Pipeline, product: str, company: Company, warehouse: Warehouse, database: Engine) -> Outlet:
    """Where a product of a company becomes visible."""
    if product not in pipeline.products:
        raise ValueError(f"{pipeline.strategy.name} does not publish {product}")
    found = pipeline.products[product]
    return Outlet(company.name, pipeline.strategy.name, found, company.dataset, warehouse, database)


def _stage(
    strategy: Strategy, queries: Mapping[str, Query], product: AnyProduct, comparison: type[Table], show: Present
) -> Stage:
    of = product.of
    lacking = sorted(set(product.read_by) - {column.name for column in of.columns})
    if of.kind is not Kind.SNAPSHOT or lacking:
        raise ValueError(
            f"{strategy.name} cannot publish {of.name}: a table of {product.content} is a snapshot with "
            f"{', '.join(product.read_by)}"
        )
    return Stage(product.asset, (sql_asset(product.comparison, comparison, queries, present=show),), product=product)
