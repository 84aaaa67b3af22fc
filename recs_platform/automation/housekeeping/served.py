"""What the prediction service kept of answers and reactions: it goes once it stands in the lake, and is old.

A day's rows go when the day was landed after it was over, so that none came later, and longer ago than anybody may want
to land it again. A day that never landed keeps its rows, however old they are.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta

from sqlalchemy import Engine, delete, func, select

from recs_platform.automation.housekeeping.freed import Freed
from recs_platform.companies.model import Company
from recs_platform.companies.source_config import ServiceSource
from recs_platform.pipeline.pipeline import Pipeline
from recs_platform.platform_db.serving_tables import ServedAnswer, ServedReaction
from recs_platform.schemas.feedback_sources import RecommendationFeedback, ServedRecommendations
from recs_platform.schemas.landing import landed
from recs_platform.schemas.table import spec_of
from recs_platform.warehouse.protocol import Warehouse

_ON_ITS_WAY = timedelta(minutes=1)
"""How long a row may take from its stamp to its commit."""
_LANDED_IN = ((ServedAnswer, ServedRecommendations), (ServedReaction, RecommendationFeedback))


def sweep_served(
    company: Company, pipeline: Pipeline, warehouse: Warehouse, database: Engine, before: datetime, *, dry_run: bool
) -> Freed:
    """Rows of days that ended before."""
    rows = 0
    for model, table in _LANDED_IN:
        if not isinstance(company.sources.get(spec_of(table).name), ServiceSource):
            continue
        for day in _landed_days(company, pipeline, warehouse, spec_of(landed(table)).name, before):
            start = _start(day)
            of_day = (
                model.company == company.name,
                model.received_at >= start,
                model.received_at < start + timedelta(days=1),
            )
            with database.begin() as connection:
                if dry_run:
                    rows += connection.execute(select(func.count()).select_from(model).where(*of_day)).scalar_one()
                else:
                    rows += connection.execute(delete(model).where(*of_day)).rowcount
    return Freed(f"answers and reactions of {company.name}", rows=rows)


def _landed_days(
    company: Company, pipeline: Pipeline, warehouse: Warehouse, name: str, before: datetime
) -> Iterator[date]:
    for slice_ in warehouse.slices(pipeline.ref(name, company)):
        over = _start(slice_.day) + timedelta(days=1)
        if over <= before and slice_.made_at >= over + _ON_ITS_WAY:
            yield slice_.day


def _start(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
