"""Texts that people read in messages: tidied, filled in and shortened. Pure.

What comes from a catalog may hold anything: line breaks, what turns the direction of writing, and what a table program
would calculate with.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping

from recs_platform.companies.delivery_settings import PLACEHOLDER

_UNSEEN = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff\s]+")
_CALCULATES = "=+-@"
_JOINS = {"\u200d", "\ufe0e", "\ufe0f"}
_LOOSE_ENDS = " ,;:-–"


def tidy(text: str | None) -> str:
    """One line, in composed letters, without what is not seen.

    >>> tidy("  Oil\\n 1\\u00a0l "), tidy("Cafe\\u0301"), tidy(None)
    ('Oil 1 l', 'Café', '')
    """
    return unicodedata.normalize("NFC", _UNSEEN.sub(" ", text or "")).strip()


def filled(template: str, values: Mapping[str, str]) -> str:
    """A template with its placeholders filled in; what an empty one leaves behind at either end goes.

    >>> filled("{name}, {price}", {"name": "Oil {price}", "price": ""})
    'Oil {price}'
    """
    return tidy(PLACEHOLDER.sub(lambda match: values[match[1]], template)).strip(_LOOSE_ENDS)


def shown(text: str) -> str:
    """As a cell of a table: nothing begins with what a table program would calculate with.

    >>> shown("=1+1"), shown("-20% oil"), shown("a=b")
    ('1+1', '20% oil', 'a=b')
    """
    return text.lstrip(_CALCULATES + " ")


def cell(identifier: str) -> str:
    """An identifier as a cell of a table: an apostrophe keeps table programs from calculating with it, as they have it.

    >>> cell("SKU-1"), cell("=cmd|' /C calc'!A0"), cell("-1")
    ('SKU-1', "'=cmd|' /C calc'!A0", "'-1")
    """
    return f"'{identifier}" if identifier[:1] in (*_CALCULATES, "\t", "\r") else identifier


def shortened(text: str, length: int, ending: str = "…") -> str:
    """At most so many characters; what is cut off ends with dots, and no letter is parted from its marks.

    >>> shortened("Olive oil 1 l", 13), shortened("Olive oil 1 l", 8), shortened("Olive", 0)
    ('Olive oil 1 l', 'Olive o…', '')
    """
    if len(text) <= length:
        return text
    end = length - len(ending)
    if end <= 0:
        return ""
    while end > 0 and (_continues(text[end]) or text[end - 1] in _JOINS):
        end -= 1
    kept = text[:end].rstrip()
    return f"{kept}{ending}" if kept else ""


def _continues(letter: str) -> bool:
    """Whether a character belongs to the one before it."""
    return letter in _JOINS or unicodedata.combining(letter) != 0 or "\U0001f3fb" <= letter <= "\U0001f3ff"
