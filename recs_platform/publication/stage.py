"""The publication stages, shared by the strategies: comparing what was made with what is live, and the live table.

Not here: deciding and publishing (proposal.py, publish.py), and their assets (assembly/publishing.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial

from sqlalchemy import Engine

from recs_platform.companies.model import Company
from recs_platform.declarations.product import FIGURES, AnyProduct
from recs_platform.declarations.strategy import AnyStrategy
from recs_platform.pipeline.due import days_between
from recs_platform.pipeline.pipeline import Pipeline
from recs_platform.pipeline.stage import PUBLICATION, Stage, sql_asset
from recs_platform.publication.allocation import allocation
from recs_platform.publication.allocation_picture import show_allocation
from recs_platform.publication.outlet import Outlet
from recs_platform.publication.stored_comparison import noted_with
from recs_platform.reporting.presentation import Present
from recs_platform.schemas.campaign import TreatmentAllocation
from recs_platform.schemas.publication import AllocationComparison
from recs_platform.schemas.table import Kind, Table, spec_of
from recs_platform.serving_store.environment import open_stores
from recs_platform.warehouse.protocol import Warehouse
from recs_platform.warehouse.query import Query


def allocation_stage(strategy: AnyStrategy, queries: Mapping[str, Query]) -> Stage:
    """What a strategy needs in order to publish the shares of its treatments; all strategies compare them alike."""
    product = allocation(spec_of(TreatmentAllocation), queries["allocation_figures"])
    return product_stage(strategy, queries, product, AllocationComparison, show_allocation)


def outlet_of(pipeline: Pipeline, product: str, company: Company, warehouse: Warehouse, database: Engine) -> Outlet:
    """Where a product of a company becomes visible."""
    if product not in pipeline.products:
        raise ValueError(f"{pipeline.strategy.name} does not publish {product}")
    chosen = pipeline.products[product]
    return Outlet(
        company.name,
        pipeline.strategy.name,
        chosen,
        company.dataset,
        warehouse,
        database,
        open_stores(database),
        days_between(pipeline, chosen.of.name),
    )


def product_stage(
    strategy: AnyStrategy, queries: Mapping[str, Query], product: AnyProduct, comparison: type[Table], show: Present
) -> Stage:
    """What a strategy needs in order to publish a product: the comparison with what is live, and the live table."""
    of = product.of
    lacking = sorted(set(product.read_by) - {column.name for column in of.columns})
    if of.kind is not Kind.SNAPSHOT or lacking:
        raise ValueError(
            f"{strategy.name} cannot publish {of.name}: a table of {product.content} is a snapshot with "
            f"{', '.join(product.read_by)}"
        )
    if product.figures.columns != FIGURES:
        raise product.figures.error(f"the figures of a product are {', '.join(FIGURES)}, in this order")
    compared = sql_asset(product.comparison, comparison, queries, present=show)
    compared = replace(compared, note=partial(noted_with, product.live))
    return Stage(PUBLICATION, (compared,), product=product)
