"""Personal data stays in tables: what leaves them (logs, metadata, alerts, error texts) is masked here.

A personal column is masked whole, whatever its values look like. Anywhere else, addresses are looked for. Not here:
which columns of a query's result are personal (`warehouse/personal.py`).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any

HIDDEN = "***"

_AT = r"(?:@|＠|﹫|%40|&#64;)"
_QUOTED = r'"(?:[^"\\\r\n]|\\.)*"'
_LOCAL = r"[^\s@,;:<>\"()\[\]＠﹫]"
_DOMAIN = r"[^\s,;:<>\"'`|()\[\]{}]"
_DIGEST = r"sha256:[0-9a-f]{64}(?![0-9a-f])"
"""Behind an @ it names an artifact in a repository, as tools for containers want it: to be copied, not hidden."""
# What ends a sentence is none of the domain's. A run of letters is looked at once, from its beginning.
_EMAIL = re.compile(
    rf"(?P<local>{_QUOTED}|(?<!{_LOCAL}){_LOCAL}+){_AT}(?!{_DIGEST})(?P<domain>\[[^\]\s]*\]|{_DOMAIN}*(?<![.?!]))?"
)
_OPENING = "'`{|"
"""What may stand before an address in a text, and seldom opens one."""
_QUOTED_NAME = r"\"[^\"\r\n]*\"|'[^'\r\n]*'"
_WORDS = r"(?<!\w)[^\W\d_a-z][\w.'’-]*(?:[ \t]+[^\W\d_][\w.'’-]*){0,4}"
_NAMED = re.compile(rf"(?:{_QUOTED_NAME}|{_WORDS}|(?<!\S)(?!\S*\*\*\*)[^\s<>]+)[ \t]*(?=<(?:{_QUOTED}|[^\s<>@]+){_AT})")
"""`Jane Doe <jane@x.org>`: whose an address is stands before it. A name begins with a capital; the words before that
are of the sentence that it stands in."""
_PLAIN = re.compile(r"(?P<before>\s*)(?P<address>[\w.+-]+@[\w-]+(?:\.[\w-]+)+)(?P<after>\s*)")
_LONGEST_ENDING = 7


def mask_email(address: str) -> str:
    """Keep the first letter and the domain's ending, enough to recognize a row that one already knows.

    >>> mask_email("Jane.Doe+cars@mail.example.com")
    'J***@***.com'
    """
    local, _, domain = address.rpartition("@")
    return _masked(local or domain, domain)


def mask_text(text: str) -> str:
    """Mask every e-mail address in a text.

    >>> mask_text("no vehicle for jane@x.org, skipped")
    'no vehicle for j***@***.org, skipped'
    >>> mask_text(mask_text("Ask jane@x.org."))
    'Ask j***@***.org.'
    >>> mask_text('no vehicle for Jane Doe <jane@x.org> or "Jane Doe"@x.org')
    'no vehicle for *** <j***@***.org> or "***@***.org'
    >>> mask_text(f"oras tag recs/metro@sha256:{64 * '0'} 3") == f"oras tag recs/metro@sha256:{64 * '0'} 3"
    True
    """
    if not _holds_address(text):
        return text
    return _EMAIL.sub(_mask_match, _NAMED.sub(f"{HIDDEN} ", text))


def mask_row(
    row: Mapping[str, Any], personal: Collection[str] = (), *, derived: Collection[str] = ()
) -> dict[str, Any]:
    """Mask a row for showing: e-mail addresses anywhere, and every value of a personal column. Of a text that stands
    in a `personal` column, its first letter is shown. Nothing is shown of a column that is `derived` from one: it may
    hold that very letter, or the next.

    >>> mask_row({"customer_id": "c1", "email": "broken address", "n": 3}, personal=["email"])
    {'customer_id': 'c1', 'email': 'b***', 'n': 3}
    >>> mask_row({"initial": "J", "n": None}, derived=["initial", "n"])
    {'initial': '***', 'n': None}
    """
    return {
        name: _hidden(value, recognisable=name not in derived)
        if name in personal or name in derived
        else mask_value(value)
        for name, value in row.items()
    }


def mask_value(value: Any) -> Any:
    """Mask the addresses in a value of whatever shape.

    >>> mask_value({"who": ["jane@x.org", 3], "raw": b"jane@x.org"})
    {'who': ['j***@***.org', 3], 'raw': '***'}
    """
    match value:
        case str():
            return mask_text(value)
        case bytes() | bytearray() | memoryview():
            return HIDDEN if _holds_address(bytes(value).decode("utf-8", "replace").replace("\0", "")) else value
        case Mapping():
            return {mask_value(key): mask_value(item) for key, item in value.items()}
        case tuple():
            return tuple(map(mask_value, value))
        case list() | set() | frozenset():
            return [mask_value(item) for item in value]
        case _:
            return value


def mask_error(error: BaseException) -> None:
    """Mask what an error and those behind it say, in place: whoever keeps errors (Dagster) keeps what they say."""
    seen: set[int] = set()
    waiting: list[BaseException | None] = [error]
    while waiting:
        one = waiting.pop()
        if one is None or id(one) in seen:
            continue
        seen.add(id(one))
        waiting += [one.__cause__, one.__context__, *(one.exceptions if isinstance(one, BaseExceptionGroup) else ())]
        masked = tuple(mask_value(argument) for argument in one.args)
        if masked != one.args:
            one.args = masked


def _holds_address(text: str) -> bool:
    return "@" in text or "＠" in text or "﹫" in text or "%40" in text or "&#64;" in text


def _mask_match(match: re.Match[str]) -> str:
    local = match["local"].lstrip(_OPENING)
    opening = match["local"][: len(match["local"]) - len(local)]
    return opening + _masked(local, match["domain"] or "")


def _masked(local: str, domain: str) -> str:
    ending = domain.rpartition(".")[2] if "." in domain else ""
    shown = f".{ending}" if ending.isalpha() and len(ending) <= _LONGEST_ENDING else ""
    first = "" if local.startswith(HIDDEN) else local[:1]
    return f"{first}{HIDDEN}@{HIDDEN}{shown}"


def _hidden(value: Any, *, recognisable: bool) -> Any:
    if value is None:
        return None
    if not recognisable or not isinstance(value, str):
        return HIDDEN
    if plain := _PLAIN.fullmatch(value):
        return f"{plain['before']}{mask_email(plain['address'])}{plain['after']}"
    return f"{value[:1]}{HIDDEN}"
