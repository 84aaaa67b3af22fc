"""What a page is put together from: sections, sentences, tables, tiles. What they say is the sections' business."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from recs_platform.reporting.figures import NOTHING, count, percent, share_range
from recs_platform.reporting.markup import Html, element, joined
from recs_platform.statistics.intervals import proportion


@dataclass(frozen=True)
class ReportSection:
    anchor: str
    """For links to it."""
    title: str
    body: Sequence[Html]


_FIT_A_PHONE = 3
"""Columns of a table that need no scrolling on a phone."""


def paragraph(*parts: str) -> Html:
    return element("p", *parts)


def note(*parts: str) -> Html:
    """What is to be known about the figures, in smaller letters."""
    return element("p", *parts, class_="note")


def heading(text: str) -> Html:
    return element("h3", text)


def strong(text: str) -> Html:
    return element("strong", text)


def table(
    caption: str,
    headings: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    text_columns: int = 1,
    total: bool = False,
) -> Html:
    """A table that scrolls within itself when it is wider than the page. The first `words` columns are text, the others
    numbers; `total` says that the last row adds up the others."""
    head = element("tr", *(_cell("th", text, n < text_columns, scope="col") for n, text in enumerate(headings)))
    body = [
        element(
            "tr",
            *(_cell("td", text, n < text_columns) for n, text in enumerate(row)),
            class_="total" if total and number == len(rows) - 1 else None,
        )
        for number, row in enumerate(rows)
    ]
    made = element("table", element("thead", head), element("tbody", *body, ""), aria_label=caption)
    scrolled = element("div", made, class_="scroll", tabindex="0", role="region", aria_label=caption)
    hint = element("p", "Swipe the table sideways for all of its columns →", class_="hint")
    return joined(
        [element("p", caption, class_="caption"), *([hint] if len(headings) > _FIT_A_PHONE else []), scrolled]
    )


def _cell(name: str, text: str, is_text: bool, scope: str | None = None) -> Html:
    return element(name, text, scope=scope, class_=None if is_text else "n")


def with_range(figure: str, range_: str) -> Html:
    """A figure, and its interval below it."""
    return joined([figure, element("small", range_)]) if range_ != NOTHING else joined([figure])


def part_of(successes: int, trials: int) -> Html:
    """How many of how many: the number, the share, and the share's interval."""
    if not trials:
        return joined([count(successes)])
    share = proportion(successes, trials)
    return with_range(f"{count(successes)} · {percent(share.estimate)}", share_range(share))


def share_cell(successes: int, trials: int) -> Html:
    """The share with its interval."""
    share = proportion(successes, trials)
    return with_range(percent(share.estimate), share_range(share)) if trials else Html(NOTHING)
