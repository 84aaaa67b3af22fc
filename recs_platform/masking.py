"""Personal data stays in tables: what leaves them (logs, metadata, alerts, error texts) is masked here."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

_PART = r"[^\s@,;:<>\"'|()\[\]{}]"
# The dot that ends a sentence is none of the domain's.
_EMAIL = re.compile(rf"{_PART}+@{_PART}*[^\s@,;:<>\"'|()\[\]{{}}.]")


def mask_email(address: str) -> str:
    """Keep the first letter and the domain's ending, enough to recognise a row that one already knows.

    >>> mask_email("Jane.Doe+cars@mail.example.com")
    'J***@***.com'
    """
    local, _, domain = address.partition("@")
    ending = domain.rpartition(".")[2] if "." in domain else ""
    return f"{local[:1]}***@***" + (f".{ending}" if ending else "")


def mask_text(text: str) -> str:
    """Mask every e-mail address in a text.

    >>> mask_text("no vehicle for jane@x.org, skipped")
    'no vehicle for j***@***.org, skipped'
    >>> mask_text(mask_text("Ask jane@x.org."))
    'Ask j***@***.org.'
    """
    return _EMAIL.sub(lambda match: mask_email(match.group()), text)


def mask_row(row: Mapping[str, Any], personal: Iterable[str] = ()) -> dict[str, Any]:
    """Mask a row for showing: e-mail addresses anywhere, and every value of a personal column.

    >>> mask_row({"customer_id": "c1", "email": "broken address", "n": 3}, personal=["email"])
    {'customer_id': 'c1', 'email': 'b***', 'n': 3}
    """
    hidden = set(personal)
    return {name: _mask_value(value, hide=name in hidden) for name, value in row.items()}


def _mask_value(value: Any, *, hide: bool) -> Any:
    match value:
        case None:
            return None
        case str() if "@" in value:
            return mask_text(value)
        case str() if hide:
            return f"{value[:1]}***"
        case list():
            return [_mask_value(item, hide=hide) for item in value]
        case _:
            return "***" if hide else value
