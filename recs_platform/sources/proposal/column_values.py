"""What the values of a column are: numbers and how they are written, days and times and in which format, flags, texts.

A format is decided by the values alone, and says by which; where they leave it open, every format that fits is kept.
Not here: which canonical column it is (column_matching.py).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from itertools import pairwise, product

_ENOUGH = 0.95
"""The share of values that must be of a kind for the column to be of it."""
_MOST_JUDGED = 3_000
_ORDERED_ROWS = 20

_ISO = re.compile(r"\d{4}-\d{2}-\d{2}([ T]\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?( ?(Z|UTC|[+-]\d{2}(:?\d{2})?))?)?$")
_MIDNIGHT = " 00:00:00"
"""Days of a column whose type is a point in time."""
_DATES = (
    *["%Y/%m/%d", "%Y.%m.%d", "%d.%m.%Y", "%m.%d.%Y", "%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y", "%m-%d-%Y"],
    *["%d.%m.%y", "%d/%m/%y", "%m/%d/%y", "%Y%m%d", "%d-%b-%Y", "%d-%b-%y"],
    *("%d %b %Y", "%d %B %Y", "%b %d, %Y", "%B %d, %Y"),
)
_TIMES = ("", " %H:%M", " %H:%M:%S", " %I:%M %p", " %I:%M:%S %p", " %H:%M:%S.%f", "T%H:%M:%S", "T%H:%M")
_FLAGS = frozenset(["true", "false", "t", "f", "yes", "no", "y", "n", "0", "1"])
_FOREIGN_FLAGS = {"ja": "nein", "oui": "non", "si": "no", "sí": "no", "x": "", "wahr": "falsch", "vrai": "faux"}
_MONEY = re.compile(r"[€$£¥%]|\b(EUR|USD|GBP|CHF)\b")
_WHOLE = re.compile(r"[+-]?\d+$")
_POINT = re.compile(r"[+-]?(\d*\.\d+|\d+\.)([eE][+-]?\d+)?$")
_COMMA = re.compile(r"[+-]?\d*,\d+$")
_POINT_GROUPED = re.compile(r"[+-]?\d{1,3}(,\d{3})+(\.\d+)?$")
_COMMA_GROUPED = re.compile(r"[+-]?\d{1,3}(\.\d{3})+(,\d+)?$")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+$")
_SECONDS, _MILLISECONDS = (9e8, 4e9), (9e11, 4e12)


class Kind(StrEnum):
    EMPTY = "empty"
    FLAG = "true or false"
    WHOLE = "whole numbers"
    NUMBER = "numbers"
    DAY = "days"
    MOMENT = "points in time"
    EMAIL = "e-mail addresses"
    TEXT = "text"


@dataclass(frozen=True)
class Judged:
    kind: Kind
    formats: tuple[str, ...] = ()
    """Of days and times that are not written as 2025-12-31: those that fit, more than one when it is open."""
    why: str = ""
    """The evidence, in words."""
    decimal: str = ""
    """`,` or `.`, where the values have one."""
    thousands: str = ""
    signs: str = ""
    """Signs beside the numbers: a currency's or %."""
    smallest: float = 0.0
    largest: float = 0.0
    yes: str = ""
    """The word for true, where it is none of English."""
    epoch: str = ""
    """`seconds` or `milliseconds`, for whole numbers that may be points in time."""
    open_question: str = ""
    """What the values leave open."""


def judged(values: Sequence[str]) -> Judged:
    """What the filled values of a column are."""
    return _judged(tuple(values[: _MOST_JUDGED * 4]))


@lru_cache(maxsize=4096)
def _judged(values: tuple[str, ...]) -> Judged:
    distinct = tuple(dict.fromkeys(values))[:_MOST_JUDGED]
    if not distinct:
        return Judged(Kind.EMPTY)
    lower = {value.lower() for value in distinct}
    if len(distinct) <= 2 and lower <= _FLAGS:
        return Judged(Kind.FLAG)
    if yes := next((yes for yes, no in _FOREIGN_FLAGS.items() if yes in lower and lower <= {yes, no}), ""):
        return Judged(Kind.FLAG, yes=yes)
    if _share(distinct, _ISO) >= _ENOUGH:
        return Judged(Kind.MOMENT if any(":" in v and not v.endswith(_MIDNIGHT) for v in distinct) else Kind.DAY)
    if _share(distinct, _EMAIL) >= _ENOUGH:
        return Judged(Kind.EMAIL)
    return _days(values, distinct) or _numbers(distinct) or Judged(Kind.TEXT)


def parsed_day(text: str, form: str) -> datetime | None:
    """The day or time that a text means; without a format it is ISO's."""
    try:
        if not form:
            return datetime.fromisoformat(text[:19].strip())
        return datetime.strptime(text, form)  # noqa: DTZ007 - it is about the order of day and month, not about zones
    except ValueError:
        return None


def _share(values: Sequence[str], pattern: re.Pattern[str]) -> float:
    return sum(bool(pattern.match(value)) for value in values) / len(values)


def _days(values: Sequence[str], distinct: Sequence[str]) -> Judged | None:
    if not any(sign in distinct[0] for sign in "/.-, ") and not re.fullmatch(r"(19|20)\d{6}", distinct[0]):
        return None
    some = {distinct[0], distinct[len(distinct) // 2], distinct[-1]}
    formats = [day + time for day, time in product(_DATES, _TIMES)]
    fitting = [form for form in formats if any(parsed_day(value, form) for value in some)]
    shares = {form: sum(parsed_day(v, form) is not None for v in distinct) / len(distinct) for form in fitting}
    best = max(shares.values(), default=0.0)
    forms = [form for form in fitting if shares[form] == best]
    if best < _ENOUGH:
        return _mixed(shares, distinct)
    kind = Kind.MOMENT if "%H" in forms[0] or "%I" in forms[0] else Kind.DAY
    if len(forms) == 1:
        return Judged(kind, tuple(forms), _evidence(forms[0], distinct))
    ordered = [form for form in forms if _in_order(values, form)]
    if len(ordered) == 1 and len(values) >= _ORDERED_ROWS:
        return Judged(kind, tuple(ordered), "only so are its rows in the order of time")
    question = f"every value, such as {distinct[0]}, can be read as {' or as '.join(forms)}"
    return Judged(kind, tuple(forms), open_question=question)


def _mixed(shares: dict[str, float], distinct: Sequence[str]) -> Judged | None:
    both = [form for form, share in shares.items() if share > 0.2]
    if len(both) < 2 or any(not any(parsed_day(value, form) for form in both) for value in distinct):
        return None
    kind = Kind.MOMENT if "%H" in both[0] or "%I" in both[0] else Kind.DAY
    return Judged(kind, tuple(both), open_question=f"some values are written as {both[0]}, others as {both[1]}")


def _evidence(form: str, distinct: Sequence[str]) -> str:
    """The value that no other order of day and month can be."""
    other = form.replace("%d", "%-").replace("%m", "%d").replace("%-", "%m")
    telling = next((value for value in distinct if parsed_day(value, form) and not parsed_day(value, other)), None)
    return f"{telling} is no day otherwise" if telling and other != form else f"as {distinct[0]}"


def _in_order(values: Sequence[str], form: str) -> bool:
    times = [time for value in values if (time := parsed_day(value, form))]
    rising = all(first <= second for first, second in pairwise(times))
    return rising or all(first >= second for first, second in pairwise(times))


def _numbers(distinct: Sequence[str]) -> Judged | None:
    signs = "".join(dict.fromkeys("".join(match.group() for v in distinct[:200] for match in _MONEY.finditer(v))))
    plain = [re.sub(r"[\s\u00a0']", "", _MONEY.sub("", value)) for value in distinct]
    number = [value for value in plain if re.match(r"[+-]?[\d.,]+([eE][+-]?\d+)?$", value) and re.search(r"\d", value)]
    if len(number) < _ENOUGH * len(plain):
        return None
    if all(_WHOLE.match(value) for value in number):
        if any(re.match(r"[+-]?0\d", value) for value in number):
            return Judged(Kind.TEXT)  # 007 is a name
        numbers = [float(value) for value in number]
        epoch = next(
            (
                word
                for word, (low, high) in (("seconds", _SECONDS), ("milliseconds", _MILLISECONDS))
                if all(low <= value <= high for value in numbers)
            ),
            "",
        )
        return Judged(Kind.WHOLE, signs=signs, smallest=min(numbers), largest=max(numbers), epoch=epoch)
    return _written(number, signs)


def _written(number: Sequence[str], signs: str) -> Judged | None:
    """Numbers with a point or a comma: which of the two begins the fraction."""
    for decimal, plain, grouped, thousands in ((".", _POINT, _POINT_GROUPED, ","), (",", _COMMA, _COMMA_GROUPED, ".")):
        if not all(_WHOLE.match(v) or plain.match(v) or grouped.match(v) for v in number):
            continue
        other = _COMMA if decimal == "." else _POINT
        groups = [v for v in number if grouped.match(v) and not _WHOLE.match(v) and not plain.match(v)]
        open_question = ""
        if decimal == "." and all(_WHOLE.match(v) or (grouped.match(v) and other.match(v)) for v in number):
            open_question = f"{next(v for v in number if ',' in v)} may be a thousand or a fraction"
        values = [float(v.replace(thousands, "").replace(decimal, ".")) for v in number]
        fraction = f"{next((v for v in number if decimal in v), number[0])} has a decimal {_NAMES[decimal]}"
        return Judged(
            Kind.NUMBER,
            why=fraction,
            decimal=decimal,
            thousands=thousands if groups else "",
            signs=signs,
            smallest=min(values),
            largest=max(values),
            open_question=open_question,
        )
    return None


_NAMES = {".": "point", ",": "comma"}
