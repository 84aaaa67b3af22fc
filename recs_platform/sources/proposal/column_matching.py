"""Which of a feed's columns are the columns of a source table: by names and by values, each with how sure that is.

Not here: what is computed from columns (derivations.py), and which table a feed is (table_matching.py).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from functools import lru_cache

import pyarrow as pa

from recs_platform.companies.source_tables import fed
from recs_platform.schemas.table import Column, TableSpec
from recs_platform.sources.proposal import synonyms
from recs_platform.sources.proposal.column_values import Judged, Kind, judged
from recs_platform.sources.proposal.feed_sample import ColumnSample, FeedSample

SURE, LIKELY, DOUBTFUL = 0.9, 0.7, 0.5
_ALIKE = 0.86
_NUMBERS = (Kind.WHOLE, Kind.NUMBER)
_MOST_NAMES = 60
"""Kinds of events, at most, in a column that names them."""


@dataclass(frozen=True)
class Match:
    column: Column
    raw: tuple[ColumnSample, ...]
    """The feed's column; where its files call it differently, one for each name."""
    score: float
    why: str
    values: Judged

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(raw.name for raw in self.raw)


def certainty(score: float) -> str:
    """In words.

    >>> certainty(0.95), certainty(0.75), certainty(0.6)
    ('sure', 'likely', 'please check')
    """
    return "sure" if score >= SURE else "likely" if score >= LIKELY else "please check"


def matches_of(spec: TableSpec, feed: FeedSample) -> dict[str, Match]:
    """Canonical name: the feed's column for it; each of the feed's columns is taken once, by what suits it best."""
    pairs = sorted(_pairs(spec, feed), key=lambda match: -match.score)
    found: dict[str, Match] = {}
    taken: set[str] = set()
    for match in pairs:
        if match.column.name not in found and match.raw[0].name not in taken:
            found[match.column.name] = match
            taken.add(match.raw[0].name)
    for name, match in list(found.items()):
        found[name] = _with_other_names(match, feed, pairs, taken)
    return {column.name: found[column.name] for column in fed(spec) if column.name in found}


def fits(column: Column, values: Judged, raw: ColumnSample) -> bool:
    """Whether the values of a feed's column can be those of a table's."""
    if values.kind is Kind.EMPTY:
        return column.nullable
    if column.choices:
        return _names_of_choices(column, raw)
    if column.type == pa.float64():
        return values.kind in _NUMBERS or _few_numbers(values, raw)
    if column.type == pa.int64():
        return values.kind is Kind.WHOLE or _few_numbers(values, raw)
    if column.type == pa.bool_():
        return values.kind is Kind.FLAG
    if column.type in (pa.date32(), pa.timestamp("us")):
        return values.kind in (Kind.DAY, Kind.MOMENT) or bool(values.epoch)
    if column.name == "email":
        return values.kind is Kind.EMAIL
    return values.kind in (Kind.TEXT, *_NUMBERS, Kind.FLAG) or not _is_id(column)


def _few_numbers(values: Judged, raw: ColumnSample) -> bool:
    """Whole numbers that are 0 and 1 alone look like flags."""
    return values.kind is Kind.FLAG and not values.yes and set(raw.values) <= {"0", "1"}


def _is_id(column: Column) -> bool:
    return column.name.endswith("_id")


def _names_of_choices(column: Column, raw: ColumnSample) -> bool:
    words = set(raw.values)
    if len(words) > _MOST_NAMES:
        return False
    known = sum(choice_of(word, column.choices) is not None for word in words)
    return known > 0 and known >= len(words) / 4


def choice_of(word: str, choices: Sequence[str]) -> str | None:
    """Which of a few words one of the feed's means."""
    meanings = {**synonyms.EVENTS, **synonyms.CHOICES}
    written = synonyms.squeezed(word)
    for choice in choices:
        if written == synonyms.squeezed(choice) or written in _listed(meanings.get(choice, choice)):
            return choice
    return None


def _pairs(spec: TableSpec, feed: FeedSample) -> Iterator[Match]:
    moments = [raw for raw in feed.columns if judged(raw.values).kind in (Kind.DAY, Kind.MOMENT)]
    for column in fed(spec):
        for raw in feed.columns:
            values = judged(raw.values)
            if not fits(column, values, raw):
                continue
            score, why = _name_score(spec, column, raw)
            if column.name == "email" and score < SURE:
                score, why = 0.8, "its values are e-mail addresses"
            elif column.name == spec.time_column and moments == [raw] and score < LIKELY:
                score, why = 0.72, "the only column of days or times"
            if score and values.kind is Kind.EMPTY:
                score, why = 0.6, f"{why}, but it has no value"
            if score >= DOUBTFUL:
                # Of two that are called alike, the one with a time of day; of several, the first.
                finer = 0.01 if column.name == spec.time_column and values.kind is Kind.MOMENT else 0.0
                yield Match(column, (raw,), score + finer - raw.position * 1e-4, why, values)


def _name_score(spec: TableSpec, column: Column, raw: ColumnSample) -> tuple[float, str]:
    written = synonyms.squeezed(raw.name)
    own = synonyms.squeezed(column.name)
    if written == own or raw.name == column.formerly:
        return 1.0, "its name"
    if written in _listed(synonyms.COLUMNS.get(column.name, "")):
        return 0.93, f'"{raw.name}" means it'
    if written == "id" and column.name == spec.key[0]:
        return 0.85, f'"{raw.name}" of {spec.name}'
    words = synonyms.plain(raw.name).split()
    listed = _phrases(column.name)
    if any(len(phrase) > 1 and set(phrase) <= set(words) for phrase in listed):
        return 0.75, f'"{raw.name}" has the words of it'
    if len(own) > 4 and SequenceMatcher(None, written, own).ratio() >= _ALIKE:
        return 0.7, f'"{raw.name}" is much like it'
    if len(words) > 1 and any(len(phrase) == 1 and phrase[0] == words[0] and len(phrase[0]) > 3 for phrase in listed):
        return 0.55, f'"{raw.name}" begins like it'
    return 0.0, ""


@lru_cache(maxsize=512)
def _listed(words: str) -> frozenset[str]:
    return synonyms.names(words) if words else frozenset()


@lru_cache(maxsize=128)
def _phrases(name: str) -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(synonyms.plain(part).split()) for part in synonyms.COLUMNS.get(name, name).split(","))


def _with_other_names(match: Match, feed: FeedSample, pairs: Sequence[Match], taken: set[str]) -> Match:
    """The same column under its names in files that call it otherwise."""
    raw, score, why = list(match.raw), match.score, match.why
    while missing := frozenset(range(feed.files)) - frozenset().union(*(column.files for column in raw)):
        other = _other_name(match, feed, pairs, taken, missing)
        if other is None:
            break
        raw.append(other[0])
        taken.add(other[0].name)
        score, why = min(score, other[1]), f'{why}; other files call it "{other[0].name}" ({other[2]})'
    if len(raw) == 1:
        return match
    values = judged(tuple(value for column in raw for value in column.values))
    return replace(match, raw=tuple(raw), score=score, why=why, values=values)


def _other_name(
    match: Match, feed: FeedSample, pairs: Sequence[Match], taken: set[str], missing: frozenset[int]
) -> tuple[ColumnSample, float, str] | None:
    free = [raw for raw in feed.columns if raw.name not in taken and raw.files <= missing]
    for pair in pairs:
        if pair.column.name == match.column.name and pair.raw[0] in free:
            return pair.raw[0], pair.score, pair.why
    known: Mapping[str, bool] = {pair.raw[0].name: True for pair in pairs if pair.score >= LIKELY}
    first = match.raw[0]
    for raw in free:
        if raw.position == first.position and raw.name not in known and fits(match.column, judged(raw.values), raw):
            shared = len(set(raw.values) & set(first.values))
            if shared:
                return raw, 0.8, f"it stands in the same place and shares {shared:,} values"
            return raw, 0.6, "it stands in the same place; please check"
    return None
