"""What each channel is given of a customer: the columns of its file, and a row. Pure.

Not here: who is reached (`sql/delivery/recipients.sql`), and writing files (shipment.py).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from recs_platform.companies.currencies import NO_CURRENCY
from recs_platform.companies.delivery_settings import LINK, Delivery
from recs_platform.delivery.customer_lists import ListedItem
from recs_platform.delivery.links import picture_of
from recs_platform.delivery.sms import fitted
from recs_platform.delivery.texts import cell, filled, shortened, shown, tidy

SUBJECT, PREHEADER, ITEM_NAME = 78, 100, 80
PUSH_TITLE, PUSH_BODY = 50, 150
NO_ROOM = "too long for one message"
_STANDS_FOR_LINK = "\ue000"
_WITHOUT_CENTS = frozenset({"CLP", "ISK", "JPY", "KRW", "PYG", "UGX", "VND", "XAF", "XOF", "XPF"})
_IDENTITY = ("to", "customer_id")


@dataclass(frozen=True)
class LinkedItem:
    """An item of a list that has a link."""

    listed: ListedItem
    link: str

    @property
    def name(self) -> str:
        """What the shop calls it; without a name, its id."""
        named = shown(tidy(self.listed.name)) or shown(tidy(self.listed.item_id or self.listed.offer_id))
        return shortened(named, ITEM_NAME)


@dataclass(frozen=True)
class Writing:
    """What a company's messages are written with."""

    delivery: Delivery
    currency: str
    offers: bool
    """Whether items are offers, which have discounts and last days."""
    items: int
    """Items of an e-mail."""

    def price(self, value: float | None) -> str:
        """Without a currency; nothing of an item that is not for sale."""
        return f"{value:.{0 if self.currency in _WITHOUT_CENTS else 2}f}" if value else ""

    def texts(self, items: Sequence[LinkedItem]) -> dict[str, str]:
        price = self.price(items[0].listed.price)
        unit = "" if self.currency == NO_CURRENCY or not price else f" {self.currency}"
        return {
            "name": items[0].name,
            "names": ", ".join(item.name for item in items[1:]),
            "price": f"{price}{unit}",
            "count": str(len(items)),
        }


Cells: TypeAlias = list[str]


@dataclass(frozen=True)
class Channel:
    name: str
    address: str
    """What an address is called, for people."""
    column: str
    """Of the source table `customers`, that holds it."""
    most_items: Callable[[Writing], int]
    columns: Callable[[Writing], Sequence[str]]
    row: Callable[[Writing, Sequence[LinkedItem]], Cells | None]
    """What follows the address and the customer; None where it cannot be said in one message."""

    def header(self, writing: Writing) -> list[str]:
        return [*_IDENTITY, *self.columns(writing)]


def _email_columns(writing: Writing) -> Sequence[str]:
    of_items = [f"item_{n}_{column}" for n in range(1, writing.items + 1) for column in _item_columns(writing)]
    return ("subject", "preheader", "currency", "items", *of_items)


def _item_columns(writing: Writing) -> Sequence[str]:
    of_offers = ("offer_id", "discount", "ends_on") if writing.offers else ()
    return ("id", *of_offers, "name", "price", "picture", "link")


def _email_row(writing: Writing, items: Sequence[LinkedItem]) -> Cells:
    texts, templates = writing.texts(items), writing.delivery.email
    cells = [
        _said(templates.subject, texts, SUBJECT) or items[0].name,
        _said(templates.preheader, texts, PREHEADER),
        "" if writing.currency == NO_CURRENCY else writing.currency,
        str(len(items)),
    ]
    for item in items:
        listed = item.listed
        cells.append(cell(listed.item_id or ""))
        if writing.offers:
            discount = "" if listed.discount is None else f"{listed.discount:.4g}"
            cells += [cell(listed.offer_id or ""), discount, str(listed.ends_on or "")]
        cells += [item.name, writing.price(listed.price), picture_of(listed.image_url) or "", item.link]
    return cells + [""] * (writing.items - len(items)) * len(_item_columns(writing))


def _push_columns(writing: Writing) -> Sequence[str]:  # noqa: ARG001
    return ("title", "body", "picture", "link", "item_id")


def _push_row(writing: Writing, items: Sequence[LinkedItem]) -> Cells:
    texts, templates, first = writing.texts(items), writing.delivery.push, items[0]
    return [
        _said(templates.title, texts, PUSH_TITLE) or shortened(first.name, PUSH_TITLE),
        _said(templates.body, texts, PUSH_BODY),
        picture_of(first.listed.image_url) or "",
        first.link,
        _id(first),
    ]


def _sms_columns(writing: Writing) -> Sequence[str]:  # noqa: ARG001
    return ("text", "link", "item_id", "encoding", "places")


def _sms_row(writing: Writing, items: Sequence[LinkedItem]) -> Cells | None:
    first, texts = items[0], writing.texts(items)

    def written(name: str) -> str:
        # The link comes last: nothing of it is tidied away.
        said = filled(writing.delivery.sms.text, {**texts, "name": name, LINK: _STANDS_FOR_LINK})
        return shown(said).replace(_STANDS_FOR_LINK, first.link)

    message = fitted(written, first.name.replace(_STANDS_FOR_LINK, ""))
    if message is None:
        return None
    return [message.text, first.link, _id(first), message.encoding, str(message.places)]


def _id(item: LinkedItem) -> str:
    """What a click is about: of an offer on no item, the offer."""
    return cell(item.listed.item_id or item.listed.offer_id or "")


def _said(template: str, texts: Mapping[str, str], longest: int) -> str:
    return shortened(shown(filled(template, texts)), longest)


CHANNEL: Mapping[str, Channel] = {
    channel.name: channel
    for channel in (
        Channel("email", "e-mail address", "email", lambda writing: writing.items, _email_columns, _email_row),
        Channel("push", "push token", "push_token", lambda _: 1, _push_columns, _push_row),
        Channel("sms", "phone number", "phone", lambda _: 1, _sms_columns, _sms_row),
    )
}
