"""Which days of a company are there, and which are missing: of its tables as a whole, and of a table's windows.

A day is whole when every table that is due on it was made; a table that was made without rows counts. From the first
day on which all daily tables were made every day is expected: before it there is only history, logs that windows need.
Weekly tables are expected from the first week that was made whole; until then, of the newest week alone. A day that the
company's file names under `lost_days` is expected by nothing.

Not here: what failed on a day (failed_parts.py), and which runs make what is missing (automation/plan.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property

from recs_platform.companies.model import Company
from recs_platform.companies.query_parameters import query_parameters
from recs_platform.companies.weeks import is_weekly_day, newest_weekly_day
from recs_platform.errors import MissingSliceError
from recs_platform.pipeline.due import parts_due
from recs_platform.pipeline.pipeline import Pipeline
from recs_platform.warehouse.point_in_time import looking_back
from recs_platform.warehouse.protocol import Tables
from recs_platform.warehouse.slices import Days, ranges

_SHOWN = 5


@dataclass(frozen=True)
class Coverage:
    """The days that a company's tables have."""

    company: Company
    pipeline: Pipeline
    made: Mapping[str, frozenset[date]]

    def lacking(self, day: date) -> tuple[str, ...]:
        """The tables that are due on a day and were not made."""
        due = parts_due(self.pipeline, self.company, day)
        return tuple(name for name, days in self.made.items() if name in due and day not in days)

    def lacks_weekly_alone(self, day: date) -> bool:
        """Whether all that is missing of a day is weekly."""
        lacking = self.lacking(day)
        return bool(lacking) and self.pipeline.weekly.issuperset(lacking)

    def missing(self, last: date) -> tuple[date, ...]:
        """The days up to this one that are expected and not whole."""
        first = self._first_whole
        if first is None or last < first:
            return ()
        weeks = self._first_week(last)
        days = (day for day in Days(first, last) if day not in self.company.lost_days)
        return tuple(day for day in days if self.lacking(day) and (day >= weeks or not self.lacks_weekly_alone(day)))

    @cached_property
    def _first_whole(self) -> date | None:
        """The first day on which every daily table was made."""
        return min(self._made_all(self.made.keys() - self.pipeline.weekly), default=None)

    def _first_week(self, last: date) -> date:
        """The day from which on weekly tables are expected."""
        made = self._made_all(self.made.keys() & self.pipeline.weekly)
        whole = (day for day in made if is_weekly_day(self.company, day))
        return min(whole, default=newest_weekly_day(self.company, last)) if self.pipeline.weekly else last

    def _made_all(self, tables: Iterable[str]) -> frozenset[date]:
        days = [self.made[name] for name in tables]
        return frozenset.intersection(*days) if days else frozenset()


def coverage(company: Company, pipeline: Pipeline, warehouse: Tables) -> Coverage:
    made = {name: frozenset(warehouse.days(pipeline.ref(name, company))) for name in pipeline.tables}
    return Coverage(company, pipeline, made)


def window_gaps(
    company: Company,
    pipeline: Pipeline,
    warehouse: Tables,
    table: str,
    days: Days,
    *,
    history: bool = False,
    lost_too: bool = False,
) -> dict[str, tuple[date, ...]]:
    """The days before these that a table looks back on and that were never made, by the log that lacks them.

    History begins where it is loaded from: of a run that loads it, only what is between earlier days and its own
    counts. Lost days count only for who asks what the rows lack.
    """
    lost = () if lost_too else company.lost_days
    looks, values = pipeline.looks[table], query_parameters(company)
    gaps = {}
    for log in sorted(looks.back.keys() - looks.at_most):
        there = set(warehouse.days(pipeline.ref(log, company)))
        first = max(company.start_date, looking_back(days, looks.back[log], values).first)
        if history:
            first = max(first, min((day for day in there if day < days.first), default=days.first))
        before = (first + timedelta(days=n) for n in range((days.first - first).days))
        if lacking := tuple(day for day in before if day not in there and day not in lost):
            gaps[log] = lacking
    return gaps


def require_whole_windows(
    company: Company, pipeline: Pipeline, warehouse: Tables, table: str, days: Days, *, history: bool
) -> None:
    """Raises a MissingSliceError that names the days that must be made before these."""
    gaps = window_gaps(company, pipeline, warehouse, table, days, history=history)
    if not gaps:
        return
    lacking = sorted({day for of_log in gaps.values() for day in of_log})
    raise MissingSliceError(
        f"{company.name} {days}: {table} looks back on {' and '.join(gaps)}, and {in_words(lacking)} "
        f"{'was' if len(lacking) == 1 else 'were'} never made. The feed of {days} is not to blame. "
        f"`recs run {company.name} --date {days.last}` makes what is missing first; in the UI, let the "
        f"backfill begin on {lacking[0]}. If its feeds are lost for good, name it under `lost_days` in the company's "
        "file."
    )


def lacking(
    company: Company, pipeline: Pipeline, warehouse: Tables, table: str, day: date, *, lost_too: bool = False
) -> dict[str, tuple[date, ...]]:
    """The days that logs lack within the windows of a table and of all that it is made of, by log."""
    gaps: dict[str, set[date]] = {}
    for name in pipeline.made_of(table):
        for log, days in window_gaps(company, pipeline, warehouse, name, Days.one(day), lost_too=lost_too).items():
            gaps.setdefault(log, set()).update(days)
    return {log: tuple(sorted(days)) for log, days in sorted(gaps.items())}


def lacking_in_words(gaps: Mapping[str, Sequence[date]]) -> str:
    """The days that are lacking and where, as part of a sentence.

    >>> lacking_in_words({"events": [date(2025, 12, 4)], "treatments": [date(2025, 12, 4)]})
    '2025-12-04 (events, treatments)'
    """
    by_days: dict[tuple[date, ...], list[str]] = {}
    for log, days in gaps.items():
        by_days.setdefault(tuple(days), []).append(log)
    return "; ".join(f"{in_words(days)} ({', '.join(logs)})" for days, logs in by_days.items())


def missing_in_words(days: Sequence[date]) -> str:
    """That days are missing.

    >>> missing_in_words([date(2025, 12, 4)]), missing_in_words([date(2025, 12, 4), date(2025, 12, 6)])
    ('2025-12-04 is missing', '2025-12-04 and 2025-12-06 are missing')
    """
    return f"{in_words(days)} {'is' if len(days) == 1 else 'are'} missing"


def in_words(days: Sequence[date]) -> str:
    """Days as a person would say them: those that follow each other as a range.

    >>> in_words([date(2025, 12, 1), date(2025, 12, 2), date(2025, 12, 3), date(2025, 12, 5)])
    '2025-12-01 to 2025-12-03 and 2025-12-05'
    >>> in_words([date(2025, 12, 1), date(2025, 12, 2), date(2025, 12, 4)])
    '2025-12-01, 2025-12-02 and 2025-12-04'
    """
    shown = [text for one in ranges(days) for text in ([str(one)] if len(one) > 2 else map(str, one))]
    if len(shown) > _SHOWN:
        shown = [*shown[:_SHOWN], f"{len(shown) - _SHOWN} more"]
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"
