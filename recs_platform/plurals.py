"""Things in words: one word for a thing and another for several, and several names in a row.

Figures of reports are in reporting."""

from __future__ import annotations

from collections.abc import Sequence


def counted(number: int, what: str, several: str = "") -> str:
    """
    >>> counted(1, "message"), counted(2318, "message"), counted(0, "company", "companies")
    ('1 message', '2,318 messages', '0 companies')
    """
    return f"{number:,} {what if number == 1 else several or f'{what}s'}"


def listed(names: Sequence[str], last: str = "and") -> str:
    """
    >>> listed(["a"]), listed(["a", "b"]), listed(["a", "b", "c"], "or")
    ('a', 'a and b', 'a, b or c')
    """
    *others, end = names
    return f"{', '.join(others)} {last} {end}" if others else end
