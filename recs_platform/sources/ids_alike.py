"""Do a company's feeds write the same ids alike?

The customers, items and offers that one feed names are looked up in the feed that lists them. Where most are not found,
and another spelling would be ("1.0" for "1"), that is shown.

Which columns are looked up where follows from the tables: a column that is the whole key of a snapshot, days aside.
Not here: the checks that judge a whole day of what was loaded (sql/validation/).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

import pyarrow as pa

from recs_platform.companies.model import Company
from recs_platform.errors import AnySourceError
from recs_platform.masking import mask_text
from recs_platform.schemas.table import Kind, TableSpec
from recs_platform.sources.conform import open_feed
from recs_platform.sources.connectors.base import SourceRequest

LISTED_ROWS = 500_000
"""So many rows of a feed that lists ids are read. Among more, an id that is not found says nothing."""
FEWEST = 5
"""Fewer ids say nothing, even if not one is known."""
_VARIANT = re.compile(r"([0-9])[BRGP]$")
"""A variant of an item (RA003B) is known where its base (RA003) is, as in the checks of a day."""


@dataclass(frozen=True)
class UnknownIds:
    """Most of the sampled ids of a column are not where they are listed."""

    table: str
    column: str
    message: str
    serious: bool
    """A day of them would not be published, or no id is known."""


def unknown_ids(company: Company, samples: Mapping[str, pa.Table], days: Mapping[str, date]) -> Iterator[UnknownIds]:
    """`samples` are typed rows of each source table, and `days` those that they are of."""
    for listing in company.tables.values():
        ids_listed = _listing_key(listing)
        if listing.kind is not Kind.SNAPSHOT or len(ids_listed) != 1 or listing.name not in samples:
            continue
        (column,) = ids_listed
        wanted = {
            spec.name: ids
            for spec in company.tables.values()
            if spec is not listing and spec.name in samples and column in {c.name for c in spec.columns}
            if len(ids := [v for v in samples[spec.name][column].to_pylist() if v is not None]) >= FEWEST
        }
        if wanted:
            listed = _listed(company, listing, days[listing.name])
            if listed is not None:
                for table, ids in wanted.items():
                    yield from _judged(company, company.tables[table], ids, listing, listed)


def _listing_key(listing: TableSpec) -> tuple[str, ...]:
    """What stands for one thing: an offer is listed once for each period in which it runs."""
    days = {column.name for column in listing.columns if pa.types.is_date(column.type)}
    return tuple(name for name in listing.key if name not in days)


def _listed(company: Company, listing: TableSpec, day: date) -> set[str] | None:
    """All ids of a feed; None where it has too many, or cannot be read to its end."""
    ids: set[str] = set()
    (column,) = _listing_key(listing)
    rows = 0
    try:
        with open_feed(SourceRequest(company, listing, day, day), most_rows=LISTED_ROWS + 1) as (_, typed):
            for batch in typed:
                rows += len(batch)
                if rows > LISTED_ROWS:
                    return None
                ids.update(value for value in batch[column].to_pylist() if value is not None)
    except AnySourceError:  # beyond what was sampled; the load will say it
        return None
    return ids


def _judged(
    company: Company, spec: TableSpec, ids: list[str], listing: TableSpec, listed: set[str]
) -> Iterator[UnknownIds]:
    unknown = [value for value in ids if value not in listed and _VARIANT.sub(r"\1", value) not in listed]
    few = len(ids) < company.parameters.unknown_minimum
    if len(unknown) <= company.parameters.unknown_tolerance * len(ids) or (few and len(unknown) < len(ids)):
        return
    (column,) = listing.key
    message = f"{column}: {len(unknown):,} of {len(ids):,} sampled rows name one that {listing.name} does not have"
    by_spelling = {_plain(value): value for value in sorted(listed, reverse=True)}
    like = next(((value, by_spelling[_plain(value)]) for value in unknown if _plain(value) in by_spelling), None)
    if like:
        here, there = (mask_text(value) for value in like)
        message += f'; ids look like "{here}" in {spec.name} and "{there}" in {listing.name}: write both alike'
    else:
        message += "; do both feeds mean the same ids?"
    yield UnknownIds(spec.name, column, message, spec.kind is Kind.LOG or len(unknown) == len(ids))


def _plain(value: str) -> str:
    """An id without what programs put around it: case, blanks, leading zeros, and the `.0` of a number.

    >>> _plain(" 007.0"), _plain("A-7"), _plain("0")
    ('7', 'a-7', '')
    """
    return value.strip().lower().removesuffix(".0").lstrip("0")
