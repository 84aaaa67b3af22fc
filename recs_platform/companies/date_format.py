"""How a file may say that its days and points in time are written: the directives of strptime that mean the same
everywhere, and that together make a whole day."""

from __future__ import annotations

import re

_DIRECTIVE = re.compile(r"%(.?)", re.DOTALL)
_DAY = {"d"}
_MONTH = {"m", "b", "B"}
_YEAR = {"Y", "y"}
_HOUR = {"H", "I"}
_OTHER = {"M", "S", "f", "p", "z", "a", "A", "%"}
_KNOWN = _DAY | _MONTH | _YEAR | _HOUR | _OTHER
_LONGEST = 100


def check_date_format(text: str) -> None:
    """A ValueError says what is wrong, in words that follow its key."""
    found = _DIRECTIVE.findall(text)
    if len(text) > _LONGEST:
        raise ValueError(f"has {len(text):,} characters, and may have {_LONGEST}")
    if unknown := next((name for name in found if name not in _KNOWN), None):
        raise ValueError(f"has %{unknown}, which is not one of {' '.join(f'%{name}' for name in sorted(_KNOWN))}")
    if repeated := next((name for name in found if name != "%" and found.count(name) > 1), None):
        raise ValueError(f"has %{repeated} twice")
    for parts, words in ((_DAY, "day (%d)"), (_MONTH, "month (%m)"), (_YEAR, "year (%Y)")):
        if len(parts & set(found)) != 1:
            raise ValueError(f'should say the {words} once, as "%d.%m.%Y" does')
    if "I" in found and "p" not in found:
        raise ValueError("has hours of a clock of twelve (%I) without %p")
    if "p" in found and "I" not in found:
        raise ValueError("has %p, which goes with %I")


def has_time(text: str) -> bool:
    """Whether what is so written is a point in time, and no day alone."""
    return bool(_HOUR & set(_DIRECTIVE.findall(text)))


def has_zone(text: str) -> bool:
    return "z" in _DIRECTIVE.findall(text)
