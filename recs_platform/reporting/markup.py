"""HTML and SVG, built so that text is escaped unless it is known to be markup. No charts and no sentences here."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import TypeAlias


class Html(str):
    """Text that is markup already."""

    __slots__ = ()


Attribute: TypeAlias = str | float | None


def element(name: str, /, *children: str, **attributes: Attribute) -> Html:
    """An element. `class_` is the attribute class, `text_anchor` is text-anchor, and None leaves one out.

    >>> element("td", "a < b", class_="number")
    '<td class="number">a &lt; b</td>'
    >>> element("br")
    '<br/>'
    """
    given = "".join(
        f' {_attribute(key)}="{escape(_value(value))}"' for key, value in attributes.items() if value is not None
    )
    if not children:
        return Html(f"<{name}{given}/>")
    return Html(f"<{name}{given}>{joined(children)}</{name}>")


def joined(parts: Iterable[str]) -> Html:
    """Several parts after each other."""
    return Html("".join(part if isinstance(part, Html) else escape(part, quote=False) for part in parts))


def _attribute(key: str) -> str:
    return key.rstrip("_").replace("_", "-")


def _value(value: str | float) -> str:
    """Coordinates to a tenth of a pixel."""
    return value if isinstance(value, str) else f"{round(value, 1) + 0.0:g}"
