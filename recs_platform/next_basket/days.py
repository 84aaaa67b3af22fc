"""Days as whole numbers, as a log of baskets counts them: since the first of 1970."""

from __future__ import annotations

from datetime import date, timedelta

_FIRST = date(1970, 1, 1)


def number_of(day: date) -> int:
    """
    >>> number_of(date(1970, 1, 8))
    7
    """
    return (day - _FIRST).days


def day_of(number: int) -> date:
    """
    >>> day_of(7)
    datetime.date(1970, 1, 8)
    """
    return _FIRST + timedelta(days=int(number))
