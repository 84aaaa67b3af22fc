"""What a day lacks that is about to go live: days within its windows, and parts that failed. Nobody sees it in the
rows, so a person must approve it.

Not here: what fails a check or a guardrail (proposal.py).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from recs_platform.companies.model import Company
from recs_platform.pipeline.coverage import lacking, lacking_in_words
from recs_platform.pipeline.failed_parts import failed_parts
from recs_platform.pipeline.pipeline import Pipeline
from recs_platform.publication.outlet import Outlet


def holes(
    outlet: Outlet, pipeline: Pipeline, company: Company, day: date, failed_now: Iterable[str] | None = None
) -> tuple[str, ...]:
    """In words. `failed_now` are the parts that failed in the run that makes the day; without it, those that failed in
    earlier runs and were not made since."""
    if failed_now is None:
        failed_now = failed_parts(company, pipeline, outlet.warehouse, outlet.database, day)
    comparisons = {product.comparison for product in pipeline.products.values()}
    failed = sorted(set(failed_now) & pipeline.tables.keys() - comparisons)
    gaps = lacking(company, pipeline, outlet.warehouse, outlet.source.name, day)
    return (
        *([f"its windows lack {lacking_in_words(gaps)}"] if gaps else []),
        *([f"{', '.join(failed)} failed on {day}"] if failed else []),
    )
