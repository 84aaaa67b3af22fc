"""Things in words: one word for a thing and another for several, several names in a row, and bytes.

Figures of reports are in reporting."""

from __future__ import annotations

from collections.abc import Sequence

_UNITS = ("bytes", "kB", "MB", "GB", "TB")


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


def in_units(size: int) -> str:
    """
    >>> in_units(512), in_units(2_300_000)
    ('512 bytes', '2.3 MB')
    """
    value, unit = float(size), _UNITS[0]
    for unit in _UNITS:
        if value < 1_000 or unit == _UNITS[-1]:
            break
        value /= 1_000
    return f"{size:,} bytes" if unit == _UNITS[0] else f"{value:,.1f} {unit}"
