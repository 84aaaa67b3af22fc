"""What was seen of one feed: a file, several of the same kind, a sheet, a database's table. Texts, in their order.

Not here: looking (csv_sample.py, typed_samples.py, folder.py, database.py), and what the values are (column_values.py).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

FIRST_ROWS, EVERY = 1_000, 50
"""The rows that are kept: the first, and then one of so many."""
MOST_ROWS = 300_000
"""Rows of one file that are looked at for what its values are."""


@dataclass(frozen=True)
class ColumnSample:
    name: str
    values: tuple[str, ...]
    """The filled ones, without blanks around them."""
    rows: int
    """Rows that were kept, with those that have no value."""
    position: int = 0
    files: frozenset[int] = frozenset({0})
    """In which of the feed's files it is."""
    reference: str = ""
    """How the feed's query names it."""

    @property
    def distinct(self) -> int:
        return len(set(self.values))

    @property
    def unique(self) -> bool:
        return bool(self.values) and self.distinct == self.rows


@dataclass(frozen=True)
class FeedSample:
    name: str
    """What says what it holds: of a file its name without ending and digits, a sheet's or a table's name."""
    where: str
    """For people."""
    columns: tuple[ColumnSample, ...]
    options: Mapping[str, Any] = field(default_factory=dict)
    """What the company's file says to have it read."""
    evidence: tuple[str, ...] = ()
    """How the options are known."""
    files: int = 1
    from_clause: str = ""
    """Of a database: what its query reads from."""
    whole: bool = True
    """Of a database: whether all rows were seen."""
    every_value: Callable[[str], Iterator[str]] | None = None
    """All values of a column, for its first and last day."""


def kept(number: int) -> bool:
    """Whether a row of this number is kept."""
    return number < FIRST_ROWS or number % EVERY == 0


def columns_of(header: list[str], rows: list[list[str | None]]) -> tuple[ColumnSample, ...]:
    """The columns of kept rows; a name that is there twice is taken once."""
    return tuple(
        ColumnSample(
            name,
            tuple(text for row in rows if number < len(row) and (text := (row[number] or "").strip())),
            len(rows),
            number,
        )
        for number, name in enumerate(header)
        if name and name not in header[:number]
    )


def together(samples: list[tuple[ColumnSample, ...]]) -> tuple[ColumnSample, ...]:
    """The columns of several files of one kind as one, in the order in which they are first met."""
    parts: dict[str, list[tuple[int, ColumnSample]]] = {}
    for number, columns in enumerate(samples):
        for column in columns:
            parts.setdefault(column.name, []).append((number, column))
    return tuple(
        ColumnSample(
            name,
            tuple(value for _, column in found for value in column.values),
            sum(column.rows for _, column in found),
            found[0][1].position,
            frozenset(number for number, _ in found),
        )
        for name, found in parts.items()
    )
