"""The `delivery:` of a company's file: the link that an item has in messages, and what messages say.

Not here: how long a text may be, and what becomes of one that is longer (`delivery/`).
"""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from recs_platform.companies.problems import shown

PLACEHOLDER = re.compile(r"\{(\w*)\}")
ITEM, OFFER, TOKEN, LINK = "item_id", "offer_id", "token", "link"
_OF_LINKS = (ITEM, OFFER, TOKEN)
OF_TEXTS = ("name", "names", "price", "count")
"""The first item's name and price, the names of the others, and how many items there are."""
_LONGEST_LINK, _LONGEST_TEXT = 500, 300


def _placeholders(text: str, known: Collection[str]) -> list[str]:
    named = PLACEHOLDER.findall(text)
    unknown = [name for name in named if name not in known]
    if unknown or re.search(r"[{}]", PLACEHOLDER.sub("", text)):
        what = f"{{{unknown[0]}}} is unknown" if unknown else "a brace stands alone"
        raise ValueError(f"{what} in {shown(text)}; it may name {', '.join(f'{{{name}}}' for name in known)}")
    return named


def _link(text: str) -> str:
    named = _placeholders(text, _OF_LINKS)
    if len(text) > _LONGEST_LINK:
        raise ValueError(f"should have at most {_LONGEST_LINK} characters")
    try:
        parts = urlsplit(text)
        _ = parts.port
    except ValueError:
        raise ValueError(f"{shown(text)} is not a web address") from None
    if parts.scheme != "https" or not parts.hostname or "@" in parts.netloc or not re.fullmatch(r"[!-~]+", text):
        raise ValueError(f"{shown(text)} is not a link such as https://shop.example/p/{{item_id}}?rid={{token}}")
    if PLACEHOLDER.search(parts.netloc) or "{" in parts.netloc:
        raise ValueError(f"{shown(text)} lets an item choose the host; placeholders stand behind it")
    if named.count(TOKEN) != 1:
        raise ValueError(f"{shown(text)} must name {{token}} once: it says which recommendation was followed")
    return text


def _text(text: str) -> str:
    _placeholders(text, OF_TEXTS)
    return text


def _text_message(text: str) -> str:
    if _placeholders(text, (*OF_TEXTS, LINK)).count(LINK) != 1:
        raise ValueError(f"{shown(text)} must name {{link}} once")
    return text


Text = Annotated[str, Field(max_length=_LONGEST_TEXT), AfterValidator(_text)]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class EmailTexts(_Section):
    subject: Text = Field("Picked for you: {name}", description="Subject line.")
    preheader: Text = Field("{names}", description="What mail programs show beside the subject.")


class PushTexts(_Section):
    title: Text = Field("Picked for you", description="Title.")
    body: Text = Field("{name}, {price}", description="What stands below it.")


class SmsTexts(_Section):
    text: Annotated[str, Field(max_length=_LONGEST_TEXT), AfterValidator(_text_message)] = Field(
        "{name}: {link}", description="The whole message."
    )


class Delivery(_Section):
    """How what is published is sent to customers."""

    link: Annotated[str, AfterValidator(_link)] = Field(
        description="Where an item leads, such as https://shop.example/p/{item_id}?rid={token}."
    )
    items: int | None = Field(None, ge=1, le=50, description="Items of an e-mail; without it, the whole list.")
    email: EmailTexts = EmailTexts()
    push: PushTexts = PushTexts()
    sms: SmsTexts = SmsTexts()

    @property
    def names_offers(self) -> bool:
        return OFFER in PLACEHOLDER.findall(self.link)
