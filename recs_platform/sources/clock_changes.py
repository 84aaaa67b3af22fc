"""Points in time that a zone's clocks show twice, or never: how many a feed has, so that it can be told.

How they are read stands in `warehouse/lake/conversion.py`.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa

from recs_platform.companies.source_config import FilesSource
from recs_platform.plurals import counted
from recs_platform.sources.conform import open_feed
from recs_platform.sources.connectors.request import SourceRequest

_LOOKED_AT = 100_000


def clock_changes(request: SourceRequest) -> str:
    """A sentence about them, without its full stop; nothing where there are none."""
    source = request.source
    if not isinstance(source, FilesSource) or source.timezone is None:
        return ""
    zone = ZoneInfo(source.timezone)
    plain = source.model_copy(update={"timezone": None})
    company = request.company.model_copy(update={"sources": {**request.company.sources, request.spec.name: plain}})
    moments = [column.name for column in request.spec.columns if column.type == pa.timestamp("us")]
    twice = never = 0
    local: Any
    plainly = SourceRequest(company, request.spec, request.first, request.last)
    with open_feed(plainly, most_rows=_LOOKED_AT) as (_, typed):
        for batch in typed:
            for name in moments:
                for local in batch.column(name).drop_null().to_pylist():
                    shown = _times_shown(local, zone)
                    twice, never = twice + (shown == 2), never + (shown == 0)
    told = [f"{counted(twice, 'time')} that clocks showed twice, read as the second"] if twice else []
    told += [f"{counted(never, 'time')} that clocks skipped, read as so much later"] if never else []
    return f"{' and '.join(told)} ({source.timezone})" if told else ""


def _times_shown(local: datetime, zone: ZoneInfo) -> int:
    """How often the zone's clocks show a time.

    >>> berlin = ZoneInfo("Europe/Berlin")
    >>> [_times_shown(datetime(2025, *day, 2, 30), berlin) for day in ((3, 30), (7, 1), (10, 26))]
    [0, 1, 2]
    """
    first, second = (local.replace(tzinfo=zone, fold=fold) for fold in (0, 1))
    if first.utcoffset() == second.utcoffset():
        return 1
    return 2 if first.astimezone(UTC).astimezone(zone).replace(tzinfo=None, fold=0) == local else 0
