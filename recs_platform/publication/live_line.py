"""What customers of a company see now, in a line."""

from __future__ import annotations

from datetime import date

from recs_platform.companies.model import Company
from recs_platform.declarations.product import RECOMMENDATIONS
from recs_platform.pipeline.pipeline import Pipeline
from recs_platform.platform_db.engine import opened_database
from recs_platform.platform_db.tables import PublicationStatus
from recs_platform.plurals import counted
from recs_platform.publication.inventory import listed
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


def publication_of_day(pipeline: Pipeline, company: Company, day: date) -> str | None:
    """Which publication customers see, and whether it is of this day."""
    if RECOMMENDATIONS not in pipeline.products:
        return None
    versions = listed(opened_database(), company.name, RECOMMENDATIONS)
    live = next((p for p in versions if p.status is PublicationStatus.LIVE), None)
    if live is None:
        return "not published"
    if live.as_of == day:
        return f"live since {live.published_at:%Y-%m-%d %H:%M} as version {live.version}"
    return f"not live: customers see version {live.version}, of {live.as_of}"
