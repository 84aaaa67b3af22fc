"""Text messages: how long one is as networks count, and how a text is made to fit into one. Pure.

A message whose characters are all of the GSM 7-bit alphabet (3GPP TS 23.038) has 160 places, and some characters take
two. Any other message is sent in UCS-2: 70 places, and what is outside of Unicode's first plane takes two.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from dataclasses import dataclass

from recs_platform.delivery.texts import shortened

GSM_PLACES, UCS_PLACES = 160, 70
GSM_7, UCS_2 = "gsm-7", "ucs-2"
_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENDED = frozenset("\f^{}\\[~]|€")
_PLAIN = str.maketrans(
    {
        "’": "'",
        "‘": "'",
        "‚": "'",
        "“": '"',
        "”": '"',
        "„": '"',
        "–": "-",
        "—": "-",
        "‐": "-",
        "…": "...",
        "\u00a0": " ",
    }
)
"""Typographic characters, for which the alphabet has plain ones."""
_WITHOUT_ACCENTS = {"ł": "l", "Ł": "L", "đ": "d", "Đ": "D", "ı": "i", "œ": "oe", "Œ": "OE", "ħ": "h", "Ħ": "H"}
"""Letters that Unicode does not take apart."""
_ENDING, _LEAST_OF_A_NAME = "...", 12


@dataclass(frozen=True)
class Fitted:
    text: str
    encoding: str
    places: int


def encoding_of(text: str) -> str:
    return GSM_7 if all(letter in _BASIC or letter in _EXTENDED for letter in text) else UCS_2


def places(text: str) -> int:
    """What a text takes in its encoding.

    >>> places("Oil 5 €"), places("Öl"), places("Ōl"), places("😀")
    (8, 2, 2, 2)
    """
    if encoding_of(text) == GSM_7:
        return sum(2 if letter in _EXTENDED else 1 for letter in text)
    return len(text.encode("utf-16-le")) // 2


def fits(text: str) -> bool:
    return places(text) <= (GSM_PLACES if encoding_of(text) == GSM_7 else UCS_PLACES)


def fitted(written: Callable[[str], str], name: str) -> Fitted | None:
    """One message: with the item's whole name, if need be without the accents that the GSM alphabet lacks, or with a
    beginning of it. At worst without a name; None where even that is too long.

    `written` gives the message for a name, its link whole.
    """
    plain = name.translate(_PLAIN)
    folded = [_folded(letter) for letter in plain]
    in_alphabet = " ".join("".join(folded).split())
    whole = [plain, *([in_alphabet] if all(folded) else [])]
    for candidate in whole:
        if candidate and _fits(written, candidate):
            return _measured(written(candidate))
    for candidate, least in ((whole[-1], _LEAST_OF_A_NAME), (in_alphabet, 1)):
        kept = _longest(written, candidate)
        if len(kept) >= least:
            return _measured(written(kept))
    bare = written("").translate(_PLAIN)
    return _measured(bare) if bare and fits(bare) else None


def _longest(written: Callable[[str], str], name: str) -> str:
    """The longest beginning of a name with which the message fits; nothing where there is none."""
    for length in range(min(len(name), GSM_PLACES), 0, -1):
        kept = shortened(name, length, _ENDING)
        if kept and _fits(written, kept):
            return kept
    return ""


def _fits(written: Callable[[str], str], name: str) -> bool:
    return fits(written(name).translate(_PLAIN))


def _folded(letter: str) -> str:
    """In the letters of the alphabet, without the accents that it lacks; nothing of a letter that has none there."""
    if letter in _BASIC or letter in _EXTENDED:
        return letter
    return _WITHOUT_ACCENTS.get(letter) or "".join(
        part for part in unicodedata.normalize("NFKD", letter) if part in _BASIC
    )


def _measured(text: str) -> Fitted:
    text = text.translate(_PLAIN)
    return Fitted(text, encoding_of(text), places(text))
