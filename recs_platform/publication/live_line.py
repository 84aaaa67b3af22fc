"""What customers of a company see now, in a line."""

from __future__ import annotations

from recs_platform.companies.model import Company
from recs_platform.declarations.product import RECOMMENDATIONS
from recs_platform.pipeline.pipeline import Pipeline
from recs_platform.platform_db.engine import opened_database
from recs_platform.plurals import counted
from recs_platform.publication.publish import reconcile
from recs_platform.publication.stage import outlet_of
from recs_platform.warehouse.protocol import Warehouse


def live_line(company: Company, pipeline: Pipeline, warehouse: Warehouse) -> str | None:
    """Which version the retailer reads; None for a strategy that recommends nothing."""
    if RECOMMENDATIONS not in pipeline.products:
        return None
    live = reconcile(outlet_of(pipeline, RECOMMENDATIONS, company, warehouse, opened_database()))
    if live is None:
        return "nothing is published"
    return f"live: version {live.version} of {live.as_of}, {counted(live.customers or 0, 'customer')}"
