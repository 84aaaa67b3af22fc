"""What a feed does not have as it is, and can be had from what it has: an identifier of several columns, a share of
per cents, a unit's price of a row's total, a canonical word of the feed's own. And what can only be stated.

Each is written twice: as an expression for files, in GoogleSQL, and as a part of a query for a database. Not here:
names and formats (column_matching.py, column_values.py).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from recs_platform.companies.source_tables import fed
from recs_platform.schemas.sources import EVENT_NAMES
from recs_platform.schemas.table import Column, TableSpec
from recs_platform.sources.proposal import synonyms
from recs_platform.sources.proposal.column_matching import Match, choice_of
from recs_platform.sources.proposal.column_values import Judged, Kind, judged
from recs_platform.sources.proposal.feed_sample import ColumnSample, FeedSample

_IDENTIFIERS: Mapping[str, tuple[tuple[str, ...], ...]] = {
    "event_id": (
        ("order_id", "item_id"),
        ("order_id", "item_id", "event_ts"),
        ("customer_id", "item_id", "event_ts"),
        ("customer_id", "item_id", "event_name", "event_ts"),
        ("customer_id", "event_name", "event_ts"),
        ("order_id",),
        ("customer_id", "event_ts"),
    ),
    "order_line_id": (("order_id", "item_id"), ("customer_id", "item_id", "ordered_at")),
    "send_id": (
        ("customer_id", "campaign_id"),
        ("customer_id", "campaign_id", "treatment_id"),
        ("customer_id", "sent_at"),
        ("customer_id", "campaign_id", "treatment_id", "sent_at"),
    ),
    "impression_id": (("customer_id", "offer_id"), ("customer_id", "offer_id", "shown_at")),
    "order_id": (("customer_id", "event_ts"), ("customer_id", "redeemed_at")),
}
"""Of which columns an identifier can be made, the shortest first."""
_STATED: Mapping[tuple[str, str], tuple[str, str]] = {
    ("treatments", "arm"): ("all", "no column says which arm a message belongs to: with one arm nothing is compared"),
    ("treatments", "campaign_id"): ("all", "no column names a campaign: all messages are taken for one"),
    ("treatments", "treatment_id"): ("message", "no column says what was sent: every message counts as the same one"),
    ("deliveries", "status"): ("delivered", "no column says what became of a message"),
}
"""What may be said of a whole feed that lacks a column, and what that means."""


@dataclass(frozen=True)
class Derived:
    """A column that is computed or stated."""

    column: Column
    score: float
    why: str
    expression: str = ""
    query: str = ""
    constant: Any = None


def derivations(spec: TableSpec, feed: FeedSample, matches: Mapping[str, Match]) -> dict[str, Derived]:
    """Canonical name: what stands for it, for columns that no column of the feed can be as it is."""
    found: dict[str, Derived] = {}
    for column in fed(spec):
        match = matches.get(column.name)
        made = _converted(match) if match else _made(spec, feed, column, matches, found)
        if made:
            found[column.name] = made
    return found


def quoted(raw: ColumnSample) -> str:
    """A file's column in an expression."""
    escaped = raw.name.replace("\\", "\\\\").replace("`", "\\`")
    return f"`{escaped}`"


def _converted(match: Match) -> Derived | None:
    """From what the feed's column says to what the table's means by it."""
    column, raw, values = match.column, match.raw[0], match.values
    if len(match.raw) > 1:
        return None
    if column.choices and not set(raw.values) <= set(column.choices) and column.name != "event_name":
        return _chosen(match)
    if column.type == pa.bool_() and values.yes:
        yes = values.yes.replace("'", "")
        return Derived(
            column,
            min(match.score, 0.85),
            f'"{yes}" is taken for true',
            f"LOWER({quoted(raw)}) = '{yes}'",
            f"LOWER({raw.reference}) = '{yes}'",
        )
    if column.type in (pa.date32(), pa.timestamp("us")) and values.epoch:
        return _from_epoch(match)
    if column.type == pa.float64():
        return _number(match)
    return None


def _number(match: Match) -> Derived | None:
    column, raw, values = match.column, match.raw[0], match.values
    divisor, why = 1, f'its numbers have "{values.signs}" beside them'
    if column.unit == "0 to 1" and (values.largest > 1 or "%" in values.signs):
        divisor, why = 100, f"values up to {values.largest:g} are taken for per cents"
    elif synonyms.CENTS & set(synonyms.plain(raw.name).split()) and values.kind is Kind.WHOLE:
        divisor, why = 100, f'"{raw.name}" is in hundredths of the currency'
    elif not values.signs:
        return None
    by = f" / {divisor}" if divisor > 1 else ""
    return Derived(
        column,
        min(match.score, 0.85),
        why,
        f"{number_of(raw, values)}{by}",
        f"{raw.reference} * 1.0{by}",
    )


def number_of(raw: ColumnSample, values: Judged) -> str:
    """A file's text as a number, in an expression."""
    text = quoted(raw)
    if values.signs or values.thousands or values.decimal == ",":
        text = f"REGEXP_REPLACE({text}, r'[^0-9{values.decimal or '.'}-]', '')"
    if values.decimal == ",":
        text = f"REPLACE({text}, ',', '.')"
    return f"CAST({text} AS FLOAT64)"


def _from_epoch(match: Match) -> Derived:
    raw, unit = match.raw[0], match.values.epoch
    function = "TIMESTAMP_SECONDS" if unit == "seconds" else "TIMESTAMP_MILLIS"
    by = "" if unit == "seconds" else " / 1000"
    return Derived(
        match.column,
        min(match.score, 0.8),
        f"its numbers are taken for {unit} since 1970",
        f"{function}(CAST({quoted(raw)} AS INT64))",
        f"TO_TIMESTAMP({raw.reference}{by})",
    )


def _chosen(match: Match) -> Derived:
    """The feed's own words, each as the canonical one that it means."""
    raw, column = match.raw[0], match.column
    words = sorted({value.strip() for value in raw.values})
    known = {word: choice for word in words if (choice := choice_of(word, column.choices))}
    left = [word for word in words if word not in known]
    cases = " ".join(f"WHEN '{_escaped(word)}' THEN '{choice}'" for word, choice in known.items())
    why = "; ".join(f'"{word}" is {choice}' for word, choice in known.items())
    if left:
        why += f"; rows with {', '.join(left[:5])} are left without a value and rejected"
    return Derived(
        column,
        min(match.score, 0.6 if left else 0.85),
        why,
        f"CASE {quoted(raw)} {cases} END",
        f"CASE {raw.reference} {cases} END",
    )


def _escaped(word: str) -> str:
    return word.replace("\\", "").replace("'", "")


def _made(
    spec: TableSpec,
    feed: FeedSample,
    column: Column,
    matches: Mapping[str, Match],
    found: Mapping[str, Derived],
) -> Derived | None:
    """What stands for a column that the feed lacks, where it is needed."""
    if column.name == "event_name":
        return _event_name(column, feed, matches)
    if column.name == "unit_price":
        return _unit_price(column, feed, matches)
    if column.name in _IDENTIFIERS and (not column.nullable or _tells_of_orders(matches, found)):
        return _identifier(column, matches)
    if stated := _STATED.get((spec.name, column.name)):
        return Derived(column, 0.6, stated[1], constant=stated[0])
    return None


def _tells_of_orders(matches: Mapping[str, Match], found: Mapping[str, Derived]) -> bool:
    """Whether some of its events are lines of orders, each of which names its order."""
    if (stated := found.get("event_name")) and stated.constant == "order_line":
        return True
    named = matches.get("event_name")
    words = {value for raw in named.raw for value in raw.values} if named else ()
    return any(choice_of(word, EVENT_NAMES) in ("order_line", "order_refunded") for word in words)


def _event_name(column: Column, feed: FeedSample, matches: Mapping[str, Match]) -> Derived | None:
    if "item_id" not in matches:
        if "order_id" not in matches or ("unit_price" not in matches and _total(feed, matches) is None):
            return None
        why = "no column says what happened, and every row is an order with what it cost: each is taken for one line"
        return Derived(column, 0.7, why, constant="order_line")
    if "order_id" in matches or "quantity" in matches:
        which = ", ".join(name for name in ("order_id", "quantity", "unit_price") if name in matches)
        why = f"no column says what happened, and every row has {which}: each is taken for a line of an order"
        return Derived(column, 0.8, why, constant="order_line")
    if any(word in synonyms.plain(feed.name).split() for word in ("view", "views", "pageviews", "ansichten", "vues")):
        return Derived(column, 0.7, "no column says what happened; by its name, views", constant="product_viewed")
    return None


def _unit_price(column: Column, feed: FeedSample, matches: Mapping[str, Match]) -> Derived | None:
    """The price of one unit, of what the row cost and its units."""
    total, units = _total(feed, matches), matches.get("quantity")
    if total is None or (units and len(units.raw) > 1):
        return None
    if units is None:
        why = f'"{total.name}" is taken for what the row cost; without a quantity it is one unit'
        number = number_of(total, judged(total.values))
        return Derived(column, 0.75, why, number, f"{total.reference} * 1.0")
    amount, count = number_of(total, judged(total.values)), number_of(units.raw[0], units.values)
    return Derived(
        column,
        0.75,
        f'"{total.name}" is taken for what the row cost, all {units.raw[0].name} together',
        f"SAFE_DIVIDE({amount}, {count})",
        f"{total.reference} * 1.0 / NULLIF({units.raw[0].reference}, 0)",
    )


def _total(feed: FeedSample, matches: Mapping[str, Match]) -> ColumnSample | None:
    """What a row cost, as a column that is no canonical one."""
    taken = {name for match in matches.values() for name in match.names}
    named = [raw for raw in feed.columns if synonyms.squeezed(raw.name) in synonyms.names(synonyms.TOTALS)]
    numbers = [raw for raw in named if judged(raw.values).kind in (Kind.WHOLE, Kind.NUMBER)]
    return next((raw for raw in numbers if raw.name not in taken), None)


def _identifier(column: Column, matches: Mapping[str, Match]) -> Derived | None:
    possible = [
        [matches[name] for name in names]
        for names in _IDENTIFIERS[column.name]
        if all(name in matches for name in names)
    ]
    if not possible:
        return None
    best = next((parts for parts in possible if identifies(parts)), None) or max(possible, key=_told_apart)
    listed = " and ".join(match.names[0] for match in best)
    unique = identifies(best) or column.name == "order_id"
    why = f"no column identifies a row; {listed} together do"
    if column.name == "order_id":
        why = f"no column names the order; {listed} are taken for it"
    elif not unique:
        why = f"no column identifies a row, and {listed} repeat: rows that agree in them would count once"
    return Derived(
        column,
        0.75 if unique else 0.5,
        why,
        "CONCAT(" + ", '-', ".join(f"CAST({_any_of(match)} AS STRING)" for match in best) + ")",
        " || '-' || ".join(f"CAST({match.raw[0].reference} AS TEXT)" for match in best),
    )


def _any_of(match: Match) -> str:
    """The column under whichever name a file has it."""
    names = [quoted(raw) for raw in match.raw]
    return names[0] if len(names) == 1 else f"COALESCE({', '.join(names)})"


def identifies(parts: Sequence[Match]) -> bool:
    """Whether no two of the rows that were kept agree in all of them."""
    return _told_apart(parts) == sum(raw.rows for raw in parts[0].raw)


def _told_apart(parts: Sequence[Match]) -> int:
    """How many different rows of those that were kept there are by these columns; none where one of them has gaps."""
    values = [[value for raw in match.raw for value in raw.values] for match in parts]
    rows = sum(raw.rows for raw in parts[0].raw)
    return len(set(zip(*values, strict=True))) if all(len(column) == rows for column in values) else 0
