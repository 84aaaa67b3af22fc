"""A customer's list as a table and as a picture, whatever strategy made it, out of the rows that are served.

Not here: why these items (what the strategy explains).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from recs_platform.masking import mask_text
from recs_platform.reporting.blocks import table
from recs_platform.reporting.charts import Axis, Bar, Chart, bars, figure
from recs_platform.reporting.figures import NOTHING, day, percent, short, tick
from recs_platform.reporting.markup import Html, element, joined
from recs_platform.serving.explorer.facts import Row
from recs_platform.serving.explorer.frame import customer_path
from recs_platform.serving.explorer.parts import cell, form, hidden_field, only_read, shown
from recs_platform.serving.items import id_of

_FORM = "why-form"


@dataclass(frozen=True)
class Column:
    name: str
    title: str
    write: Callable[[Any], str] = shown
    is_text: bool = True


def _number(digits: int) -> Callable[[Any], str]:
    return lambda value: NOTHING if value is None else f"{value:,.{digits}f}"


def _day(value: Any) -> str:
    return NOTHING if value is None else day(date.fromisoformat(value))


_COLUMNS = (
    Column("item_id", "Item"),
    Column("kind", "Kind"),
    Column("part_type", "Part type"),
    Column("category", "Category"),
    Column("group_id", "Group"),
    Column("tier", "Tier"),
    Column("reason", "Because"),
    Column("ends_on", "Until", _day),
    Column("discount", "Discount", percent, is_text=False),
    Column("price", "Price", _number(2), is_text=False),
    Column("expected_margin", "Expected margin", _number(2), is_text=False),
    Column("score", "Score", _number(4), is_text=False),
)
_CHANCE = Column("score", "Chance", percent, is_text=False)
_KINDS = {"repurchase": "To order again", "discovery": "To try"}


def list_of(company: str, customer: str, rows: Sequence[Row], *, asked: str | None = None) -> Html:
    """The table, with a button beside each item that asks why, and the pictures of the scores."""
    columns = _columns_of(rows)
    headings = ["Place", "Offer" if "offer_id" in rows[0] else "Recommended", *(c.title for c in columns)]
    cells = [
        [
            shown(row.get("rank", number)),
            _why_button(row, asked),
            *(cell(column.write(row.get(column.name))) for column in columns),
        ]
        for number, row in enumerate(rows, 1)
    ]
    texts = 2 + sum(column.is_text for column in columns)
    asking = form(
        f"{customer_path(company)}#why",
        hidden_field("customer", customer),
        id_=_FORM,
        label="Why an item is in the list",
    )
    return joined([*map(figure, pictures(rows)), table("The list", headings, cells, text_columns=texts), asking])


def pictures(rows: Sequence[Row]) -> list[Chart]:
    """Of the scores, one for each kind of item: those of different kinds do not compare."""
    scored = [row for row in rows if isinstance(row.get("score"), int | float)]
    kinds = list(dict.fromkeys(row.get("kind") for row in scored))
    return [_picture([row for row in scored if row.get("kind") == kind], _KINDS.get(kind or "", "")) for kind in kinds]


def _picture(rows: Sequence[Row], kind: str) -> Chart:
    is_chance = "offer_id" in rows[0]
    write = percent if is_chance else "{:.3f}".format
    drawn = [Bar(mask_text(id_of(row)), row["score"], write(row["score"])) for row in rows]
    what = "Chance that it is redeemed" if is_chance else "Score"
    said = "; ".join(f"{bar.label} {bar.text}" for bar in drawn)
    return bars(f"{kind}: {what.lower()}" if kind else what, said, drawn, Axis(what, tick if is_chance else short))


def _columns_of(rows: Sequence[Row]) -> list[Column]:
    """Those that say something of this list. Of rows that have none of them, all that there is."""
    is_offer = "offer_id" in rows[0]
    there = [
        _CHANCE if is_offer and column.name == "score" else column
        for column in _COLUMNS
        if any(row.get(column.name) is not None for row in rows) and (is_offer or column.name != "item_id")
    ]
    if there:
        return there
    return [Column(name, name.replace("_", " ").capitalize()) for name in rows[0] if name not in ("rank", "item_id")]


def _why_button(row: Row, asked: str | None) -> Html:
    item = id_of(row)
    said = shown(item)
    if item == asked:
        badge = element("span", "explained below", class_="badge good")
        return element("span", element("strong", said, class_="item"), " ", badge, class_="asked")
    button = element(
        "button", "Why?", only_read(f" {said}"), type="submit", name="item", value=item, form=_FORM, class_="why"
    )
    return element("span", element("span", said, class_="item"), " ", button, class_="asked")
