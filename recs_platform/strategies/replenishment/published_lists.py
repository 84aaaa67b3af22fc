"""Which days' weekly lists were published, as rows for a query: the inventory of publications knows, and no table.

Not here: what is live now, which is a table of its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from functools import partial

import pyarrow as pa

from recs_platform.companies.model import Company
from recs_platform.declarations.product import RECOMMENDATIONS
from recs_platform.platform_db.engine import opened_database
from recs_platform.platform_db.tables import PublicationStatus
from recs_platform.publication.inventory import listed
from recs_platform.schemas.replenishment_reports import PublishedLists
from recs_platform.schemas.table import spec_of
from recs_platform.strategies.replenishment.parameters import parameters_of
from recs_platform.warehouse.protocol import Incoming
from recs_platform.warehouse.slices import Days


def published_lists(company: Company, days: Days) -> Mapping[str, Incoming]:
    """The rows of the days before a day."""
    return {spec_of(PublishedLists).name: partial(_published, company, days)}


@contextmanager
def _published(company: Company, days: Days) -> Iterator[pa.RecordBatchReader]:
    spec = spec_of(PublishedLists)
    rows = [{"as_of": days.last, "listed_on": day} for day in _days(company) if day < days.last]
    with spec.arrow_table(rows).to_reader() as reader:
        yield reader


def _days(company: Company) -> list[date]:
    """None, and no look at the database, for a company that compares nothing."""
    if parameters_of(company).experiment is None:
        return []
    inventory = listed(opened_database(), company.name, RECOMMENDATIONS)
    # One that is still called in progress may have been killed after its commit: it was made of that day all the same.
    return sorted({row.as_of for row in inventory if row.status is not PublicationStatus.ABANDONED})
