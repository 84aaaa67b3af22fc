"""How long a text message is, against a plain table of the standard; and that every message fits."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recs_platform.delivery.sms import Fitted, encoding_of, fits, fitted, places

# 3GPP TS 23.038, table by table: the default alphabet in the order of its codes (0x1B is the escape), its extension.
_CODES = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENDED_CODES = (0x0A, 0x14, 0x28, 0x29, 0x2F, 0x3C, 0x3D, 0x3E, 0x40, 0x65)
_EXTENSION = dict(zip(_EXTENDED_CODES, "\f^{}\\[~]|€", strict=True))
LINK = "https://shop.example/p/SKU-1?rid=12s.k7Qb2mX9aZ3vAbCd.1"


def septets(text: str) -> int | None:
    """A message in the 7-bit alphabet, code by code; None of one that cannot be written in it."""
    codes: list[int] = []
    for letter in text:
        escaped = [code for code, extended in _EXTENSION.items() if extended == letter]
        if escaped:
            codes += [0x1B, *escaped]
        elif letter in _CODES and letter != "\x1b":
            codes.append(_CODES.index(letter))
        else:
            return None
    return len(codes)


def reference(text: str) -> tuple[str, int]:
    counted = septets(text)
    if counted is not None:
        return "gsm-7", counted
    return "ucs-2", sum(2 if ord(letter) > 0xFFFF else 1 for letter in text)


def test_the_table_is_that_of_the_standard() -> None:
    assert len(_CODES) == 128
    assert (_CODES.index("A"), _CODES.index("a"), _CODES.index("¿")) == (0x41, 0x61, 0x60)


@pytest.mark.parametrize("letter", [*_CODES.replace("\x1b", ""), *_EXTENSION.values(), *"“Ąç`ł🚗日"])
def test_each_letter(letter: str) -> None:
    assert (encoding_of(letter), places(letter)) == reference(letter)


@given(
    st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=300)
    | st.text(alphabet=_CODES[:27] + "€[]~", max_size=300)
)
def test_texts_are_counted_as_the_standard_says(text: str) -> None:
    encoding, counted = reference(text)
    assert (encoding_of(text), places(text)) == (encoding, counted)
    assert fits(text) is (counted <= (160 if encoding == "gsm-7" else 70))


@pytest.mark.parametrize(
    ("text", "whole"),
    [("a" * 160, True), ("a" * 161, False), ("€" * 80, True), ("€" * 81, False), ("日" * 70, True), ("日" * 71, False)],
)
def test_the_limits(text: str, whole: bool) -> None:
    assert fits(text) is whole


@given(st.text(alphabet=st.characters(exclude_categories=["Cs", "Cc"]), max_size=400))
def test_every_message_fits_and_its_link_is_whole(name: str) -> None:
    message = fitted(lambda named: f"{named}: {LINK}", name)
    assert message is not None
    assert (message.encoding, message.places) == reference(message.text)
    assert message.places <= (160 if message.encoding == "gsm-7" else 70)
    assert message.text.endswith(LINK)


def _written(name: str) -> str:
    return f"{name}: {LINK}"


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("Oil 1 l", "Oil 1 l"),
        ("Oil – “best”…", 'Oil - "best"...'),
        ("Żółty olej silnikowy", "Zolty olej silnikowy"),
        ("日本", "日本"),
        ("日本の車のためのとても良いホイール", "日本の車のためのとて..."),
        ("日本の車のためのとても良いホイール Wheel of 15 inches for all cars" * 3, "日本の車のためのとて..."),
        ("x" * 200, "x" * (160 - len(LINK) - 5) + "..."),
    ],
)
def test_names(name: str, said: str) -> None:
    message = fitted(_written, name)
    assert message is not None
    assert message.text == _written(said)


@pytest.mark.parametrize(("name", "said"), [("日本の車のため", "日本の車のため"), ("日本の車のためのとても", "")])
def test_little_of_a_name_is_none_of_it(name: str, said: str) -> None:
    """Of 70 places 9 are left."""
    message = fitted(lambda named: f"{named} {'x' * 60}", name)
    assert message is not None
    assert message.text.strip("x ") == said


def test_a_link_that_is_too_long_alone_is_no_message() -> None:
    assert fitted(lambda name: f"{name} {'x' * 161}", "Oil") is None


def test_what_it_says_of_a_message() -> None:
    assert fitted(lambda name: f"{name} €", "Oil") == Fitted("Oil €", "gsm-7", 6)
