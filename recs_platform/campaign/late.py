"""Late data: which days to load again, and which campaign tables to make again, when opens and clicks come after all.

Pure. Not here: noticing that a feed has changed, and starting the runs (automation/sensors/late.py).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date, timedelta
from typing import Any


def days_to_load(loaded: Mapping[date, int], feed: Mapping[date, int]) -> list[date]:
    """The days of a feed that hold another number of rows now than when they were loaded.

    `loaded` are the rows that landed (`source_counts.landed`; 0 of a day whose slice is empty), `feed` those that the
    source gives now. A day that was never loaded is not late: its own run is still to come.

    >>> days_to_load({date(2025, 9, 8): 40, date(2025, 9, 9): 31}, {date(2025, 9, 8): 40, date(2025, 9, 9): 35})
    [datetime.date(2025, 9, 9)]
    """
    return sorted(day for day, rows in loaded.items() if feed.get(day, rows) != rows)


def days_to_make_again(changed: Collection[date], made: Sequence[date], window_days: int) -> list[date]:
    """The snapshots of campaign tables that show any of the days that changed, oldest first.

    A snapshot of day D shows the `window_days` days up to D (`campaign_window_days`), so it is affected from the
    first changed day on, and no longer when all of them have left its window.

    >>> days_to_make_again([date(2025, 9, 9)], [date(2025, 9, day) for day in (8, 9, 10, 20)], window_days=8)
    [datetime.date(2025, 9, 9), datetime.date(2025, 9, 10)]
    """
    return [day for day in sorted(made) if any(seen <= day < seen + timedelta(days=window_days) for seen in changed)]


def lagging_days(campaign_days: Collection[Mapping[str, Any]]) -> list[date]:
    """The days whose opens and clicks are missing, of the rows of `campaign_days`: worth asking the feed about."""
    return sorted(row["day"] for row in campaign_days if row["lagging"])
