"""Links of items, and pictures that a message may show. Pure."""

from __future__ import annotations

from urllib.parse import quote, urlsplit

from recs_platform.companies.delivery_settings import ITEM, OFFER, PLACEHOLDER, TOKEN

_LONGEST = 2_000
"""Characters of an address that every mail program and browser takes."""


def link_of(template: str, item: str | None, offer: str | None, token: str) -> str | None:
    """None where the item has nothing that the link is made of, or the link would be too long.

    >>> link_of("https://shop.example/p/{item_id}?rid={token}", "A/B &1", None, "3e1.x")
    'https://shop.example/p/A%2FB%20%261?rid=3e1.x'
    >>> link_of("https://shop.example/p/{item_id}?rid={token}", None, "O-1", "3e1.x")
    """
    values = {ITEM: item, OFFER: offer, TOKEN: token}
    if any(not values[name] for name in PLACEHOLDER.findall(template)):
        return None
    link = PLACEHOLDER.sub(lambda match: quote(values[match[1]] or "", safe=""), template)
    return link if len(link) <= _LONGEST else None


def picture_of(address: str | None) -> str | None:
    """A picture that mail programs show: one by https.

    >>> picture_of(" https://x.example/a b.jpg "), picture_of("http://x.example/1.jpg"), picture_of("javascript:x")
    ('https://x.example/a%20b.jpg', None, None)
    """
    text = (address or "").strip()
    try:
        parts = urlsplit(text)
    except ValueError:
        return None
    if parts.scheme.lower() != "https" or not parts.hostname or "@" in parts.netloc:
        return None
    link = quote(text, safe="!#$%&'()*+,/:;=?@[]~-._")
    return link if len(link) <= _LONGEST else None
