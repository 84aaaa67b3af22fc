"""What customers of a company see now, in a line."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from recs_platform.companies.model import Company
    from recs_platform.pipeline.pipeline import Pipeline
    from recs_platform.warehouse.protocol import Warehouse


def live_line(company: Company, pipeline: Pipeline, warehouse: Warehouse) -> str:
    """Which version the retailer reads."""
    from recs_platform.platform_db.engine import engine, upgrade
    from recs_platform.publication.product import RECOMMENDATIONS
    from recs_platform.publication.publish import reconcile
    from recs_platform.publication.stage import outlet_of

    database = engine()
    upgrade(database)
    live = reconcile(outlet_of(pipeline, RECOMMENDATIONS, company, warehouse, database))
    if live is None:
        return "nothing is published"
    return f"live: version {live.version} of {live.as_of}, {live.customers:,} customers"
