"""The publication stage, shared by the strategies: comparing what was made with what is live, and the live table.

Not here: deciding and publishing (offer.py, publish.py), and their assets (assets.py).
"""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Engine

from recs_platform.companies.model import Company
from recs_platform.pipeline.pipeline import LiveTable, Pipeline, Stage, sql_asset
from recs_platform.publication.outlet import Outlet
from recs_platform.publication.pictures import show_comparison
from recs_platform.publication.verify import READ_BY
from recs_platform.schemas.publication import Comparison
from recs_platform.schemas.table import Kind, Table, spec_of
from recs_platform.strategies.strategy import Strategy
from recs_platform.warehouse.protocol import Warehouse
from recs_platform.warehouse.query import Query

PUBLICATION = "publication"
"""The stage, and its asset: what makes a version live."""
COMPARISON = "comparison"


def publication_stage(strategy: Strategy, queries: Mapping[str, Query], *, published: type[Table]) -> Stage:
    """What a strategy needs in order to publish one of its tables; `comparison.sql` is its own."""
    spec = spec_of(published)
    lacking = sorted(set(READ_BY) - {column.name for column in spec.columns})
    if spec.kind is not Kind.SNAPSHOT or lacking:
        raise ValueError(
            f"{strategy.name} cannot publish {spec.name}: a published table is a snapshot with {', '.join(READ_BY)}"
        )
    return Stage(
        PUBLICATION, (sql_asset(COMPARISON, Comparison, queries, present=show_comparison),), live=LiveTable(spec)
    )


def outlet_of(pipeline: Pipeline, company: Company, warehouse: Warehouse, database: Engine) -> Outlet:
    """Where a company's recommendations become visible."""
    if pipeline.live is None:
        raise ValueError(f"{pipeline.strategy.name} publishes nothing yet")
    return Outlet(
        company.name,
        pipeline.strategy.name,
        pipeline.ref(pipeline.live.of.name, company),
        pipeline.ref(pipeline.live.spec.name, company),
        warehouse,
        database,
    )
