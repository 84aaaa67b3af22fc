"""Numbers as people read them: separators, currencies, as many digits as mean something, intervals. No markup here."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from recs_platform.statistics.intervals import Interval
from recs_platform.warehouse.slices import Days

NOTHING, MINUS = "–", "−"  # an en dash where there is no figure, a true minus before a negative one
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_SYMBOLS = {"USD": "$", "EUR": "€", "GBP": "£"}
_NO_BREAK = "\u2060"
"""Keeps a minus on the line of its currency."""
_WHOLE_FROM = 1_000
"""An amount in a sentence is rounded to whole units from here on."""


def count(number: float) -> str:
    """
    >>> count(34057)
    '34,057'
    """
    return signed(number, f"{abs(number):,.0f}")


def money(value: float | None, currency: str, *, cents: bool | None = None, sign: bool = False) -> str:
    """An amount: with cents in tables, where sums are checked; in sentences only when it is small.

    >>> money(73296.91, "USD"), money(73296.91, "USD", cents=True), money(416.2, "CHF", sign=True)
    ('$73,297', '$73,296.91', '+CHF 416.20')
    """
    if value is None:
        return NOTHING
    with_cents = abs(value) < _WHOLE_FROM if cents is None else cents
    figure = f"{abs(value):,.2f}" if with_cents else f"{abs(value):,.0f}"
    symbol = _SYMBOLS.get(currency, f"{currency} ")
    shown = signed(float(figure.replace(",", "")) * (1 if value > 0 else -1), f"{symbol}{figure}", plus=sign)
    return shown.replace(MINUS, MINUS + _NO_BREAK)


def percent(share: float | None, decimals: int | None = None, *, sign: bool = False) -> str:
    """
    >>> percent(0.7414), percent(0.00934), percent(0.00052), percent(1.0), percent(None)
    ('74.1%', '0.93%', '0.052%', '100%', '–')
    """
    if share is None:
        return NOTHING
    digits = decimals_of(share) if decimals is None else decimals
    figure = f"{abs(share) * 100:,.{digits}f}"
    return signed(float(figure.replace(",", "")) * (1 if share > 0 else -1), f"{figure}%", plus=sign)


def points(difference: float, *, sign: bool = False) -> str:
    """A difference of two shares, in percentage points.

    >>> points(0.0014, sign=True), points(-0.5426)
    ('+0.14 pp', '−54.3 pp')
    """
    return percent(difference, 1 if abs(difference) >= 0.0995 else 2, sign=sign).replace("%", " pp")


def tick(share: float) -> str:
    """A share beside an axis.

    >>> tick(0.05), tick(0.125), tick(-0.5)
    ('5%', '12.5%', '−50%')
    """
    return signed(share, f"{abs(share) * 100:,.10g}%")


def decimals_of(share: float) -> int:
    """Decimals of a percentage with which it has about three digits that count."""
    size = abs(share)
    if size in (0, 1):
        return 0
    return 1 if size >= 0.0995 else 2 if size >= 0.000995 else 3


def share_range(interval: Interval, decimals: int | None = None) -> str:
    """An interval of a share; its ends have the digits of the estimate, and at least one.

    >>> share_range(Interval(0.108, 0.1044, 0.1117))
    '10.4% to 11.2%'
    """
    digits = max(1, decimals_of(interval.estimate or 0)) if decimals is None else decimals
    return between(interval.low, interval.high, lambda end: percent(end, digits))


def between(low: float | None, high: float | None, write: Callable[[float], str]) -> str:
    """An interval whose ends may be open, or unknown both.

    >>> between(1.5, None, "{:g}".format), between(None, None, str)
    ('1.5 or more', '–')
    """
    if low is None:
        return NOTHING if high is None else f"{write(high)} or less"
    return f"{write(low)} or more" if high is None else f"{write(low)} to {write(high)}"


def day(when: date, *, year: bool = True) -> str:
    """
    >>> day(date(2025, 12, 2)), day(date(2025, 12, 2), year=False)
    ('2 Dec 2025', '2 Dec')
    """
    return f"{when.day} {MONTHS[when.month - 1]}" + (f" {when.year}" if year else "")


def days(range_: Days) -> str:
    """
    >>> days(Days(date(2025, 9, 1), date(2025, 12, 2)))
    '1 Sep to 2 Dec 2025'
    """
    if range_.first == range_.last:
        return day(range_.first)
    return f"{day(range_.first, year=range_.first.year != range_.last.year)} to {day(range_.last)}"


def short(value: float) -> str:
    """A figure beside an axis.

    >>> short(1500), short(20000), short(-2500000), short(0.5)
    ('1,500', '20k', '−2.5m', '0.5')
    """
    for unit, name in ((1_000_000, "m"), (1_000, "k")):
        if abs(value) >= 10_000 and abs(value) >= unit:
            return signed(value, f"{abs(value) / unit:,g}{name}")
    return signed(value, f"{abs(value):,g}")


def signed(value: float, size: str, *, plus: bool = False) -> str:
    """A figure's size with its sign; nothing is neither positive nor negative."""
    return f"{MINUS if value < 0 else '+' if plus and value > 0 else ''}{size}"
