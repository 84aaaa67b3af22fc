"""Which day of a feed is looked at: the day that was asked for, or else one that has data.

Not here: looking at it (trial.py).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from itertools import islice

from recs_platform.companies.model import Company
from recs_platform.companies.source_config import BigQuerySource, FilesSource, SqlSource
from recs_platform.schemas.table import TableSpec
from recs_platform.sources.connectors.files import present_days

_MOST_TRIED = 20
"""Files may be there and hold a header alone."""
_QUERIED_DAYS, _BILLED_DAYS = 31, 8


def days_to_try(company: Company, spec: TableSpec, day: date) -> Iterator[date]:
    """The day itself, then the days before it from the newest on, then those after it. A feed that is not divided into
    days is the same on each."""
    source = company.sources[spec.name]
    if isinstance(source, FilesSource) and source.dated:
        there = present_days(source)
        nearest = [*(d for d in reversed(there) if d <= day), *(d for d in reversed(there) if d > day)]
        yield from islice(nearest or [day], _MOST_TRIED)
        return
    yield day
    if isinstance(source, SqlSource | BigQuerySource) and source.dated:
        reach = _QUERIED_DAYS if isinstance(source, SqlSource) else _BILLED_DAYS
        for back in range(1, reach):
            if day - timedelta(days=back) >= company.start_date:
                yield day - timedelta(days=back)
        for on in range(1, reach):
            yield day + timedelta(days=on)


def no_file_at_all(company: Company, spec: TableSpec) -> str:
    """What is wrong with a path of which there is no file for any day; nothing where there is one."""
    source = company.sources[spec.name]
    if not isinstance(source, FilesSource) or not source.dated or present_days(source):
        return ""
    return (
        f"there is no file for any day at {source.path}. "
        f"Deliver the files, or correct sources.{spec.name}.path in the company file."
    )
