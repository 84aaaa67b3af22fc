"""The frame of every page: its head, the way around, and what a browser is told about it.

Not here: what stands in it (the pages).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path

from recs_platform.reporting.markup import Html, element

HOME = "/"
PREFIX = "/explorer"
HEADERS: Mapping[str, str] = {
    # With a stricter one, browsers hide from us that a form was ours, and are refused (page_guard.py). Addresses of
    # these pages say nothing of customers.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}
STYLE_HEADERS: Mapping[str, str] = {"Cache-Control": "max-age=31536000, immutable"}


@dataclass(frozen=True)
class Place:
    """A page in the row of links on top."""

    title: str
    path: str


def company_path(company: str) -> str:
    return f"{PREFIX}/{company}"


def models_path(company: str) -> str:
    return f"{PREFIX}/{company}/models"


def customer_path(company: str) -> str:
    return f"{PREFIX}/{company}/customer"


@cache
def style() -> bytes:
    return Path(__file__).with_name("explorer.css").read_bytes()


@cache
def style_path() -> str:
    """Its address changes with its content, so that a browser may keep it."""
    return f"{PREFIX}.{sha256(style()).hexdigest()[:12]}.css"


def page(title: str, *body: str, company: str | None = None, here: str = "", has_models: bool = False) -> str:
    """A whole page. `here` is the path of it, among those of the company."""
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="color-scheme", content="light dark"),
        element("meta", name="robots", content="noindex"),
        element("title", f"{title} · recs explorer"),
        element("link", rel="icon", href="data:,"),
        element("link", rel="stylesheet", href=style_path()),
    )
    top = element(
        "header",
        element("a", "Explorer", href=HOME, class_="brand", aria_current="page" if here == HOME else None),
        *([_links(company, here, has_models)] if company else []),
        class_="top",
    )
    made = element(
        "body",
        element("a", "Skip to the content", href="#content", class_="skip"),
        top,
        element("main", *body, id="content", tabindex="-1"),
        element("footer", element("p", "Made by the prediction service. It shows what is live, and changes nothing.")),
    )
    return f"<!DOCTYPE html>\n{element('html', head, made, lang='en')}\n"


def _links(company: str, here: str, has_models: bool) -> Html:
    places = [Place(company, company_path(company))]
    if has_models:
        places.append(Place("Models", models_path(company)))
    links = [
        element("li", element("a", place.title, href=place.path, aria_current="page" if place.path == here else None))
        for place in places
    ]
    return element("nav", element("ul", *links), aria_label="Company")
