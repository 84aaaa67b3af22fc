"""Which of a company's missing days have their feeds: the decision, and what of the feeds it takes.

Not here: how a feed is asked (sources/arrivals.py), and asking for the runs (landing.py).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from recs_platform.companies.model import Company
from recs_platform.pipeline.pipeline import Pipeline
from recs_platform.sources.arrivals import Arrival, arrival, may_lack_days, tells_arrival

_MOST_DAYS = 7
"""Missing days whose feeds are asked in one tick."""


@dataclass(frozen=True)
class Feeds:
    """What has come of a company's feeds for a day."""

    lacking: str | None
    """The first that is needed and not there."""
    mark: str = ""
    """Another one when something else has come."""
    newest: datetime | None = None
    """When the newest file came; None where no feed says."""


@dataclass(frozen=True)
class Landed:
    """The days to make, in order, and what they are made of; or why there is none."""

    days: tuple[date, ...] = ()
    mark: str = ""
    why: str = ""


def days_that_landed(
    missing: Sequence[date], feeds: Callable[[date], Feeds], failed_at: Callable[[date], datetime | None]
) -> Landed:
    """The first of the missing days, as many as have their feeds. `failed_at` is when a day's newest run began, if that
    failed: it has seen what had come by then."""
    days: list[date] = []
    marks: list[str] = []
    why = "nothing is missing"
    for day in missing[:_MOST_DAYS]:
        there = feeds(day)
        failed = failed_at(day) if there.lacking is None and there.newest else None
        if there.lacking is not None:
            why = waits_for(there.lacking, day)
            break
        if failed is not None and there.newest is not None and failed >= there.newest:
            why = f"{day} failed, and nothing new has come since"
            break
        days.append(day)
        marks.append(there.mark)
    mark = hashlib.sha256(" ".join(marks).encode()).hexdigest()[:12] if marks else ""
    return Landed(tuple(days), mark, "" if days else why)


def taken_together(arrivals: Mapping[str, Arrival | None], may_lack: Sequence[str]) -> Feeds:
    """The feeds of a day as one. Where each of them may lack a day, one must be there."""
    absent = [table for table, came in arrivals.items() if came is None and table not in may_lack]
    there = {table: came for table, came in arrivals.items() if came is not None}
    if absent or not there:
        return Feeds(absent[0] if absent else "any feed")
    marks = " ".join(f"{table}:{came.mark}" for table, came in sorted(there.items()))
    return Feeds(None, marks, max((came.at for came in there.values() if came.at), default=None))


def feeds_of(company: Company, pipeline: Pipeline, day: date, now: datetime) -> Feeds:
    """Asked one by one, until one that is needed is not there."""
    wanted = feeds_that_tell(company, pipeline)
    may_lack = [name for name in wanted if may_lack_days(company, pipeline.specs[name])]
    arrivals: dict[str, Arrival | None] = {}
    for name in wanted:
        arrivals[name] = arrival(company, pipeline.specs[name], day, now)
        if arrivals[name] is None and name not in may_lack:
            break
    return taken_together(arrivals, may_lack)


def waits_for(lacking: str, day: date) -> str:
    return f"waits for {lacking} of {day}"


def feeds_that_tell(company: Company, pipeline: Pipeline) -> list[str]:
    """The feeds that say whether a day has come."""
    return [name for name in company.sources if tells_arrival(company, pipeline.specs[name])]
