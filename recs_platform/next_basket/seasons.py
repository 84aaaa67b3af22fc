"""When an item is bought: more than usual on this weekday, and at this time of the year, where a year is known."""

from __future__ import annotations

import numpy as np

from recs_platform.next_basket.arrays import Ints, Singles
from recs_platform.next_basket.log import BasketLog

YEAR, WEEK = 364, 7
"""A year of whole weeks keeps the weekday."""
AROUND = 28
"""Days before and after the same day of last year that are its season."""
PRIOR = 20.0
"""Lines of an ordinary item that are added to each, so that rare items have no lift."""


def weekday_lift(log: BasketLog, days: Ints, item: Ints) -> Singles:
    """The item's share of lines on the weekday of the day over that of all items; 1 is as usual."""
    items = len(log.items)
    if log.basket_day is None or not len(log.line_item):
        return np.full(len(item), np.nan, dtype=np.float32)
    weekday = log.basket_day[log.line_basket] % WEEK
    lines = np.bincount(log.line_item * WEEK + weekday, minlength=items * WEEK).reshape(items, WEEK)
    usual = lines.sum(axis=0) / lines.sum()
    lift = (lines + PRIOR * usual) / (lines.sum(axis=1, keepdims=True) + PRIOR)
    expected = np.where(usual > 0, usual, np.nan)
    of: Singles = (lift / expected).astype(np.float32).ravel()[item * WEEK + days % WEEK]
    return of


def season_lift(log: BasketLog, days: Ints, item: Ints) -> Singles:
    """The item's share of lines around the same day of last year over its share of all lines of that year before the
    day; NaN where the log does not reach back so far. All rows must be of few different days: each is counted."""
    lift = np.full(len(item), np.nan, dtype=np.float32)
    if log.basket_day is None or not len(log.line_item):
        return lift
    items, day = len(log.items), log.basket_day[log.line_basket]
    for one in np.unique(days - days % WEEK):
        last_year = one - YEAR
        if day.min() > last_year - AROUND:
            continue
        rows = np.flatnonzero(days - days % WEEK == one)
        year = (day >= last_year - AROUND) & (day < one)
        season = year & (day < last_year + AROUND)
        in_year = np.bincount(log.line_item[year], minlength=items)
        in_season = np.bincount(log.line_item[season], minlength=items)
        usual = in_season.sum() / max(1, int(in_year.sum()))
        if usual > 0:
            lift[rows] = ((in_season + PRIOR * usual) / (in_year + PRIOR) / usual)[item[rows]]
    return lift
