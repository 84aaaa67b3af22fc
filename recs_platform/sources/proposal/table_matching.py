"""Which source table each feed is, by its name and its columns; each feed and each table is taken once.

Not here: matching columns (column_matching.py), and which strategy the tables make possible (proposed_company.py).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from recs_platform.companies.source_tables import fed
from recs_platform.schemas.table import Kind, TableSpec
from recs_platform.sources.proposal import synonyms
from recs_platform.sources.proposal.column_matching import DOUBTFUL, LIKELY, Match, certainty, matches_of
from recs_platform.sources.proposal.derivations import Derived, derivations
from recs_platform.sources.proposal.feed_sample import FeedSample
from recs_platform.sources.proposal.purchase_log import PurchaseLog, purchase_log, with_item

_LEAST = 0.45
"""Below that a feed is no table's."""
_LOG = 0.65
"""How sure a log of purchases is, at least."""
_MOSTLY, _REPEATING = 0.9, 0.6
"""The share of rows of a list that differ in its key, at least, and how much less sure the others are."""
_WANTED: Mapping[str, tuple[str, ...]] = {"events": ("item_id", "customer_id"), "order_history": ("customer_id",)}
"""Columns that may be absent, and without which hardly anything can be made of the table."""


@dataclass(frozen=True)
class TableMatch:
    spec: TableSpec
    feed: FeedSample
    matches: Mapping[str, Match]
    derived: Mapping[str, Derived]
    score: float
    why: str
    log: PurchaseLog | None = None
    """What it is as a log of purchases, if it is one."""

    @property
    def missing(self) -> tuple[str, ...]:
        """Required columns that the feed lacks, and that nothing stands for."""
        numbered = (self.spec.time_column,) if self.log and self.log.step else ()
        there = {*self.matches, *self.derived, *numbered}
        return tuple(column.name for column in fed(self.spec) if not column.nullable and column.name not in there)

    @property
    def left(self) -> tuple[str, ...]:
        """Columns of the feed that the table has no use for."""
        used = {name for match in self.matches.values() for name in match.names}
        computed = " ".join(derived.expression + derived.query for derived in self.derived.values())
        return tuple(
            raw.name
            for raw in self.feed.columns
            if raw.name not in used and (raw.reference or f"`{raw.name}`") not in computed
        )


@dataclass(frozen=True)
class Leftover:
    feed: FeedSample
    why: str


def tables_of(feeds: Sequence[FeedSample], specs: Sequence[TableSpec]) -> tuple[list[TableMatch], list[Leftover]]:
    """The tables that were found, in the order of `specs`, and the feeds that are none."""
    possible = [match for spec in specs for feed in feeds if (match := table_match(spec, feed)).score >= _LEAST]
    possible.sort(key=lambda match: -match.score)
    found: dict[str, TableMatch] = {}
    taken: dict[str, TableMatch] = {}
    for match in possible:
        if match.spec.name not in found and not _shared_rows(match.feed, taken):
            found[match.spec.name] = taken[match.feed.where] = match
    left = []
    for feed in feeds:
        if not _shared_rows(feed, taken):
            other = next((match for match in possible if match.feed is feed), None)
            why = f"looks like {other.spec.name}, too, and a table has one source" if other else "is like no table"
            left.append(Leftover(feed, why))
    return [found[spec.name] for spec in specs if spec.name in found], left


def _shared_rows(feed: FeedSample, taken: Mapping[str, TableMatch]) -> bool:
    """Whether the rows of a feed are taken, by itself or joined to others."""
    parts = set(feed.where.split(" joined to "))
    return any(parts & set(where.split(" joined to ")) == parts or where == feed.where for where in taken)


def table_match(spec: TableSpec, feed: FeedSample) -> TableMatch:
    matches = with_item(spec, feed, matches_of(spec, feed))
    derived = derivations(spec, feed, matches)
    named, why = _name_score(spec, feed)
    required = [column.name for column in fed(spec) if not column.nullable]
    needed = [*required, *_WANTED.get(spec.name, ())]
    had = [
        matches[name].score if name in matches else derived[name].score * 0.5 if name in derived else 0.0
        for name in needed
    ]
    covered = sum(had) / len(needed)
    used = len({name for match in matches.values() for name in match.names}) / max(1, len(feed.columns))
    score = 0.5 * covered + 0.35 * named + 0.15 * min(1.0, used * 1.5)
    log = purchase_log(spec, feed, matches, derived)
    if log:
        score = max(score, _LOG)
    if _repeats(spec, matches):
        score *= _REPEATING
    if not log and (not any(match.score >= LIKELY for match in matches.values()) or covered < 0.35):
        score = 0.0
    columns = f"{len([name for name in required if name in matches])} of {len(required)} required columns are in it"
    if log:
        columns = "it says who bought what in which order"
    return TableMatch(spec, feed, matches, derived, score, f"{why}{columns}", log)


def _repeats(spec: TableSpec, matches: Mapping[str, Match]) -> bool:
    """Whether what should identify a row of a list stands in several rows."""
    key = matches.get(spec.key[0])
    if spec.kind is not Kind.SNAPSHOT or len(spec.key) > 1 or key is None or len(key.raw) > 1:
        return False
    raw = key.raw[0]
    return raw.distinct < _MOSTLY * len(raw.values)


def table_certainty(match: TableMatch) -> str:
    """In words; what is missing makes a table doubtful."""
    return certainty(DOUBTFUL if match.missing else min(1.0, match.score + 0.1))


def _name_score(spec: TableSpec, feed: FeedSample) -> tuple[float, str]:
    written = synonyms.squeezed(feed.name)
    if written == synonyms.squeezed(spec.name):
        return 1.0, "its name; "
    listed = synonyms.names(synonyms.TABLES.get(spec.name, spec.name))
    if written in listed:
        return 0.9, f'"{feed.name}" means it; '
    words = synonyms.plain(feed.name).split()
    phrases = ["".join(words[first:last]) for first in range(len(words)) for last in range(first + 1, len(words) + 1)]
    if any(phrase in listed and len(phrase) > 3 for phrase in phrases):
        return 0.6, f'"{feed.name}" has the word of it; '
    return 0.0, ""
