"""Where rows stand: a table of a dataset, the days of it that are meant, and a slice that exists. Plain values, no
engine."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Any

from recs_platform.schemas.table import TableSpec


@dataclass(frozen=True, order=True)
class Days:
    """A range of days, both ends included."""

    first: date
    last: date

    def __post_init__(self) -> None:
        if self.last < self.first:
            raise ValueError(f"{self.first} to {self.last} is not a range of days")

    @classmethod
    def one(cls, day: date) -> Days:
        return cls(day, day)

    @classmethod
    def ending(cls, last: date, days: int) -> Days:
        """The given number of days, the last one included.

        >>> Days.ending(date(2025, 12, 2), 2)
        Days(first=datetime.date(2025, 12, 1), last=datetime.date(2025, 12, 2))
        """
        return cls(last - timedelta(days=days - 1), last)

    def __len__(self) -> int:
        return (self.last - self.first).days + 1

    def __iter__(self) -> Iterator[date]:
        return (self.first + timedelta(days=offset) for offset in range(len(self)))

    def __contains__(self, day: object) -> bool:
        return isinstance(day, date) and self.first <= day <= self.last

    def __str__(self) -> str:
        return str(self.first) if self.first == self.last else f"{self.first} to {self.last}"


def ranges(days: Iterable[date]) -> Iterator[Days]:
    """Days in order, as ranges of those that follow each other.

    >>> [str(one) for one in ranges([date(2025, 12, 1), date(2025, 12, 2), date(2025, 12, 4)])]
    ['2025-12-01 to 2025-12-02', '2025-12-04']
    """
    for _, group in groupby(enumerate(days), lambda pair: pair[1] - timedelta(days=pair[0])):
        together = [day for _, day in group]
        yield Days(together[0], together[-1])


ALL_DAYS = Days(date(1900, 1, 1), date(2999, 12, 31))


INGREDIENTS = "ingredients"
"""Under this name the note of a slice says what it is made of, if that is known: each ingredient's fingerprint."""
CONTENTS = "contents"
"""Under this name the note of a slice that was carried over says what identifies the rows that it took over."""


@dataclass(frozen=True)
class TableRef:
    """A company's table."""

    dataset: str
    spec: TableSpec
    company: str = field(default="", compare=False)
    """Whose it is, where that is known: what it costs is booked to them."""

    @property
    def name(self) -> str:
        return self.spec.name

    def __str__(self) -> str:
        return f"{self.dataset}.{self.spec.name}"


def key_of_slices(spec: TableSpec) -> Sequence[str]:
    """The columns whose values may stand together once: a key stands once a day."""
    return list(dict.fromkeys((spec.date_column, *spec.key)))


@dataclass(frozen=True)
class Slice:
    """A day of a table that was made, whether it has rows or not."""

    day: date
    rows: int | None
    """None where nobody counted them."""
    made_at: datetime
    """When it became what it is: made, or brought back."""
    run: str | None
    """Which run made it, if one did."""
    note: Mapping[str, Any]
    """What the writer said of it."""
    files: Mapping[str, str | None] | None = None
    """What it is stored in, and the checksum of each file whose name does not say it; None where nobody knows."""

    @property
    def empty(self) -> bool:
        """Made, and without a row. A day that was never made has no slice."""
        return self.rows == 0
