"""Things in words: one word for a thing and another for several, several names in a row, and amounts of bytes.

Figures of reports are in reporting."""

from __future__ import annotations

from collections.abc import Sequence

_UNITS = (("TB", 1e12), ("GB", 1e9), ("MB", 1e6), ("kB", 1e3))


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


def in_units(size: float) -> str:
    """
    >>> in_units(512), in_units(2_300_000), in_units(7_010e12)
    ('512 bytes', '2.3 MB', '7,010.0 TB')
    """
    parts = (f"{size / least:,.1f} {unit}" for unit, least in _UNITS if size >= least)
    return next(parts, f"{size:,.0f} bytes")
