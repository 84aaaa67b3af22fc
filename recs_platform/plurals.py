"""Numbers of things, in words: one word for a thing and another for several. Figures of reports are in reporting."""

from __future__ import annotations


def counted(number: int, what: str, several: str = "") -> str:
    """
    >>> counted(1, "message"), counted(2318, "message"), counted(0, "company", "companies")
    ('1 message', '2,318 messages', '0 companies')
    """
    return f"{number:,} {what if number == 1 else several or f'{what}s'}"
