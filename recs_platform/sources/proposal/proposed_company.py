"""A company as what was found proposes it: its tables, its strategy, its first day, what its feed calls events.

Not here: writing it down (company_text.py), and looking (folder.py, database.py).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from recs_platform.companies.currencies import CURRENCIES
from recs_platform.companies.problems import not_one_of
from recs_platform.companies.source_tables import all_source_tables
from recs_platform.declarations.strategy import AnyStrategy
from recs_platform.errors import ConfigError
from recs_platform.schemas.sources import EVENT_NAMES
from recs_platform.schemas.table import Kind as TableKind
from recs_platform.schemas.table import TableSpec
from recs_platform.sources.proposal import synonyms
from recs_platform.sources.proposal.column_matching import Match, choice_of
from recs_platform.sources.proposal.column_values import judged, parsed_day
from recs_platform.sources.proposal.feed_sample import FeedSample
from recs_platform.sources.proposal.purchase_log import LAST_DAY
from recs_platform.sources.proposal.table_matching import Leftover, TableMatch, table_match, tables_of

_SIGNS = {"€": "EUR", "$": "USD", "£": "GBP", "¥": "JPY", "EUR": "EUR", "USD": "USD", "GBP": "GBP", "CHF": "CHF"}
_FEW_SHARED = 0.5
_FEEDS_SAID = 5
_YEAR_2000 = 2000
_OLD = 28
"""Days after which a log that has no newer ones is taken to have ended."""


@dataclass(frozen=True)
class Stated:
    """A value for the company's file, and how it is known."""

    value: str
    why: str
    check: bool = False


@dataclass(frozen=True)
class ProposedCompany:
    name: str
    strategy: AnyStrategy
    strategy_why: str
    tables: Sequence[TableMatch]
    leftovers: Sequence[Leftover]
    said: Sequence[str]
    """What could not be read."""
    first_day: Stated
    last_day: date | None
    currency: Stated
    event_names: Mapping[str, str | None]
    """Raw name: canonical name, or None where no one fits."""
    known_ids: Mapping[tuple[str, str], str]
    """Table and column: how many of its identifiers are known to the table that lists them."""
    origin: str
    variable: str = ""
    """Of a database: the environment variable of its URL."""
    exported: str = ""
    """Of a database whose variable is not set yet: the command that sets it."""
    end_day: Stated | None = None
    """Of a log that has ended, or without times: the last day."""

    @property
    def not_found(self) -> list[str]:
        found = {match.spec.name for match in self.tables}
        return [name for name in self.strategy.sources if name not in found]

    @property
    def needed_and_missing(self) -> list[tuple[str, ...]]:
        found = {match.spec.name for match in self.tables}
        return [group for group in self.strategy.needed if not found & set(group)]


def proposed_company(
    name: str,
    feeds: Sequence[FeedSample],
    strategies: Mapping[str, AnyStrategy],
    *,
    strategy: str | None,
    origin: str,
    said: Sequence[str] = (),
    variable: str = "",
    exported: str = "",
    over: date | None = None,
) -> ProposedCompany:
    """What the feeds propose; a ConfigError when none of them is like any table. `over`: the last day that is over."""
    if strategy is not None and strategy not in strategies:
        raise ConfigError(not_one_of(strategy, "a strategy", list(strategies)))
    specs = all_source_tables(strategies) if strategy is None else strategies[strategy].sources
    tables, leftovers = tables_of(feeds, list(specs.values()))
    if not tables:
        raise ConfigError(_nothing_like_a_table(origin, feeds, list(specs.values())))
    chosen, why = _strategy(strategies, strategy, [match.spec.name for match in tables])
    unused = [match for match in tables if match.spec.name not in chosen.sources]
    tables = [match for match in tables if match.spec.name in chosen.sources]
    leftovers = [
        *leftovers,
        *(Leftover(match.feed, f"is like {match.spec.name}, which {chosen} does not use") for match in unused),
    ]
    first, last, end = _days(tables)
    if last and over and not end and any(match.log for match in tables):
        end = _end_of_old_log(last, over)
    return ProposedCompany(
        name,
        chosen,
        why,
        tables,
        leftovers,
        said,
        first,
        last,
        _currency(tables),
        _event_names(tables),
        dict(_known_ids(tables)),
        origin,
        variable,
        exported,
        end,
    )


def _nothing_like_a_table(origin: str, feeds: Sequence[FeedSample], specs: Sequence[TableSpec]) -> str:
    """What each feed comes nearest to, and lacks."""
    nearest = []
    for feed in feeds[:_FEEDS_SAID]:
        best = max((table_match(spec, feed) for spec in specs), key=lambda match: len(match.matches))
        lacks = ", ".join(best.missing) or "what tells one from another"
        near = f"comes nearest to {best.spec.name} and lacks {lacks}" if best.matches else "has none of their columns"
        nearest.append(f"{feed.where} {near}")
    said = "; ".join(nearest)
    return f"{origin}: nothing there is like a source table: {said}. What a table holds: recs companies template TABLE"


def _strategy(
    strategies: Mapping[str, AnyStrategy], named: str | None, found: Sequence[str]
) -> tuple[AnyStrategy, str]:
    """The one that uses most of the tables that were found, of those whose needs are met."""
    if named is not None:
        return strategies[named], "as you said"
    met = [record for record in strategies.values() if all(set(group) & set(found) for group in record.needed)]
    if not met:
        lacking = {
            record.name: [group for group in record.needed if not set(group) & set(found)]
            for record in strategies.values()
        }
        nearest = min(strategies.values(), key=lambda record: len(lacking[record.name]) / len(record.needed))
        missing = ", ".join(" or ".join(group) for group in lacking[nearest.name])
        return nearest, f"please check: it comes nearest, and {missing} is missing"
    best = max(met, key=lambda record: (len(set(record.sources) & set(found)), len(record.needed)))
    needed = ", ".join(" or ".join(group) for group in best.needed)
    others = [record.name for record in met if record is not best]
    more = f"; possible, too: {', '.join(others)}" if others else ""
    for record in strategies.values():
        own = [name for name in record.sources if name in found and name not in best.sources]
        lacks = [" or ".join(group) for group in record.needed if not set(group) & set(found)]
        if own and lacks:
            more += f"; {record.name} would use {', '.join(own)}, and lacks {', '.join(lacks)}"
    return best, f"proposed: what it needs is there ({needed}){more}"


def _days(tables: Sequence[TableMatch]) -> tuple[Stated, date | None, Stated | None]:
    """The first and the last day of what happened, and the last one that there is."""
    if log := next((match.log for match in tables if match.log and match.log.step), None):
        longest = Stated(str(log.first_day), f"the first of {log.longest:,} orders, the most of one client")
        return longest, LAST_DAY, Stated(str(LAST_DAY), "made up, as all days of it: a Sunday, before a week of lists")
    found = []
    for match in tables:
        if match.spec.kind is not TableKind.LOG or not match.spec.time_column:
            continue
        time = match.matches.get(match.spec.time_column)
        if time is None or match.feed.every_value is None or time.values.epoch or len(time.values.formats) > 1:
            continue
        form = time.values.formats[0] if time.values.formats else ""
        values = {value for name in time.names for value in match.feed.every_value(name)}
        moments = [day for value in values if (day := parsed_day(value, form))]
        if moments:
            found.append((min(moments).date(), max(moments).date(), f"{match.spec.name}.{match.spec.time_column}"))
    if not found:
        return Stated("2025-09-01", "no day could be read; write the first day of your events", check=True), None, None
    first, _, where = min(found)
    odd = first.year < _YEAR_2000
    return Stated(str(first), f"the first day of {where}", check=odd), max(last for _, last, _ in found), None


def _end_of_old_log(last: date, over: date) -> Stated | None:
    """A log that ended long ago has no days up to now; its last lists are those of the week after it."""
    if (over - last).days <= _OLD:
        return None
    sunday = last + timedelta(days=6 - last.weekday())
    return Stated(str(sunday), f"the Sunday on or after the log's last day, {last}; take it out where the log goes on")


def _currency(tables: Sequence[TableMatch]) -> Stated:
    signs: Counter[str] = Counter()
    for match in tables:
        for raw in match.feed.columns:
            if synonyms.squeezed(raw.name) in ("currency", "waehrung", "wahrung", "devise", "moneda"):
                codes = {value.upper() for value in raw.values}
                if len(codes) == 1 and codes <= set(CURRENCIES):
                    return Stated(codes.pop(), f"{raw.name} of {match.feed.where}")
            signs.update(_SIGNS[sign] for sign in judged(raw.values).signs if sign in _SIGNS)
    if signs:
        return Stated(signs.most_common(1)[0][0], "by the sign beside prices", check=True)
    return Stated("USD", "nothing in the data says it", check=True)


def _event_names(tables: Sequence[TableMatch]) -> dict[str, str | None]:
    for match in tables:
        named = match.matches.get("event_name")
        if named:
            counts = Counter(value for raw in named.raw for value in raw.values)
            return {raw: choice_of(raw, EVENT_NAMES) for raw, _ in counts.most_common()}
    return {name: name for name in EVENT_NAMES}


def _known_ids(tables: Sequence[TableMatch]) -> Iterator[tuple[tuple[str, str], str]]:
    """Of customers, items and offers that a table names, how many the table that lists them knows."""
    lists = {match.spec.key[0]: match for match in tables if match.spec.kind is TableKind.SNAPSHOT and _lists(match)}
    for match in tables:
        for name, listed in lists.items():
            here, there = match.matches.get(name), listed.matches.get(name)
            if match is listed or here is None or there is None:
                continue
            ids = {value for raw in here.raw for value in raw.values}
            known = _all_values(listed, there)
            if ids and known:
                shared = len(ids & known)
                words = f"{shared:,} of {len(ids):,} sampled are in {listed.spec.name}"
                yield (match.spec.name, name), words if shared >= _FEW_SHARED * len(ids) else f"only {words}"


def _all_values(match: TableMatch, found: Match) -> set[str]:
    """Every identifier that a table lists; nothing of a database's table that is too long to have been seen whole."""
    if match.feed.from_clause:
        return set(found.raw[0].values) if match.feed.whole else set()
    read = match.feed.every_value
    return {value for name in found.names for value in read(name)} if read else set()


def _lists(match: TableMatch) -> bool:
    return len(match.spec.key) == 1
