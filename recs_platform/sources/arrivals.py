"""What a feed has for a day, asked cheaply: whether it has come, when, and how many rows it holds. Nothing lands.

Files are asked by their names and times, databases for a count. A feed that is one file for all days tells its time
alone. Not here: what follows from the answers (automation/sensors).
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

from recs_platform.companies.model import Company
from recs_platform.companies.source_config import BigQuerySource, FilesSource, SimulatedSource, SqlSource
from recs_platform.schemas.table import Kind, TableSpec
from recs_platform.sources.connectors.base import count_rows, open_source
from recs_platform.sources.connectors.files import found_files
from recs_platform.sources.connectors.request import SourceRequest
from recs_platform.sources.connectors.simulated import simulated_files

SETTLED_AFTER = timedelta(minutes=2)
"""A file that was written later than this ago may still be growing."""


@dataclass(frozen=True)
class Arrival:
    """What has come of a feed for a day."""

    mark: str
    """Another one when something else has come since."""
    at: datetime | None
    """When its newest file came; None where the source does not say."""


def tells_arrival(company: Company, spec: TableSpec) -> bool:
    """Whether a feed can be asked if a day has come. A world is simulated when it is asked for, a query over all days
    says nothing of one, and a state in one file is the same on each day."""
    source = company.sources.get(spec.name)
    if isinstance(source, FilesSource):
        return source.dated or spec.kind is Kind.LOG
    return isinstance(source, SqlSource | BigQuerySource) and source.dated


def may_lack_days(company: Company, spec: TableSpec) -> bool:
    """Whether a day without anything is nothing unusual."""
    source = company.sources.get(spec.name)
    if isinstance(source, SqlSource | BigQuerySource):
        return spec.name in company.sparse_tables
    return isinstance(source, FilesSource) and source.missing_day == "empty"


def arrival(company: Company, spec: TableSpec, day: date, now: datetime) -> Arrival | None:
    """What has come for a day; None while there is nothing, or while it is still coming."""
    request = SourceRequest(company, spec, day, day)
    if isinstance(request.source, SqlSource | BigQuerySource):
        rows = count_rows(request)
        return Arrival(str(rows), None) if rows else None
    files = _files(request)
    if not files:
        return None
    at = max(map(_changed_at, files))
    over = datetime.combine(day + timedelta(days=1), time(), UTC)
    whole = isinstance(request.source, FilesSource) and (request.source.dated or at >= over)
    return Arrival(_mark(files), at) if whole and at <= now - SETTLED_AFTER else None


def changed_at(company: Company, spec: TableSpec, day: date) -> datetime | None:
    """When the files of a day changed last; None where there are none, or where the source has no files by day."""
    request = SourceRequest(company, spec, day, day)
    files = _files(request) if has_files_by_day(company, spec) else []
    return max(map(_changed_at, files), default=None)


def has_files_by_day(company: Company, spec: TableSpec) -> bool:
    source = company.sources.get(spec.name)
    return isinstance(source, SimulatedSource) or (isinstance(source, FilesSource) and source.dated)


def rows_now(company: Company, spec: TableSpec, day: date) -> int | None:
    """How many rows the feed gives for a day now; None where it has nothing for it any more: feeds forget."""
    request = SourceRequest(company, spec, day, day)
    if isinstance(request.source, SqlSource | BigQuerySource):
        return count_rows(request) or None
    if not _files(request):
        return None
    with open_source(request) as reader:
        return sum(batch.num_rows for batch in reader)


def _files(request: SourceRequest) -> Sequence[Path]:
    source = request.source
    if isinstance(source, SimulatedSource):
        return found_files(request, simulated_files(request))
    return found_files(request, source) if isinstance(source, FilesSource) else []


def _changed_at(file: Path) -> datetime:
    """Its content, or its name: a copy may keep the time of what it was copied from."""
    known = file.stat()
    return datetime.fromtimestamp(max(known.st_mtime, known.st_ctime), UTC)


def _mark(files: Sequence[Path]) -> str:
    known = [(file.name, stat.st_size, stat.st_mtime_ns) for file in files for stat in [file.stat()]]
    return hashlib.sha256(repr(known).encode()).hexdigest()[:12]
