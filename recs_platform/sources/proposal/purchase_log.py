"""Whether a feed is a log of purchases: who bought what in which order, and when, or as which of its client's orders.

Not here: writing it down (company_text.py).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from recs_platform.companies.purchase_log import TABLE
from recs_platform.companies.source_tables import fed
from recs_platform.schemas.table import TableSpec
from recs_platform.sources.proposal import synonyms
from recs_platform.sources.proposal.column_matching import DOUBTFUL, Match
from recs_platform.sources.proposal.column_values import Kind, judged
from recs_platform.sources.proposal.derivations import Derived, identifies
from recs_platform.sources.proposal.feed_sample import ColumnSample, FeedSample

LAST_DAY = date(2023, 12, 31)
"""On it the orders of a log without times end: a Sunday, so that the lists of the first week of 2024 follow."""
_A_WEEK, _A_DAY = 7, 1
_MOST_DAYS = 1_100
"""Days of orders that habits are read from, at most."""
_COLUMNS = ("customer_id", "order_id", "item_id")
_NUMBERS = synonyms.names(
    "order number, order no, order nr, order index, order seq, order sequence, basket number, basket no, basket index, "
    "visit number, trip number, n order, bestell nr, bestellnr, numero commande, numero pedido"
)


@dataclass(frozen=True)
class PurchaseLog:
    order: str
    """The feed's column that says which order a row is of."""
    longest: int | None = None
    """In a log without times: the most orders of one client."""

    @property
    def step(self) -> int | None:
        """Days between orders of a log without times: a week, unless it would be more weeks than habits are read of."""
        if self.longest is None:
            return None
        return _A_WEEK if self._span(_A_WEEK) <= _MOST_DAYS else _A_DAY

    @property
    def first_day(self) -> date | None:
        return LAST_DAY - timedelta(days=self._span(self.step) - 1) if self.step else None

    @property
    def history_days(self) -> int | None:
        return min(_MOST_DAYS, self._span(self.step)) if self.step else None

    def _span(self, step: int) -> int:
        return ((self.longest or 1) - 1) * step + 1


def purchase_log(
    spec: TableSpec, feed: FeedSample, matches: Mapping[str, Match], derived: Mapping[str, Derived]
) -> PurchaseLog | None:
    """None of a feed that tells of other things than orders, has lines of its own, or lacks what a log has."""
    stated = derived.get("event_name")
    found = [matches[name] for name in _COLUMNS if name in matches and matches[name].score >= DOUBTFUL]
    if spec.name != TABLE or feed.from_clause or len(found) < len(_COLUMNS) or "event_id" in matches:
        return None
    if stated is None or stated.constant != "order_line" or any(len(match.raw) > 1 for match in found):
        return None
    client, order, item = found
    if time := matches.get("event_ts"):
        apart_by_time = identifies([order, item, time]) and not identifies([client, order, item])
        return None if apart_by_time else PurchaseLog(order.names[0])
    numbered = _numbered(feed, order, client, item)
    return PurchaseLog(numbered.name, _longest(feed, client.raw[0], numbered)) if numbered else None


def with_item(spec: TableSpec, feed: FeedSample, matches: Mapping[str, Match]) -> Mapping[str, Match]:
    """Of rows that say who ordered, and several of which are of one order, the only other column says what."""
    client, order = matches.get("customer_id"), matches.get("order_id")
    if spec.name != TABLE or client is None or order is None or "item_id" in matches or order.raw[0].unique:
        return matches
    taken = {name for match in matches.values() for name in match.names}
    left = [raw for raw in feed.columns if raw.name not in taken]
    column = next(column for column in fed(spec) if column.name == "item_id")
    if len(left) != 1 or judged(left[0].values).kind not in (Kind.TEXT, Kind.WHOLE):
        return matches
    why = "the only column that is left, of rows several of which are of one order"
    return {**matches, "item_id": Match(column, (left[0],), DOUBTFUL, why, judged(left[0].values))}


def _numbered(feed: FeedSample, order: Match, client: Match, item: Match) -> ColumnSample | None:
    """The column that counts each client's orders: several clients have the same numbers."""
    named = [raw for raw in feed.columns if synonyms.squeezed(raw.name) in _NUMBERS]
    for raw in [*named, order.raw[0]]:
        if raw.name in (client.names[0], item.names[0]) or judged(raw.values).kind is not Kind.WHOLE:
            continue
        clients: dict[str, set[str]] = {}
        for number, who in zip(raw.values, client.raw[0].values, strict=False):
            clients.setdefault(number, set()).add(who)
        if len(raw.values) == raw.rows == len(client.raw[0].values) and any(len(who) > 1 for who in clients.values()):
            return raw
    return None


def _longest(feed: FeedSample, client: ColumnSample, order: ColumnSample) -> int:
    orders: dict[str, set[str]] = {}
    for who, number in zip(_all(feed, client), _all(feed, order), strict=False):
        orders.setdefault(who, set()).add(number)
    return max((len(numbers) for numbers in orders.values()), default=1)


def _all(feed: FeedSample, raw: ColumnSample) -> Iterator[str]:
    return feed.every_value(raw.name) if feed.every_value else iter(raw.values)
