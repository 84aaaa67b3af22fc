"""How often a strategy makes its snapshots: every day, or every week on one weekday.

A day between two of them is not due: nothing of it is missing, stale or late. Partitions stay daily, because logs come
every day, and because the weekday may be changed.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from recs_platform.models.settings import WEEKDAYS, Weekday

_WEEK = 7


@dataclass(frozen=True)
class Cadence:
    weekday: Weekday | None = None
    """None: every day."""

    @property
    def days(self) -> int:
        """From one snapshot to the next.

        >>> Cadence("monday").days, Cadence().days
        (7, 1)
        """
        return 1 if self.weekday is None else _WEEK

    def is_due(self, day: date) -> bool:
        """Whether snapshots are made of a day.

        >>> Cadence("monday").is_due(date(2025, 12, 1)), Cadence("monday").is_due(date(2025, 12, 2))
        (True, False)
        """
        return self.weekday is None or WEEKDAYS[day.weekday()] == self.weekday

    def newest_due(self, day: date) -> date:
        """The newest day up to this one of which snapshots are made.

        >>> Cadence("monday").newest_due(date(2025, 12, 7)), Cadence().newest_due(date(2025, 12, 7))
        (datetime.date(2025, 12, 1), datetime.date(2025, 12, 7))
        """
        if self.weekday is None:
            return day
        return day - timedelta(days=(day.weekday() - WEEKDAYS.index(self.weekday)) % _WEEK)

    def __str__(self) -> str:
        return "daily" if self.weekday is None else f"weekly, on {self.weekday}s"


DAILY = Cadence()
