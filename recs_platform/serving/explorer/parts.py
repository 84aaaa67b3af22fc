"""Pieces of the explorer's pages: texts, notices, lists of facts, forms, and what a strategy explains.

Every text is masked here as the commands mask theirs. Not here: tables and charts (`reporting/`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from typing import Any

from recs_platform.masking import mask_text
from recs_platform.plurals import counted
from recs_platform.reporting.blocks import note, paragraph, strong, table
from recs_platform.reporting.charts import figure
from recs_platform.reporting.explanation import Block, Listing, Picture, Sentence, Tone
from recs_platform.reporting.figures import NOTHING, count, day
from recs_platform.reporting.markup import Html, element

_TONES = {Tone.GOOD: "good", Tone.ATTENTION: "attention", Tone.FAINT: "note"}
_MOST_ROWS = 8
"""Of a table that is open when the page comes: somebody with a phone looks for what follows, too."""
LONGEST_ID = 1_000
_NO_CONTROLS = {code: "\ufffd" for code in (*range(32), *range(127, 160)) if chr(code) not in "\n\t"}


def shown(value: Any) -> str:
    """A value as people read it. Nothing in it is markup, and addresses are masked."""
    match value:
        case None:
            return NOTHING
        case bool():
            return "yes" if value else "no"
        case int():
            return count(value)
        case float():
            return f"{value:.4g}"
        case datetime():
            return f"{day(value.date())}, {value:%H:%M} UTC"
        case date():
            return day(value)
        case _:
            return mask_text(str(value)).translate(_NO_CONTROLS)


def section(anchor: str, title: str, *body: str) -> Html:
    return element("section", element("h2", title, id=f"{anchor}-title"), *body, id=anchor, tabindex="-1")


def notice(*parts: str, tone: str = "attention") -> Html:
    return element("p", *parts, class_=f"notice {tone}")


def facts(pairs: Iterable[tuple[str, str]]) -> Html:
    """Names and values, beside each other or, on a phone, below."""
    return element("dl", *(element("div", element("dt", name), element("dd", value)) for name, value in pairs), "")


def only_read(text: str) -> Html:
    """For who does not see the page."""
    return element("span", text, class_="hidden")


def badge(text: str, tone: str = "plain") -> Html:
    return element("span", text, class_=f"badge {tone}")


def form(action: str, *inside: str, label: str | None = None, search: bool = False, id_: str | None = None) -> Html:
    """Sent as a body: what a person types never stands in an address, which servers and proxies write down."""
    role = "search" if search else None
    return element("form", *inside, method="post", action=action, aria_label=label, role=role, id=id_)


def cell(text: str) -> Html:
    """A text in a table: as wide as it needs, up to a limit from which on it takes several lines."""
    return element("span", text, class_="cell")


def hidden_field(name: str, value: str) -> Html:
    return element("input", type="hidden", name=name, value=value)


def explained(blocks: Sequence[Block]) -> Iterator[Html]:
    """What a strategy explains, as a page shows it."""
    for block in blocks:
        match block:
            case Sentence():
                yield from _sentence(block)
            case Listing():
                yield _listing(block)
            case Picture():
                yield figure(block.chart)


def _sentence(sentence: Sentence) -> Iterator[Html]:
    text, title = shown(sentence.text), shown(sentence.title)
    if not text and not title:
        return
    if title and not text:
        yield element("h3", title)
    elif sentence.tone is Tone.FAINT:
        yield note(text)
    elif tone := _TONES.get(sentence.tone):
        yield notice(*([strong(title), " "] if title else []), text, tone=tone)
    else:
        yield paragraph(*([strong(title), " "] if title else []), text)


def _listing(listing: Listing) -> Html:
    columns = [shown(name) or _unnamed(number) for number, name in enumerate(listing.columns)]
    rows = [[cell(NOTHING if value == "" else shown(value)) for value in row] for row in listing.rows]
    right = len(columns) if listing.right is None else listing.right
    made = table(shown(listing.title) or "In numbers", columns, rows, text_columns=right)
    if len(rows) <= _MOST_ROWS:
        return made
    folded = element("summary", f"{shown(listing.title) or 'In numbers'}: {counted(len(rows), 'row')}")
    return element("details", folded, made)


def _unnamed(number: int) -> str:
    """A column without a name is the one that rows are called by, or says something in words."""
    return only_read("Which") if number == 0 else only_read("In words")
